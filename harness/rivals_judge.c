/* What a solution is worth: for everybody the same arithmetic, in double, and the exact nearest centroid. */
#include "harness/hash.h"
#include "harness/interrupt.h"
#include "harness/rivals.h"
#include "kernels/exact/bulk.h"
#include "kernels/exact/certify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Labels and centroids, borrowed from a result or read from the files of another program. */
typedef struct solution {
    const int32_t *labels;
    const float *centroids;
    void *storage[2];
} solution;

/* A file of exactly so many bytes; NULL, and the entry has failed, otherwise. */
static void *read_exactly(rival_entry *e, const char *path, const char *what, size_t bytes) {
    FILE *file = fopen(path, "re");
    char *data = file ? malloc(bytes + 1) : NULL;
    const size_t got = data ? fread(data, 1, bytes + 1, file) : 0;
    if (!file)
        rivals_fail(e, "wrote no %s: %s", what, strerror(errno));
    else if (!data)
        rivals_fail(e, "%s: out of memory", what);
    else if (got > bytes)
        rivals_fail(e, "%s: more than the %zu bytes that were expected", what, bytes);
    else if (got < bytes)
        rivals_fail(e, "%s: %zu bytes where %zu were expected", what, got, bytes);
    if (file)
        fclose(file);
    if (got == bytes && data)
        return data;
    free(data);
    return NULL;
}

static bool read_solution(rival_entry *e, solution *s) {
    const exk_shape *shape = &e->all->problem.shape;
    s->storage[0] = read_exactly(e, e->labels, "labels", (size_t)shape->n * sizeof(int32_t));
    s->storage[1] = s->storage[0]
                        ? read_exactly(e, e->centroids, "centroids", (size_t)(shape->k * shape->d) * sizeof(float))
                        : NULL;
    s->labels = s->storage[0];
    s->centroids = s->storage[1];
    return s->labels && s->centroids;
}

static bool get_solution(rival_entry *e, solution *s) {
    *s = (solution){0};
    if (!e->variant)
        return read_solution(e, s);
    s->labels = exk_result_labels(e->result);
    s->centroids = exk_result_centroids(e->result);
    return true;
}

static bool is_possible(rival_entry *e, const solution *s) {
    const exk_shape *shape = &e->all->problem.shape;
    const exk_points centroids = {s->centroids, shape->k, shape->d, shape->d};
    exk_error error;
    for (int64_t i = 0; i < shape->n; i++) {
        if (s->labels[i] < 0 || s->labels[i] >= shape->k) {
            rivals_fail(e, "label %d of point %lld: there are %lld clusters", s->labels[i], (long long)i,
                        (long long)shape->k);
            return false;
        }
    }
    if (exk_points_check(&centroids, &error) == EXK_OK)
        return true;
    rivals_fail(e, "centroid %lld holds NaN or infinity", (long long)error.row);
    return false;
}

/* As the library's own: dist64 summed by 1024 points, these sums in order. */
static double inertia_of(const exk_points *p, const solution *s) {
    enum { BLOCK = 1024 };
    const exk_bulk *bulk = exk_bulk_here();
    double inertia = 0;
    for (int64_t first = 0; first < p->n; first += BLOCK) {
        double sum = 0;
        for (int64_t i = first; i < p->n && i < first + BLOCK; i++)
            sum += bulk->dist64(p->x + i * p->stride, s->centroids + s->labels[i] * p->d, p->d);
        inertia += sum;
    }
    return inertia;
}

/* Whether the first of two centroids is nearer in real arithmetic. */
static bool is_nearer(const float *x, const float *a, const float *b, int64_t d) {
    const exk_bulk *bulk = exk_bulk_here();
    bool exactly;
    return exk_is_nearer(x, a, bulk->dist64(x, a, d), b, bulk->dist64(x, b, d), d, &exactly);
}

static void count_wrong(const exk_points *p, const solution *s, const int32_t *nearest, outcome *o) {
    o->wrong = o->tied = 0;
    for (int64_t i = 0; i < p->n; i++) {
        if (s->labels[i] == nearest[i])
            continue;
        const bool nearer = is_nearer(p->x + i * p->stride, s->centroids + nearest[i] * p->d,
                                      s->centroids + s->labels[i] * p->d, p->d);
        o->wrong += nearer;
        o->tied += !nearer;
    }
}

/* By another variant than the one that is judged, where there is one. */
static bool find_nearest(rival_entry *e, const solution *s, outcome *o) {
    const run *p = &e->all->problem;
    exk_plan plan = {.threads = e->all->threads};
    exk_options *options;
    exk_result *result;
    exk_error error = {.message = "out of memory"};
    plan_for(p->has_topology ? &p->topology : NULL, e->all->judge, &p->shape, &plan);
    if (exk_options_create(&options) != EXK_OK) {
        rivals_fail(e, "out of memory");
        return false;
    }
    exk_options_set_plan(options, &plan);
    exk_options_set_stop_flag(options, interrupt_flag());
    if (p->has_topology)
        exk_options_set_thread_start(options, exk_topology_bind, (void *)&p->topology);
    const exk_status status = exk_assign(&p->data->points, s->centroids, p->shape.k, options, &result, &error);
    if (status == EXK_OK)
        count_wrong(&p->data->points, s, exk_result_labels(result), o);
    else if (status != EXK_STOPPED)
        rivals_fail(e, "cannot be judged: %s", error.message);
    exk_result_free(result);
    exk_options_free(options);
    return status == EXK_OK;
}

/* What has been judged before need not be again: most give the same in every round. */
static const outcome *earlier(const rival_entry *e, const uint64_t hash[2]) {
    const outcome *last = e->judged > 0 ? &e->outcomes[e->judged - 1] : &e->warm;
    return last->hash[0] == hash[0] && last->hash[1] == hash[1] ? last : NULL;
}

static bool judge_solution(rival_entry *e, const solution *s, outcome *o) {
    const exk_shape *shape = &e->all->problem.shape;
    const outcome found = {.iterations = e->iterations,
                           .hash = {hash_words(s->labels, (size_t)shape->n),
                                    hash_words(s->centroids, (size_t)(shape->k * shape->d))}};
    const outcome *known = earlier(e, found.hash);
    *o = known ? *known : found;
    o->iterations = e->iterations;
    if (known)
        return true;
    if (!is_possible(e, s))
        return false;
    o->inertia = inertia_of(&e->all->problem.data->points, s);
    return find_nearest(e, s, o);
}

/* Ours are exact, or they have failed; and all of ours are the same. */
static bool is_exact(rival_entry *e, const outcome *o) {
    const rival_entry *first = &e->all->entries[0];
    if (o->wrong + o->tied > 0)
        rivals_fail(e, "WRONG: %" PRId64 " labels are not the nearest centroid", o->wrong + o->tied);
    else if (e != first && first->state == ENTRY_READY && memcmp(o->hash, first->warm.hash, sizeof o->hash) != 0)
        rivals_fail(e, "WRONG: another result than that of %s", first->name);
    else
        return true;
    return false;
}

bool rivals_judge(rival_entry *e, outcome *o) {
    solution s;
    outcome found;
    bool good = get_solution(e, &s) && judge_solution(e, &s, &found);
    if (good && e->variant)
        good = is_exact(e, &found);
    free(s.storage[0]);
    free(s.storage[1]);
    exk_result_free(e->result);
    e->result = NULL;
    if (good)
        *o = found;
    if (!good && e->state == ENTRY_FAILED)
        rivals_dismiss(e);
    return good;
}
