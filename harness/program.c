#include "harness/program.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool program_find(const char *name, char *path, size_t size) {
    const char *folder = getenv("PATH");
    while (folder && *folder) {
        int width = (int)strcspn(folder, ":");
        snprintf(path, size, "%.*s/%s", width, folder, name);
        if (access(path, X_OK) == 0)
            return true;
        folder += width + (folder[width] == ':');
    }
    return false;
}

int program_run(const char *path, char *const argv[]) {
    pid_t child;
    int status;
    if (posix_spawn(&child, path, NULL, NULL, argv, environ) != 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
