/* What the records of this machine share: the machine, times, hashes. */
#ifndef EXK_RECORD_H
#define EXK_RECORD_H

#include "tuner/fingerprint.h"
#include "tuner/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "2026-01-31T12:00:00Z" */
enum { EXK_TIME_ROOM = 24 };
void exk_time_now(char text[EXK_TIME_ROOM]);

/* The schema, and the machine as an object of its own. */
void exk_record_begin(json *root, const char *schema, const exk_fingerprint *machine);

/* Read both: another schema is an error, and so is a fingerprint whose parts do not belong together. */
bool exk_record_read(const json *root, const char *schema, exk_fingerprint *machine, json_source *source);

bool exk_record_read_time(const json *object, const char *key, char text[EXK_TIME_ROOM], json_source *source);
bool exk_record_read_hash(const json *object, const char *key, char hash[EXK_HASH_ROOM], json_source *source);

/* A rule that concerns more than one member: if it does not hold, it is the error. */
bool exk_record_demand(bool holds, const char *otherwise, json_source *source);

#ifdef __cplusplus
}
#endif
#endif
