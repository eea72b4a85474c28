/* What an evaluation makes of its measurements: which plans were the fastest, and how far others are from them. */
#include "harness/evaluate.h"
#include "tuner/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int evaluate_fastest(const exk_search *s, int keep, int *list) {
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->trials[i].failed || s->trials[i].count == 0)
            continue;
        int at = count < keep ? count++ : keep;
        for (; at > 0 && s->trials[list[at - 1]].level > s->trials[i].level; at--)
            if (at < keep)
                list[at] = list[at - 1];
        if (at < keep)
            list[at] = i;
    }
    return count;
}

/* Tiles that every shape rounds to what it can use. */
static const int64_t fixed_points[] = {48, 96, 192, 384, 768}, fixed_centroids[] = {16, 64, 128, 256, 1024},
                     fixed_depths[] = {64, 128, 384, 2048};

/* The log of what a configuration takes on the grid of a shape, beside the fastest plan there. */
static double fixed_loss(const evaluate_shape *shape, const exk_plan *config) {
    const tune_run *r = &shape->grid;
    exk_choice choice;
    exk_plan plan = *config;
    exk_plan_complete(&plan, exk_variant_find(config->variant), &shape->shape);
    if (!tune_choice(&r->space, &plan, &choice))
        return INFINITY;
    const double best = r->search.trials[r->search.best].level;
    for (int i = 0; i < r->search.count; i++)
        if (memcmp(&r->search.trials[i].choice, &choice, sizeof choice) == 0 && r->search.trials[i].count > 0)
            return fmax(log(r->search.trials[i].level / best), 0);
    return INFINITY;
}

void evaluate_choose_fixed(evaluation *e) {
    double least = INFINITY;
    for (int v = 0; v < e->grid_variant_count; v++)
        for (size_t i = 0; i < sizeof fixed_points / sizeof *fixed_points; i++)
            for (size_t j = 0; j < sizeof fixed_centroids / sizeof *fixed_centroids; j++)
                for (size_t k = 0; k < sizeof fixed_depths / sizeof *fixed_depths; k++) {
                    const exk_plan config = {.variant = e->grid_variants[v]->name,
                                             .threads = e->threads,
                                             .point_tile = fixed_points[i],
                                             .centroid_tile = fixed_centroids[j],
                                             .depth_tile = fixed_depths[k]};
                    double loss = 0;
                    for (int shape = 0; shape < e->count; shape++)
                        loss += fixed_loss(&e->shapes[shape], &config);
                    if (loss < least) {
                        least = loss;
                        e->fixed = config;
                    }
                }
}

/* The median of how much longer a trial takes than another one, over the rounds of one half: every second one. */
static double half_ratio(const exk_search *s, int trial, int other, int half) {
    double ratio[EVALUATE_ROUNDS];
    int count = 0;
    for (int round = half; round < EVALUATE_ROUNDS; round += 2)
        ratio[count++] = s->trials[trial].seconds[round] / s->trials[other].seconds[round];
    return stats_median(ratio, count);
}

/* The trial that is the fastest in one half of the rounds. */
static int half_best(const exk_search *s, int half) {
    int best = 0;
    for (int i = 1; i < s->count; i++)
        if (half_ratio(s, i, 0, half) < half_ratio(s, best, 0, half))
            best = i;
    return best;
}

double evaluate_gap(const exk_search *s, int trial) {
    return (half_ratio(s, trial, half_best(s, 0), 1) + half_ratio(s, trial, half_best(s, 1), 0)) / 2 - 1;
}

evaluate_summary evaluate_summarise(const evaluation *e, evaluate_way way, int held_out) {
    evaluate_summary s = {.median = NAN, .p90 = NAN, .most = NAN};
    double *gaps = calloc((size_t)e->count + 1, sizeof *gaps);
    for (int i = 0; gaps && i < e->count; i++)
        if (e->shapes[i].is_done && (held_out < 0 || e->shapes[i].held_out == held_out))
            gaps[s.shapes++] = e->shapes[i].way[way].gap;
    if (s.shapes > 0) {
        stats_sort(gaps, s.shapes);
        s.median = stats_median(gaps, s.shapes);
        s.p90 = gaps[(s.shapes * 9 + 9) / 10 - 1];
        s.most = gaps[s.shapes - 1];
    }
    free(gaps);
    return s;
}
