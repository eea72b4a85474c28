#include "datasets/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NPY_ALIGNMENT = 64, NPY_START = 10, HEADER_ROOM = 256 };

/* Where to write and under which name until it is whole. */
typedef struct output {
    const char *path;
    char target[PATH_MAX];
    char temporary[PATH_MAX + 64];
    int fd;
} output;

/* Magic, version 1.0, length and dict, padded with blanks so that the values are aligned. Returns its size. */
static size_t format_header(char header[HEADER_ROOM], const char *type, int64_t rows, int64_t cols) {
    char shape[64];
    const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    snprintf(shape, sizeof shape, cols == 0 ? "(%lld,)" : "(%lld, %lld)", (long long)rows, (long long)cols);
    const int text = snprintf(header + NPY_START, HEADER_ROOM - NPY_START,
                              "{'descr': '%c%s', 'fortran_order': False, 'shape': %s, }", order, type, shape);
    const size_t used = NPY_START + (size_t)text;
    const size_t total = (used + 1 + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT;
    memset(header + used, ' ', total - used - 1);
    header[total - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((total - NPY_START) & 0xff);
    header[9] = (char)((total - NPY_START) >> 8);
    return total;
}

static exk_status write_failed(const output *out, const char *what, int code, exk_error *error) {
    return exk_file_error(error, EXK_ERR_FILE, out->path,
                          "%s: %s; check the path, its permissions and the free space", what, strerror(code));
}

/* The file itself where path is a link to it: renaming over the link would replace the link. */
static exk_status find_target(output *out, exk_error *error) {
    struct stat about;
    if (strlen(out->path) >= sizeof out->target) {
        return write_failed(out, "cannot be written", ENAMETOOLONG, error);
    }
    strcpy(out->target, out->path);
    if (stat(out->path, &about) != 0) {
        return errno == ENOENT ? EXK_OK : write_failed(out, "cannot be written", errno, error);
    }
    if (!S_ISREG(about.st_mode)) {
        return exk_file_error(error, EXK_ERR_FILE, out->path,
                              "cannot be written: it is %s; give the name of a file",
                              S_ISDIR(about.st_mode) ? "a directory" : "not a regular file");
    }
    return realpath(out->path, out->target) ? EXK_OK : write_failed(out, "cannot be written", errno, error);
}

static exk_status open_temporary(output *out, exk_error *error) {
    enum { ATTEMPTS = 1000 };
    out->fd = -1;
    for (int i = 0; i < ATTEMPTS; i++) {
        snprintf(out->temporary, sizeof out->temporary, "%s.%ld-%d.tmp", out->target, (long)getpid(), i);
        out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->fd >= 0) {
            return EXK_OK;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return write_failed(out, "cannot be created", errno, error);
}

static bool write_all(int fd, const void *data, size_t bytes) {
    const char *from = data;
    while (bytes > 0) {
        const ssize_t done = write(fd, from, bytes);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        from += done > 0 ? done : 0;
        bytes -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* Keeps the first error: a failed close must not hide why the write failed. */
static exk_status write_temporary(const output *out, const char *header, size_t header_bytes, const void *data,
                                  size_t bytes, exk_error *error) {
    const bool written =
        write_all(out->fd, header, header_bytes) && write_all(out->fd, data, bytes) && fsync(out->fd) == 0;
    int code = written ? 0 : errno;
    if (close(out->fd) != 0 && code == 0) {
        code = errno;
    }
    return code == 0 ? EXK_OK : write_failed(out, "cannot be written", code, error);
}

static exk_status write_npy(const char *path, const char *type, const void *data, int64_t rows, int64_t cols,
                            exk_error *error) {
    const int64_t value_bytes = 4;
    int64_t bytes;
    if (rows < 0 || cols < 0 || __builtin_mul_overflow(rows, cols > 0 ? cols : 1, &bytes) ||
        __builtin_mul_overflow(bytes, value_bytes, &bytes)) {
        return exk_file_error(error, EXK_ERR_ARGUMENT, path,
                              "%lld x %lld is no shape of an array; give counts from 0 up", (long long)rows,
                              (long long)cols);
    }
    char header[HEADER_ROOM];
    const size_t header_bytes = format_header(header, type, rows, cols);
    output out = {.path = path};
    exk_status status = find_target(&out, error);
    if (status == EXK_OK) {
        status = open_temporary(&out, error);
    }
    if (status != EXK_OK) {
        return status;
    }
    status = write_temporary(&out, header, header_bytes, data, (size_t)bytes, error);
    if (status == EXK_OK && rename(out.temporary, out.target) != 0) {
        status = write_failed(&out, "cannot be renamed to", errno, error);
    }
    if (status != EXK_OK) {
        unlink(out.temporary);
    }
    return status;
}

exk_status exk_npy_write_f32(const char *path, const float *data, int64_t rows, int64_t cols, exk_error *error) {
    return write_npy(path, "f4", data, rows, cols, error);
}

exk_status exk_npy_write_i32(const char *path, const int32_t *data, int64_t rows, int64_t cols, exk_error *error) {
    return write_npy(path, "i4", data, rows, cols, error);
}
