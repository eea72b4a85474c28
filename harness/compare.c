#include "harness/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double compare_alpha = 0.05, compare_effect = 0.03;

const char *compare_verdict_name(compare_verdict verdict) {
    static const char *const names[] = {"not comparable", "equal", "faster", "slower"};
    return names[verdict];
}

static const results_row *find_row(const results *in, const results_row *wanted) {
    for (int i = 0; i < in->count; i++)
        if (results_same_row(&in->rows[i], wanted))
            return &in->rows[i];
    return NULL;
}

/* The smallest p that so many samples can give, both directions counted: 2 / (n + m choose n). */
static double smallest_p(int n, int m) {
    return 2 * exp(lgamma(n + 1.0) + lgamma(m + 1.0) - lgamma(n + m + 1.0));
}

/* Why the two rows say nothing about each other; "" if they do. */
static const char *obstacle(const results *old, const results *now, const compare_row *row) {
    const results_row *a = row->old, *b = row->now;
    if (!a)
        return "not in the earlier results";
    if (strcmp(old->machine, now->machine) != 0)
        return "another machine";
    if (a->n != b->n || a->d != b->d)
        return "another shape";
    if (!a->verified || !b->verified)
        return "not verified";
    if (a->count == 0 || b->count == 0)
        return "no samples";
    if (a->iterations != b->iterations)
        return "another number of iterations";
    if (strcmp(a->labels_hash, b->labels_hash) != 0)
        return "another outcome: other points, or another start";
    if (strcmp(a->ceiling_isa, b->ceiling_isa) != 0)
        return "another ceiling";
    if (2 * a->disturbed > a->count)
        return "most samples of the earlier run were disturbed";
    if (2 * b->disturbed > b->count)
        return "most samples were disturbed";
    if (!a->has_ceiling || !b->has_ceiling)
        return "no ceiling was measured";
    return "";
}

/* Samples in multiply-adds, times a factor. */
static double *work_of(const results_row *r, double factor) {
    double *work = malloc((size_t)r->count * sizeof *work);
    for (int i = 0; work && i < r->count; i++)
        work[i] = r->seconds[i] * r->ceiling[i] * factor;
    return work;
}

/* p of "b takes at most compare_effect longer than a". */
static double p_longer(const results_row *a, const results_row *b) {
    double *allowed = work_of(a, 1 + compare_effect), *taken = work_of(b, 1);
    const double p = allowed && taken ? stats_p_larger(allowed, a->count, taken, b->count) : NAN;
    free(allowed);
    free(taken);
    return p;
}

/* p, before correction, and the ratio; the verdict is the one to give if p turns out small enough. */
static void test_row(compare_row *row) {
    const double slower = p_longer(row->old, row->now), faster = p_longer(row->now, row->old);
    row->verdict = slower < faster ? COMPARE_SLOWER : COMPARE_FASTER;
    row->p = fmin(1, 2 * fmin(slower, faster));
    double *then = work_of(row->old, 1), *now = work_of(row->now, 1);
    if (then && now) {
        row->ratio = stats_ratio(then, row->old->count, now, row->now->count);
        row->interval = stats_ratio_interval(then, row->old->count, now, row->now->count, 1 - compare_alpha);
    }
    free(then);
    free(now);
}

static void refuse(compare_row *row, const char *reason) {
    row->verdict = COMPARE_REFUSED;
    row->reason = reason;
    row->p = row->ratio = NAN;
    row->interval = (stats_interval){NAN, NAN, 0};
}

/* Rows with so few samples that no difference could be told would all look equal. The fewer rows remain, the less
 * the correction takes, but it does not depend on what was measured: all comparable rows count. */
static void refuse_hopeless(comparison *c) {
    int comparable = 0;
    for (int i = 0; i < c->count; i++)
        comparable += !*c->rows[i].reason;
    for (int i = 0; i < c->count; i++) {
        compare_row *row = &c->rows[i];
        if (!*row->reason && comparable * smallest_p(row->old->count, row->now->count) > compare_alpha)
            refuse(row, "too few samples to tell; take more with --samples");
    }
}

static void count_verdicts(comparison *c) {
    for (int i = 0; i < c->count; i++) {
        c->slower += c->rows[i].verdict == COMPARE_SLOWER;
        c->faster += c->rows[i].verdict == COMPARE_FASTER;
        c->equal += c->rows[i].verdict == COMPARE_EQUAL;
        c->refused += c->rows[i].verdict == COMPARE_REFUSED;
    }
}

static bool correct(comparison *c) {
    const size_t room = (size_t)(c->count > 0 ? c->count : 1);
    double *p = malloc(room * sizeof *p), *adjusted = malloc(room * sizeof *adjusted);
    const bool good = p && adjusted;
    for (int i = 0; good && i < c->count; i++)
        p[i] = c->rows[i].p;
    if (good)
        stats_holm(p, c->count, adjusted);
    for (int i = 0; good && i < c->count; i++) {
        compare_row *row = &c->rows[i];
        row->p = adjusted[i];
        if (row->verdict != COMPARE_REFUSED && !(row->p <= compare_alpha))
            row->verdict = COMPARE_EQUAL;
    }
    free(p);
    free(adjusted);
    return good;
}

bool compare_results(const results *old, const results *now, comparison *c) {
    *c = (comparison){.count = now->count};
    c->rows = calloc((size_t)(now->count > 0 ? now->count : 1), sizeof *c->rows);
    if (!c->rows)
        return false;
    for (int i = 0; i < c->count; i++) {
        compare_row *row = &c->rows[i];
        row->now = &now->rows[i];
        row->old = find_row(old, row->now);
        refuse(row, obstacle(old, now, row));
    }
    refuse_hopeless(c);
    for (int i = 0; i < c->count; i++)
        if (!*c->rows[i].reason)
            test_row(&c->rows[i]);
    for (int i = 0; i < old->count; i++)
        c->unmatched += !find_row(now, &old->rows[i]);
    if (!correct(c)) {
        comparison_free(c);
        return false;
    }
    count_verdicts(c);
    return true;
}

void comparison_free(comparison *c) {
    free(c->rows);
    *c = (comparison){0};
}
