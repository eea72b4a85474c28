/* One table row per file format: a new reader is a file, a line in reader.h and a row here. */
#include "datasets/reader.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_BYTES = 4096, LONGEST_EXTENSION = 12 };

static const exk_reader readers[] = {
    {" .npy ", exk_npy_matches, exk_npy_read},
    {" .fvecs ", NULL, exk_fvecs_read},
    {" .bvecs ", NULL, exk_bvecs_read},
    {" .idx ", exk_idx_matches, exk_idx_read},
    {" .csv .tsv .txt .dat .data ", NULL, exk_text_read},
};

enum { READERS = sizeof readers / sizeof *readers };

/* The extension of the path in lower case, the one before ".gz" if it ends so; "" if there is none. */
static void find_extension(const char *path, char extension[LONGEST_EXTENSION]) {
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t end = strlen(name);
    if (end > 3 && strcasecmp(name + end - 3, ".gz") == 0) {
        end -= 3;
    }
    const char *dot = memrchr(name, '.', end);
    size_t length = dot ? (size_t)(name + end - dot) : 0;
    length = length < LONGEST_EXTENSION ? length : 0;
    for (size_t i = 0; i < length; i++) {
        extension[i] = (char)tolower((unsigned char)dot[i]);
    }
    extension[length] = '\0';
}

static bool has_extension(const exk_reader *reader, const char *extension) {
    char wanted[LONGEST_EXTENSION + 2];
    snprintf(wanted, sizeof wanted, " %s ", extension);
    return extension[0] && strstr(reader->extensions, wanted);
}

/* No control characters but white space. */
static bool looks_like_text(const uint8_t *head, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (head[i] < 0x20 && !isspace(head[i])) {
            return false;
        }
    }
    return true;
}

static const exk_reader *choose_reader(const char *path, const uint8_t *head, size_t bytes) {
    for (int i = 0; i < READERS; i++) {
        if (readers[i].matches && readers[i].matches(head, bytes)) {
            return &readers[i];
        }
    }
    char extension[LONGEST_EXTENSION];
    find_extension(path, extension);
    for (int i = 0; i < READERS; i++) {
        if (has_extension(&readers[i], extension)) {
            return &readers[i];
        }
    }
    static const exk_reader text = {"", NULL, exk_text_read};
    return looks_like_text(head, bytes) ? &text : NULL;
}

static exk_status read_input(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                             exk_error *error) {
    const char *file = exk_input_path(input);
    const uint8_t *head;
    size_t bytes;
    const exk_status status = exk_input_peek(input, HEAD_BYTES, &head, &bytes);
    if (status != EXK_OK) {
        return status;
    }
    if (bytes == 0) {
        return exk_file_error(error, EXK_ERR_FORMAT, file, "is empty; give a file with at least one row");
    }
    const exk_reader *reader = choose_reader(file, head, bytes < HEAD_BYTES ? bytes : HEAD_BYTES);
    if (!reader) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "neither content nor name tells its format; give .npy, .fvecs, .bvecs, IDX or text");
    }
    if (options->columns && reader->read != exk_text_read) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, file,
                              "columns can be chosen in text only; leave the choice out");
    }
    return reader->read(input, options, dataset, error);
}

static exk_status read_file(const char *path, const exk_load_options *options, exk_dataset *dataset,
                            exk_error *error) {
    exk_input *input;
    exk_status status = exk_input_open(path, &input, error);
    if (status == EXK_OK) {
        status = read_input(input, options, dataset, error);
        exk_input_close(input);
    }
    return status;
}

static const char *describe(float value) {
    return isnan(value) ? "NaN" : value > 0 ? "infinity" : "minus infinity";
}

static exk_status check_finite(const char *file, const exk_points *points, exk_error *error) {
    exk_error place;
    assert(points->x); /* readers and generators that succeed set it */
    const exk_status status = exk_points_check(points, &place);
    if (status != EXK_ERR_NOT_FINITE) {
        return status == EXK_OK ? EXK_OK : exk_file_error(error, status, file, "%s", place.message);
    }
    const float value = points->x[place.row * points->stride + place.column];
    return exk_file_error_at(error, status, file, place.row, place.column,
                             "row %lld, column %lld, counted from 0: %s; remove the row or put a number there",
                             (long long)place.row, (long long)place.column, describe(value));
}

static exk_status fill(const char *input, const exk_load_options *options, exk_dataset *dataset,
                       exk_error *error) {
    if (strncmp(input, "gen:", 4) != 0) {
        return read_file(input, options, dataset, error);
    }
    if (options->columns) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, input,
                              "columns can be chosen in text only; leave the choice out");
    }
    return exk_generate(input, dataset, error);
}

exk_status exk_dataset_load(const char *input, const exk_load_options *options, exk_dataset **out,
                            exk_error *error) {
    static const exk_load_options defaults = {0};
    exk_dataset *dataset = calloc(1, sizeof *dataset);
    *out = NULL;
    if (!dataset) {
        return exk_file_error(error, EXK_ERR_MEMORY, input, "no memory for a description of it; free some memory");
    }
    options = options ? options : &defaults;
    exk_status status = fill(input, options, dataset, error);
    if (status == EXK_OK) {
        status = check_finite(input, &dataset->points, error);
    }
    if (status == EXK_OK && options->standardise) {
        status = exk_standardise(input, dataset, error);
    }
    if (status != EXK_OK) {
        exk_dataset_free(dataset);
        return status;
    }
    *out = dataset;
    return EXK_OK;
}
