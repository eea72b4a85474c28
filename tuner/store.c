#include "tuner/store.h"

#include "kernels/status.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The folder is base and what follows it. A relative XDG_CACHE_HOME is to be ignored, says its specification. */
static const char *find_base(const char **below) {
    const char *own = variable("EXAKT_CACHE"), *xdg = variable("XDG_CACHE_HOME");
    *below = own ? "" : xdg && *xdg == '/' ? "/exakt" : "/.cache/exakt";
    return own ? own : xdg && *xdg == '/' ? xdg : variable("HOME");
}

exk_status exk_store_path(const char *name, char *path, size_t room, exk_error *error) {
    const char *below, *base = find_base(&below);
    if (!base)
        return exk_fail(error, EXK_ERR_FILE, "no cache folder: set EXAKT_CACHE to one, or XDG_CACHE_HOME or HOME");
    const int length = snprintf(path, room, "%s%s/%s", base, below, name);
    if (length < 0 || (size_t)length >= room)
        return exk_fail(error, EXK_ERR_FILE, "the name of the cache folder is too long: %s", base);
    return EXK_OK;
}

exk_status exk_store_prepare(const char *path, exk_error *error) {
    char folder[PATH_MAX];
    if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder)
        return exk_fail(error, EXK_ERR_FILE, "%s: too long a name", path);
    for (char *slash = folder + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST && errno != EISDIR)
            return exk_fail(error, EXK_ERR_FILE, "%s: cannot be made: %s", folder, strerror(errno));
    }
    return EXK_OK;
}

/* length bytes of an open file into text; false if there are fewer or more. */
static bool read_all(int file, char *text, size_t length) {
    size_t done = 0;
    while (done <= length) {
        const ssize_t bytes = read(file, text + done, length + 1 - done);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return false;
        if (bytes == 0)
            break;
        done += (size_t)bytes;
    }
    text[done < length ? done : length] = '\0';
    errno = 0;
    return done == length;
}

static exk_status read_file(int file, const char *path, size_t most, char **text, size_t *length,
                            exk_error *error) {
    struct stat about;
    if (fstat(file, &about) != 0)
        return exk_fail(error, EXK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return exk_fail(error, EXK_ERR_FILE, "%s: cannot be read: not a regular file", path);
    if (about.st_size < 0 || (uintmax_t)about.st_size > most)
        return exk_fail(error, EXK_ERR_FORMAT, "%s: %lld bytes, which is more than the %zu it may have", path,
                        (long long)about.st_size, most);
    *length = (size_t)about.st_size;
    *text = malloc(*length + 1);
    if (!*text)
        return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", path);
    if (read_all(file, *text, *length))
        return EXK_OK;
    free(*text);
    *text = NULL;
    return exk_fail(error, EXK_ERR_FILE, "%s: cannot be read: %s", path,
                    errno ? strerror(errno) : "it changed meanwhile");
}

exk_status exk_store_read(const char *path, size_t most, char **text, size_t *length, exk_error *error) {
    *text = NULL;
    *length = 0;
    /* Not blocking: the name may be that of a pipe. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        if (errno == ENOENT)
            return EXK_OK;
        return exk_fail(error, EXK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    }
    const exk_status status = read_file(file, path, most, text, length, error);
    close(file);
    return status;
}
