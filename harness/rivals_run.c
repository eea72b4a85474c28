/* Having the problem solved: by a variant in this process, or by another program over the line protocol. */
#include "harness/blas_core.h"
#include "harness/interrupt.h"
#include "harness/report.h"
#include "harness/resident.h"
#include "harness/rivals.h"
#include "tuner/ceilings.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void rivals_fail(rival_entry *e, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(e->why, sizeof e->why, format, arguments);
    va_end(arguments);
    e->state = ENTRY_FAILED;
}

/* Long enough for the clock to settle, short beside a sample. */
static const double ceiling_seconds = 0.012;

double rivals_read_ceiling(void *user) {
    const rivals *r = user;
    const run *p = &r->problem;
    double rate;
    exk_error error;
    const exk_status status = exk_ceiling_flops(p->has_topology ? &p->topology : NULL, r->judge->isa, r->threads,
                                                ceiling_seconds, &rate, &error);
    return status == EXK_OK ? rate : NAN;
}

static exk_options *make_options(const rival_entry *e) {
    const rivals *r = e->all;
    exk_options *options;
    if (exk_options_create(&options) != EXK_OK)
        return NULL;
    exk_options_set_plan(options, &e->plan);
    exk_options_set_centroids(options, r->start);
    exk_options_set_max_iter(options, r->iterations);
    exk_options_set_tol(options, 0);
    exk_options_set_max_memory(options, r->s->max_memory);
    exk_options_set_stop_flag(options, interrupt_flag());
    if (r->problem.has_topology)
        exk_options_set_thread_start(options, exk_topology_bind, (void *)&r->problem.topology);
    return options;
}

static void note_memory(rival_entry *e, int64_t base, int64_t peak) {
    if (base < 0 || peak < 0)
        return;
    e->peak_bytes = peak > e->peak_bytes ? peak : e->peak_bytes;
    e->beside_bytes = peak - base > e->beside_bytes ? peak - base : e->beside_bytes;
}

static void give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* All that exk_fit does counts, its last labelling too. */
static bool fit_ours(rival_entry *e, double *seconds) {
    const rivals *r = e->all;
    exk_error error;
    exk_options *options = make_options(e);
    if (!options) {
        rivals_fail(e, "out of memory");
        return false;
    }
    give_back_memory();
    const bool can_reset = resident_reset_peak();
    const int64_t base = can_reset ? resident_now() : -1;
    const double started = seconds_now();
    const exk_status status = exk_fit(&r->problem.data->points, r->problem.shape.k, options, &e->result, &error);
    *seconds = seconds_now() - started;
    note_memory(e, base, resident_peak());
    exk_options_free(options);
    if (status == EXK_OK) {
        e->iterations = exk_result_iterations(e->result);
        return true;
    }
    exk_result_free(e->result);
    e->result = NULL;
    if (status != EXK_STOPPED)
        rivals_fail(e, "%s", error.message);
    return false;
}

/* Cut a line at its tabs; words beyond the most are left out. */
enum { ANSWER_WORDS = 16 };
static int cut_words(char *line, char *words[ANSWER_WORDS]) {
    int count = 0;
    for (char *rest = line; rest && count < ANSWER_WORDS;)
        words[count++] = strsep(&rest, "\t");
    return count;
}

/* A line where another was expected is nothing to guess about. */
static bool refuse(rival_entry *e, const char *answer, const char *expected) {
    char shown[80];
    rival_printable(answer, shown, sizeof shown);
    rivals_dismiss(e);
    rivals_fail(e, "answered \"%s\" where %s was expected", shown, expected);
    return false;
}

void rivals_dismiss(rival_entry *e) {
    rival_end(&e->process);
    e->all->measure.candidates[e - e->all->entries].pid = 0;
}

/* Ask, and take the answers "missing" and "failed". words[0] is then what the caller hopes for, or refuses. */
static bool ask(rival_entry *e, const char *request, double seconds, char answer[RIVAL_LINE],
                char *words[ANSWER_WORDS], int *count) {
    char why[RIVAL_WHY], shown[RIVAL_WHY - 80];
    if (!rival_ask(&e->process, request, seconds, answer, why, sizeof why)) {
        e->all->measure.candidates[e - e->all->entries].pid = 0;
        if (!interrupted())
            rivals_fail(e, "%s", why);
        return false;
    }
    *count = cut_words(answer, words);
    const bool is_missing = strcmp(words[0], "missing") == 0, is_failed = strcmp(words[0], "failed") == 0;
    if (!is_missing && !is_failed)
        return true;
    rival_printable(*count > 1 ? words[1] : "no reason given", shown, sizeof shown);
    rivals_dismiss(e);
    rivals_fail(e, "%s", shown);
    e->state = is_missing ? ENTRY_MISSING : ENTRY_FAILED;
    return false;
}

/* "library=faiss 1.15.1" into the field of that name; others are for later versions. */
static bool take_field(rival_entry *e, const char *word) {
    const struct {
        const char *key;
        char *text;
    } fields[] = {{"library=", e->library}, {"blas=", e->blas}, {"note=", e->note}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strncmp(word, fields[i].key, strlen(fields[i].key)) == 0)
            rival_printable(word + strlen(fields[i].key), fields[i].text, RIVAL_WORD);
    if (strcmp(word, "converges=no") == 0)
        e->converges = false;
    return strncmp(word, "blas=", 5) == 0;
}

static bool load(rival_entry *e, bool *tells_blas) {
    const rivals *r = e->all;
    char request[3 * PATH_MAX], answer[RIVAL_LINE], copy[RIVAL_LINE], *words[ANSWER_WORDS];
    int count;
    snprintf(request, sizeof request, "load\t%s\t%s\t%d", r->points_file, r->start_file, r->threads);
    if (!ask(e, request, (double)r->s->limit, answer, words, &count))
        return false;
    snprintf(copy, sizeof copy, "%s", words[0]);
    if (strcmp(words[0], "ready") != 0)
        return refuse(e, copy, "ready");
    e->converges = true;
    *tells_blas = false;
    for (int i = 1; i < count; i++)
        *tells_blas = take_field(e, words[i]) || *tells_blas;
    return true;
}

static bool start_process(rival_entry *e) {
    rivals *r = e->all;
    const rival_launch launch = {e->arguments, r->environment, &r->mask, e->log};
    char why[RIVAL_WHY];
    if (!rival_start(&e->process, &launch, why, sizeof why)) {
        rivals_fail(e, "%s", why);
        return false;
    }
    r->measure.candidates[e - r->entries].pid = e->process.pid;
    return true;
}

/* What the user asks for is done, but not without a word. */
static void note_given_core(rival_entry *e) {
    char now[64];
    if (!blas_core_given() || !*e->blas || blas_core_is_strong(e->blas))
        return;
    snprintf(now, sizeof now, "%.60s", e->blas);
    snprintf(e->blas, sizeof e->blas, "%s (weaker than this CPU, as OPENBLAS_CORETYPE asks)", now);
}

static void note_forced_core(rival_entry *e, const char *before, const char *wanted) {
    char now[64];
    snprintf(now, sizeof now, "%.60s", *e->blas ? e->blas : "unknown");
    const bool is_corrected = *e->blas && blas_core_is_strong(e->blas);
    snprintf(e->blas, sizeof e->blas, is_corrected ? "%s (detected %s, corrected)" : "%s (asked for %s, in vain)",
             now, is_corrected ? before : wanted);
    e->forced_core = wanted;
}

/* Started anew with another core type if the BLAS it brought along has chosen a weak one, or does not tell. */
static bool begin(rival_entry *e) {
    bool tells;
    char before[RIVAL_WORD];
    const char *wanted = blas_core_given() ? NULL : blas_core_wanted();
    if (!start_process(e) || !load(e, &tells))
        return false;
    note_given_core(e);
    if (!tells || !wanted || (*e->blas && blas_core_is_strong(e->blas)))
        return true;
    snprintf(before, sizeof before, "%.60s", *e->blas ? e->blas : "unknown");
    rivals_dismiss(e);
    rivals_force_core(e->all, wanted);
    const bool good = start_process(e) && load(e, &tells);
    rivals_force_core(e->all, NULL);
    if (good)
        note_forced_core(e, before, wanted);
    return good;
}

static bool parse_done(char *words[ANSWER_WORDS], int count, double *seconds, int64_t *iterations) {
    char *end;
    if (count < 3 || strcmp(words[0], "done") != 0)
        return false;
    *seconds = strtod(words[1], &end);
    if (end == words[1] || *end || !isfinite(*seconds) || *seconds <= 0)
        return false;
    errno = 0;
    *iterations = strtoll(words[2], &end, 10);
    return end != words[2] && !*end && errno == 0 && *iterations >= 0;
}

/* So many a rival may make: what all may, or, where it would not end by itself, what ours made. */
static int64_t iterations_of(const rival_entry *e) {
    const rivals *r = e->all;
    return r->s->converge && !e->converges ? r->entries[0].warm.iterations : r->iterations;
}

/* The clock is the rival's, within ours. */
static bool check_answer(rival_entry *e, double seconds, double wall, int64_t asked) {
    if (seconds > wall) {
        rivals_dismiss(e);
        rivals_fail(e, "says it took %.6g s, but its answer came after %.6g s", seconds, wall);
    } else if (e->iterations > asked) {
        rivals_dismiss(e);
        rivals_fail(e, "made %lld iterations where at most %lld were asked for", (long long)e->iterations,
                    (long long)asked);
    } else {
        return true;
    }
    return false;
}

static bool fit_rival(rival_entry *e, double limit, double *seconds) {
    char request[2 * PATH_MAX + 64], answer[RIVAL_LINE], copy[RIVAL_LINE], *words[ANSWER_WORDS];
    int count;
    const int64_t asked = iterations_of(e);
    snprintf(request, sizeof request, "fit\t%lld\t%s\t%s", (long long)asked, e->labels, e->centroids);
    const bool can_reset = resident_reset_peak_of(e->process.pid);
    if (e->base_bytes < 0 && can_reset)
        e->base_bytes = resident_now_of(e->process.pid);
    const double started = seconds_now();
    if (!ask(e, request, limit, answer, words, &count))
        return false;
    const double wall = seconds_now() - started;
    note_memory(e, e->base_bytes, resident_peak_of(e->process.pid));
    snprintf(copy, sizeof copy, "%s", words[0]);
    if (!parse_done(words, count, seconds, &e->iterations))
        return refuse(e, copy, "done, seconds and iterations");
    return check_answer(e, *seconds, wall, asked);
}

void rivals_warm_up(rival_entry *e) {
    double seconds;
    if (e->state != ENTRY_WAITING)
        return;
    if (e->all->s->converge && !e->variant && e->all->entries[0].state != ENTRY_READY) {
        rivals_fail(e, "not asked, since the first row is missing");
        return;
    }
    if (!e->variant && !begin(e))
        return;
    const double started = seconds_now();
    if (!(e->variant ? fit_ours(e, &seconds) : fit_rival(e, (double)e->all->s->limit, &seconds)))
        return;
    e->warm_wall = seconds_now() - started;
    if (rivals_judge(e, &e->warm))
        e->state = ENTRY_READY;
}

/* Beyond this, a fit that took so long before hangs. */
static double patience(const rival_entry *e) {
    const double usual = 20 * e->warm_wall + 30, limit = (double)e->all->s->limit;
    return usual < limit ? usual : limit;
}

bool rivals_sample(void *user, double *seconds) {
    rival_entry *e = user;
    return e->variant ? fit_ours(e, seconds) : fit_rival(e, patience(e), seconds);
}
