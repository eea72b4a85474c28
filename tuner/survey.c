#include "tuner/survey.h"

#include "kernels/cpu.h"
#include "kernels/peak.h"
#include "kernels/status.h"
#include "tuner/ceilings.h"
#include "tuner/cgroup.h"
#include "tuner/record.h"
#include "tuner/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

enum { SAMPLES_MOST = 16 };

/* How much trouble to take. */
typedef struct effort {
    double seconds;       /* of a sample of multiply-adds or of a level */
    double curve_seconds; /* of a sample of the curve */
    int blocks, samples;  /* of multiply-adds: each ISA has its turn `blocks` times, with so many samples */
    int curve_rounds, level_rounds;
    int per_octave;            /* points of the curve */
    int warm_samples;          /* a clock that is not steady by then never is */
    int64_t bytes, bytes_most; /* what all threads together read, where there is memory for it: at least so much;
                                  at most, however large the caches claim to be */
} effort;

static const effort full = {.seconds = 0.02,
                            .curve_seconds = 0.012,
                            .blocks = 3,
                            .samples = 5,
                            .curve_rounds = 5,
                            .level_rounds = 11,
                            .per_octave = 3,
                            .warm_samples = 30,
                            .bytes = INT64_C(512) << 20,
                            .bytes_most = INT64_C(4) << 30};

static const effort little = {.seconds = 0.008,
                              .curve_seconds = 0.004,
                              .blocks = 1,
                              .samples = 5,
                              .curve_rounds = 3,
                              .level_rounds = 5,
                              .per_octave = 2,
                              .warm_samples = 10,
                              .bytes = INT64_C(256) << 20,
                              .bytes_most = INT64_C(256) << 20};

/* A clock is steady when so many samples in a row lie within this share of each other. */
static const double steady = 0.02;
enum { STEADY_SAMPLES = 3 };

/* The smallest working set; a multiple of what the loops read between two branches. */
enum { SET_LEAST = 12 << 10, SET_UNIT = 3 << 10 };

typedef struct task {
    const exk_topology *topology;
    const exk_survey_options *options;
    const effort *effort;
    exk_error *error;
} task;

static bool stopped(const task *t) {
    return t->options->stop && __atomic_load_n(t->options->stop, __ATOMIC_RELAXED);
}

static void tell(const task *t, const char *stage, int threads) {
    if (t->options->progress)
        t->options->progress(stage, threads, t->options->user);
}

/* Between the two neighbours of the place that `part` of the sorted samples lie below. */
static double quantile(const double *sorted, int count, double part) {
    const double place = part * (count - 1);
    const int below = (int)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

static exk_spread spread_of(const double *samples, int count) {
    double sorted[SAMPLES_MOST];
    memcpy(sorted, samples, (size_t)count * sizeof *sorted);
    stats_sort(sorted, count);
    return (exk_spread){quantile(sorted, count, 0.5), quantile(sorted, count, 0.25),
                        quantile(sorted, count, 0.75)};
}

static exk_status sample_flops(const task *t, const char *isa, int threads, double *rate) {
    return stopped(t) ? EXK_STOPPED
                      : exk_ceiling_flops(t->topology, isa, threads, t->effort->seconds, rate, t->error);
}

/* Clocks rise when work begins and fall under wide vectors: go on until neither happens any more. */
static exk_status warm_up(const task *t, const char *isa, int threads) {
    double rate, low = 0, high = 0;
    int alike = 0;
    for (int i = 0; i < t->effort->warm_samples && alike < STEADY_SAMPLES; i++) {
        const exk_status status = sample_flops(t, isa, threads, &rate);
        if (status != EXK_OK)
            return status;
        low = alike && low < rate ? low : rate;
        high = alike && high > rate ? high : rate;
        alike++;
        if (high - low > steady * high) {
            low = high = rate;
            alike = 1;
        }
    }
    return EXK_OK;
}

static exk_status flops_block(const task *t, const char *isa, int threads, double *samples) {
    exk_status status = warm_up(t, isa, threads);
    for (int i = 0; i < t->effort->samples && status == EXK_OK; i++)
        status = sample_flops(t, isa, threads, &samples[i]);
    return status;
}

/* An ISA stays at work for a whole block: a few samples between those of another would not feel its own clock.
 * Blocks take turns, since the machine drifts. */
static exk_status measure_flops(const task *t, exk_survey_part *part) {
    double samples[EXK_SURVEY_ISAS][SAMPLES_MOST];
    exk_status status = EXK_OK;
    for (int block = 0; block < t->effort->blocks; block++) {
        for (int i = 0; i < part->isas && status == EXK_OK; i++)
            status = flops_block(t, part->flops[i].isa, part->threads, samples[i] + block * t->effort->samples);
    }
    for (int i = 0; i < part->isas && status == EXK_OK; i++)
        part->flops[i].rate = spread_of(samples[i], t->effort->blocks * t->effort->samples);
    return status;
}

static void list_isas(exk_survey_part *part) {
    for (size_t i = 0; exk_isa_name(i) && part->isas < EXK_SURVEY_ISAS; i++) {
        if (!exk_isa_obstacle(exk_isa_name(i)) && exk_peak_for(exk_isa_name(i)))
            snprintf(part->flops[part->isas++].isa, sizeof part->flops[0].isa, "%s", exk_isa_name(i));
    }
}

/* One sample of every size in turn, so that a disturbance does not look like a cache. */
static exk_status read_rounds(const task *t, const exk_ceiling_area *area, const int64_t *bytes, int sets,
                              int rounds, double seconds, exk_spread *rates) {
    double samples[EXK_SURVEY_POINTS][SAMPLES_MOST];
    exk_status status = EXK_OK;
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < sets && status == EXK_OK; i++)
            status =
                stopped(t) ? EXK_STOPPED : exk_ceiling_read(area, bytes[i], seconds, &samples[i][round], t->error);
    }
    for (int i = 0; i < sets && status == EXK_OK; i++)
        rates[i] = spread_of(samples[i], rounds);
    return status;
}

static exk_status measure_curve(const task *t, const exk_ceiling_area *area, exk_survey_part *part) {
    int64_t bytes[EXK_SURVEY_POINTS];
    exk_spread rates[EXK_SURVEY_POINTS];
    for (int i = 0; i < part->points; i++)
        bytes[i] = part->curve[i].bytes;
    const exk_status status =
        read_rounds(t, area, bytes, part->points, t->effort->curve_rounds, t->effort->curve_seconds, rates);
    for (int i = 0; i < part->points && status == EXK_OK; i++)
        part->curve[i].rate = rates[i];
    return status;
}

static exk_status measure_levels(const task *t, const exk_ceiling_area *area, exk_survey_part *part) {
    int64_t bytes[EXK_SURVEY_LEVELS];
    exk_spread rates[EXK_SURVEY_LEVELS];
    int sets = 0;
    for (int i = 0; i < part->levels; i++) {
        part->level[i].bytes -= part->level[i].bytes % SET_UNIT;
        if (part->level[i].bytes > 0)
            bytes[sets++] = part->level[i].bytes;
    }
    const exk_status status =
        read_rounds(t, area, bytes, sets, t->effort->level_rounds, t->effort->seconds, rates);
    for (int i = part->levels - 1; i >= 0 && status == EXK_OK; i--) {
        if (part->level[i].bytes > 0)
            part->level[i].rate = rates[--sets];
    }
    return status;
}

/* Twice what all last caches together claim, so that the largest sets come from memory; within what is asked for
 * at least, and what this machine or control group can spare. */
static int64_t bytes_most(const task *t, int threads) {
    const exk_cache *last = &t->topology->level[EXK_TOPOLOGY_LEVELS - 1];
    const double group = exk_cgroup_memory("");
    struct sysinfo machine;
    double spare = 0, wanted = (double)t->effort->bytes;
    if (last->size > 0 && last->sharing > 0 && t->topology->handle)
        wanted = fmax(wanted, fmin(2.0 * (double)last->size * ceil((double)t->topology->pus / last->sharing),
                                   (double)t->effort->bytes_most));
    if (sysinfo(&machine) == 0)
        spare = (double)machine.totalram * machine.mem_unit / 8;
    if (group > 0 && group / 4 < spare)
        spare = group / 4;
    const double each = fmin(wanted, spare) / threads;
    return each > SET_LEAST ? (int64_t)each : SET_LEAST;
}

static void list_points(const task *t, exk_survey_part *part, int64_t most) {
    for (int i = 0; i < EXK_SURVEY_POINTS; i++) {
        const double set = SET_LEAST * exp2((double)i / t->effort->per_octave);
        if (set > (double)most)
            break;
        part->curve[part->points++].bytes = (int64_t)set / SET_UNIT * SET_UNIT;
    }
}

static exk_status measure_reads(const task *t, exk_survey_part *part) {
    exk_ceiling_area *area;
    const int64_t most = bytes_most(t, part->threads);
    list_points(t, part, most);
    tell(t, "working sets", part->threads);
    exk_status status = exk_ceiling_area_create(t->topology, part->threads, most, &area, t->error);
    if (status == EXK_OK)
        status = measure_curve(t, area, part);
    if (status == EXK_OK) {
        exk_survey_judge(t->topology, part);
        tell(t, "levels", part->threads);
        status = measure_levels(t, area, part);
    }
    exk_ceiling_area_free(area);
    return status;
}

exk_status exk_survey_take(const exk_topology *topology, int threads, const exk_survey_options *options,
                           exk_survey_part *part, exk_error *error) {
    if (topology->handle && !topology->this_system)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%s: another machine; only this one can be measured",
                        topology->source);
    const task t = {topology, options, options->quick ? &little : &full, error};
    *part = (exk_survey_part){.threads = threads, .quick = options->quick};
    list_isas(part);
    tell(&t, "multiply-adds", threads);
    exk_status status = measure_flops(&t, part);
    if (status == EXK_OK)
        status = measure_reads(&t, part);
    exk_time_now(part->measured);
    return status;
}

void exk_survey_begin(const exk_topology *topology, exk_survey *survey) {
    memset(survey, 0, sizeof *survey);
    exk_fingerprint_take(topology, &survey->machine);
    exk_build_hash(survey->build);
}

const exk_survey_part *exk_survey_find(const exk_survey *survey, int threads) {
    for (int i = 0; i < survey->parts; i++) {
        if (survey->part[i].threads == threads)
            return &survey->part[i];
    }
    return NULL;
}

bool exk_survey_put(exk_survey *survey, const exk_survey_part *part) {
    int at = 0;
    while (at < survey->parts && survey->part[at].threads < part->threads)
        at++;
    if (at == survey->parts || survey->part[at].threads != part->threads) {
        if (survey->parts == EXK_SURVEY_PARTS)
            return false;
        memmove(&survey->part[at + 1], &survey->part[at], (size_t)(survey->parts - at) * sizeof *part);
        survey->parts++;
    }
    survey->part[at] = *part;
    return true;
}
