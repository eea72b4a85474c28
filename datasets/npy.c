/* .npy, versions 1.0 to 3.0 (numpy.lib.format): a magic, a version, the length of a header, the header as the text
 * of a Python dict, the values. The header is parsed strictly: what numpy would not write is refused. */
#include "datasets/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAGIC_BYTES = 6, LONGEST_HEADER = 1 << 20, MOST_DIMENSIONS = 64, LONGEST_DESCR = 16 };

static const uint8_t magic[MAGIC_BYTES] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

typedef struct npy_header {
    char descr[LONGEST_DESCR];
    bool has_descr, has_order, has_shape;
    bool fortran_order;
    int dimensions;
    int64_t shape[MOST_DIMENSIONS];
} npy_header;

/* The header's text and where we are in it. */
typedef struct scanner {
    const char *p, *end;
} scanner;

bool exk_npy_matches(const uint8_t *head, size_t bytes) {
    return bytes >= MAGIC_BYTES && memcmp(head, magic, MAGIC_BYTES) == 0;
}

static void skip_blanks(scanner *s) {
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) {
        s->p++;
    }
}

/* Take the character c if it comes next. */
static bool accept(scanner *s, char c) {
    skip_blanks(s);
    if (s->p < s->end && *s->p == c) {
        s->p++;
        return true;
    }
    return false;
}

static bool accept_word(scanner *s, const char *word) {
    const size_t length = strlen(word);
    skip_blanks(s);
    if ((size_t)(s->end - s->p) >= length && memcmp(s->p, word, length) == 0) {
        s->p += length;
        return true;
    }
    return false;
}

/* A string in single or double quotes that fits into `to`. */
static bool scan_string(scanner *s, char *to, size_t size) {
    skip_blanks(s);
    if (s->p == s->end || (*s->p != '\'' && *s->p != '"')) {
        return false;
    }
    const char quote = *s->p++;
    const char *close = memchr(s->p, quote, (size_t)(s->end - s->p));
    if (!close || (size_t)(close - s->p) >= size) {
        return false;
    }
    memcpy(to, s->p, (size_t)(close - s->p));
    to[close - s->p] = '\0';
    s->p = close + 1;
    return true;
}

/* A decimal number, as Python 2 may write it: 10L. */
static bool scan_size(scanner *s, int64_t *size) {
    skip_blanks(s);
    if (s->p == s->end || *s->p < '0' || *s->p > '9') {
        return false;
    }
    *size = 0;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
        if (__builtin_mul_overflow(*size, 10, size) || __builtin_add_overflow(*size, *s->p - '0', size)) {
            return false;
        }
    }
    accept(s, 'L');
    return true;
}

static bool scan_shape(scanner *s, npy_header *header) {
    if (!accept(s, '(')) {
        return false;
    }
    while (!accept(s, ')')) {
        if (header->dimensions == MOST_DIMENSIONS || !scan_size(s, &header->shape[header->dimensions++])) {
            return false;
        }
        if (!accept(s, ',')) {
            return accept(s, ')');
        }
    }
    return true;
}

static bool scan_order(scanner *s, npy_header *header) {
    header->fortran_order = accept_word(s, "True");
    return header->fortran_order || accept_word(s, "False");
}

static bool scan_entry(scanner *s, npy_header *header) {
    char key[LONGEST_DESCR];
    if (!scan_string(s, key, sizeof key) || !accept(s, ':')) {
        return false;
    }
    if (strcmp(key, "descr") == 0 && !header->has_descr) {
        return header->has_descr = scan_string(s, header->descr, sizeof header->descr);
    }
    if (strcmp(key, "fortran_order") == 0 && !header->has_order) {
        return header->has_order = scan_order(s, header);
    }
    if (strcmp(key, "shape") == 0 && !header->has_shape) {
        return header->has_shape = scan_shape(s, header);
    }
    return false;
}

static bool scan_dict(scanner *s, npy_header *header) {
    if (!accept(s, '{')) {
        return false;
    }
    while (!accept(s, '}')) {
        if (!scan_entry(s, header)) {
            return false;
        }
        if (!accept(s, ',') && !(s->p < s->end && *s->p == '}')) {
            return false;
        }
    }
    skip_blanks(s);
    return s->p == s->end;
}

static exk_status parse_header(const char *file, const char *text, size_t length, npy_header *header,
                               exk_error *error) {
    scanner s = {text, text + length};
    if (!scan_dict(&s, header)) {
        return exk_file_error(
            error, EXK_ERR_FORMAT, file,
            "header, byte %lld: not understood (wanted descr, fortran_order and shape of a plain array); "
            "save x.astype('float32') with numpy.save",
            (long long)(s.p - text));
    }
    const char *missing = !header->has_descr   ? "descr"
                          : !header->has_order ? "fortran_order"
                          : !header->has_shape ? "shape"
                                               : NULL;
    if (missing) {
        return exk_file_error(error, EXK_ERR_FORMAT, file, "header: %s is missing; save the array with numpy.save",
                              missing);
    }
    return EXK_OK;
}

static exk_status header_cut(const exk_input *input, exk_error *error) {
    return exk_file_error(error, EXK_ERR_FORMAT, exk_input_path(input),
                          "header: the file ends within it; it is truncated, copy it again");
}

/* The magic, the version and the length of the header. */
static exk_status read_preamble(exk_input *input, size_t *length, exk_error *error) {
    const char *file = exk_input_path(input);
    uint8_t start[MAGIC_BYTES + 2], size[4] = {0};
    size_t got;
    exk_status status = exk_input_read(input, start, sizeof start, &got);
    if (status != EXK_OK) {
        return status;
    }
    if (!exk_npy_matches(start, got)) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "header: does not begin with the .npy magic; save it with numpy.save, or rename it");
    }
    if (got < sizeof start) {
        return header_cut(input, error);
    }
    const int major = start[MAGIC_BYTES], minor = start[MAGIC_BYTES + 1];
    if (major < 1 || major > 3 || minor != 0) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "header: .npy version %d.%d is not 1.0, 2.0 or 3.0; save it again with numpy.save",
                              major, minor);
    }
    const size_t size_bytes = major == 1 ? 2 : 4;
    status = exk_input_read(input, size, size_bytes, &got);
    if (status == EXK_OK && got < size_bytes) {
        return header_cut(input, error);
    }
    *length = (size_t)size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
    if (status == EXK_OK && *length > LONGEST_HEADER) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "header: claims to be %zu bytes long, more than the %d allowed; the file is damaged",
                              *length, LONGEST_HEADER);
    }
    return status;
}

static exk_status read_header(exk_input *input, npy_header *header, exk_error *error) {
    size_t length = 0, got;
    exk_status status = read_preamble(input, &length, error);
    if (status != EXK_OK) {
        return status;
    }
    char *text = malloc(length + 1);
    if (!text) {
        return exk_file_error(error, EXK_ERR_MEMORY, exk_input_path(input),
                              "no memory for the header; free some memory");
    }
    status = exk_input_read(input, text, length, &got);
    if (status == EXK_OK && got < length) {
        status = header_cut(input, error);
    }
    if (status == EXK_OK) {
        status = parse_header(exk_input_path(input), text, length, header, error);
    }
    free(text);
    return status;
}

static const exk_item *item_of(const npy_header *header) {
    const exk_item *item = exk_item_find(header->descr);
    char any_order[LONGEST_DESCR];
    if (item) {
        return item;
    }
    /* The byte order of single bytes says nothing: "<u1" and ">u1" are "|u1". */
    snprintf(any_order, sizeof any_order, "|%s", header->descr[0] ? header->descr + 1 : "");
    return exk_item_find(any_order);
}

/* First dimension: rows; the others together: columns. A vector is one column. */
static exk_status flatten_shape(const char *file, const npy_header *header, int64_t *n, int64_t *d,
                                exk_error *error) {
    int wide = 0;
    if (header->dimensions == 0) {
        return exk_file_error(error, EXK_ERR_FORMAT, file, "header: holds a single value; give an array of rows");
    }
    *n = header->shape[0];
    *d = 1;
    for (int i = 0; i < header->dimensions; i++) {
        wide += header->shape[i] > 1;
        if (i > 0 && __builtin_mul_overflow(*d, header->shape[i], d)) {
            return exk_file_error(
                error, EXK_ERR_FORMAT, file,
                "header: the shape multiplies to more than any machine holds; the header is damaged");
        }
    }
    if (header->fortran_order && wide > 1) {
        return exk_file_error(error, EXK_ERR_FORMAT, file,
                              "header: Fortran order, rows are wanted together; save numpy.ascontiguousarray(x)");
    }
    return EXK_OK;
}

/* Use the file's own pages as the matrix: no copy, and a second process that maps the file uses the same ones. */
static bool map_matrix(const exk_input *input, int64_t n, int64_t d, exk_dataset *dataset) {
    const int64_t offset = exk_input_position(input), bytes = n * d * (int64_t)sizeof(float);
    if (offset % (int64_t) _Alignof(float) != 0 || exk_input_left(input) < bytes) {
        return false;
    }
    size_t file_bytes;
    char *base = exk_input_map(input, &file_bytes);
    if (!base) {
        return false;
    }
    dataset->storage = base;
    dataset->storage_bytes = file_bytes;
    dataset->mapped = true;
    dataset->points = (exk_points){.x = (const float *)(const void *)(base + offset), .n = n, .d = d, .stride = d};
    if (exk_input_left(input) > bytes) {
        exk_dataset_note(dataset, "bytes after the first array ignored");
    }
    return true;
}

exk_status exk_npy_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                        exk_error *error) {
    (void)options;
    const char *file = exk_input_path(input);
    npy_header header = {0};
    int64_t n = 0, d = 0, bytes = 0;
    exk_status status = read_header(input, &header, error);
    if (status != EXK_OK) {
        return status;
    }
    const exk_item *item = item_of(&header);
    if (!item) {
        return exk_file_error(
            error, EXK_ERR_FORMAT, file,
            "header: values of type '%s' are not numbers that can be read; save x.astype('float32')",
            header.descr);
    }
    status = flatten_shape(file, &header, &n, &d, error);
    if (status == EXK_OK) {
        status = exk_item_matrix_bytes(item, n, d, file, &bytes, error);
    }
    if (status != EXK_OK || (exk_item_is_native_f32(item) && map_matrix(input, n, d, dataset))) {
        return status;
    }
    return exk_item_read_matrix(input, item, n, d, dataset, error);
}
