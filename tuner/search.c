#include "tuner/search.h"

#include "tuner/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Arms that are so much slower than the fastest leave: after one round, after two, and for good. What is left to
 * gain near a seed is less. */
static const double hopeless = 1.6, slow = 1.3, beaten = 1.15;

/* A place becomes the one to go on from if it is so much faster. */
static const double step_gain = 0.003;

/* Contenders of the last stage; trials that are this much slower than the best are none. */
static const double near_best = 1.03;
enum { FINALISTS = 8 };

/* Samples of whoever is left of a contest, and of a finalist: at least, and at most. Of seven, the smallest and
 * the largest enclose the median with a confidence of 98 %. */
enum { CONTEST_SAMPLES = 4, FINAL_LEAST = 7, FINAL_MOST = 15, CONTEST_LEFT = 3 };

/* Finalists are measured until the interval of the best is no wider to each side. */
static const double fine = 0.004;

/* Ties are no slower than by this share, or by the noise where that is more, however wide their intervals are. */
static const double tie_share = 0.01;

/* Nobody cares for less, whatever intervals say. */
static const double indifferent = 0.003;

static const double interval_level = 0.95;

/* What the search for the fastest may take of the budget; the rest makes sure. */
static const double near_share = 0.7;

enum { MOVES_MOST = 32, RADIUS = 2 };

const char *exk_stage_name(exk_stage stage) {
    static const char *const names[EXK_STAGES] = {"arms", "near", "final", "grid", "compare"};
    return names[stage];
}

/* --- trials --- */

static bool same_choice(const exk_choice *a, const exk_choice *b) {
    return a->arm == b->arm && memcmp(a->at, b->at, sizeof a->at) == 0;
}

int exk_search_add(exk_search *s, const exk_choice *choice) {
    for (int i = 0; i < s->count; i++)
        if (same_choice(&s->trials[i].choice, choice))
            return i;
    if (s->count == s->capacity) {
        const int capacity = s->capacity ? 2 * s->capacity : 64;
        exk_trial *grown = realloc(s->trials, (size_t)capacity * sizeof *grown);
        if (!grown) {
            s->no_memory = true;
            return -1;
        }
        s->trials = grown;
        s->capacity = capacity;
    }
    s->trials[s->count] = (exk_trial){.choice = *choice, .level = NAN, .low = NAN, .high = NAN};
    return s->count++;
}

static bool add_sample(exk_search *s, exk_trial *t, double seconds) {
    if (t->count == t->capacity) {
        const int capacity = t->capacity ? 2 * t->capacity : 16;
        int *round = realloc(t->round, (size_t)capacity * sizeof *round);
        t->round = round ? round : t->round;
        double *grown = round ? realloc(t->seconds, (size_t)capacity * sizeof *grown) : NULL;
        t->seconds = grown ? grown : t->seconds;
        if (!grown) {
            s->no_memory = true;
            return false;
        }
        t->capacity = capacity;
    }
    t->round[t->count] = s->rounds;
    t->seconds[t->count++] = seconds;
    return true;
}

bool exk_search_begin(exk_search *s) {
    s->trials = NULL;
    s->count = s->capacity = s->rounds = 0;
    s->spent = 0;
    s->stage = EXK_STAGE_ARMS;
    s->best = s->chosen = s->kept = s->prior = -1;
    s->ties = 0;
    s->noise = NAN;
    s->no_memory = false;
    for (int i = 0; i < s->arm_count && !s->no_memory; i++) {
        exk_choice seed = {.arm = i};
        for (int field = 0; field < EXK_FIELD_COUNT; field++)
            seed.at[field] = s->arms[i].axis[field].count > 0 ? s->arms[i].axis[field].seed : 0;
        exk_search_add(s, &seed);
    }
    return !s->no_memory;
}

void exk_search_free(exk_search *s) {
    for (int i = 0; i < s->count; i++) {
        free(s->trials[i].round);
        free(s->trials[i].seconds);
    }
    free(s->trials);
    s->trials = NULL;
    s->count = s->capacity = 0;
}

int64_t exk_choice_value(const exk_search *s, const exk_choice *choice, exk_field field) {
    const exk_axis *axis = &s->arms[choice->arm].axis[field];
    return axis->count > 0 ? axis->value[choice->at[field]] : 0;
}

double exk_choice_weight(const exk_search *s, const exk_choice *choice) {
    double sum = 0;
    for (int field = 0; field < EXK_FIELD_COUNT; field++)
        sum += s->arms[choice->arm].axis[field].weight * (double)exk_choice_value(s, choice, (exk_field)field);
    return sum;
}

int exk_axis_place(const exk_axis *axis, int64_t value) {
    int best = 0;
    double least = INFINITY;
    for (int i = 0; i < axis->count; i++) {
        const double away = fabs(log((double)axis->value[i] / (double)(value > 0 ? value : 1)));
        if (away < least) {
            least = away;
            best = i;
        }
    }
    return best;
}

/* --- levels: what a trial takes, whatever round it was measured in --- */

/* log(seconds) = level of the trial + effect of the round + rest. Rounds share trials, so both can be told apart.
 */
typedef struct fit {
    double *level, *effect; /* logarithms, of each trial and round */
    double *sum, *weight;   /* room */
    int levels, effects;
} fit;

/* Rests up to this many times the usual one count in full, larger ones less and less: the sum of squares is
 * minimal where nothing was disturbed, and a disturbed sample cannot pull far (Huber, Robust estimation of a
 * location parameter, 1964). */
static const double rest_usual = 2, rest_least = 1e-4;
enum { SQUARE_SWEEPS = 40, ROBUST_SWEEPS = 40 };

static void clear(double *values, int count) {
    memset(values, 0, (size_t)count * sizeof *values);
}

static double rest_of(const exk_trial *t, int trial, int sample, const fit *f) {
    return log(t->seconds[sample]) - f->level[trial] - f->effect[t->round[sample]];
}

/* One sweep: the levels for given effects, or the other way round. */
static void sweep(const exk_search *s, fit *f, bool levels, double full) {
    double *target = levels ? f->level : f->effect;
    const int targets = levels ? f->levels : f->effects;
    clear(f->sum, targets);
    clear(f->weight, targets);
    for (int i = 0; i < s->count; i++) {
        const exk_trial *t = &s->trials[i];
        for (int j = 0; j < t->count; j++) {
            const int to = levels ? i : t->round[j];
            const double rest = rest_of(t, i, j, f), weight = fmin(1, full / fabs(rest));
            f->sum[to] += weight * (rest + target[to]);
            f->weight[to] += weight;
        }
    }
    for (int i = 0; i < targets; i++)
        target[i] = f->weight[i] > 0 ? f->sum[i] / f->weight[i] : 0;
}

/* The median of the absolute rests. */
static double usual_rest(const exk_search *s, const fit *f) {
    int count = 0;
    for (int i = 0; i < s->count; i++)
        count += s->trials[i].count;
    double *rests = calloc((size_t)count + 1, sizeof *rests);
    count = 0;
    for (int i = 0; rests && i < s->count; i++)
        for (int j = 0; j < s->trials[i].count; j++)
            rests[count++] = fabs(rest_of(&s->trials[i], i, j, f));
    const double usual = rests ? stats_median(rests, count) : 0;
    free(rests);
    return usual;
}

static void solve(const exk_search *s, fit *f) {
    clear(f->level, f->levels);
    clear(f->effect, f->effects);
    for (int i = 0; i < SQUARE_SWEEPS + ROBUST_SWEEPS; i++) {
        const double full = i < SQUARE_SWEEPS ? INFINITY : fmax(rest_usual * usual_rest(s, f), rest_least);
        sweep(s, f, true, full);
        sweep(s, f, false, full);
    }
    const double usual = stats_median(f->effect, f->effects);
    for (int i = 0; i < f->effects; i++)
        f->effect[i] -= usual;
}

static void set_level(exk_trial *t, const fit *f, double *room) {
    for (int j = 0; j < t->count; j++)
        room[j] = t->seconds[j] * exp(-f->effect[t->round[j]]);
    t->level = stats_median(room, t->count);
    const stats_interval interval = stats_median_interval(room, t->count, interval_level);
    t->low = interval.low;
    t->high = interval.high;
}

/* Few samples are luck: what is called the best has as many as the survivors of a contest, if any trial has. */
static bool counts(const exk_search *s, const exk_trial *t) {
    int most = 0;
    for (int i = 0; i < s->count; i++)
        most = s->trials[i].count > most ? s->trials[i].count : most;
    return !t->failed && t->count > 0 && t->count >= (most < CONTEST_SAMPLES ? most : CONTEST_SAMPLES);
}

static void find_best(exk_search *s) {
    s->best = -1;
    for (int i = 0; i < s->count; i++)
        if (counts(s, &s->trials[i]) && (s->best < 0 || s->trials[i].level < s->trials[s->best].level))
            s->best = i;
}

/* What would be taken if nothing were measured: the seed of the prior arm, else of the trial's own. */
static int guess_of(const exk_search *s, int trial) {
    return s->prior >= 0 && !s->trials[s->prior].failed ? s->prior : s->trials[trial].choice.arm;
}

/* Of the ties the one with the smallest tiles, if the search could tell what is as fast as the best. If it was too
 * noisy for that, the first guess is better than small tiles or luck: whoever wins among so many was lucky, too.
 */
static int choose(const exk_search *s) {
    const exk_trial *best = &s->trials[s->best], *guess = &s->trials[guess_of(s, s->best)];
    int chosen = s->best;
    if (!(s->noise <= tie_share))
        return counts(s, guess) && guess->low <= (1 + s->noise) * best->high ? guess_of(s, s->best) : s->best;
    for (int i = 0; i < s->count; i++)
        if (s->trials[i].tied &&
            exk_choice_weight(s, &s->trials[i].choice) < exk_choice_weight(s, &s->trials[chosen].choice))
            chosen = i;
    return chosen;
}

static void find_ties(exk_search *s) {
    s->ties = 0;
    s->chosen = s->best;
    s->noise = NAN;
    if (s->best < 0)
        return;
    const exk_trial *best = &s->trials[s->best];
    s->noise = best->count > 1 ? (best->high - best->low) / 2 / best->level : NAN;
    const double most = best->level * (1 + fmax(tie_share, s->noise));
    for (int i = 0; i < s->count; i++) {
        exk_trial *t = &s->trials[i];
        t->tied = i == s->best || (counts(s, t) && t->low <= (1 + indifferent) * best->high && t->level <= most);
        s->ties += t->tied;
    }
    s->chosen = choose(s);
}

static void judge(exk_search *s) {
    const int most = s->count > s->rounds ? s->count : s->rounds;
    double *room = calloc(5 * (size_t)most + 1, sizeof *room);
    if (!room) {
        s->no_memory = true;
        return;
    }
    fit f = {room, room + most, room + 2 * most, room + 3 * most, s->count, s->rounds};
    solve(s, &f);
    for (int i = 0; i < s->count; i++)
        if (s->trials[i].count > 0)
            set_level(&s->trials[i], &f, room + 4 * most);
    free(room);
    find_best(s);
    find_ties(s);
}

/* --- rounds --- */

bool exk_search_round(exk_search *s, const int *trials, int count) {
    double *seconds = calloc((size_t)count + 1, sizeof *seconds), cost = 0;
    if (!seconds) {
        s->no_memory = true;
        return false;
    }
    const bool measured = s->measure(s, trials, count, seconds, &cost, s->user);
    bool kept = measured;
    for (int i = 0; i < count && kept; i++) {
        exk_trial *t = &s->trials[trials[i]];
        if (seconds[i] > 0)
            kept = add_sample(s, t, seconds[i]);
        else
            t->failed = true;
    }
    free(seconds);
    if (!kept)
        return false;
    s->rounds++;
    s->spent += cost;
    judge(s);
    return !s->no_memory;
}

/* Why a stage came to its end. */
typedef enum verdict { FINISHED, SPENT, HALTED } verdict;

static verdict next_round(exk_search *s, const int *trials, int count, double limit) {
    if (s->spent >= limit)
        return SPENT;
    return exk_search_round(s, trials, count) ? FINISHED : HALTED;
}

/* In rising order of level, without those that failed or are slower than `most`. */
static int sort_and_drop(const exk_search *s, int *list, int count, double most) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const int trial = list[i];
        const double level = s->trials[trial].level;
        if (s->trials[trial].failed || level > most)
            continue;
        int at = kept++;
        for (; at > 0 && s->trials[list[at - 1]].level > level; at--)
            list[at] = list[at - 1];
        list[at] = trial;
    }
    return kept;
}

static double best_level(const exk_search *s, const int *list, int count) {
    double best = INFINITY;
    for (int i = 0; i < count; i++)
        if (!s->trials[list[i]].failed && s->trials[list[i]].level < best)
            best = s->trials[list[i]].level;
    return best;
}

static int fewest_samples(const exk_search *s, const int *list, int count) {
    int fewest = INT32_MAX;
    for (int i = 0; i < count; i++)
        if (s->trials[list[i]].count < fewest)
            fewest = s->trials[list[i]].count;
    return fewest;
}

/* --- the stages --- */

/* The prior's seed stays, however bad its first samples are. */
static int with_prior(const exk_search *s, int *list, int count) {
    bool there = s->prior < 0 || s->trials[s->prior].failed;
    for (int i = 0; i < count; i++)
        there = there || list[i] == s->prior;
    if (!there)
        list[count] = s->prior;
    return there ? count : count + 1;
}

/* All that there is at first, slow ones leaving. *count goes down to those worth going on from. */
static verdict race_arms(exk_search *s, int *list, int *count) {
    const double most[] = {hopeless, slow, slow, beaten};
    for (int round = 0; round<CONTEST_SAMPLES && * count> 0; round++) {
        const verdict v = next_round(s, list, *count, near_share * s->budget);
        if (v != FINISHED)
            return v;
        *count = sort_and_drop(s, list, *count, most[round] * best_level(s, list, *count));
        *count = with_prior(s, list, *count);
    }
    return FINISHED;
}

/* The first `anchors` of the list are those the others are compared with; they stay. */
static verdict contest(exk_search *s, int *list, int count, int anchors) {
    for (;;) {
        const verdict v = next_round(s, list, count, near_share * s->budget);
        if (v != FINISHED)
            return v;
        const int others = sort_and_drop(s, list + anchors, count - anchors, INFINITY);
        const int half = (count - anchors) / 2 > CONTEST_LEFT - 1 ? (count - anchors) / 2 : CONTEST_LEFT - 1;
        count = anchors + (others < half ? others : half);
        if (count == anchors ||
            (count < anchors + CONTEST_LEFT && fewest_samples(s, list, count) >= CONTEST_SAMPLES))
            return FINISHED;
    }
}

/* Moves along the axes: by so many places on two of them, or on one. */
typedef struct move {
    exk_field field;
    int by;
    exk_field other;
    int other_by;
} move;

/* Whether a trial was measured often enough to know that it is beaten. */
static bool is_beaten(const exk_trial *t, const exk_trial *by) {
    return t->failed || (t->count >= CONTEST_SAMPLES && t->level > near_best * by->level);
}

static void add_move(exk_search *s, int from, const move *m, int *list, int *count) {
    const exk_choice old = s->trials[from].choice;
    exk_choice next = old;
    next.at[m->field] += m->by;
    next.at[m->other] += m->other_by;
    for (int field = 0; field < EXK_FIELD_COUNT; field++) {
        const int places = s->arms[old.arm].axis[field].count, last = places > 0 ? places - 1 : 0;
        next.at[field] = next.at[field] < 0 ? 0 : next.at[field] > last ? last : next.at[field];
    }
    const int trial = *count < MOVES_MOST ? exk_search_add(s, &next) : -1;
    if (trial < 0 || is_beaten(&s->trials[trial], &s->trials[from]))
        return;
    for (int i = 0; i < *count; i++)
        if (list[i] == trial)
            return;
    list[(*count)++] = trial;
}

/* Everyone near a trial, behind itself and the first guess: with both in all rounds, luck on the way from one to
 * the other does not add up. */
static int list_moves(exk_search *s, int from, int radius, int *list, int *anchors) {
    const int guess = guess_of(s, from);
    int count = 0;
    list[count++] = from;
    if (guess != from && !s->trials[guess].failed)
        list[count++] = guess;
    *anchors = count;
    for (int field = 0; field < EXK_FIELD_COUNT; field++)
        for (int by = -2; by <= 2; by++)
            if (by != 0)
                add_move(s, from, &(move){(exk_field)field, by * radius, (exk_field)field, 0}, list, &count);
    for (int sign = -1; sign <= 1; sign += 2) {
        add_move(s, from, &(move){EXK_POINT_TILE, sign * radius, EXK_CENTROID_TILE, -sign * radius}, list, &count);
        add_move(s, from, &(move){EXK_POINT_TILE, sign * radius, EXK_CENTROID_TILE, sign * radius}, list, &count);
    }
    return count;
}

static int best_of_arm(const exk_search *s, int arm) {
    int best = -1;
    for (int i = 0; i < s->count; i++) {
        const exk_trial *t = &s->trials[i];
        if (t->choice.arm == arm && counts(s, t) && (best < 0 || t->level < s->trials[best].level))
            best = i;
    }
    return best;
}

/* Go on to the fastest neighbour until none is faster; wide steps first, then small ones. */
static verdict climb(exk_search *s, int from) {
    int list[MOVES_MOST + 1];
    for (int radius = RADIUS; radius > 0;) {
        int anchors;
        const int count = list_moves(s, from, radius, list, &anchors);
        if (s->no_memory)
            return HALTED;
        const verdict v = count > anchors ? contest(s, list, count, anchors) : FINISHED;
        if (v != FINISHED)
            return v;
        const int best = best_of_arm(s, s->trials[from].choice.arm);
        const bool gains = best >= 0 && s->trials[best].level < (1 - step_gain) * s->trials[from].level;
        from = gains ? best : from;
        radius -= !gains;
    }
    return FINISHED;
}

static verdict search_near(exk_search *s, const int *list, int count) {
    for (int i = 0; i < count; i++) {
        const int arm = s->trials[list[i]].choice.arm;
        bool seen = false;
        for (int j = 0; j < i; j++)
            seen = seen || s->trials[list[j]].choice.arm == arm;
        const int from = best_of_arm(s, arm);
        if (seen || from < 0 || s->trials[from].level > beaten * s->trials[s->best].level)
            continue;
        const verdict v = climb(s, from);
        if (v != FINISHED)
            return v;
    }
    return FINISHED;
}

/* One that is a finalist unless it is far behind: whether it was good enough is the question. */
static int with_trial(const exk_search *s, int *list, int count, int trial) {
    if (trial < 0 || s->trials[trial].count == 0 || s->trials[trial].failed ||
        s->trials[trial].level > beaten * s->trials[s->best].level)
        return count;
    for (int i = 0; i < count; i++)
        if (list[i] == trial)
            return count;
    list[count] = trial;
    return count + 1;
}

/* The fastest few, the first guess, and what was kept. */
static int list_finalists(const exk_search *s, int *list) {
    int *all = calloc((size_t)s->count + 1, sizeof *all), count = 0, kept = 0;
    for (int i = 0; all && i < s->count; i++)
        if (s->trials[i].count > 0)
            all[count++] = i;
    count = all ? sort_and_drop(s, all, count, near_best * best_level(s, all, count)) : 0;
    while (kept < count && kept < FINALISTS) {
        list[kept] = all[kept];
        kept++;
    }
    free(all);
    if (s->best < 0)
        return kept;
    kept = with_trial(s, list, kept, guess_of(s, s->best));
    return with_trial(s, list, kept, s->kept);
}

static int drop_slower(const exk_search *s, int *list, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const exk_trial *t = &s->trials[list[i]];
        if (!t->failed && (list[i] == s->best || t->low <= (1 + indifferent) * s->trials[s->best].high))
            list[kept++] = list[i];
    }
    return kept;
}

static verdict make_sure(exk_search *s) {
    int list[FINALISTS + 2], count = list_finalists(s, list);
    for (int round = 0; round < FINAL_MOST && count > 0; round++) {
        const verdict v = next_round(s, list, count, s->budget);
        if (v != FINISHED)
            return v;
        if (round + 1 >= FINAL_LEAST)
            count = drop_slower(s, list, count);
        if (round + 1 >= FINAL_LEAST && s->noise <= fine)
            break;
    }
    return FINISHED;
}

exk_ending exk_search_run(exk_search *s) {
    int *list = calloc((size_t)s->count + 1, sizeof *list), count = s->count;
    for (int i = 0; list && i < count; i++)
        list[i] = i;
    s->no_memory = s->no_memory || !list;
    verdict v = list ? race_arms(s, list, &count) : HALTED;
    s->stage = EXK_STAGE_NEAR;
    if (v == FINISHED && s->best >= 0)
        v = search_near(s, list, count);
    free(list);
    s->stage = EXK_STAGE_FINAL;
    if (v != HALTED && s->best >= 0)
        v = make_sure(s);
    if (s->no_memory || (v == FINISHED && s->best < 0))
        return EXK_ENDED_FAILED;
    return v == FINISHED ? EXK_ENDED_WELL : v == SPENT ? EXK_ENDED_BUDGET : EXK_ENDED_STOP;
}
