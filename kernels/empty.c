/* What happens to clusters that no point chose. */
#include <math.h>
#include <omp.h>

#include "kernels/run.h"

/* Candidates for empty clusters, farthest first; equal distances: lowest point index first. */
typedef struct far_point {
    double distance;
    int64_t index;
} far_point;

static bool is_farther(far_point a, far_point b) {
    return a.distance > b.distance || (a.distance == b.distance && a.index < b.index);
}

int64_t exk_run_count_empty(const exk_run *run) {
    int64_t empty = 0;
    for (int64_t j = 0; j < run->k; j++)
        empty += run->count[j] == 0;
    return empty;
}

/* A heap whose root is the nearest of the far points kept. */
static void sift_down(far_point *heap, int64_t size, int64_t at) {
    for (int64_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && is_farther(heap[child], heap[child + 1]))
            child++;
        if (!is_farther(heap[at], heap[child]))
            return;
        const far_point swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

static void heap_offer(far_point *heap, int64_t *size, int64_t capacity, far_point point) {
    if (*size < capacity) {
        heap[(*size)++] = point;
        if (*size == capacity) {
            for (int64_t at = capacity / 2 - 1; at >= 0; at--)
                sift_down(heap, capacity, at);
        }
    } else if (is_farther(point, heap[0])) {
        heap[0] = point;
        sift_down(heap, capacity, 0);
    }
}

/* Heapsort leaves the farthest first. */
static void sort_farthest_first(far_point *heap, int64_t size) {
    for (int64_t at = size / 2 - 1; at >= 0; at--)
        sift_down(heap, size, at);
    for (int64_t last = size - 1; last > 0; last--) {
        const far_point nearest = heap[0];
        heap[0] = heap[last];
        heap[last] = nearest;
        sift_down(heap, last, 0);
    }
}

static far_point far_point_of(const exk_run *run, int64_t i) {
    const int64_t d = run->points.d;
    const float *x = run->points.x + i * run->points.stride;
    return (far_point){run->bulk->dist64(x, run->centroids + run->labels[i] * d, d), i};
}

/* The `capacity` points farthest from their centroids, sorted, in *far. Each thread keeps its own; the order is
 * total, so the merge does not depend on who saw which point. */
static int64_t find_farthest(exk_run *run, int64_t capacity, far_point **far) {
    far_point *heaps = run->far;
    int64_t size = 0;
#pragma omp parallel num_threads(run->plan.threads)
    {
        far_point *own = heaps + omp_get_thread_num() * capacity;
        int64_t own_size = 0;
#pragma omp for schedule(static)
        for (int64_t i = 0; i < run->points.n; i++)
            heap_offer(own, &own_size, capacity, far_point_of(run, i));
#pragma omp critical
        {
            /* Slot threads is the merged heap. */
            for (int64_t i = 0; i < own_size; i++)
                heap_offer(heaps + run->plan.threads * capacity, &size, capacity, own[i]);
        }
    }
    *far = heaps + run->plan.threads * capacity;
    sort_farthest_first(*far, size);
    return size;
}

size_t exk_run_far_bytes(int64_t n, int64_t k, int threads) {
    const int64_t capacity = 2 * k < n ? 2 * k : n;
    return (size_t)capacity * ((size_t)threads + 1) * sizeof(far_point);
}

/* Take point i out of the sums of one cluster and put it into another's. */
static void move_in_sums(exk_run *run, int64_t i, int64_t from, int64_t to) {
    const int64_t d = run->points.d;
    run->bulk->move_point(run->points.x + i * run->points.stride, run->scale, d, run->sum + from * d,
                          run->sum + to * d);
    run->count[from]--;
    run->count[to]++;
    run->stale[from] |= EXK_STALE_MEAN | EXK_STALE_OVERLAP;
    run->stale[to] |= EXK_STALE_MEAN | EXK_STALE_OVERLAP;
}

int64_t exk_run_fill_empty(exk_run *run) {
    run->filled = 0;
    const int64_t empty = exk_run_count_empty(run);
    /* A cluster refuses to give its last point at most once: empty + k candidates are always enough. */
    const int64_t wanted = empty + run->k;
    far_point *far;
    const int64_t size = find_farthest(run, wanted < run->points.n ? wanted : run->points.n, &far);
    int64_t next = 0;
    for (int64_t j = 0; j < run->k; j++) {
        if (run->count[j] != 0)
            continue;
        while (next < size && run->count[run->labels[far[next].index]] < 2)
            next++;
        if (next == size || far[next].distance == 0.0)
            break; /* fewer distinct points than clusters: the rest stays empty */
        const exk_fill fill = {.point = far[next++].index, .cluster = (int32_t)j};
        move_in_sums(run, fill.point, run->labels[fill.point], j);
        run->fill[run->filled++] = fill;
    }
    return run->filled;
}

void exk_run_undo_fill(exk_run *run) {
    for (int64_t i = 0; i < run->filled; i++)
        move_in_sums(run, run->fill[i].point, run->fill[i].cluster, run->labels[run->fill[i].point]);
    run->filled = 0;
}

static bool same_point(const exk_points *points, int64_t a, int64_t b) {
    for (int64_t t = 0; t < points->d; t++) {
        if (points->x[a * points->stride + t] != points->x[b * points->stride + t])
            return false;
    }
    return true;
}

/* size[j] = the number of points of cluster j, or 0 if they all coincide: splitting it would leave one half empty
 * again, for ever. */
static void count_splittable(const exk_run *run, int64_t *size) {
    int64_t *first = run->split_first;
    for (int64_t j = 0; j < run->k; j++)
        size[j] = 0;
    for (int64_t i = run->points.n - 1; i >= 0; i--)
        first[run->labels[i]] = i;
#pragma omp parallel for schedule(static) num_threads(run->plan.threads)
    for (int64_t i = 0; i < run->points.n; i++) {
        const int32_t j = run->labels[i];
        if (__atomic_load_n(&size[j], __ATOMIC_RELAXED) == 0 && !same_point(&run->points, i, first[j]))
            __atomic_store_n(&size[j], run->count[j], __ATOMIC_RELAXED);
    }
}

static int64_t largest_cluster(const int64_t *size, int64_t k) {
    int64_t largest = 0;
    for (int64_t j = 1; j < k; j++)
        largest = size[j] > size[largest] ? j : largest;
    return largest;
}

/* c -+ eps in alternating directions: relative to the coordinate, or to its column where that is 0. */
static void nudge_apart(const exk_run *run, float *donor, float *twin) {
    for (int64_t t = 0; t < run->points.d; t++) {
        const float size = donor[t] != 0.0f ? fabsf(donor[t]) : run->largest[t];
        const float step = (t % 2 == 0 ? size : -size) * 0x1p-10f;
        const float up = donor[t] + step, down = donor[t] - step;
        if (isfinite(up) && isfinite(down)) {
            twin[t] = up + 0.0f;
            donor[t] = down + 0.0f;
        } else {
            twin[t] = donor[t];
        }
    }
}

int64_t exk_run_split_largest(exk_run *run) {
    if (exk_run_count_empty(run) == 0)
        return 0;
    int64_t split = 0;
    int64_t *size = run->split_size;
    count_splittable(run, size);
    for (int64_t j = 0; j < run->k; j++) {
        if (run->count[j] != 0)
            continue;
        const int64_t donor = largest_cluster(size, run->k);
        if (size[donor] < 2)
            break;
        nudge_apart(run, run->next + donor * run->points.d, run->next + j * run->points.d);
        exk_run_displaced(run, donor);
        exk_run_displaced(run, j);
        size[j] = size[donor] / 2;
        size[donor] -= size[j];
        split++;
    }
    return split;
}
