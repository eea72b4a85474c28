/* How much CPU time and memory the control groups of this process allow. */
#ifndef EXK_CGROUP_H
#define EXK_CGROUP_H

#ifdef __cplusplus
extern "C" {
#endif

/* CPUs' worth of time per second, the tightest limit of our group and its ancestors, cgroup v1 or v2; 0: no limit,
 * or none that can be read. root is put before /proc and /sys ("" for the real ones). */
double exk_cgroup_cpus(const char *root);

/* Bytes of memory, likewise. */
double exk_cgroup_memory(const char *root);

#ifdef __cplusplus
}
#endif
#endif
