#include "harness/report.h"
#include "harness/rivals.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const measure_candidate *rivals_samples(const rival_entry *e) {
    return &e->all->measure.candidates[e - e->all->entries];
}

/* Of the rounds in which both were measured: how many times as long the second took. */
static int round_ratios(const measure_candidate *base, const measure_candidate *c, double *ratios) {
    int count = 0;
    for (int i = 0; i < c->count; i++)
        for (int j = 0; j < base->count; j++)
            if (base->samples[j].round == c->samples[i].round)
                ratios[count++] = c->samples[i].seconds / base->samples[j].seconds;
    return count;
}

static void note_worst(const rival_entry *e, rival_figures *f) {
    f->wrong = e->warm.wrong;
    f->tied = e->warm.tied;
    for (int i = 0; i < e->judged; i++) {
        f->wrong = e->outcomes[i].wrong > f->wrong ? e->outcomes[i].wrong : f->wrong;
        f->tied = e->outcomes[i].tied > f->tied ? e->outcomes[i].tied : f->tied;
    }
}

rival_figures rivals_figures(const rival_entry *e) {
    const measure_candidate *c = rivals_samples(e);
    rival_figures f = {.samples = c->count, .inertia = e->warm.inertia, .iterations = e->warm.iterations};
    const size_t room = (size_t)(c->count > 0 ? c->count : 1);
    double *values = malloc(room * sizeof *values);
    note_worst(e, &f);
    for (int i = 0; values && i < c->count; i++)
        values[i] = c->samples[i].seconds;
    const int count = values ? c->count : 0;
    f.median = stats_median(values, count);
    f.interval = stats_median_interval(values, count, rivals_level);
    const int rounds = values ? round_ratios(rivals_samples(e->all->entries), c, values) : 0;
    f.ratio = stats_median(values, rounds);
    f.ratio_interval = stats_median_interval(values, rounds, rivals_level);
    for (int i = 0; i < count && i < e->judged; i++)
        values[i] = e->outcomes[i].inertia;
    if (count > 0)
        f.inertia = stats_median(values, count < e->judged ? count : e->judged);
    for (int i = 0; i < count && i < e->judged; i++)
        values[i] = (double)e->outcomes[i].iterations;
    if (count > 0)
        f.iterations = (int64_t)stats_median(values, count < e->judged ? count : e->judged);
    free(values);
    return f;
}

void rivals_print_head(const rivals *r) {
    const exk_shape *shape = &r->problem.shape;
    const char *note = r->problem.data->note;
    fprintf(r->out, "%s: %" PRId64 " points x %" PRId64 " dimensions, k = %" PRId64 "%s%s\n", r->s->positional[0],
            shape->n, shape->d, shape->k, *note ? "; " : "", note);
    if (r->s->converge)
        fprintf(r->out, "to convergence, tolerance 0");
    else
        fprintf(r->out, "%" PRId64 " iteration%s", r->s->iterations, r->s->iterations == 1 ? "" : "s");
    fprintf(r->out, ", start %s (seed %" PRIu64 "), %d thread%s\n", r->s->init, r->s->seed, r->threads,
            r->threads == 1 ? "" : "s");
    fflush(r->out);
}

static void format_interval(const stats_interval *i, int samples, const char *pattern, char *text, size_t size) {
    *text = 0;
    if (samples > 1)
        snprintf(text, size, pattern, i->low, i->high);
}

static void print_timed(const rival_entry *e, FILE *out) {
    const rival_figures f = rivals_figures(e), base = rivals_figures(e->all->entries);
    char memory[32] = "unknown", interval[32], ratio[16] = "", ratios[32];
    if (e->beside_bytes >= 0)
        format_bytes(e->beside_bytes, memory, sizeof memory);
    if (isfinite(f.ratio))
        snprintf(ratio, sizeof ratio, "%.2f", f.ratio);
    format_interval(&f.interval, f.samples, "%.4g - %.4g", interval, sizeof interval);
    format_interval(&f.ratio_interval, f.samples, "%.2f - %.2f", ratios, sizeof ratios);
    fprintf(out, "%-24s %9.4g %19s %8s %15s %10s %5" PRId64 " %12.7g %+8.3f %% %8" PRId64 "\n", e->name, f.median,
            interval, ratio, ratios, memory, f.iterations, f.inertia, 100 * (f.inertia / base.inertia - 1),
            f.wrong);
}

static void print_entry(const rival_entry *e, FILE *out) {
    if (rivals_samples(e)->count > 0)
        print_timed(e, out);
    if (e->state == ENTRY_FAILED)
        fprintf(out, "%-24s failed: %s\n", e->name, e->why);
    else if (e->state == ENTRY_MISSING)
        fprintf(out, "%-24s missing: %s\n", e->name, e->why);
    else if (rivals_samples(e)->count == 0)
        fprintf(out, "%-24s not timed: interrupted\n", e->name);
}

static void print_about(const rival_entry *e, FILE *out) {
    if (e->variant)
        fprintf(out, "%-14s %s, plan from %s%s%s\n", e->name, e->variant->name, e->plan_source,
                *e->blas ? "; BLAS core " : "", e->blas);
    else if (*e->library || *e->note || *e->blas)
        fprintf(out, "%-14s %s%s%s%s%s\n", e->name, *e->library ? e->library : "unnamed",
                *e->blas ? "; BLAS core " : "", e->blas, *e->note ? "; " : "", e->note);
    if (!e->variant && e->state == ENTRY_READY && e->all->s->converge && !e->converges)
        fprintf(out, "%-14s does not end by itself: given the %" PRId64 " iterations of %s\n", "",
                e->all->entries[0].warm.iterations, e->all->entries[0].name);
}

static int missing_libraries(const rivals *r) {
    int count = 0;
    for (int i = 0; i < r->count; i++)
        count += r->entries[i].state == ENTRY_MISSING && !r->entries[i].variant && r->entries[i].arguments[0];
    return count;
}

/* With few rounds the intervals cannot reach the level in the header. */
static void print_level(const rivals *r) {
    const int rounds = rivals_samples(r->entries)->count;
    const double reached = 1 - 2 * stats_binomial(rounds, 0);
    if (rounds == 1)
        fputs("one round has no intervals; --samples gives more\n", r->out);
    else if (rounds > 0 && reached < rivals_level)
        fprintf(r->out, "intervals of %d rounds reach %.0f %% only: from the smallest to the largest\n", rounds,
                100 * reached);
}

static void print_disturbed(const rivals *r) {
    int samples = 0, disturbed = 0;
    for (int i = 0; i < r->count; i++) {
        const measure_candidate *c = &r->measure.candidates[i];
        samples += c->count;
        for (int s = 0; s < c->count; s++)
            disturbed += c->samples[s].flags != 0;
    }
    fprintf(r->out, "%d samples in shuffled rounds, disturbed %d%s\n", samples, disturbed,
            disturbed > 0 ? "; all are kept" : "");
    /* Threads that wait for each other by spinning suffer most from a core that is shared: no fair comparison. */
    if (2 * disturbed > samples)
        warn("most samples were disturbed by whatever else runs here, which does not hit everybody alike; compare "
             "again on a quiet machine");
}

void rivals_print_table(const rivals *r) {
    fprintf(r->out, "\n%-24s %9s %19s %8s %15s %10s %5s %12s %10s %8s\n", "", "seconds", "95 % interval", "times",
            "95 % interval", "memory", "iter.", "inertia", "excess", "wrong");
    for (int i = 0; i < r->count; i++)
        print_entry(&r->entries[i], r->out);
    fputc('\n', r->out);
    for (int i = 0; i < r->count; i++)
        print_about(&r->entries[i], r->out);
    print_disturbed(r);
    print_level(r);
    if (missing_libraries(r) > 0)
        fputs("to install what is missing: exakt compare --setup\n", r->out);
    fflush(r->out);
}
