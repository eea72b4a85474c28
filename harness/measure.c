#include "harness/measure.h"
#include "harness/disturbance.h"
#include "harness/report.h"
#include "tuner/stats.h"

#include <math.h>
#include <stdlib.h>

const char *measure_flag_name(int index) {
    static const char *const names[MEASURE_FLAGS] = {"stolen", "preempted", "faulted", "slowed"};
    return names[index];
}

void measure_begin(measure *m) {
    m->rounds = 0;
    m->last_gauge = -1;
    for (int i = 0; i < m->count; i++) {
        m->candidates[i].samples = NULL;
        m->candidates[i].count = m->candidates[i].capacity = 0;
    }
}

void measure_end(measure *m) {
    for (int i = 0; i < m->count; i++)
        free(m->candidates[i].samples);
    measure_begin(m);
}

static bool is_stopped(const measure *m) {
    return m->stop && __atomic_load_n(m->stop, __ATOMIC_RELAXED);
}

static bool has_room(measure_candidate *c) {
    if (c->count < c->capacity)
        return true;
    const int capacity = c->capacity ? 2 * c->capacity : 16;
    measure_sample *grown = realloc(c->samples, (size_t)capacity * sizeof *grown);
    if (!grown)
        return false;
    c->samples = grown;
    c->capacity = capacity;
    return true;
}

static double read_gauge(measure *m, int gauge) {
    if (gauge < 0)
        return NAN;
    m->last_gauge = gauge;
    m->last_reading = m->gauges[gauge].read(m->gauges[gauge].user);
    return m->last_reading;
}

/* What was read right after the sample before this one is also a reading right before this one. */
static double gauge_before(measure *m, int gauge) {
    return gauge >= 0 && gauge == m->last_gauge ? m->last_reading : read_gauge(m, gauge);
}

static bool take_sample(measure *m, measure_candidate *c, int position) {
    measure_sample sample = {.round = m->rounds, .position = position, .gauge = NAN};
    sample.before = gauge_before(m, c->gauge);
    const disturbance before = disturbance_read(c->pid, c->cpus, c->cpu_count);
    const double started = seconds_now();
    const bool good = c->run(c->user, &sample.seconds);
    sample.wall = seconds_now() - started;
    const disturbance after = disturbance_read(c->pid, c->cpus, c->cpu_count);
    m->last_gauge = -1;
    if (!good)
        return false;
    sample.after = read_gauge(m, c->gauge);
    const disturbance between = disturbance_between(&before, &after);
    sample.stolen = between.stolen;
    sample.waited = between.waited;
    sample.switches = between.switches;
    sample.minor_faults = between.minor_faults;
    sample.major_faults = between.major_faults;
    c->samples[c->count++] = sample;
    return true;
}

/* Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014. */
static uint64_t splitmix(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Fisher and Yates. The order depends on seed and round alone. */
static void draw_order(const measure *m, int *order) {
    uint64_t state = m->seed ^ ((uint64_t)m->rounds << 32);
    for (int i = 0; i < m->count; i++) {
        const int j = (int)(splitmix(&state) % (uint64_t)(i + 1));
        order[i] = order[j];
        order[j] = i;
    }
}

static bool measure_in_order(measure *m, const int *order) {
    for (int position = 0; position < m->count && !is_stopped(m); position++) {
        measure_candidate *c = &m->candidates[order[position]];
        if (c->dropped)
            continue;
        if (!has_room(c))
            return false;
        if (m->progress)
            m->progress(m, order[position], m->user);
        if (!take_sample(m, c, position))
            c->dropped = !is_stopped(m);
    }
    return !is_stopped(m);
}

bool measure_round(measure *m) {
    int *order = malloc((size_t)(m->count > 0 ? m->count : 1) * sizeof *order);
    if (!order)
        return false;
    draw_order(m, order);
    const bool whole = measure_in_order(m, order);
    free(order);
    m->rounds++;
    return whole;
}

/* All readings of a gauge, or those of one round (-1: all), into `readings`; returns how many. */
static int collect_readings(const measure *m, int gauge, int round, double *readings) {
    int count = 0;
    for (int i = 0; i < m->count; i++) {
        const measure_candidate *c = &m->candidates[i];
        for (int s = 0; c->gauge == gauge && s < c->count; s++) {
            if (round >= 0 && c->samples[s].round != round)
                continue;
            readings[count++] = c->samples[s].before;
            readings[count++] = c->samples[s].after;
        }
    }
    return count;
}

static double *room_for_readings(const measure *m) {
    size_t samples = 1;
    for (int i = 0; i < m->count; i++)
        samples += (size_t)m->candidates[i].count;
    return calloc(2 * samples, sizeof(double));
}

static double median_reading(const measure *m, int gauge, int round, double *room) {
    const int count = collect_readings(m, gauge, round, room);
    return stats_median(room, count);
}

double measure_gauge_median(const measure *m, int gauge) {
    double *room = room_for_readings(m);
    const double median = room ? median_reading(m, gauge, -1, room) : NAN;
    free(room);
    return median;
}

double measure_drift(const measure *m, int gauge) {
    double *room = room_for_readings(m);
    double least = INFINITY, most = 0;
    for (int round = 0; room && round < m->rounds; round++) {
        const double median = median_reading(m, gauge, round, room);
        least = median < least ? median : least;
        most = median > most ? median : most;
    }
    const double middle = room ? median_reading(m, gauge, -1, room) : NAN;
    free(room);
    return most > least && middle > 0 ? (most - least) / middle : 0;
}

/* What counts as disturbed. A clock tick of stolen time is the least that can be seen; a hundredth of the time
 * spent waiting for a CPU moves a result as much as what one wants to tell apart. */
static const double waited_share = 0.01, slowed_share = 0.95, usual_faults = 1.5;
enum { FAULTS_SPARE = 256, SWITCHES_SPARE = 2 };

static bool is_preempted(const measure_candidate *c, const measure_sample *s) {
    if (isnan(s->waited))
        return s->switches > SWITCHES_SPARE;
    return s->waited > waited_share * s->wall * (c->threads > 0 ? c->threads : 1);
}

static double median_faults(const measure_candidate *c, double *room) {
    for (int s = 0; s < c->count; s++)
        room[s] = (double)c->samples[s].minor_faults;
    return stats_median(room, c->count);
}

static unsigned flags_of(const measure_candidate *c, const measure_sample *s, double gauge, double faults) {
    unsigned flags = 0;
    if (s->stolen > 0)
        flags |= MEASURE_STOLEN;
    if (is_preempted(c, s))
        flags |= MEASURE_PREEMPTED;
    if (s->major_faults > 0 || (double)s->minor_faults > usual_faults * faults + FAULTS_SPARE)
        flags |= MEASURE_FAULTED;
    if (s->before < slowed_share * gauge || s->after < slowed_share * gauge)
        flags |= MEASURE_SLOWED;
    return flags;
}

void measure_judge(measure *m) {
    double *room = room_for_readings(m);
    for (int i = 0; room && i < m->count; i++) {
        measure_candidate *c = &m->candidates[i];
        const double gauge = median_reading(m, c->gauge, -1, room), faults = median_faults(c, room);
        for (int s = 0; s < c->count; s++) {
            c->samples[s].gauge = median_reading(m, c->gauge, c->samples[s].round, room);
            c->samples[s].flags = flags_of(c, &c->samples[s], gauge, faults);
        }
    }
    free(room);
}
