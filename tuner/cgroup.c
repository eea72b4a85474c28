#include "tuner/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first line of a small file, without its end; false if there is none. */
static bool read_line(const char *path, char *line, int size) {
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool found = fgets(line, size, file) != NULL;
    fclose(file);
    if (found)
        line[strcspn(line, "\n")] = '\0';
    return found;
}

/* "max", -1 and damaged values all mean: no limit. */
static double ratio(const char *quota, const char *period) {
    double q = strtod(quota, NULL);
    double p = strtod(period, NULL);
    return q > 0 && p > 0 ? q / p : 0;
}

/* cpu.max holds "QUOTA PERIOD". */
static double cpus_v2(const char *folder) {
    char path[PATH_MAX];
    char line[64];
    if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= PATH_MAX || !read_line(path, line, sizeof line))
        return 0;
    char *period = strchr(line, ' ');
    return period ? ratio(line, period) : 0;
}

static double cpus_v1(const char *folder) {
    char path[PATH_MAX];
    char quota[64];
    char period[64];
    if (snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder) >= PATH_MAX ||
        !read_line(path, quota, sizeof quota))
        return 0;
    if (snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder) >= PATH_MAX ||
        !read_line(path, period, sizeof period))
        return 0;
    return ratio(quota, period);
}

/* A file with one number of bytes. */
static double bytes_in(const char *folder, const char *name) {
    char path[PATH_MAX];
    char line[64];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_MAX || !read_line(path, line, sizeof line))
        return 0;
    double bytes = strtod(line, NULL);
    return bytes > 0 ? bytes : 0;
}

static double memory_v2(const char *folder) {
    return bytes_in(folder, "memory.max");
}

static double memory_v1(const char *folder) {
    return bytes_in(folder, "memory.limit_in_bytes");
}

/* What is limited: its controller's name in v1, and how a group's folder tells its limit. */
typedef struct resource {
    const char *controller;
    double (*v1)(const char *folder), (*v2)(const char *folder);
} resource;

static double tighter(double a, double b) {
    return a <= 0 || (b > 0 && b < a) ? b : a;
}

/* A container without a cgroup namespace reports its path on the host, while its own group is mounted as the top:
 * folders that are missing on the way up are no error. */
static double tightest(const char *mount, const char *group, double (*limit)(const char *folder)) {
    char folder[PATH_MAX];
    size_t top = strlen(mount);
    if (snprintf(folder, sizeof folder, "%s%s", mount, group) >= PATH_MAX)
        return 0;
    double cpus = limit(folder);
    while (strlen(folder) > top) {
        *strrchr(folder, '/') = '\0';
        cpus = tighter(cpus, limit(folder));
    }
    return cpus;
}

static bool lists(char *controllers, const char *wanted) {
    char *rest = NULL;
    for (char *name = strtok_r(controllers, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
        if (strcmp(name, wanted) == 0)
            return true;
    return false;
}

/* One line of /proc/self/cgroup: ID:CONTROLLERS:PATH, no controllers for v2. */
static double limit_of_line(const resource *r, const char *root, char *line) {
    char mount[PATH_MAX];
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return 0;
    *group++ = '\0';
    ++controllers;
    group[strcspn(group, "\n")] = '\0';
    bool v2 = *controllers == '\0';
    if (snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, v2 ? "" : "/", controllers) >= PATH_MAX)
        return 0;
    if (v2)
        return tightest(mount, group, r->v2);
    return lists(controllers, r->controller) ? tightest(mount, group, r->v1) : 0;
}

static double limit_of(const resource *r, const char *root) {
    char path[PATH_MAX];
    char line[PATH_MAX];
    double limit = 0;
    if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= PATH_MAX)
        return 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        limit = tighter(limit, limit_of_line(r, root, line));
    fclose(file);
    return limit;
}

double exk_cgroup_cpus(const char *root) {
    const resource cpu = {"cpu", cpus_v1, cpus_v2};
    return limit_of(&cpu, root);
}

double exk_cgroup_memory(const char *root) {
    const resource memory = {"memory", memory_v1, memory_v2};
    return limit_of(&memory, root);
}
