/* The sums and counts of the clusters, from the labels. They are sums of integers, so it does not matter who adds
 * what when; the strategies differ in memory and in what they read and write:
 *
 * moved, scatter: k x d sums for each thread, added to while a tile of points is in cache, then drained into the
 * one set of sums. Good where the sums of a thread stay in cache.
 *
 * sorted: the points that moved (or all, where most did) in the order of their clusters; each cluster is summed up
 * by one thread, its sum staying in cache. Reads the points again, but needs no memory per thread and writes each
 * sum once. */
#include <string.h>

#include "kernels/run.h"

static const float *row_of(const exk_run *run, int64_t i) {
    return run->points.x + i * run->points.stride;
}

static void add_one(const exk_run *run, exk_worker *worker, int64_t i, int32_t cluster) {
    const int64_t d = run->points.d;
    run->bulk->add_point(row_of(run, i), run->scale, d, worker->sum + cluster * d);
    worker->count[cluster]++;
    worker->touched[cluster] = 1;
}

static void move_one(const exk_run *run, exk_worker *worker, int64_t i, int32_t from, int32_t to) {
    const int64_t d = run->points.d;
    run->bulk->move_point(row_of(run, i), run->scale, d, worker->sum + from * d, worker->sum + to * d);
    worker->count[from]--;
    worker->count[to]++;
    worker->touched[from] = worker->touched[to] = 1;
}

static bool makes_anew(const exk_run *run) {
    return run->plan.update == EXK_UPDATE_SCATTER || !run->has_sums;
}

void exk_run_collect_point(const exk_run *run, exk_worker *worker, int64_t i) {
    if (makes_anew(run))
        add_one(run, worker, i, run->labels[i]);
    else if (run->labels[i] != run->previous[i])
        move_one(run, worker, i, run->previous[i], run->labels[i]);
}

void exk_run_collect_tile(const exk_run *run, exk_worker *worker, const exk_tile *tile, int64_t listed) {
    if (makes_anew(run)) {
        for (int64_t i = 0; i < tile->rows; i++) {
            if (tile->label[i] >= 0)
                add_one(run, worker, tile->first + i, tile->label[i]);
        }
        return;
    }
    for (int64_t m = 0; m < listed; m++) {
        const int64_t row = worker->moved[m], i = tile->first + row;
        if (tile->label[row] >= 0)
            move_one(run, worker, i, run->previous[i], tile->label[row]);
    }
}

static void clear_cluster(exk_run *run, int64_t j) {
    memset(run->sum + j * run->points.d, 0, (size_t)run->points.d * sizeof *run->sum);
    run->count[j] = 0;
    run->stale[j] |= EXK_STALE_MEAN | EXK_STALE_OVERLAP;
}

/* Cluster j += what the workers collected; theirs becomes 0 again. */
static void drain_cluster(exk_run *run, int64_t j, int workers) {
    const int64_t d = run->points.d;
    for (int w = 0; w < workers; w++) {
        exk_worker *worker = &run->worker[w];
        if (!worker->touched[j])
            continue;
        run->bulk->drain(worker->sum + j * d, d, run->sum + j * d);
        run->count[j] += worker->count[j];
        worker->count[j] = 0;
        worker->touched[j] = 0;
        run->stale[j] |= EXK_STALE_MEAN | EXK_STALE_OVERLAP;
    }
}

static void drain_workers(exk_run *run, int part, int parts) {
    const bool anew = makes_anew(run);
    for (int64_t j = exk_share(run->k, part, parts); j < exk_share(run->k, part + 1, parts); j++) {
        if (anew)
            clear_cluster(run, j);
        drain_cluster(run, j, parts);
    }
}

/* Sorted sums. A point that moved is an entry of two buckets: 2j of those that came to cluster j, 2j + 1 of those
 * that left it. Where the sums are made anew every point is an entry of the bucket of its cluster, which is 2j,
 * too. The entries of a bucket lie in run->entry in the order of the points. */

static void count_entries(const exk_run *run, exk_worker *worker, int64_t first, int64_t last, bool anew) {
    memset(worker->bucket, 0, 2 * (size_t)run->k * sizeof *worker->bucket);
    for (int64_t i = first; i < last; i++) {
        const int32_t now = run->labels[i], before = run->previous[i];
        if (anew) {
            worker->bucket[2 * now]++;
        } else if (now != before) {
            worker->bucket[2 * now]++;
            worker->bucket[2 * before + 1]++;
        }
    }
}

static int64_t bucket_size(const exk_run *run, int64_t bucket, int workers) {
    int64_t size = 0;
    for (int w = 0; w < workers; w++)
        size += run->worker[w].bucket[bucket];
    return size;
}

/* Counts of clusters [first, last); returns the number of their entries. */
static int64_t count_clusters(exk_run *run, int64_t first, int64_t last, int workers, bool anew) {
    int64_t entries = 0;
    for (int64_t j = first; j < last; j++) {
        if (anew)
            clear_cluster(run, j);
        const int64_t came = bucket_size(run, 2 * j, workers), left = bucket_size(run, 2 * j + 1, workers);
        run->count[j] += came - left;
        if (came + left > 0)
            run->stale[j] |= EXK_STALE_MEAN | EXK_STALE_OVERLAP;
        entries += came + left;
    }
    return entries;
}

/* Each worker's share of each bucket of clusters [first, last) begins where the worker before it ends. */
static void place_buckets(exk_run *run, int64_t first, int64_t last, int workers, int64_t begin) {
    for (int64_t bucket = 2 * first; bucket < 2 * last; bucket++) {
        for (int w = 0; w < workers; w++) {
            const int64_t size = run->worker[w].bucket[bucket];
            run->worker[w].bucket[bucket] = begin;
            begin += size;
        }
    }
}

/* Afterwards bucket[b] is where this worker's share of bucket b ends. */
static void write_entries(exk_run *run, exk_worker *worker, int64_t first, int64_t last, bool anew) {
    for (int64_t i = first; i < last; i++) {
        const int32_t now = run->labels[i], before = run->previous[i];
        if (anew) {
            run->entry[worker->bucket[2 * now]++] = i;
        } else if (now != before) {
            run->entry[worker->bucket[2 * now]++] = i;
            run->entry[worker->bucket[2 * before + 1]++] = i;
        }
    }
}

/* The entries of a bucket end where those of its last worker do. */
static int64_t bucket_end(const exk_run *run, int64_t bucket, int workers) {
    return bucket < 0 ? 0 : run->worker[workers - 1].bucket[bucket];
}

/* The first cluster with an entry at or behind `entry`. */
static int64_t cluster_of_entry(const exk_run *run, int64_t entry, int workers) {
    int64_t low = 0, high = run->k - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (bucket_end(run, 2 * middle + 1, workers) > entry)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high) {
    return v < low ? low : v > high ? high : v;
}

/* sum += entries [begin, end), all of cluster j, of which those before `came` came and the others left. */
static void sum_entries(const exk_run *run, int64_t begin, int64_t came, int64_t end, int64_t *sum) {
    const exk_points *points = &run->points;
    const int64_t middle = clamp(came, begin, end);
    run->bulk->add_rows(points->x, points->stride, run->entry + begin, middle - begin, run->scale, points->d, sum);
    run->bulk->take_rows(points->x, points->stride, run->entry + middle, end - middle, run->scale, points->d, sum);
}

/* Where a worker collects for a cluster whose first entries another worker has; there is at most one. */
static int64_t *edge_sum(const exk_run *run, exk_worker *worker, int64_t j) {
    worker->edge_cluster = j;
    memset(worker->edge, 0, (size_t)run->points.d * sizeof *worker->edge);
    return worker->edge;
}

/* Entries [first, last), whatever clusters they belong to. A cluster's sum belongs to who has its first entry. */
static void sum_share(exk_run *run, exk_worker *worker, int64_t first, int64_t last, int workers) {
    int64_t begin = first;
    for (int64_t j = cluster_of_entry(run, first, workers); begin < last && !exk_run_stopped(run); j++) {
        const int64_t all = bucket_end(run, 2 * j - 1, workers), end = bucket_end(run, 2 * j + 1, workers);
        const int64_t mine = end < last ? end : last;
        const bool own = all >= first;
        if (mine > begin)
            sum_entries(run, begin, bucket_end(run, 2 * j, workers), mine,
                        own ? run->sum + j * run->points.d : edge_sum(run, worker, j));
        begin = mine;
    }
}

static void add_edges(exk_run *run, int workers) {
    const int64_t d = run->points.d;
    for (int w = 0; w < workers; w++) {
        const int64_t j = run->worker[w].edge_cluster;
        if (j >= 0)
            run->bulk->drain(run->worker[w].edge, d, run->sum + j * d);
    }
}

static int64_t entries_before(const exk_run *run, int worker) {
    int64_t entries = 0;
    for (int w = 0; w < worker; w++)
        entries += run->worker[w].entries;
    return entries;
}

static void collect_sorted(exk_run *run, int part, int parts, int64_t moved) {
    exk_worker *worker = &run->worker[part];
    /* Two entries for each point that moved, or one for each point. */
    const bool anew = !run->has_sums || 2 * moved >= run->points.n;
    const int64_t first = exk_share(run->points.n, part, parts), last = exk_share(run->points.n, part + 1, parts);
    const int64_t first_cluster = exk_share(run->k, part, parts),
                  last_cluster = exk_share(run->k, part + 1, parts);
    count_entries(run, worker, first, last, anew);
    worker->edge_cluster = -1;
#pragma omp barrier
    worker->entries = count_clusters(run, first_cluster, last_cluster, parts, anew);
#pragma omp barrier
    const int64_t entries = entries_before(run, parts);
    place_buckets(run, first_cluster, last_cluster, parts, entries_before(run, part));
#pragma omp barrier
    write_entries(run, worker, first, last, anew);
#pragma omp barrier
    sum_share(run, worker, exk_share(entries, part, parts), exk_share(entries, part + 1, parts), parts);
#pragma omp barrier
    if (part == 0)
        add_edges(run, parts);
}

void exk_run_collect(exk_run *run, int part, int parts, int64_t moved) {
    if (run->plan.update == EXK_UPDATE_SORTED)
        collect_sorted(run, part, parts, moved);
    else
        drain_workers(run, part, parts);
}
