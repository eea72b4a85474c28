#include "harness/blas_core.h"
#include "harness/demo.h"
#include "harness/output.h"
#include "harness/plot.h"
#include "harness/report.h"
#include "harness/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char demo_baseline[] = "assign_f32_naive__scalar";
const char demo_csv[] = "out/demo.csv";
static const char picture[] = "out/demo.png";

void demo_introduce(const demo_run *d) {
    printf("%s: %" PRId64 " points of %" PRId64 " dimensions, %" PRId64 " clusters, %" PRId64
           " iterations from the same\nrandom points, %d threads; median of up to %d rounds.\n\n",
           d->size->input, d->shape.n, d->shape.d, d->shape.k, d->size->iterations, d->threads, d->size->rounds);
}

static double gflops(const demo_run *d, const demo_row *r) {
    return effective_gflops(&d->shape, (double)r->iterations, r->seconds);
}

static double speedup(const demo_run *d, const demo_row *r) {
    return d->rows[0].seconds / r->seconds;
}

static void print_table(const demo_run *d) {
    printf("%-34s %9s %8s %10s %12s  %s\n", "variant", "seconds", "speedup", "GFLOP/s", "memory", "same bits");
    for (int i = 0; i < d->count; i++) {
        const demo_row *r = &d->rows[i];
        char memory[32];
        if (r->ran)
            printf("%-34s %9.3f %7.1fx %10.1f %12s  %s\n", r->variant->name, r->seconds, speedup(d, r),
                   gflops(d, r), format_bytes(r->scratch_bytes, memory, sizeof memory),
                   r->identical ? "yes" : "NO");
    }
}

static const demo_row *fastest(const demo_run *d, const char *strategy) {
    const demo_row *best = NULL;
    for (int i = 0; i < d->count; i++) {
        const demo_row *r = &d->rows[i];
        if (r->ran && (!strategy || strcmp(r->variant->strategy, strategy) == 0) &&
            (!best || r->seconds < best->seconds))
            best = r;
    }
    return best;
}

int demo_disagreements(const demo_run *d) {
    int count = 0;
    for (int i = 0; i < d->count; i++)
        count += d->rows[i].ran && !d->rows[i].identical;
    return count;
}

static void tell_vectors(const demo_run *d, const demo_row *best) {
    const demo_row *naive = fastest(d, "naive");
    if (naive == &d->rows[0] || naive == best)
        return;
    printf("The same naive loop with vector instructions, %s, takes %.3f s:\n"
           "a factor of %.1f comes from the instructions, the other %.1f from reusing registers and caches%s.\n",
           naive->variant->name, naive->seconds, speedup(d, naive), naive->seconds / best->seconds,
           best->variant->numbers == EXK_I8 ? ", and from bytes" : "");
}

static void tell_blas(const demo_run *d, const demo_row *best) {
    const demo_row *blas = fastest(d, "blas");
    if (!blas)
        return;
    printf("OpenBLAS (core %s) behind an argmin, %s, takes %.3f s", blas_core_text(), blas->variant->name,
           blas->seconds);
    if (blas == best)
        puts(".");
    else
        printf(", %.2f times as long as the fastest.\n", blas->seconds / best->seconds);
}

static void tell_speed(const demo_run *d) {
    const demo_row *best = fastest(d, NULL);
    printf("The fastest is %s with %.3f s", best->variant->name, best->seconds);
    if (best == &d->rows[0])
        puts(".");
    else
        printf("; plain scalar code, %s,\ntakes %.3f s, %.1f times as long.\n", demo_baseline, d->rows[0].seconds,
               speedup(d, best));
    tell_vectors(d, best);
    tell_blas(d, best);
}

static void tell_memory(const demo_run *d) {
    char most[32], least[32];
    int64_t low = INT64_MAX, high = 0;
    for (int i = 0; i < d->count; i++) {
        if (!d->rows[i].ran)
            continue;
        low = d->rows[i].scratch_bytes < low ? d->rows[i].scratch_bytes : low;
        high = d->rows[i].scratch_bytes > high ? d->rows[i].scratch_bytes : high;
    }
    printf("Beside the points they took %s to %s; those that keep a matrix of scores took the most.\n",
           format_bytes(low, least, sizeof least), format_bytes(high, most, sizeof most));
}

static void tell_agreement(const demo_run *d) {
    if (demo_disagreements(d) > 0) {
        printf("%d variants DISAGREE with %s: that is a defect; run exakt verify.\n", demo_disagreements(d),
               demo_baseline);
        return;
    }
    exk_totals totals = exk_result_totals(d->reference);
    printf("All found the same labels, centroids and inertia (%.17g) to the last bit, however\n"
           "each of them adds: a label counts only when it is proven. For %s, %" PRId64 " points in\n%" PRId64
           " iterations were too close to call in float32 and were settled in higher "
           "precision.\n",
           exk_result_inertia(d->reference), demo_baseline, totals.ambiguous_points,
           exk_result_iterations(d->reference));
}

static void put_csv(FILE *out, const void *user) {
    const demo_run *d = user;
    fprintf(out, "variant,strategy,isa,threads,n,d,k,iterations,rounds,seconds,speedup,effective_gflops,"
                 "scratch_bytes,same_bits");
    for (int i = 0; i < d->count; i++) {
        const demo_row *r = &d->rows[i];
        if (!r->ran)
            continue;
        fprintf(out,
                "\n%s,%s,%s,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%.9g,%.6g,%.6g,%" PRId64 ",%s",
                r->variant->name, r->variant->strategy, r->variant->isa, d->threads, d->shape.n, d->shape.d,
                d->shape.k, r->iterations, r->rounds, r->seconds, speedup(d, r), gflops(d, r), r->scratch_bytes,
                r->identical ? "yes" : "no");
    }
}

static void draw(void) {
    char why[512];
    if (plot_file("demo", demo_csv, picture, why, sizeof why))
        printf("Numbers: %s. Picture: %s.\n", demo_csv, picture);
    else
        printf("No picture: %s. The numbers are in %s.\n", why, demo_csv);
}

void demo_tell(const demo_run *d) {
    print_table(d);
    printf("\nSpeedup is over %s, the plain loop without vector instructions, on the same threads.\n\n",
           demo_baseline);
    tell_speed(d);
    if (d->count > 1)
        tell_memory(d);
    tell_agreement(d);
}

exit_code demo_write(const demo_run *d) {
    exit_code code = output_print(demo_csv, put_csv, d);
    if (code == CLI_OK)
        draw();
    return code;
}
