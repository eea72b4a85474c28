#include "harness/shared_files.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_there(const char *folder, const char *name, char *path, size_t size) {
    const int length = snprintf(path, size, "%s/%s", folder, name);
    return length > 0 && (size_t)length < size && access(path, R_OK) == 0;
}

/* An installed program finds its files from where it lies, so that the tree may be moved. */
static bool find_installed(const char *name, char *path, size_t size) {
    char self[PATH_MAX], folder[PATH_MAX + sizeof EXAKT_SHARE];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return false;
    self[length] = 0;
    char *slash = strrchr(self, '/');
    if (!slash)
        return false;
    *slash = 0;
    snprintf(folder, sizeof folder, "%s/" EXAKT_SHARE, self);
    return is_there(folder, name, path, size);
}

bool shared_file_find(const char *name, char *path, size_t size) {
    return find_installed(name, path, size) || is_there(EXAKT_SOURCE_DIR, name, path, size) ||
           is_there(".", name, path, size);
}
