#include "harness/program.h"

#include "harness/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

/* In a group of its own, so that it hears of the interrupt once, from us. */
static bool start_logged(const char *path, char *const argv[], const char *log, pid_t *child) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const bool started = posix_spawn(child, path, &files, &attributes, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return started;
}

int program_run_logged(const char *path, char *const argv[], const char *log) {
    static const struct timespec pause = {.tv_nsec = 20000000};
    pid_t child, ended;
    int status;
    bool told = false;
    if (!start_logged(path, argv, log, &child))
        return -1;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (interrupted() && !told) {
            kill(-child, SIGINT);
            told = true;
        }
        nanosleep(&pause, NULL);
    }
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
