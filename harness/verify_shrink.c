#include "harness/verify_shrink.h"
#include "datasets/datasets.h"
#include "harness/interrupt.h"
#include "harness/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct shrinker {
    const verify_work *work;
    verify_position at;
    verify_part part;
    int64_t *saved;  /* a list of the part, as it was */
    double deadline; /* seconds_now() */
    FILE *out;
    char why[VERIFY_WHY]; /* of the last part that failed */
} shrinker;

static exit_code open_part(const shrinker *s, verify_opened *whole, verify_problem *part) {
    *part = (verify_problem){0};
    exit_code code = verify_open(s->work->s, s->at.number, whole);
    if (code == CLI_OK && verify_problem_pick(&whole->problem, &s->part, part) != EXK_OK)
        return fail(CLI_LIMIT, "out of memory");
    return code;
}

/* A verify_body: run the part as the failing run did. Without a standard there is nothing to see. */
static void try_part(int pipe, const void *user) {
    const shrinker *s = user;
    verify_opened whole;
    verify_problem part;
    verify_standard standard = {0};
    verify_message message = {.event = VERIFY_STARTED};
    if (open_part(s, &whole, &part) == CLI_OK &&
        verify_standard_create(&part, &standard, message.verdict.why, sizeof message.verdict.why)) {
        verify_tell(pipe, &message);
        message.event = VERIFY_ENDED;
        message.verdict =
            verify_run(&part, &standard, s->work->variants[s->at.variant], &verify_setups[s->at.setup]);
        verify_tell(pipe, &message);
    }
    verify_standard_free(&standard);
    verify_problem_free(&part);
    verify_close(&whole);
}

static bool part_fails(shrinker *s) {
    enum { PATIENCE = 10 };
    verify_child child;
    verify_message message;
    char how[VERIFY_WHY], fault[VERIFY_WHY] = "";
    bool started = false, failed = false;
    verify_heard heard;
    if (!verify_child_start(&child, try_part, s))
        return false;
    while ((heard = verify_child_hear(&child, PATIENCE, &message)) == VERIFY_HEARD) {
        started = started || message.event == VERIFY_STARTED;
        failed = failed || (message.event == VERIFY_ENDED && !message.verdict.passed);
        memcpy(fault, message.verdict.why, sizeof fault);
    }
    bool survived = verify_child_end(&child, heard == VERIFY_HANGS, how, sizeof how);
    if (interrupted() || heard == VERIFY_HANGS || !(failed || (started && !survived)))
        return false;
    snprintf(s->why, sizeof s->why, "%.*s%s%.*s", VERIFY_WHY / 4, survived ? "" : how,
             survived || !*fault ? "" : ", ", VERIFY_WHY / 2, fault);
    return true;
}

static bool out_of_time(const shrinker *s) {
    return interrupted() || seconds_now() > s->deadline;
}

/* Does the part still fail without entries [first, first + chunk) of one of its lists? If not, they come back. */
static bool drop(shrinker *s, int64_t *list, int64_t *count, int64_t first, int64_t chunk) {
    int64_t before = *count, behind = before - first - chunk;
    memcpy(s->saved, list, (size_t)before * sizeof *list);
    memmove(list + first, list + first + chunk, (size_t)behind * sizeof *list);
    *count = before - chunk;
    if (part_fails(s))
        return true;
    *count = before;
    memcpy(list, s->saved, (size_t)before * sizeof *list);
    return false;
}

/* Halves, quarters, ... single entries (Zeller & Hildebrandt, Simplifying and isolating failure-inducing input,
 * 2002). True if something could go. */
static bool reduce(shrinker *s, int64_t *list, int64_t *count) {
    bool smaller = false;
    for (int64_t chunk = *count / 2; chunk >= 1; chunk /= 2) {
        for (int64_t first = 0; first + chunk <= *count && chunk < *count && !out_of_time(s);) {
            if (drop(s, list, count, first, chunk))
                smaller = true;
            else
                first += chunk;
        }
    }
    return smaller;
}

static int64_t *count_up(int64_t count) {
    int64_t *list = malloc((size_t)count * sizeof *list);
    for (int64_t i = 0; list && i < count; i++)
        list[i] = i;
    return list;
}

static bool allocate(shrinker *s, const exk_shape *shape) {
    int64_t longest = shape->n > shape->d ? shape->n : shape->d;
    s->part = (verify_part){.row = count_up(shape->n),
                            .column = count_up(shape->d),
                            .centroid = count_up(shape->k),
                            .n = shape->n,
                            .d = shape->d,
                            .k = shape->k};
    s->saved = count_up(longest > shape->k ? longest : shape->k);
    return s->part.row && s->part.column && s->part.centroid && s->saved;
}

static void release(shrinker *s) {
    free(s->part.row);
    free(s->part.column);
    free(s->part.centroid);
    free(s->saved);
}

static void print_rows(FILE *out, const char *name, const float *x, int64_t rows, int64_t d, int64_t stride) {
    for (int64_t i = 0; i < rows; i++) {
        fprintf(out, "      %s %" PRId64 ":", name, i);
        for (int64_t t = 0; t < d; t++)
            fprintf(out, " %.9g", (double)x[i * stride + t]);
        fputc('\n', out);
    }
}

/* Dense, whatever the stride. */
static void dump_rows(const char *path, const float *x, int64_t rows, int64_t d, int64_t stride) {
    exk_error error = {.message = "out of memory"};
    float *dense = malloc((size_t)(rows * d) * sizeof *dense);
    exk_status status = EXK_ERR_MEMORY;
    if (dense) {
        for (int64_t i = 0; i < rows; i++)
            memcpy(dense + i * d, x + i * stride, (size_t)d * sizeof *dense);
        status = exk_npy_write_f32(path, dense, rows, d, &error);
    }
    if (status != EXK_OK)
        warn("%s", error.message);
    free(dense);
}

static void dump(const shrinker *s, const verify_problem *p) {
    const char *variant = s->work->variants[s->at.variant]->name;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-case%d-points.npy", s->work->s->dump, variant, s->at.number);
    dump_rows(path, p->points.x, p->points.n, p->points.d, p->points.stride);
    fprintf(s->out, "      stored: %s\n", path);
    if (!p->centroids)
        return;
    snprintf(path, sizeof path, "%s/%s-case%d-centroids.npy", s->work->s->dump, variant, s->at.number);
    dump_rows(path, p->centroids, p->k, p->points.d, p->points.d);
    fprintf(s->out, "      stored: %s\n", path);
}

/* A verify_body: only a child may load an input. */
static void show_part(int pipe, const void *user) {
    (void)pipe;
    const shrinker *s = user;
    enum { SHOWN = 32 };
    verify_opened whole;
    verify_problem p;
    if (open_part(s, &whole, &p) == CLI_OK) {
        if ((p.points.n + p.k) * p.points.d <= SHOWN) {
            print_rows(s->out, "point", p.points.x, p.points.n, p.points.d, p.points.stride);
            if (p.centroids)
                print_rows(s->out, "centroid", p.centroids, p.k, p.points.d, p.points.d);
        }
        if (s->work->s->dump)
            dump(s, &p);
    }
    verify_problem_free(&p);
    verify_close(&whole);
}

static void report(shrinker *s) {
    char how[VERIFY_WHY];
    verify_child child;
    fprintf(s->out, "      smallest that fails: n=%" PRId64 " d=%" PRId64 " k=%" PRId64 ": %s\n", s->part.n,
            s->part.d, s->part.k, s->why);
    if (verify_child_start(&child, show_part, s))
        verify_child_end(&child, false, how, sizeof how);
}

void verify_shrink(const verify_work *work, const verify_position *failing, const exk_shape *shape, double seconds,
                   FILE *out) {
    shrinker s = {.work = work, .at = *failing, .deadline = seconds_now() + seconds, .out = out};
    if (!allocate(&s, shape)) {
        release(&s);
        return;
    }
    if (part_fails(&s)) {
        bool smaller = true;
        while (smaller && !out_of_time(&s)) {
            smaller = reduce(&s, s.part.row, &s.part.n);
            smaller = reduce(&s, s.part.centroid, &s.part.k) || smaller;
            smaller = reduce(&s, s.part.column, &s.part.d) || smaller;
        }
        report(&s);
    } else if (!interrupted()) {
        fprintf(out, "      run once more by itself, it does not fail\n");
    }
    release(&s);
}
