/* What tuning tells. */
#include "harness/report.h"
#include "harness/tune.h"
#include "harness/variants.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void tune_show(const settings *s, const char *format, ...) {
    if (s->quiet || !(s->progress || isatty(STDERR_FILENO)))
        return;
    va_list arguments;
    va_start(arguments, format);
    if (!s->progress)
        fputs("\r\033[K", stderr);
    vfprintf(stderr, format, arguments);
    if (s->progress && *format)
        putc('\n', stderr);
    va_end(arguments);
}

char *tune_plan_text(const exk_variant *variant, const exk_plan *plan, char *text, size_t size) {
    const int64_t values[EXK_FIELD_COUNT] = {plan->point_tile, plan->centroid_tile, plan->depth_tile,
                                             plan->matrix_bytes};
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < EXK_TUNABLES_MAX && variant->tunables[i].max > 0; i++) {
        const exk_field field = variant->tunables[i].field;
        const int length = snprintf(text + used, size - used, "%s%s %" PRId64, used ? ", " : "",
                                    plan_field_name(field), values[field]);
        used += length > 0 ? (size_t)length : 0;
        if (used >= size)
            break;
    }
    return text;
}

static void print_trial(const tune_run *r, const char *what, int trial) {
    const exk_trial *t = &r->search.trials[trial];
    const exk_variant *variant = r->space.variants[t->choice.arm];
    const exk_plan plan =
        tune_plan(&r->space, r->points.topology, &r->search, &t->choice, &r->points.shape, r->points.threads);
    char tiles[128];
    printf("  %-9s %-27s %-56s %10.4g s", what, variant->name, tune_plan_text(variant, &plan, tiles, sizeof tiles),
           t->level);
    if (t->count > 1)
        printf("  (%.4g to %.4g, %d samples)", t->low, t->high, t->count);
    putchar('\n');
}

/* What the model alone would have done: the seed of the variant that "auto" stands for, else of the one that won.
 */
static int model_trial(const tune_run *r) {
    const exk_search *s = &r->search;
    const int prior = tune_prior(&r->space, &r->points.shape);
    return prior >= 0 && s->trials[prior].count > 0 ? prior : s->trials[s->chosen].choice.arm;
}

static void print_gain(const tune_run *r, int kept) {
    const exk_search *s = &r->search;
    const int from = kept >= 0 ? kept : model_trial(r);
    const double gain = s->trials[from].level / s->trials[s->chosen].level - 1;
    const char *name = kept >= 0 ? "the kept plan" : "the model's plan";
    if (s->trials[from].count == 0)
        return;
    if (from == s->chosen || s->trials[from].tied || gain <= s->noise)
        printf("  nothing is better than %s by more than the noise (%.2g %%)\n", name, 100 * s->noise);
    else
        printf("  %.2g %% faster than %s; noise %.2g %%\n", 100 * gain, name, 100 * s->noise);
}

static void print_effort(const tune_run *r, exk_ending ending) {
    static const char *const endings[] = {"", ", when the budget was spent", ", when it was interrupted", ""};
    const exk_search *s = &r->search;
    printf("  %d plans, %d rounds, %d samples", s->count, s->rounds, r->samples);
    if (r->disturbed > 0)
        printf(" (%d disturbed)", r->disturbed);
    printf(", %.1f s%s", s->spent, endings[ending]);
    if (r->replayed > 0)
        printf("; %d rounds from the file of measurements", r->replayed);
    putchar('\n');
}

void tune_print_outcome(const tune_run *r, exk_ending ending, int kept) {
    const exk_search *s = &r->search;
    const exk_shape *shape = &r->points.shape;
    if (r->s->quiet)
        return;
    printf("%s: %" PRId64 " x %" PRId64 ", k = %" PRId64 ", %d thread%s", r->points.input, shape->n, shape->d,
           shape->k, r->points.threads, r->points.threads == 1 ? "" : "s");
    if (r->points.data && r->points.points.n < shape->n)
        printf(", measured on %" PRId64 " points", r->points.points.n);
    putchar('\n');
    if (s->chosen < 0) {
        printf("  nothing was measured\n");
        return;
    }
    print_trial(r, "model", model_trial(r));
    if (kept >= 0)
        print_trial(r, "kept", kept);
    print_trial(r, "fastest", s->best);
    if (s->chosen != s->best)
        print_trial(r, "chosen", s->chosen);
    if (s->ties > 1)
        printf("  %d plans cannot be told apart from the fastest; chosen: %s\n", s->ties,
               s->chosen == kept             ? "the one that was kept"
               : s->chosen == s->best        ? "the fastest, of them the one with the smallest tiles"
               : s->chosen == model_trial(r) ? "the model's"
                                             : "the one with the smallest tiles");
    print_gain(r, kept);
    print_effort(r, ending);
}
