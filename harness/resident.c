#include "harness/resident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line "VmHWM:    1234 kB" of /proc/self/status. */
static int64_t status_bytes(const char *key) {
    FILE *file = fopen("/proc/self/status", "re");
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

int64_t resident_now(void) {
    return status_bytes("VmRSS:");
}

int64_t resident_peak(void) {
    return status_bytes("VmHWM:");
}

/* proc(5): 5 resets the high water mark. */
bool resident_reset_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "we");
    if (!file)
        return false;
    const bool written = fputs("5", file) >= 0;
    return fclose(file) == 0 && written;
}
