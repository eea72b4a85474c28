#include "harness/variants.h"
#include "harness/report.h"
#include "kernels/cpu.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static bool is_short_form(const exk_variant *row, const char *text) {
    size_t length = strlen(row->strategy);
    if (strncmp(text, row->strategy, length) != 0)
        return false;
    const char *rest = text + length;
    return !*rest || (strncmp(rest, "__", 2) == 0 && strcmp(rest + 2, row->isa) == 0);
}

static bool is_named(const exk_variant *row, const char *text) {
    return strcmp(row->name, text) == 0 || is_short_form(row, text);
}

/* "x; did you mean a, b or c?": the nearest full name, strategy, and the way to see all. */
static exit_code unknown_variant(const char *option, const char *text) {
    nearest name = nearest_to(text), strategy = nearest_to(text);
    for (int i = 0; i < exk_variant_rows(); i++) {
        nearest_offer(&name, exk_variant_row(i)->name);
        nearest_offer(&strategy, exk_variant_row(i)->strategy);
    }
    char hint[192] = "";
    if (name.best || strategy.best)
        snprintf(hint, sizeof hint, "did you mean %s%s%s? ", strategy.best ? strategy.best : "",
                 name.best && strategy.best ? " or " : "", name.best ? name.best : "");
    return fail(CLI_VARIANT, "%s: %s: no such variant; %srun exakt list", option, text, hint);
}

typedef struct choice {
    const exk_variant *runs; /* the last row that text names and that runs (and fits the shape, if there is one) */
    const exk_variant *cannot;  /* the last that it names and that does not run here */
    const exk_variant *too_big; /* the last that runs, but not on this shape */
} choice;

static choice choose(const char *text, const exk_shape *shape) {
    choice c = {0};
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        if (!is_named(row, text))
            continue;
        if (exk_variant_obstacle(row))
            c.cannot = c.cannot ? c.cannot : row;
        else if (shape && !exk_variant_fits(row, shape))
            c.too_big = row;
        else
            c.runs = row;
    }
    return c;
}

static exit_code resolve(const char *text, const exk_shape *shape, const exk_variant **variant) {
    choice c = choose(text, shape);
    *variant = c.runs;
    if (c.runs)
        return CLI_OK;
    if (c.too_big)
        return fail(CLI_VARIANT,
                    "--variant: %s: takes at most %lld dimensions and %lld clusters; use another variant",
                    c.too_big->name, (long long)c.too_big->limits.d_max, (long long)c.too_big->limits.k_max);
    if (c.cannot)
        return fail(CLI_VARIANT, "--variant: %s: cannot run here: %s; exakt list shows what can", c.cannot->name,
                    exk_variant_obstacle(c.cannot));
    return unknown_variant("--variant", text);
}

exit_code variant_check(const char *text) {
    const exk_variant *variant;
    return strcmp(text, "auto") == 0 ? CLI_OK : resolve(text, NULL, &variant);
}

exit_code variant_resolve(const char *text, const exk_shape *shape, const exk_variant **variant) {
    if (strcmp(text, "auto") != 0)
        return resolve(text, shape, variant);
    *variant = exk_variant_auto(shape);
    if (*variant)
        return CLI_OK;
    const char *obstacle = exk_isa_obstacle("scalar");
    return obstacle
               ? fail(CLI_VARIANT, "--variant: auto: %s", obstacle)
               : fail(CLI_VARIANT, "--variant: auto: no variant takes this shape; exakt list shows the limits");
}

/* A glob may stand for the whole name or for what follows op and dtype: fused*. */
static bool is_selected(const exk_variant *row, const char *pattern) {
    const char *short_name = strstr(row->name, row->strategy);
    return is_named(row, pattern) || strcmp(row->isa, pattern) == 0 || fnmatch(pattern, row->name, 0) == 0 ||
           (short_name && fnmatch(pattern, short_name, 0) == 0);
}

/* Mark what one pattern selects: marks[i] becomes row i. */
static exit_code mark_selected(const char *pattern, const exk_variant **marks) {
    const exk_variant *cannot = NULL;
    bool any = false;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        if (!is_selected(row, pattern))
            continue;
        if (exk_variant_obstacle(row)) {
            cannot = cannot ? cannot : row;
        } else {
            marks[i] = row;
            any = true;
        }
    }
    if (any)
        return CLI_OK;
    if (cannot)
        return fail(CLI_VARIANT, "--variants: %s: cannot run here: %s; exakt list shows what can", pattern,
                    exk_variant_obstacle(cannot));
    return unknown_variant("--variants", pattern);
}

exit_code variants_select(const char *patterns, const exk_variant **rows, int *count) {
    exit_code code = CLI_OK;
    for (int i = 0; i < exk_variant_rows(); i++)
        rows[i] = NULL;
    for (const char *item = patterns; code == CLI_OK; item++) {
        char pattern[128];
        const size_t length = strcspn(item, ",");
        snprintf(pattern, sizeof pattern, "%.*s", (int)(length < sizeof pattern ? length : sizeof pattern - 1),
                 item);
        code = mark_selected(pattern, rows);
        item += length;
        if (!*item)
            break;
    }
    *count = 0;
    for (int i = 0; i < exk_variant_rows(); i++)
        if (rows[i])
            rows[(*count)++] = rows[i];
    return code;
}

bool variant_skips(const exk_variant *variant) {
    const exk_kernel *kernel = exk_variant_kernel(variant);
    return kernel && kernel->survivors;
}

const char *plan_field_name(exk_field field) {
    static const char *const names[EXK_FIELD_COUNT] = {"point_tile", "centroid_tile", "depth_tile",
                                                       "matrix_bytes"};
    return names[field];
}
