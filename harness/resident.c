#include "harness/resident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_proc(int pid, const char *name, const char *mode) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return fopen(path, mode);
}

/* A line "VmHWM:    1234 kB" of /proc/PID/status. */
static int64_t status_bytes(int pid, const char *key) {
    FILE *file = open_proc(pid, "status", "re");
    const size_t length = strlen(key);
    char line[256];
    int64_t bytes = -1;
    while (file && bytes < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, key, length) == 0)
            bytes = strtoll(line + length, NULL, 10) * 1024;
    if (file)
        fclose(file);
    return bytes;
}

int64_t resident_now_of(int pid) {
    return status_bytes(pid, "VmRSS:");
}

int64_t resident_peak_of(int pid) {
    return status_bytes(pid, "VmHWM:");
}

/* proc(5): 5 resets the high water mark. */
bool resident_reset_peak_of(int pid) {
    FILE *file = open_proc(pid, "clear_refs", "we");
    if (!file)
        return false;
    const bool written = fputs("5", file) >= 0;
    return fclose(file) == 0 && written;
}

int64_t resident_now(void) {
    return resident_now_of(getpid());
}

int64_t resident_peak(void) {
    return resident_peak_of(getpid());
}

bool resident_reset_peak(void) {
    return resident_reset_peak_of(getpid());
}
