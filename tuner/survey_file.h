/* Surveys as JSON, and kept in the cache folder: one file for each machine and build. */
#ifndef EXK_SURVEY_FILE_H
#define EXK_SURVEY_FILE_H

#include "tuner/json.h"
#include "tuner/survey.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { EXK_SURVEY_BYTES_MOST = 4 << 20 };

/* Add a survey to an object. */
void exk_survey_write(json *root, const exk_survey *survey);

/* The survey in a text (a 0 stands at its end), whole or refused with EXK_ERR_FORMAT and one line that starts with
 * name. */
exk_status exk_survey_parse(const char *text, size_t length, const char *name, exk_survey *survey,
                            exk_error *error);

/* The file for this machine and build: its path goes to path. */
exk_status exk_survey_path(const exk_fingerprint *machine, char *path, size_t room, exk_error *error);

/* Read it. EXK_OK and *found false if there is none; a file that cannot be read, is damaged or belongs to another
 * machine or build is an error. */
exk_status exk_survey_load(const char *path, const exk_fingerprint *machine, exk_survey *survey, bool *found,
                           exk_error *error);

/* Write it, whole or not at all. EXK_ERR_FILE also if there is no JSON in this build. */
exk_status exk_survey_save(const char *path, const exk_survey *survey, exk_error *error);

#ifdef __cplusplus
}
#endif
#endif
