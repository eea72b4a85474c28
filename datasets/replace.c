#include "datasets/replace.h"
#include "datasets/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 1000 };

static const char open_files[] = "/proc/self/fd";

/* Where to write and under which name until it is whole. */
typedef struct output {
    const char *path;
    char target[PATH_MAX];
    char temporary[PATH_MAX + 64]; /* "" while the file has no name */
    int fd;
} output;

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

static void name_temporary(output *out, int attempt) {
    snprintf(out->temporary, sizeof out->temporary, "%s.%ld-%d.tmp", out->target, (long)getpid(), attempt);
}

/* A file that nobody sees, and that is gone when the process is; -1 where that cannot be had. It gets its name
 * through /proc. */
static int open_unnamed(const output *out) {
    char folder[PATH_MAX];
    const char *slash = strrchr(out->target, '/');
    if (access(open_files, X_OK) != 0) {
        return -1;
    }
    if (!slash) {
        return open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    }
    memcpy(folder, out->target, (size_t)(slash - out->target) + 1);
    folder[slash - out->target + 1] = '\0';
    return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
}

static exk_status open_temporary(output *out, exk_error *error) {
    out->fd = open_unnamed(out);
    for (int i = 0; i < NAME_ATTEMPTS && out->fd < 0; i++) {
        name_temporary(out, i);
        out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (out->fd < 0 && errno != EEXIST) {
            break;
        }
    }
    return out->fd >= 0 ? EXK_OK : write_failed(out, "cannot be created", errno, error);
}

/* Give a whole file without a name the temporary one: a link cannot replace the target, only a renaming can. */
static bool link_temporary(output *out) {
    char unnamed[64];
    snprintf(unnamed, sizeof unnamed, "%s/%d", open_files, out->fd);
    for (int i = 0; i < NAME_ATTEMPTS; i++) {
        name_temporary(out, i);
        if (linkat(AT_FDCWD, unnamed, AT_FDCWD, out->temporary, AT_SYMLINK_FOLLOW) == 0) {
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    out->temporary[0] = '\0';
    return false;
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
static exk_status write_temporary(output *out, const exk_piece *pieces, int count, exk_error *error) {
    bool written = true;
    for (int i = 0; i < count && written; i++) {
        written = write_all(out->fd, pieces[i].data, pieces[i].bytes);
    }
    written = written && fsync(out->fd) == 0 && (out->temporary[0] || link_temporary(out));
    int code = written ? 0 : errno;
    if (close(out->fd) != 0 && code == 0) {
        code = errno;
    }
    return code == 0 ? EXK_OK : write_failed(out, "cannot be written", code, error);
}

exk_status exk_file_replace(const char *path, const exk_piece *pieces, int count, exk_error *error) {
    output out = {.path = path};
    exk_status status = find_target(&out, error);
    if (status == EXK_OK) {
        status = open_temporary(&out, error);
    }
    if (status != EXK_OK) {
        return status;
    }
    status = write_temporary(&out, pieces, count, error);
    if (status == EXK_OK && rename(out.temporary, out.target) != 0) {
        status = write_failed(&out, "cannot be renamed to", errno, error);
    }
    if (status != EXK_OK && out.temporary[0]) {
        unlink(out.temporary);
    }
    return status;
}
