#include "tuner/survey_file.h"

#include "datasets/replace.h"
#include "kernels/status.h"
#include "tuner/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

exk_status exk_survey_path(const exk_fingerprint *machine, char *path, size_t room, exk_error *error) {
    char build[EXK_HASH_ROOM], name[80];
    exk_build_hash(build);
    snprintf(name, sizeof name, "ceilings-%s-%s.json", machine->hash, build);
    return exk_store_path(name, path, room, error);
}

/* Equal hashes of different machines are as good as impossible; a file that was moved or copied is not. */
static exk_status check_origin(const char *path, const exk_fingerprint *machine, const exk_survey *survey,
                               exk_error *error) {
    char build[EXK_HASH_ROOM];
    exk_build_hash(build);
    if (strcmp(survey->machine.hash, machine->hash) != 0 || strcmp(survey->machine.text, machine->text) != 0)
        return exk_fail(error, EXK_ERR_FORMAT, "%s: measured on another machine (%s)", path, survey->machine.hash);
    if (strcmp(survey->build, build) != 0)
        return exk_fail(error, EXK_ERR_FORMAT, "%s: measured by another build (%s)", path, survey->build);
    return EXK_OK;
}

exk_status exk_survey_load(const char *path, const exk_fingerprint *machine, exk_survey *survey, bool *found,
                           exk_error *error) {
    char *text;
    size_t length;
    exk_status status = exk_store_read(path, EXK_SURVEY_BYTES_MOST, &text, &length, error);
    *found = status == EXK_OK && text;
    if (!*found)
        return status;
    status = exk_survey_parse(text, length, path, survey, error);
    free(text);
    if (status == EXK_OK)
        status = check_origin(path, machine, survey, error);
    *found = status == EXK_OK;
    return status;
}

exk_status exk_survey_save(const char *path, const exk_survey *survey, exk_error *error) {
    if (!json_available())
        return exk_fail(error, EXK_ERR_FILE, "built without cJSON");
    const exk_status status = exk_store_prepare(path, error);
    if (status != EXK_OK)
        return status;
    json *root = json_object();
    exk_survey_write(root, survey);
    char *text = json_print(root);
    if (!text)
        return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", path);
    const exk_piece piece = {text, strlen(text)};
    const exk_status written = exk_file_replace(path, &piece, 1, error);
    free(text);
    return written;
}
