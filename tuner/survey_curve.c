/* What a working-set curve says about caches. */
#include "tuner/survey.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A curve falls where it loses this much (log2) per doubling of the working set, and a fall counts if it loses
 * that much in all: a fifth. */
static const double slope_least = 0.1, fall_least = 0.32;

/* Sets between two levels must be this much larger than what the lower one holds, or its hits would dominate. */
static const double room_least = 2;

/* log2 of the best rate at this working set or a larger one: a disturbed point makes a dent, and a cache does not
 * get faster by holding more. */
static void envelope(const exk_curve_point *curve, int points, double *height) {
    double best = 0;
    for (int i = points - 1; i >= 0; i--) {
        best = curve[i].rate.median > best ? curve[i].rate.median : best;
        height[i] = log2(best > 0 ? best : 1);
    }
}

static bool falls(const exk_curve_point *curve, const double *height, int i) {
    const double octaves = log2((double)curve[i + 1].bytes / (double)curve[i].bytes);
    return height[i] - height[i + 1] > slope_least * octaves;
}

/* Where the envelope between first and last passes the middle of its ends. */
static int64_t middle(const exk_curve_point *curve, const double *height, int first, int last) {
    const double half = (height[first] + height[last]) / 2;
    int i = first;
    while (height[i + 1] > half)
        i++;
    const double part = (height[i] - half) / (height[i] - height[i + 1]);
    return (int64_t)((double)curve[i].bytes * pow((double)curve[i + 1].bytes / (double)curve[i].bytes, part));
}

int exk_curve_steps(const exk_curve_point *curve, int points, exk_step steps[EXK_SURVEY_STEPS]) {
    double height[EXK_SURVEY_POINTS];
    int count = 0, first = 0;
    envelope(curve, points, height);
    while (first + 1 < points && count < EXK_SURVEY_STEPS) {
        if (!falls(curve, height, first)) {
            first++;
            continue;
        }
        int last = first + 1;
        /* One level stretch does not end a fall: a disturbed point makes one. */
        while (last + 1 < points &&
               (falls(curve, height, last) || (last + 2 < points && falls(curve, height, last + 1))))
            last++;
        if (height[first] - height[last] >= fall_least)
            steps[count++] = (exk_step){.from = curve[first].bytes,
                                        .to = curve[last].bytes,
                                        .at = middle(curve, height, first, last),
                                        .before = exp2(height[first]),
                                        .after = exp2(height[last])};
        first = last;
    }
    return count;
}

/* The threads of a part that share one instance of a cache, bound as they are: core by core. */
static int threads_sharing(const exk_topology *topology, const exk_cache *cache, int threads) {
    int sharing = cache->sharing;
    if (threads <= topology->cores && topology->pus > 0)
        sharing = cache->sharing * topology->cores / topology->pus;
    sharing = sharing < threads ? sharing : threads;
    return sharing > 1 ? sharing : 1;
}

static double distance(const exk_step *step, int64_t bytes) {
    return fabs(log2((double)step->at / (double)bytes));
}

/* The step that belongs to a reported size: the nearest within a factor of two, and for the last cache, whose size
 * is least to be trusted, else the deepest of the rest. With no size reported, the next. -1 if there is none. */
static int choose_step(const exk_step *steps, int count, int next, int64_t reported, bool is_last) {
    int chosen = -1;
    if (reported == 0)
        return next < count ? next : -1;
    for (int i = next; i < count; i++) {
        if (distance(&steps[i], reported) <= 1 &&
            (chosen < 0 || distance(&steps[i], reported) < distance(&steps[chosen], reported)))
            chosen = i;
    }
    for (int i = next; i < count && is_last && (chosen < 0 || distance(&steps[chosen], reported) > 1); i++) {
        if (chosen < 0 || steps[i].before / steps[i].after > steps[chosen].before / steps[chosen].after)
            chosen = i;
    }
    return chosen;
}

static void judge_level(exk_level *level, bool is_last) {
    const exk_step *step = &level->step;
    if (step->at == 0) {
        level->verdict = EXK_SIZE_UNSEEN;
        level->believed = is_last ? 0 : level->reported;
    } else if (level->reported == 0) {
        level->verdict = EXK_SIZE_MEASURED;
        level->believed = step->at;
    } else if (level->reported > step->to) {
        level->verdict = EXK_SIZE_EARLIER;
        level->believed = step->at;
    } else {
        level->verdict = level->reported < step->from ? EXK_SIZE_LATER : EXK_SIZE_CONFIRMED;
        level->believed = level->reported;
    }
}

/* Half of the first cache, then midway (in ratios) between a cache and the one below: well inside both ways. */
static int64_t working_set(int64_t believed, int64_t below) {
    if (below == 0)
        return believed / 2;
    return (double)believed >= room_least * (double)below ? (int64_t)sqrt((double)believed * (double)below) : 0;
}

/* Caches that the system reports; all of them, of unknown size, if it reports none. */
static int list_levels(const exk_topology *topology, exk_survey_part *part) {
    static const char *const names[EXK_TOPOLOGY_LEVELS] = {"L1d", "L2", "L3"};
    int known = 0;
    for (int i = 0; i < EXK_TOPOLOGY_LEVELS && topology->handle; i++)
        known += topology->level[i].size > 0;
    part->levels = 0;
    for (int i = 0; i < EXK_TOPOLOGY_LEVELS; i++) {
        const exk_cache *cache = &topology->level[i];
        if (known && cache->size == 0)
            continue;
        exk_level *level = &part->level[part->levels++];
        *level =
            (exk_level){.reported = known ? cache->size / threads_sharing(topology, cache, part->threads) : 0};
        snprintf(level->name, sizeof level->name, "%s", names[i]);
    }
    return part->levels;
}

void exk_survey_judge(const exk_topology *topology, exk_survey_part *part) {
    exk_step steps[EXK_SURVEY_STEPS];
    const int count = exk_curve_steps(part->curve, part->points, steps), caches = list_levels(topology, part);
    int next = 0;
    int64_t below = 0;
    for (int i = 0; i < caches; i++) {
        exk_level *level = &part->level[i];
        const bool is_last = i == caches - 1;
        const int chosen = choose_step(steps, count, next, level->reported, is_last);
        if (chosen >= 0) {
            level->step = steps[chosen];
            next = chosen + 1;
        }
        judge_level(level, is_last);
        level->bytes = working_set(level->believed, below);
        below = level->believed > below ? level->believed : below;
    }
    exk_level *memory = &part->level[part->levels++];
    *memory =
        (exk_level){.name = "memory", .verdict = EXK_SIZE_MEMORY, .bytes = part->curve[part->points - 1].bytes};
}
