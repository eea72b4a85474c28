/* A round of the search: replayed from the log, or measured and logged. */
#include "harness/interrupt.h"
#include "harness/measure.h"
#include "harness/report.h"
#include "harness/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which of two samples of a round counts: one that nothing disturbed, else the faster. */
static double better(double first, bool first_flagged, double second, unsigned flags) {
    if (isnan(first) || isnan(second))
        return NAN;
    if (!flags)
        return second;
    return first_flagged && second < first ? second : first;
}

/* --- replay --- */

static bool is_trial(const tune_run *r, const exk_search *s, int trial, const tune_record *record) {
    const exk_choice *choice = &s->trials[trial].choice;
    bool same = strcmp(record->variant, r->space.variants[choice->arm]->name) == 0;
    for (int field = 0; field < EXK_FIELD_COUNT; field++)
        same = same && record->value[field] == exk_choice_value(s, choice, (exk_field)field);
    return same;
}

/* Records that lie together and are of one round: what one run of the program measured of it, or two that followed
 * each other. */
typedef struct block {
    int first, last;
} block;

/* The next block of a round from record `from` on; first == last if there is none. */
static block next_block(const tune_run *r, int round, int from) {
    block b = {from, from};
    while (b.first < r->past_count && r->past[b.first].round != round)
        b.first++;
    b.last = b.first;
    while (b.last < r->past_count && r->past[b.last].round == round)
        b.last++;
    return b;
}

/* The time of a trial in a block; 0 if it is not there. */
static double recorded(const tune_run *r, const exk_search *s, int trial, block b) {
    double seconds = 0;
    bool flagged = true;
    for (int i = b.first; i < b.last; i++) {
        const tune_record *record = &r->past[i];
        if (!is_trial(r, s, trial, record))
            continue;
        seconds = seconds == 0 ? record->seconds : better(seconds, flagged, record->seconds, record->flags);
        flagged = flagged && record->flags;
    }
    return seconds;
}

/* Whether a block is of these very trials, and no others: times of other rounds must not mix with it. */
static bool is_round(const tune_run *r, const exk_search *s, const int *trials, int count, block b,
                     double *seconds) {
    for (int i = 0; i < count; i++) {
        seconds[i] = recorded(r, s, trials[i], b);
        if (seconds[i] == 0)
            return false;
    }
    for (int i = b.first; i < b.last; i++) {
        bool found = false;
        for (int j = 0; j < count && !found; j++)
            found = is_trial(r, s, trials[j], &r->past[i]);
        if (!found)
            return false;
    }
    return true;
}

/* False, and nothing is replayed any more, if the log does not have this very round as a whole. */
static bool replay(tune_run *r, const exk_search *s, const int *trials, int count, double *seconds, double *cost) {
    block b = next_block(r, s->rounds, 0);
    while (b.first < b.last && !is_round(r, s, trials, count, b, seconds))
        b = next_block(r, s->rounds, b.last);
    const bool whole = b.first < b.last;
    *cost = 0;
    for (int i = b.first; i < b.last; i++) {
        *cost += r->past[i].wall;
        r->samples++;
        r->disturbed += r->past[i].flags != 0;
    }
    r->replayed += whole;
    r->past_count = whole ? r->past_count : 0;
    return whole;
}

void tune_find_past(tune_run *r, const tune_record *records, int count, const tune_record *like) {
    const tune_record *last = NULL;
    for (int i = 0; i < count; i++)
        if (tune_same_search(&records[i], like))
            last = &records[i];
    r->past_count = 0;
    r->past = last ? calloc((size_t)count, sizeof *r->past) : NULL;
    for (int i = 0; r->past && i < count; i++)
        if (strcmp(records[i].session, last->session) == 0 && tune_same_search(&records[i], last))
            r->past[r->past_count++] = records[i];
}

/* The choice that a record is of; false if the arms have no such plan. */
static bool choice_of(const tune_run *r, const tune_record *record, exk_choice *choice) {
    for (int i = 0; i < r->space.count; i++) {
        bool found = strcmp(record->variant, r->space.variants[i]->name) == 0;
        *choice = (exk_choice){.arm = i};
        for (int field = 0; found && field < EXK_FIELD_COUNT; field++) {
            const exk_axis *axis = &r->space.arms[i].axis[field];
            choice->at[field] = axis->count > 0 ? exk_axis_place(axis, record->value[field]) : 0;
            found = record->value[field] == (axis->count > 0 ? axis->value[choice->at[field]] : 0);
        }
        if (found)
            return true;
    }
    return false;
}

/* The trials of a block, each once; -1 if one of them is unknown here. */
static int list_block(tune_run *r, block b, int *trials) {
    int count = 0;
    for (int i = b.first; i < b.last; i++) {
        exk_choice choice;
        const int trial = choice_of(r, &r->past[i], &choice) ? exk_search_add(&r->search, &choice) : -1;
        bool seen = false;
        for (int j = 0; j < count; j++)
            seen = seen || trials[j] == trial;
        if (trial < 0)
            return -1;
        if (!seen)
            trials[count++] = trial;
    }
    return count;
}

bool tune_recall(tune_run *r) {
    int *trials = calloc((size_t)r->past_count + 1, sizeof *trials);
    for (int count = 1; trials && count > 0;) {
        count = list_block(r, next_block(r, r->search.rounds, 0), trials);
        if (count > 0 && !exk_search_round(&r->search, trials, count))
            break;
    }
    free(trials);
    return r->search.best >= 0;
}

/* --- measuring --- */

/* A trial within a round. */
typedef struct entry {
    tune_run *run;
    int trial;
    exk_plan plan;
    bool screening;
    double begun, ended; /* of the last sample */
    tune_sample sample;
} entry;

/* No time counts before the labels were compared; that run also warms caches and clocks. */
static bool check_once(entry *e) {
    tune_run *r = e->run;
    tune_sample trial;
    if (r->checked[e->trial])
        return true;
    if (!tune_measure(&r->points, &e->plan, true, &trial)) {
        e->sample = trial;
        return false;
    }
    r->checked[e->trial] = true;
    return true;
}

static bool run_entry(void *user, double *seconds) {
    entry *e = user;
    e->begun = seconds_now();
    const bool good = check_once(e) && tune_measure(&e->run->points, &e->plan, e->screening, &e->sample);
    e->ended = seconds_now();
    *seconds = e->sample.seconds;
    return good;
}

static tune_record record_of(const tune_run *r, const entry *e, const measure_sample *sample) {
    const exk_search *s = &r->search;
    const exk_choice *choice = &s->trials[e->trial].choice;
    tune_record record = {.round = s->rounds, .seconds = NAN};
    if (r->log) {
        record = r->log->stamp;
        record.round = s->rounds;
    }
    snprintf(record.stage, sizeof record.stage, "%s", exk_stage_name(s->stage));
    snprintf(record.variant, sizeof record.variant, "%s", r->space.variants[choice->arm]->name);
    for (int field = 0; field < EXK_FIELD_COUNT; field++)
        record.value[field] = exk_choice_value(s, choice, (exk_field)field);
    record.points = e->sample.points;
    record.repeats = e->sample.repeats;
    record.seconds = sample ? sample->seconds : NAN;
    record.wall = e->ended - e->begun;
    record.flags = sample ? sample->flags : 0;
    return record;
}

static void note_failure(tune_run *r, const entry *e) {
    r->differing += e->sample.differs;
    r->unable += !e->sample.differs;
    snprintf(r->why, sizeof r->why, "%.100s: %.280s", e->plan.variant, e->sample.why);
}

/* What a round is measured with. */
typedef struct round_room {
    entry *entries;
    measure_candidate *candidates;
    tune_record *records;
    int record_count;
} round_room;

static bool take_room(tune_run *r, int count, round_room *room) {
    const size_t all = (size_t)count;
    if (r->checked_room < r->search.count) {
        bool *grown = realloc(r->checked, (size_t)r->search.count * sizeof *grown);
        if (!grown)
            return false;
        memset(grown + r->checked_room, 0, (size_t)(r->search.count - r->checked_room) * sizeof *grown);
        r->checked = grown;
        r->checked_room = r->search.count;
    }
    *room = (round_room){calloc(all, sizeof *room->entries), calloc(all, sizeof *room->candidates),
                         calloc(2 * all, sizeof *room->records), 0};
    return room->entries && room->candidates && room->records;
}

static void free_room(round_room *room) {
    free(room->entries);
    free(room->candidates);
    free(room->records);
}

/* One more sample of every candidate that is not dropped. */
static bool sample_all(tune_run *r, measure *m, round_room *room, double *seconds) {
    const bool whole = measure_round(m);
    measure_judge(m);
    for (int i = 0; i < m->count; i++) {
        const measure_candidate *c = &m->candidates[i];
        const entry *e = &room->entries[i];
        const measure_sample *sample =
            c->count > 0 && c->samples[c->count - 1].round == m->rounds - 1 ? &c->samples[c->count - 1] : NULL;
        const bool failed = !sample && c->dropped && *e->sample.why;
        if (failed && !isnan(seconds[i]))
            note_failure(r, e);
        if (sample || (failed && !isnan(seconds[i])))
            room->records[room->record_count++] = record_of(r, e, sample);
        if (sample)
            seconds[i] =
                seconds[i] > 0 ? better(seconds[i], true, sample->seconds, sample->flags) : sample->seconds;
        else
            seconds[i] = failed ? NAN : seconds[i];
        r->samples += sample != NULL;
        r->disturbed += sample && sample->flags;
    }
    return whole;
}

/* Disturbed samples are measured again, unless everything is disturbed. */
static bool choose_repeats(measure *m) {
    int disturbed = 0;
    for (int i = 0; i < m->count; i++) {
        const measure_candidate *c = &m->candidates[i];
        disturbed += c->count > 0 && c->samples[c->count - 1].flags;
    }
    for (int i = 0; i < m->count; i++) {
        measure_candidate *c = &m->candidates[i];
        c->dropped = c->dropped || c->count == 0 || !c->samples[c->count - 1].flags;
    }
    return disturbed > 0 && 2 * disturbed <= m->count;
}

static bool keep_records(tune_run *r, const round_room *room) {
    if (!r->log || room->record_count == 0 || r->log->failed)
        return true;
    if (tune_log_append(r->log, room->records, room->record_count, &r->error) == EXK_OK)
        return true;
    r->log->failed = true;
    warn("%s; later measurements are not kept", r->error.message);
    return true;
}

static bool measure_live(tune_run *r, const exk_search *s, const int *trials, int count, double *seconds,
                         round_room *room) {
    measure m = {.candidates = room->candidates, .count = count, .stop = interrupt_flag()};
    m.seed = 1 + (uint64_t)s->rounds;
    for (int i = 0; i < count; i++) {
        room->entries[i] =
            (entry){.run = r, .trial = trials[i], .screening = s->stage == EXK_STAGE_ARMS && s->rounds == 0};
        room->entries[i].plan = tune_plan(&r->space, r->points.topology, s, &s->trials[trials[i]].choice,
                                          &r->points.shape, r->points.threads);
        room->candidates[i] = (measure_candidate){
            .run = run_entry, .user = &room->entries[i], .gauge = -1, .threads = r->points.threads};
        seconds[i] = 0;
    }
    measure_begin(&m);
    bool whole = sample_all(r, &m, room, seconds);
    if (whole && choose_repeats(&m))
        whole = sample_all(r, &m, room, seconds);
    measure_end(&m);
    return keep_records(r, room) && whole;
}

static void show_state(const tune_run *r, const exk_search *s, int count) {
    char text[128] = "nothing measured yet";
    if (s->best >= 0) {
        const exk_trial *best = &s->trials[s->best];
        const exk_variant *variant = r->space.variants[best->choice.arm];
        const exk_plan plan =
            tune_plan(&r->space, r->points.topology, s, &best->choice, &r->points.shape, r->points.threads);
        char tiles[96];
        snprintf(text, sizeof text, "best %.4g s: %s__%s, %s", best->level, variant->strategy, variant->isa,
                 tune_plan_text(variant, &plan, tiles, sizeof tiles));
    }
    tune_show(r->s, "%s, k = %lld: %.0f of %.0f s, %s, %d plans; %s", r->points.input,
              (long long)r->points.shape.k, s->spent, s->budget, exk_stage_name(s->stage), count, text);
}

bool tune_measure_round(const exk_search *s, const int *trials, int count, double *seconds, double *cost,
                        void *user) {
    tune_run *r = user;
    round_room room = {.record_count = 0};
    if (interrupted())
        return false;
    if (r->past_count > 0 && replay(r, s, trials, count, seconds, cost))
        return true;
    const double started = seconds_now();
    show_state(r, s, count);
    if (tune_case_prepare(&r->points, &r->space, &r->error) != EXK_OK)
        return false;
    bool good = take_room(r, count, &room);
    if (!good)
        r->error = (exk_error){.status = EXK_ERR_MEMORY, .message = "out of memory"};
    good = good && measure_live(r, s, trials, count, seconds, &room);
    free_room(&room);
    r->live += good;
    *cost = seconds_now() - started;
    return good;
}
