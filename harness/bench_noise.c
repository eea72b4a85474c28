#include "harness/bench.h"
#include "harness/blas_core.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these a warning is due. */
static const double most_load = 0.3, most_drift = 0.05, widest_interval = 0.05, most_disturbed = 0.25;

/* The first word of a file, or "". */
static void read_word(const char *path, char word[32]) {
    FILE *file = fopen(path, "re");
    word[0] = 0;
    if (file && fscanf(file, "%31s", word) != 1)
        word[0] = 0;
    if (file)
        fclose(file);
}

static void warn_of_governor(bench *b) {
    char governor[32];
    read_word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor);
    if (*governor && strcmp(governor, "performance") != 0)
        bench_warn(b, "the frequency governor is %s; performance keeps the clock steady", governor);
}

static void warn_of_load(bench *b) {
    double load;
    if (getloadavg(&load, 1) == 1 && load > most_load)
        bench_warn(b, "load average %.2f: other programs ran in the last minute and may go on", load);
}

static void warn_of_binding(bench *b) {
    const int most = (int)b->threads.value[b->threads.count - 1];
    if (!b->has_topology || !b->topology.handle || !b->topology.this_system)
        bench_warn(b, "threads are not pinned: no topology of this machine (built without hwloc?)");
    else if (most > b->topology.pus)
        bench_warn(b, "%d threads on %d processing units: they take turns", most, b->topology.pus);
}

void bench_warn_of_machine(bench *b) {
    if (strcmp(EXAKT_BUILD_TYPE, "Release") != 0)
        bench_warn(b, "built as %s: only Release is worth timing",
                   *EXAKT_BUILD_TYPE ? EXAKT_BUILD_TYPE : "nothing");
    warn_of_binding(b);
    warn_of_governor(b);
    warn_of_load(b);
    if (blas_core_text() && strstr(blas_core_text(), "not fair"))
        bench_warn(b, "OpenBLAS runs as %s", blas_core_text());
}

static void warn_of_drift(bench_group *g) {
    const bench_ceiling *worst = g->ceilings;
    double most = 0;
    for (int i = 0; i < g->measure.gauge_count; i++) {
        const double drift = measure_drift(&g->measure, i);
        if (drift > most) {
            most = drift;
            worst = &g->ceilings[i];
        }
    }
    if (most > most_drift)
        bench_warn(
            g->bench,
            "%s, k = %lld: the clock is not steady: from round to round, multiply-adds drifted by up to %.0f "
            "%% (%s, %d thread%s)",
            g->input, (long long)g->shape.k, 100 * most, worst->isa, worst->threads,
            worst->threads == 1 ? "" : "s");
}

static void warn_of_intervals(bench_group *g) {
    int wide = 0, timed = 0;
    double widest = 0;
    for (int i = 0; i < g->measure.count; i++) {
        const bench_figures f = bench_row_figures(&g->rows[i]);
        const double width = (f.interval.high - f.interval.low) / f.median;
        timed += f.median > 0;
        wide += width > widest_interval;
        widest = width > widest ? width : widest;
    }
    if (wide > 0)
        bench_warn(g->bench,
                   "%s, k = %lld: %d of %d intervals are wider than %.0f %% of their median, the widest "
                   "%.0f %%: a noisy machine, or too few samples",
                   g->input, (long long)g->shape.k, wide, timed, 100 * widest_interval, 100 * widest);
}

static void warn_of_disturbances(bench_group *g) {
    int samples = 0, disturbed = 0;
    for (int i = 0; i < g->measure.count; i++) {
        samples += g->measure.candidates[i].count;
        disturbed += bench_row_figures(&g->rows[i]).disturbed;
    }
    if (disturbed > most_disturbed * samples)
        bench_warn(g->bench, "%s, k = %lld: %d of %d samples were disturbed", g->input, (long long)g->shape.k,
                   disturbed, samples);
}

void bench_warn_of_noise(bench_group *g) {
    if (__atomic_load_n(&g->bench->unpinned, __ATOMIC_RELAXED))
        bench_warn(g->bench, "threads are not pinned: this system does not let them be bound");
    warn_of_drift(g);
    warn_of_intervals(g);
    warn_of_disturbances(g);
}
