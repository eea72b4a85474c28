/* demo: one data set, every variant, one table, one picture, told in plain words. */
#include "harness/blas_core.h"
#include "harness/interrupt.h"
#include "harness/program.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/variants.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char baseline_variant[] = "assign_f32_naive__scalar";
static const char csv_path[] = "out/demo.csv", picture_path[] = "out/demo.png";

typedef struct demo_size {
    const char *input;
    int64_t k, iterations;
    int rounds;
} demo_size;

static const demo_size full_size = {"gen:embed,n=20000,d=256", 256, 10, 3};
static const demo_size quick_size = {"gen:embed,n=4000,d=128", 64, 10, 3};

enum { ROUNDS_MAX = 3 };

/* A variant that needs longer than this is timed once: its distance to the others is not in doubt. */
static const double patience = 3.0;

typedef struct row {
    const exk_variant *variant;
    double samples[ROUNDS_MAX];
    int rounds;
    double seconds; /* the median */
    int64_t scratch_bytes, iterations;
    bool ran, identical;
} row;

typedef struct demo {
    const settings *s;
    const demo_size *size;
    exk_dataset *data;
    exk_shape shape;
    exk_topology topology;
    bool has_topology;
    row *rows;
    int count, threads;
    exk_result *reference; /* of the baseline; everything is compared with it */
} demo_run;

static exit_code load(demo_run *d) {
    exk_error error = {0};
    if (exk_dataset_load(d->size->input, NULL, &d->data, &error) != EXK_OK)
        return fail_with(&error);
    d->shape = (exk_shape){d->data->points.n, d->data->points.d, d->size->k};
    d->has_topology = topology_or_warning(&d->topology);
    d->threads = d->s->threads ? (int)d->s->threads : d->has_topology ? exk_topology_threads(&d->topology) : 1;
    return CLI_OK;
}

static exk_options *make_options(demo_run *d, const exk_plan *plan) {
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, plan);
    exk_options_set_init(options, EXK_INIT_RANDOM);
    exk_options_set_max_iter(options, d->size->iterations);
    exk_options_set_tol(options, 0);
    exk_options_set_stop_flag(options, interrupt_flag());
    if (d->has_topology)
        exk_options_set_thread_start(options, exk_topology_bind, &d->topology);
    return options;
}

static exit_code solve(demo_run *d, const exk_variant *variant, exk_result **result) {
    exk_error error = {0};
    exk_plan plan = {.threads = d->threads};
    plan_for(d->has_topology ? &d->topology : NULL, variant, &d->shape, &plan);
    exk_options *options = make_options(d, &plan);
    if (!options)
        return fail(CLI_LIMIT, "out of memory");
    exk_status status = exk_fit(&d->data->points, d->size->k, options, result, &error);
    exk_options_free(options);
    return status == EXK_OK || status == EXK_STOPPED ? CLI_OK : fail_with(&error);
}

static bool same_bits(const exk_result *a, const exk_result *b) {
    size_t n = (size_t)exk_result_n(a), values = (size_t)(exk_result_k(a) * exk_result_d(a));
    double inertia_a = exk_result_inertia(a), inertia_b = exk_result_inertia(b);
    return exk_result_iterations(a) == exk_result_iterations(b) &&
           memcmp(exk_result_labels(a), exk_result_labels(b), n * sizeof(int32_t)) == 0 &&
           memcmp(exk_result_centroids(a), exk_result_centroids(b), values * sizeof(float)) == 0 &&
           memcmp(&inertia_a, &inertia_b, sizeof inertia_a) == 0;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *samples, int count) {
    double sorted[ROUNDS_MAX];
    memcpy(sorted, samples, (size_t)count * sizeof *samples);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static void record_sample(demo_run *d, row *r, const exk_result *result) {
    r->samples[r->rounds++] = iterations_seconds(result, &r->iterations);
    r->seconds = median(r->samples, r->rounds);
    r->scratch_bytes = exk_result_totals(result).scratch_bytes;
    bool same = same_bits(d->reference, result);
    r->identical = r->ran ? r->identical && same : same;
    r->ran = true;
}

/* The baseline's first result becomes the reference, so the baseline must run before the others. */
static exit_code time_once(demo_run *d, row *r) {
    exk_result *result = NULL;
    exit_code code = solve(d, r->variant, &result);
    if (code == CLI_OK && !interrupted()) {
        bool first = !d->reference;
        if (first)
            d->reference = result;
        record_sample(d, r, result);
        result = first ? NULL : result;
    }
    exk_result_free(result);
    return code;
}

static exit_code time_round(demo_run *d, int round) {
    for (int i = 0; i < d->count && !interrupted(); i++) {
        row *r = &d->rows[i];
        if (round > 0 && r->seconds > patience)
            continue;
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r\033[Kround %d of %d: %s", round + 1, d->size->rounds, r->variant->name);
        exit_code code = time_once(d, r);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

/* Rounds over all variants, not all samples of one after the other: a disturbance then hits them alike. */
static exit_code time_all(demo_run *d) {
    exit_code code = CLI_OK;
    for (int round = 0; round < d->size->rounds && code == CLI_OK; round++)
        code = time_round(d, round);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return code;
}

/* The baseline first, then what --variants selects. */
static exit_code select_rows(demo_run *d) {
    int all = exk_variant_rows(), count = 0;
    const exk_variant **selected = calloc((size_t)all, sizeof *selected);
    d->rows = calloc((size_t)all + 1, sizeof *d->rows);
    exit_code code =
        selected && d->rows ? variants_select(d->s->variants, selected, &count) : fail(CLI_LIMIT, "out of memory");
    if (code == CLI_OK)
        d->rows[d->count++].variant = exk_variant_find(baseline_variant);
    for (int i = 0; i < count; i++)
        if (selected[i] != d->rows[0].variant && variant_fits(selected[i], &d->shape))
            d->rows[d->count++].variant = selected[i];
    free(selected);
    return code;
}

static double gflops(const demo_run *d, const row *r) {
    return effective_gflops(&d->shape, (double)r->iterations, r->seconds);
}

static double speedup(const demo_run *d, const row *r) {
    return d->rows[0].seconds / r->seconds;
}

static void print_table(const demo_run *d) {
    printf("%-34s %9s %8s %10s %12s  %s\n", "variant", "seconds", "speedup", "GFLOP/s", "memory", "same bits");
    for (int i = 0; i < d->count; i++) {
        const row *r = &d->rows[i];
        char memory[32];
        if (r->ran)
            printf("%-34s %9.3f %7.1fx %10.1f %12s  %s\n", r->variant->name, r->seconds, speedup(d, r),
                   gflops(d, r), format_bytes(r->scratch_bytes, memory, sizeof memory),
                   r->identical ? "yes" : "NO");
    }
}

static const row *fastest(const demo_run *d, const char *strategy) {
    const row *best = NULL;
    for (int i = 0; i < d->count; i++) {
        const row *r = &d->rows[i];
        if (r->ran && (!strategy || strcmp(r->variant->strategy, strategy) == 0) &&
            (!best || r->seconds < best->seconds))
            best = r;
    }
    return best;
}

static int disagreements(const demo_run *d) {
    int count = 0;
    for (int i = 0; i < d->count; i++)
        count += d->rows[i].ran && !d->rows[i].identical;
    return count;
}

static void tell_speed(const demo_run *d) {
    const row *best = fastest(d, NULL), *naive = fastest(d, "naive"), *blas = fastest(d, "blas");
    printf("The fastest, %s, needs %.3f s where plain scalar code (%s)\nneeds %.3f s: %.0f times less. ",
           best->variant->name, best->seconds, baseline_variant, d->rows[0].seconds, speedup(d, best));
    if (naive != &d->rows[0] && naive != best)
        printf("The same naive loop with vector instructions\n(%s) needs %.3f s, so %.1f of it is owed to the "
               "instructions,\nthe other factor of %.1f to reusing what is in registers and caches. ",
               naive->variant->name, naive->seconds, speedup(d, naive), naive->seconds / best->seconds);
    putchar('\n');
    if (blas && blas != best)
        printf("OpenBLAS's matrix product and an argmin behind it (%s, core\n%s) need %.3f s: %.2f times the "
               "time of the fastest.\n",
               blas->variant->name, blas_core_text(), blas->seconds, blas->seconds / best->seconds);
    else if (blas)
        printf("That is OpenBLAS's matrix product (core %s) with an argmin behind it.\n", blas_core_text());
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
    exk_totals totals = exk_result_totals(d->reference);
    if (disagreements(d) > 0)
        printf("%d variants DISAGREE with %s: that is a defect; run exakt verify.\n", disagreements(d),
               baseline_variant);
    else
        printf("All found the same labels, centroids and inertia (%.17g), to the last bit:\nthe order in which a "
               "variant adds does not matter, since every label is proven. The proof left\n%" PRId64 " of %" PRId64
               " decisions of %s open;\nthose were settled in higher precision.\n",
               exk_result_inertia(d->reference), totals.ambiguous_points,
               d->shape.n * (exk_result_iterations(d->reference) + 1), baseline_variant);
}

static void write_csv_rows(const demo_run *d, FILE *out) {
    fprintf(out, "variant,strategy,isa,threads,n,d,k,iterations,rounds,seconds,speedup,effective_gflops,"
                 "scratch_bytes,same_bits");
    for (int i = 0; i < d->count; i++) {
        const row *r = &d->rows[i];
        if (!r->ran)
            continue;
        fprintf(out,
                "\n%s,%s,%s,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%.9g,%.6g,%.6g,%" PRId64 ",%s",
                r->variant->name, r->variant->strategy, r->variant->isa, d->threads, d->shape.n, d->shape.d,
                d->shape.k, r->iterations, r->rounds, r->seconds, speedup(d, r), gflops(d, r), r->scratch_bytes,
                r->identical ? "yes" : "no");
    }
}

static exit_code write_csv(const demo_run *d) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return fail(CLI_LIMIT, "out of memory");
    write_csv_rows(d, out);
    fclose(out);
    exit_code code = output_write(csv_path, text, size);
    free(text);
    return code;
}

static const char *plot_script(void) {
    static const char *const places[] = {EXAKT_SOURCE_DIR "/plots/demo.gp", "plots/demo.gp"};
    for (int i = 0; i < 2; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

/* A picture is a bonus: whatever is missing is said, and the demo goes on. */
static void draw(void) {
    char gnuplot[4096];
    const char *script = plot_script();
    if (!program_find("gnuplot", gnuplot, sizeof gnuplot)) {
        printf("No picture: gnuplot is not installed. The numbers are in %s.\n", csv_path);
        return;
    }
    if (!script) {
        printf("No picture: plots/demo.gp was not found. The numbers are in %s.\n", csv_path);
        return;
    }
    char *arguments[] = {gnuplot, (char *)"-c", (char *)script, (char *)csv_path, (char *)picture_path, NULL};
    if (program_run(gnuplot, arguments) == 0)
        printf("Numbers: %s. Picture: %s.\n", csv_path, picture_path);
    else
        printf("No picture: gnuplot failed on %s. The numbers are in %s.\n", script, csv_path);
}

static exit_code check_out_folder(void) {
    if (mkdir("out", 0777) != 0 && errno != EEXIST)
        return fail(CLI_OUTPUT, "out: cannot be made: %s; run the demo in a folder you can write to",
                    strerror(errno));
    return output_check_file("the table", csv_path);
}

static void introduce(const demo_run *d) {
    printf("%s: %" PRId64 " points of %" PRId64 " dimensions, %" PRId64 " clusters, %" PRId64
           " iterations from the same\nrandom points, %d threads; median of up to %d rounds.\n\n",
           d->size->input, d->shape.n, d->shape.d, d->shape.k, d->size->iterations, d->threads, d->size->rounds);
}

static exit_code conclude(const demo_run *d) {
    if (!d->reference)
        return fail(CLI_INTERRUPTED, "interrupted before anything was measured");
    print_table(d);
    printf("\nSpeedup is over %s, the plain loop without vector instructions, on the same threads.\n\n",
           baseline_variant);
    tell_speed(d);
    tell_memory(d);
    tell_agreement(d);
    exit_code code = write_csv(d);
    if (code == CLI_OK)
        draw();
    if (disagreements(d) > 0)
        return CLI_DIFFERS;
    return interrupted() ? CLI_INTERRUPTED : code;
}

static void demo_end(demo_run *d) {
    exk_result_free(d->reference);
    exk_dataset_free(d->data);
    if (d->has_topology)
        exk_topology_free(&d->topology);
    free(d->rows);
}

static exit_code demo(const settings *s) {
    demo_run d = {.s = s, .size = s->quick ? &quick_size : &full_size};
    exit_code code = check_out_folder();
    if (code == CLI_OK)
        code = load(&d);
    if (code == CLI_OK)
        code = select_rows(&d);
    if (code == CLI_OK) {
        introduce(&d);
        fflush(stdout);
        interrupt_arm();
        code = time_all(&d);
    }
    if (code == CLI_OK)
        code = conclude(&d);
    demo_end(&d);
    return code;
}

const command command_demo = {
    .name = "demo",
    .bit = CMD_DEMO,
    .synopsis = "[--quick] [options]",
    .summary = "Run every variant on generated embeddings: a table, a picture, and what they mean.",
    .text = "Writes out/demo.csv and, with gnuplot, out/demo.png. Takes under two minutes on two cores.\n"
            "\n"
            "example:\n"
            "  exakt demo --quick\n",
    .run = demo,
};
