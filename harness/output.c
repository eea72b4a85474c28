#include "harness/output.h"
#include "datasets/replace.h"
#include "harness/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_is_stdout(const char *path) {
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

/* What exists and is not to be replaced: no regular file, or a name of an open one. */
static bool is_special(const char *path) {
    struct stat info;
    bool is_system = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
    return stat(path, &info) == 0 && (is_system || !S_ISREG(info.st_mode));
}

/* The file to replace: what a link points to, else path itself. */
static const char *target_of(const char *path, char target[PATH_MAX]) {
    return realpath(path, target) ? target : path;
}

/* Open a new file beside path; its name goes to name. -1 on failure (errno is set). */
static int open_beside(const char *path, char *name, size_t size) {
    if ((size_t)snprintf(name, size, "%s.XXXXXX", path) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkstemp(name);
}

exit_code output_check_file(const char *option, const char *path) {
    if (!path)
        return CLI_OK;
    if (output_is_stdout(path))
        return fail(CLI_USAGE, "%s: arrays do not go to stdout; give the name of a .npy file", option);
    if (is_special(path))
        return fail(CLI_OUTPUT, "%s: %s: not a regular file; give the name of a file to write", option, path);
    char name[PATH_MAX + 8], target[PATH_MAX];
    int file = open_beside(target_of(path, target), name, sizeof name);
    if (file < 0)
        return fail(CLI_OUTPUT, "%s: %s: cannot be written: %s; choose another folder or name", option, path,
                    strerror(errno));
    close(file);
    unlink(name);
    return CLI_OK;
}

exit_code output_check(const char *option, const char *path) {
    if (output_is_stdout(path))
        return CLI_OK;
    if (!is_special(path))
        return output_check_file(option, path);
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return fail(CLI_OUTPUT, "%s: %s: is a folder; give the name of a file to write", option, path);
    return CLI_OK;
}

static bool same_file(const char *a, const char *b) {
    struct stat info_a, info_b;
    if (strcmp(a, b) == 0)
        return !output_is_stdout(a);
    return stat(a, &info_a) == 0 && stat(b, &info_b) == 0 && S_ISREG(info_a.st_mode) &&
           info_a.st_dev == info_b.st_dev && info_a.st_ino == info_b.st_ino;
}

static exit_code distinct(const named_file *output, const named_file *other) {
    if (!output->path || !other->path || !same_file(output->path, other->path))
        return CLI_OK;
    return fail(CLI_USAGE, "%s: %s: is also %s, which it would replace; choose another name", output->what,
                output->path, other->what);
}

exit_code outputs_distinct(const named_file *outputs, int n_outputs, const named_file *inputs, int n_inputs) {
    for (int i = 0; i < n_outputs; i++) {
        exit_code code = CLI_OK;
        for (int j = 0; j < n_inputs && code == CLI_OK; j++)
            code = distinct(&outputs[i], &inputs[j]);
        for (int j = 0; j < i && code == CLI_OK; j++)
            code = distinct(&outputs[i], &outputs[j]);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

static bool write_all(int file, const char *data, size_t size) {
    while (size > 0) {
        ssize_t written = write(file, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static exit_code cannot_write(const char *path) {
    return fail(CLI_OUTPUT, "%s: cannot be written: %s; free some space or choose another place", path,
                strerror(errno));
}

static exit_code write_directly(const char *path, const char *data, size_t size) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return cannot_write(path);
    bool good = write_all(file, data, size) && write_all(file, "\n", 1);
    good = close(file) == 0 && good;
    return good ? CLI_OK : cannot_write(path);
}

exit_code output_write(const char *path, const char *data, size_t size) {
    if (output_is_stdout(path)) {
        fwrite(data, 1, size, stdout);
        putchar('\n');
        return CLI_OK; /* main checks stdout once, at the end */
    }
    if (is_special(path))
        return write_directly(path, data, size);
    const exk_piece pieces[] = {{data, size}, {"\n", 1}};
    exk_error error;
    return exk_file_replace(path, pieces, 2, &error) == EXK_OK ? CLI_OK : fail_writing(&error);
}

exit_code output_print(const char *path, void (*put)(FILE *out, const void *user), const void *user) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return fail(CLI_LIMIT, "out of memory");
    put(out, user);
    const bool whole = !ferror(out);
    const exit_code code =
        fclose(out) == 0 && whole ? output_write(path, text, size) : fail(CLI_LIMIT, "out of memory");
    free(text);
    return code;
}
