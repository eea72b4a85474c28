/* ceilings: what this machine can do at most, from the cache or measured now. */
#include "harness/interrupt.h"
#include "harness/json.h"
#include "harness/progress.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "tuner/survey_file.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One number of threads, and whether its figures are new. */
typedef struct request {
    int threads;
    bool is_new, is_done;
} request;

typedef struct ceilings_run {
    const settings *s;
    exk_topology topology;
    exk_survey *survey;
    char path[PATH_MAX]; /* of the cached survey */
    char uncached[480];  /* why nothing is kept, or "" */
    request request[EXK_SURVEY_PARTS];
    int requests;
} ceilings_run;

static void add_request(ceilings_run *r, int threads) {
    for (int i = 0; i < r->requests; i++)
        if (r->request[i].threads == threads)
            return;
    r->request[r->requests++].threads = threads;
}

static void list_requests(ceilings_run *r) {
    const count_list *given = &r->s->thread_list;
    for (int i = 0; i < given->count; i++)
        add_request(r, (int)given->value[i]);
    if (given->count == 0) {
        add_request(r, 1);
        add_request(r, exk_topology_threads(&r->topology));
    }
}

static void do_not_cache(ceilings_run *r, const char *reason) {
    snprintf(r->uncached, sizeof r->uncached, "%s", reason);
}

/* Where the cache is, and what it has. A cache that cannot be used costs time, nothing else. */
static void open_cache(ceilings_run *r) {
    exk_error error = {0};
    bool found;
    const char *mask = getenv("EXAKT_ISA");
    if (!json_available())
        do_not_cache(r, "built without cJSON");
    else if (mask && *mask)
        do_not_cache(r, "EXAKT_ISA hides what the machine can do");
    else if (exk_survey_path(&r->survey->machine, r->path, sizeof r->path, &error) != EXK_OK)
        do_not_cache(r, error.message);
    if (r->uncached[0])
        return;
    exk_survey *cached = calloc(1, sizeof *cached);
    if (cached && exk_survey_load(r->path, &r->survey->machine, cached, &found, &error) != EXK_OK)
        warn("%s; the cache is ignored", error.message);
    else if (cached && found)
        *r->survey = *cached;
    free(cached);
}

static void show_stage(const char *stage, int threads, void *user) {
    progress_line(user, "%d thread%s: %s", threads, threads == 1 ? "" : "s", stage);
}

/* Full figures serve a quick run too, not the other way round. */
static bool is_cached(const ceilings_run *r, int threads) {
    const exk_survey_part *part = exk_survey_find(r->survey, threads);
    return part && !r->s->refresh && (r->s->quick || !part->quick);
}

static exit_code measure(ceilings_run *r, request *wanted, exk_survey_part *part) {
    exk_error error = {0};
    const exk_survey_options options = {
        .quick = r->s->quick, .stop = interrupt_flag(), .progress = show_stage, .user = (void *)r->s};
    const exk_status status = exk_survey_take(&r->topology, wanted->threads, &options, part, &error);
    progress_line(r->s, "%s", "");
    if (status == EXK_STOPPED)
        return CLI_INTERRUPTED;
    if (status != EXK_OK)
        return fail_with(&error);
    if (!exk_survey_put(r->survey, part))
        return fail(CLI_LIMIT, "%s: has %d numbers of threads already; remove it", r->path, EXK_SURVEY_PARTS);
    wanted->is_new = true;
    return CLI_OK;
}

static exit_code collect(ceilings_run *r) {
    exk_survey_part *part = calloc(1, sizeof *part);
    exit_code code = part ? CLI_OK : fail(CLI_LIMIT, "out of memory");
    for (int i = 0; i < r->requests && code == CLI_OK; i++) {
        if (!is_cached(r, r->request[i].threads))
            code = measure(r, &r->request[i], part);
        r->request[i].is_done = code == CLI_OK;
    }
    free(part);
    return code;
}

static void keep(ceilings_run *r) {
    exk_error error = {0};
    bool any_new = false;
    for (int i = 0; i < r->requests; i++)
        any_new = any_new || r->request[i].is_new;
    if (any_new && !r->uncached[0] && exk_survey_save(r->path, r->survey, &error) != EXK_OK)
        do_not_cache(r, error.message);
}

static void print_origin(const ceilings_run *r, const request *wanted, FILE *out) {
    const exk_survey_part *part = exk_survey_find(r->survey, wanted->threads);
    fprintf(out, "%2d thread%s  ", part->threads, part->threads == 1 ? " " : "s");
    if (!wanted->is_new)
        fprintf(out, "from the cache, measured %s%s; --refresh measures again\n", part->measured,
                part->quick ? " (quick)" : "");
    else
        fprintf(out, "measured now%s%s%s\n", part->quick ? " (quick)" : "", r->uncached[0] ? ", not kept: " : "",
                r->uncached);
}

static void print_flops(const exk_survey_part *part, FILE *out) {
    for (int i = 0; i < part->isas; i++) {
        const exk_spread *rate = &part->flops[i].rate;
        fprintf(out, "%7d  %-8s %9.1f  %.1f to %.1f\n", part->threads, part->flops[i].isa, rate->median * 1e-9,
                rate->low * 1e-9, rate->high * 1e-9);
    }
}

/* Why the size is believed. */
static void print_reason(const exk_level *level, FILE *out) {
    char reported[32], from[32], to[32];
    format_bytes(level->reported, reported, sizeof reported);
    format_bytes(level->step.from, from, sizeof from);
    format_bytes(level->step.to, to, sizeof to);
    switch (level->verdict) {
    case EXK_SIZE_CONFIRMED:
        fprintf(out, "as reported: slower between %s and %s", from, to);
        break;
    case EXK_SIZE_EARLIER:
        fprintf(out, "%s reported, but slower between %s and %s", reported, from, to);
        break;
    case EXK_SIZE_LATER:
        fprintf(out, "as reported, but slower only between %s and %s", from, to);
        break;
    case EXK_SIZE_UNSEEN:
        if (level->believed > 0)
            fprintf(out, "as reported: not seen to be slower nearby");
        else
            fprintf(out, "%s reported, and nothing faster than memory seen",
                    level->reported ? reported : "nothing");
        break;
    case EXK_SIZE_MEASURED:
        fprintf(out, "nothing reported: slower between %s and %s", from, to);
        break;
    default:
        fprintf(out, "beyond the caches");
    }
}

static const char *bytes_or_dash(int64_t bytes, char *text, size_t size) {
    return bytes > 0 ? format_bytes(bytes, text, size) : "-";
}

static void print_levels(const exk_survey_part *part, FILE *out) {
    for (int i = 0; i < part->levels; i++) {
        const exk_level *level = &part->level[i];
        char believed[32], set[32], range[48] = "-";
        if (level->bytes > 0)
            snprintf(range, sizeof range, "%.1f to %.1f", level->rate.low * 1e-9, level->rate.high * 1e-9);
        fprintf(out, "%7d  %-8s %10s %12s %9.1f  %-16s  ", part->threads, level->name,
                bytes_or_dash(level->believed, believed, sizeof believed),
                bytes_or_dash(level->bytes, set, sizeof set), level->rate.median * 1e-9, range);
        print_reason(level, out);
        fputc('\n', out);
    }
}

typedef void (*print_fn)(const exk_survey_part *part, FILE *out);

static void print_table(const ceilings_run *r, const char *title, print_fn print, FILE *out) {
    fprintf(out, "\n%s\n", title);
    for (int i = 0; i < r->requests; i++)
        if (r->request[i].is_done)
            print(exk_survey_find(r->survey, r->request[i].threads), out);
}

static void print_all(const ceilings_run *r, FILE *out) {
    fprintf(out, "machine     %s: %s\n", r->survey->machine.hash, r->survey->machine.text);
    for (int i = 0; i < r->requests; i++)
        if (r->request[i].is_done)
            print_origin(r, &r->request[i], out);
    if (!r->uncached[0])
        fprintf(out, "cache       %s\n", r->path);
    print_table(r, "threads  isa        GFLOP/s  (float32 multiply-adds; median, and half of the samples)",
                print_flops, out);
    print_table(r, "threads  level      believed  working set      GB/s  (reads; sizes of one thread)",
                print_levels, out);
}

static exit_code write_record(const ceilings_run *r) {
    exk_survey *asked = calloc(1, sizeof *asked);
    if (!asked)
        return fail(CLI_LIMIT, "out of memory");
    asked->machine = r->survey->machine;
    memcpy(asked->build, r->survey->build, sizeof asked->build);
    json *root = json_object(), *origins = json_add_array(root, "origins");
    for (int i = 0; i < r->requests; i++) {
        if (!r->request[i].is_done)
            continue;
        json *origin = json_add_object(origins, NULL);
        json_add_integer(origin, "threads", r->request[i].threads);
        json_add_text(origin, "source", r->request[i].is_new ? "measured" : "cache");
        exk_survey_put(asked, exk_survey_find(r->survey, r->request[i].threads));
    }
    json_add_text(root, "cache", r->uncached[0] ? "" : r->path);
    json_add_text(root, "not_kept", r->uncached);
    exk_survey_write(root, asked);
    free(asked);
    return json_write(root, r->s->json);
}

static exit_code conclude(ceilings_run *r) {
    keep(r);
    if (!r->request[0].is_done)
        return interrupted() ? fail(CLI_INTERRUPTED, "interrupted before anything was measured") : CLI_OK;
    print_all(r, summary_stream(r->s));
    return r->s->json ? write_record(r) : CLI_OK;
}

static exit_code prepare(ceilings_run *r) {
    exk_error error = {0};
    exit_code code = json_check(r->s->json);
    if (code == CLI_OK && exk_topology_load(&r->topology, &error) != EXK_OK)
        code = fail_with(&error);
    if (code != CLI_OK)
        return code;
    if (r->topology.handle && !r->topology.this_system)
        return fail(CLI_USAGE, "%s: another machine cannot be measured; unset HWLOC_XMLFILE and HWLOC_SYNTHETIC",
                    r->topology.source);
    r->survey = calloc(1, sizeof *r->survey);
    if (!r->survey)
        return fail(CLI_LIMIT, "out of memory");
    exk_survey_begin(&r->topology, r->survey);
    list_requests(r);
    return CLI_OK;
}

static exit_code ceilings(const settings *s) {
    ceilings_run r = {.s = s};
    exit_code code = prepare(&r);
    if (code == CLI_OK) {
        open_cache(&r);
        interrupt_arm();
        code = collect(&r);
        const exit_code end = conclude(&r);
        code = code == CLI_OK ? end : code;
    }
    free(r.survey);
    exk_topology_free(&r.topology);
    return code;
}

const command command_ceilings = {
    .name = "ceilings",
    .bit = CMD_CEILINGS,
    .synopsis = "[--threads LIST] [--quick] [--refresh] [--json F|-]",
    .summary = "Measure what this machine can do at most: multiply-adds, and reads from every level of memory.",
    .text =
        "Takes ten seconds for each number of threads, and keeps the figures for the next time in\n"
        "$EXAKT_CACHE, else $XDG_CACHE_HOME/exakt, else ~/.cache/exakt. A cache size is believed where reads of\n"
        "larger working sets become slower, not because the system reports it; the record has the whole curve.\n"
        "\n"
        "example:\n"
        "  exakt ceilings --threads 1,2 --json ceilings.json\n",
    .run = ceilings,
};
