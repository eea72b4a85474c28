#include "tuner/ceilings.h"

#include "kernels/cpu.h"
#include "kernels/peak.h"
#include "kernels/status.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

/* Between two looks at the clock: long beside the look, short beside a measurement. */
static const double chunk_seconds = 20e-6;

/* Of `seconds`, worked before counting starts: a core that is told to use wide vectors halts for a moment. */
static const double warm_up = 0.125;

/* What one thread does, in rounds. */
typedef struct job {
    const exk_peak *peak;
    bool fed;       /* multiply-adds with operands from L1 */
    const float *x; /* NULL: multiply-adds */
    int64_t count;  /* floats of x */
    int64_t at;     /* where the next slice starts */
    int64_t warm;   /* rounds before counting starts */
} job;

/* A measurement that all threads make together: from the moment when the last of them is ready. */
typedef struct meter {
    int threads;
    double seconds;
    atomic_int ready;
    _Atomic double start; /* INFINITY until all are ready */
} meter;

struct exk_ceiling_area {
    const exk_topology *topology;
    const exk_peak *peak;
    float *x;
    int64_t bytes; /* of each thread */
    int threads;
};

enum { SLICE = EXK_CEILING_SLICE / sizeof(float), HUGE_PAGE = 2 << 20 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A round is one of multiply_add's, a pass over a small working set, or a slice of a large one. */
static void work(job *j, int64_t rounds) {
    if (!j->x) {
        volatile float sink = j->fed ? j->peak->multiply_add_fed(rounds) : j->peak->multiply_add(rounds);
        (void)sink;
    } else if (j->count <= SLICE) {
        j->peak->load(j->x, j->count, rounds);
    } else {
        for (int64_t i = 0; i < rounds; i++) {
            j->peak->load(j->x + j->at, SLICE, 1);
            j->at = j->at + SLICE < j->count ? j->at + SLICE : 0;
        }
    }
}

/* Floating-point operations or bytes of a round. */
static double amount(const job *j) {
    if (!j->x)
        return (double)j->peak->flops;
    return (double)(j->count < SLICE ? j->count : SLICE) * (double)sizeof(float);
}

/* Ready: a chunk is long enough and the core has worked for a while. The last thread starts the clock. */
static void announce(meter *m) {
    if (atomic_fetch_add(&m->ready, 1) + 1 == m->threads)
        atomic_store(&m->start, now());
}

/* The part of [from, to] that lies in the measured interval. */
static double counted(double from, double to, double start, double end) {
    const double first = from > start ? from : start, last = to < end ? to : end;
    return last > first ? (last - first) / (to - from) : 0;
}

/* What this thread did in the measured interval. All work until its end: none has the machine to itself. */
static double measure_thread(meter *m, job *j) {
    const double begun = now();
    double rounds_done = 0, from = begun, end = INFINITY;
    int64_t rounds = 1, rounds_made = 0;
    bool ready = false;
    while (from < end) {
        work(j, rounds);
        const double to = now(), start = atomic_load(&m->start);
        end = start + m->seconds;
        rounds_done += (double)rounds * counted(from, to, start, end);
        rounds_made += rounds;
        if (!ready && to - from < chunk_seconds) {
            rounds *= 2;
        } else if (!ready && rounds_made >= j->warm && to - begun >= warm_up * m->seconds) {
            ready = true;
            announce(m);
        }
        from = to;
    }
    return rounds_done * amount(j);
}

/* Every thread gets the job; of an area each reads its own part. */
static exk_status measure(const exk_topology *topology, const job *common, int64_t apart, int threads,
                          double seconds, double *rate, exk_error *error) {
    meter m = {.threads = threads, .seconds = seconds, .start = INFINITY};
    double done = 0;
    int started = 0;
#pragma omp parallel num_threads(threads) reduction(+ : done)
    {
        const int thread = omp_get_thread_num();
#pragma omp single
        started = omp_get_num_threads();
        if (started == threads) {
            job own = *common;
            if (own.x)
                own.x += thread * apart;
            if (topology)
                exk_topology_bind(thread, (void *)topology);
            done += measure_thread(&m, &own);
        }
    }
    if (started != threads)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%d threads: only %d can be started", threads, started);
    *rate = done / seconds;
    return EXK_OK;
}

static exk_status check(int threads, double seconds, exk_error *error) {
    if (threads < 1)
        return exk_fail(error, EXK_ERR_ARGUMENT, "threads: %d; use 1 or more", threads);
    if (!(seconds > 0) || !isfinite(seconds))
        return exk_fail(error, EXK_ERR_ARGUMENT, "seconds: %g; use more than 0", seconds);
    return EXK_OK;
}

static exk_status measure_flops(const exk_topology *topology, const char *isa, bool fed, int threads,
                                double seconds, double *rate, exk_error *error) {
    const exk_status status = check(threads, seconds, error);
    if (status != EXK_OK)
        return status;
    const char *obstacle = exk_isa_obstacle(isa);
    const job j = {.peak = exk_peak_for(isa), .fed = fed};
    if (obstacle || !j.peak)
        return exk_fail(error, EXK_ERR_VARIANT, "%s: %s", isa, obstacle ? obstacle : "not in this build");
    return measure(topology, &j, 0, threads, seconds, rate, error);
}

exk_status exk_ceiling_flops(const exk_topology *topology, const char *isa, int threads, double seconds,
                             double *rate, exk_error *error) {
    return measure_flops(topology, isa, false, threads, seconds, rate, error);
}

exk_status exk_ceiling_fed_flops(const exk_topology *topology, const char *isa, int threads, double seconds,
                                 double *rate, exk_error *error) {
    return measure_flops(topology, isa, true, threads, seconds, rate, error);
}

static const exk_peak *strongest_peak(void) {
    const exk_peak *strongest = NULL;
    for (size_t i = 0; exk_isa_name(i); i++) {
        if (!exk_isa_obstacle(exk_isa_name(i)) && exk_peak_for(exk_isa_name(i)))
            strongest = exk_peak_for(exk_isa_name(i));
    }
    return strongest;
}

/* Zeros would do, but only pages that were written are pages of their own. */
static void touch(const exk_ceiling_area *area) {
    const int64_t count = area->bytes / (int64_t)sizeof(float);
#pragma omp parallel num_threads(area->threads)
    {
        if (area->topology)
            exk_topology_bind(omp_get_thread_num(), (void *)area->topology);
#pragma omp for schedule(static, 1)
        for (int thread = 0; thread < area->threads; thread++) {
            for (int64_t i = 0; i < count; i++)
                area->x[thread * count + i] = 1.0f;
        }
    }
}

/* Each thread's part in huge pages of its own: what misses the TLB is not the ceiling. */
static exk_status allocate(exk_ceiling_area *area, int64_t bytes, exk_error *error) {
    int64_t all = 0;
    const bool fits = !__builtin_add_overflow(bytes, HUGE_PAGE - 1, &area->bytes) &&
                      !__builtin_mul_overflow(area->bytes - area->bytes % HUGE_PAGE, area->threads, &all);
    area->bytes -= area->bytes % HUGE_PAGE;
    area->x = fits ? aligned_alloc(HUGE_PAGE, (size_t)all) : NULL;
    if (!area->x)
        return exk_fail(error, EXK_ERR_MEMORY, "%d times %lld bytes to read: out of memory", area->threads,
                        (long long)bytes);
    madvise(area->x, (size_t)all, MADV_HUGEPAGE);
    return EXK_OK;
}

static exk_status check_area(const exk_ceiling_area *area, int64_t bytes, exk_error *error) {
    if (bytes < EXK_CEILING_BYTES_LEAST)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%lld bytes to read: use %d or more", (long long)bytes,
                        EXK_CEILING_BYTES_LEAST);
    if (!area->peak)
        return exk_fail(error, EXK_ERR_VARIANT, "scalar: %s", exk_isa_obstacle("scalar"));
    return check(area->threads, 1, error);
}

exk_status exk_ceiling_area_create(const exk_topology *topology, int threads, int64_t bytes,
                                   exk_ceiling_area **area, exk_error *error) {
    exk_ceiling_area made = {.topology = topology, .peak = strongest_peak(), .threads = threads};
    *area = NULL;
    exk_status status = check_area(&made, bytes, error);
    if (status == EXK_OK)
        status = allocate(&made, bytes, error);
    if (status != EXK_OK)
        return status;
    touch(&made);
    *area = malloc(sizeof **area);
    if (!*area) {
        free(made.x);
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    }
    **area = made;
    return EXK_OK;
}

void exk_ceiling_area_free(exk_ceiling_area *area) {
    if (area)
        free(area->x);
    free(area);
}

exk_status exk_ceiling_read(const exk_ceiling_area *area, int64_t bytes, double seconds, double *rate,
                            exk_error *error) {
    const exk_status status = check(area->threads, seconds, error);
    if (status != EXK_OK)
        return status;
    if (bytes < EXK_CEILING_BYTES_LEAST || bytes > area->bytes)
        return exk_fail(error, EXK_ERR_ARGUMENT, "%lld bytes to read: use %d to %lld", (long long)bytes,
                        EXK_CEILING_BYTES_LEAST, (long long)area->bytes);
    if (bytes > EXK_CEILING_SLICE)
        bytes -= bytes % EXK_CEILING_SLICE;
    const job j = {.peak = area->peak,
                   .x = area->x,
                   .count = bytes / (int64_t)sizeof(float),
                   .warm = bytes / EXK_CEILING_SLICE};
    return measure(area->topology, &j, area->bytes / (int64_t)sizeof(float), area->threads, seconds, rate, error);
}
