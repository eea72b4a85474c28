/* Which events are counted and trusted, and their sums over threads. */
#include "tuner/counters.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static const char *const groups[] = {"cache", "flops", "stalls", "tlb", "branches", "software"};
enum { GROUPS = sizeof groups / sizeof groups[0] };

const char *exk_counter_group(int index) {
    return index >= 0 && index < GROUPS ? groups[index] : NULL;
}

const char *exk_count_status_name(exk_count_status status) {
    static const char *const names[] = {"NA", "counted", "multiplexed", "simulated"};
    return names[status];
}

void exk_count_unknown(exk_count *count, const char *format, ...) {
    va_list arguments;
    count->status = EXK_COUNT_UNKNOWN;
    count->value = NAN;
    va_start(arguments, format);
    vsnprintf(count->why, sizeof count->why, format, arguments);
    va_end(arguments);
}

int exk_counter_providers(const char *source, const exk_counter_provider *providers[2]) {
    static const exk_counter_provider *const all[] = {&exk_counters_papi, &exk_counters_perf};
    int count = 0;
    for (int i = 0; i < 2; i++)
        if (strcmp(source, "auto") == 0 || strcmp(source, all[i]->name) == 0)
            providers[count++] = all[i];
    return count;
}

/* --- trust --- */

/* Turns of the loop; bytes walked over, line by line; sleeps. */
enum { KNOWN_TURNS = 1000000, KNOWN_BYTES = 16 << 20, LINE = 64, KNOWN_SLEEPS = 2 };

bool exk_counters_known_work(void) {
    volatile float sum = 0;
    for (int i = 0; i < KNOWN_TURNS; i++)
        sum = sum * 0.5f + 1.0f;
    unsigned char *area = mmap(NULL, KNOWN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return false;
    for (int pass = 0; pass < 2; pass++)
        for (size_t at = 0; at < KNOWN_BYTES; at += LINE)
            ((volatile unsigned char *)area)[at]++;
    munmap(area, KNOWN_BYTES);
    for (int i = 0; i < KNOWN_SLEEPS; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    return true;
}

/* Count known work; why says what is wrong with the count, or "". */
static void probe(exk_counter *c) {
    const exk_counter_event *event = &c->provider->events[c->event];
    exk_counter_reading before = {.value = 0}, after = before;
    void *set = c->provider->open(&c->event, 1, c->why, sizeof c->why);
    if (!set)
        return;
    const bool read =
        c->provider->read(set, &before) && exk_counters_known_work() && c->provider->read(set, &after);
    c->provider->close(set);
    const double value = after.value - before.value;
    if (!read)
        snprintf(c->why, sizeof c->why, "it cannot be read");
    else if (!(value >= event->least && value <= event->most))
        snprintf(c->why, sizeof c->why, "known work was counted as %.0f, not as %.0f to %.0f", value, event->least,
                 event->most);
}

static void add_event(exk_counters *counters, const exk_counter_provider *provider, int event,
                      const char *obstacle) {
    if (counters->count == EXK_COUNTERS_MOST)
        return;
    exk_counter *c = &counters->list[counters->count++];
    *c = (exk_counter){.provider = provider, .event = event, .group = provider->events[event].group};
    snprintf(c->name, sizeof c->name, "%s", provider->events[event].name);
    snprintf(c->why, sizeof c->why, "%s", obstacle);
    if (!*obstacle && provider->describe(event, c->native, sizeof c->native, c->why, sizeof c->why))
        probe(c);
}

static int usable_from(const exk_counters *counters, int first) {
    int usable = 0;
    for (int i = first; i < counters->count; i++)
        usable += !counters->list[i].why[0];
    return usable;
}

int exk_counters_usable(const exk_counters *counters) {
    return usable_from(counters, 0);
}

int exk_counters_usable_of(const exk_counters *counters, const char *group) {
    int usable = 0;
    for (int i = 0; i < counters->count; i++)
        usable += strcmp(counters->list[i].group, group) == 0 && !counters->list[i].why[0];
    return usable;
}

/* Add a provider's events of a group; true if one of them can be counted. */
static bool add_group(exk_counters *counters, const exk_counter_provider *provider, const char *group,
                      const char *obstacle) {
    const int first = counters->count;
    for (int event = 0; event < provider->count; event++)
        if (strcmp(provider->events[event].group, group) == 0)
            add_event(counters, provider, event, obstacle);
    return usable_from(counters, first) > 0;
}

/* Behind the reason that an event of the first provider cannot be had: why those of the next one cannot, either.
 */
static void join_reasons(exk_counters *counters, int first, int kept) {
    const exk_counter *other = &counters->list[kept];
    for (int i = first; i < kept && kept < counters->count; i++) {
        exk_counter *c = &counters->list[i];
        char joined[EXK_COUNTER_WHY];
        snprintf(joined, sizeof joined, "%s: %.90s; %s: %.80s", c->provider->name, c->why, other->provider->name,
                 other->why);
        memcpy(c->why, joined, sizeof joined);
    }
    counters->count = kept > first ? kept : counters->count;
}

typedef struct offer {
    const exk_counter_provider *provider;
    char obstacle[EXK_COUNTER_WHY];
} offer;

static void choose_group(exk_counters *counters, const offer *offers, int count, const char *group) {
    const int first = counters->count;
    for (int i = 0; i < count; i++) {
        const int kept = counters->count;
        if (add_group(counters, offers[i].provider, group, offers[i].obstacle)) {
            const int added = counters->count - kept;
            memmove(&counters->list[first], &counters->list[kept], (size_t)added * sizeof counters->list[0]);
            counters->count = first + added;
            return;
        }
        join_reasons(counters, first, kept);
    }
}

static bool is_named(const char *list, const char *word) {
    const size_t length = strlen(word);
    for (const char *item = list; item; item = strchr(item, ',')) {
        item += *item == ',';
        if (strncmp(item, word, length) == 0 && (item[length] == ',' || !item[length]))
            return true;
    }
    return false;
}

static bool check_groups(const char *list, char *why, size_t size) {
    for (const char *item = list; item && *item; item += strcspn(item, ",") + (item[strcspn(item, ",")] == ',')) {
        bool known = false;
        for (int i = 0; i < GROUPS && !known; i++)
            known = strncmp(item, groups[i], strlen(groups[i])) == 0 && strcspn(item, ",") == strlen(groups[i]);
        if (!known) {
            snprintf(why, size,
                     "'%.*s' is no group of counters; there are cache, flops, stalls, tlb, branches and "
                     "software",
                     (int)strcspn(item, ","), item);
            return false;
        }
    }
    return true;
}

bool exk_counters_choose(exk_counters *counters, const exk_counter_provider *const *providers, int provider_count,
                         const char *list, char *why, size_t size) {
    offer offers[4];
    memset(counters, 0, sizeof *counters);
    if (!check_groups(list, why, size))
        return false;
    for (int i = 0; i < provider_count && i < 4; i++) {
        offers[i] = (offer){.provider = providers[i]};
        if (providers[i]->begin(offers[i].obstacle, sizeof offers[i].obstacle))
            counters->begun[counters->begun_count++] = providers[i];
    }
    for (int i = 0; i < GROUPS; i++)
        if (!list || is_named(list, groups[i]))
            choose_group(counters, offers, provider_count < 4 ? provider_count : 4, groups[i]);
    return true;
}

void exk_counters_end(exk_counters *counters) {
    while (counters->begun_count > 0)
        counters->begun[--counters->begun_count]->end();
    counters->count = 0;
}

/* --- counting --- */

/* What one thread counts. */
typedef struct counted_thread {
    void *set;
    exk_counter_reading from[EXK_COUNTER_EVENTS_MOST], to[EXK_COUNTER_EVENTS_MOST];
    bool failed;
    char why[EXK_COUNTER_WHY];
} counted_thread;

struct exk_counting {
    const exk_counter_provider *provider;
    const exk_counters *counters;
    int index[EXK_COUNTER_EVENTS_MOST], event[EXK_COUNTER_EVENTS_MOST]; /* in the list; of the provider */
    int count;
    pthread_mutex_t lock; /* threads open their sets one after the other */
    counted_thread *threads;
    int thread_count;
    bool taken;
};

exk_counting *exk_counting_begin(const exk_counters *counters, const char *group, int threads) {
    exk_counting *c = calloc(1, sizeof *c);
    counted_thread *room = calloc((size_t)threads, sizeof *room);
    if (!c || !room) {
        free(c);
        free(room);
        return NULL;
    }
    c->counters = counters;
    c->threads = room;
    c->thread_count = threads;
    pthread_mutex_init(&c->lock, NULL);
    for (int i = 0; i < counters->count && c->count < EXK_COUNTER_EVENTS_MOST; i++) {
        const exk_counter *from = &counters->list[i];
        if (from->why[0] || strcmp(from->group, group) != 0)
            continue;
        c->provider = from->provider;
        c->index[c->count] = i;
        c->event[c->count++] = from->event;
    }
    for (int i = 0; i < threads; i++)
        snprintf(room[i].why, sizeof room[i].why, "it never worked");
    return c;
}

static void read_thread(const exk_counting *c, counted_thread *t, exk_counter_reading *readings) {
    if (t->failed || !t->set || c->provider->read(t->set, readings))
        return;
    t->failed = true;
    snprintf(t->why, sizeof t->why, "it cannot be read");
}

void exk_counting_thread(int thread, void *counting) {
    exk_counting *c = counting;
    if (thread < 0 || thread >= c->thread_count || c->count == 0)
        return;
    counted_thread *t = &c->threads[thread];
    pthread_mutex_lock(&c->lock);
    if (!t->set) {
        t->set = c->provider->open(c->event, c->count, t->why, sizeof t->why);
        read_thread(c, t, t->from);
    }
    pthread_mutex_unlock(&c->lock);
}

void exk_counting_mark(exk_counting *c) {
    for (int i = 0; i < c->thread_count; i++)
        read_thread(c, &c->threads[i], c->threads[i].from);
}

void exk_counting_take(exk_counting *c) {
    for (int i = 0; i < c->thread_count; i++)
        read_thread(c, &c->threads[i], c->threads[i].to);
    c->taken = true;
}

/* What was counted between two readings, scaled where the event had its counter for a part of the time only. */
static void difference(const exk_counter_reading *from, const exk_counter_reading *to, exk_count *count) {
    const double enabled = to->enabled - from->enabled, running = to->running - from->running;
    const double value = to->value - from->value;
    *count = (exk_count){EXK_COUNT_COUNTED, value, ""};
    if (to->scaled) {
        count->status = EXK_COUNT_MULTIPLEXED;
        if (value <= 0) /* a library that scales says 0 also where the event never had a counter */
            exk_count_unknown(count, "it shared its counter and was given no time");
    } else if (running < enabled) {
        count->status = EXK_COUNT_MULTIPLEXED;
        count->value = value * enabled / running;
        if (running <= 0)
            exk_count_unknown(count, "it shared its counter and was given no time");
    }
    if (count->status != EXK_COUNT_UNKNOWN && value < 0)
        exk_count_unknown(count, "the counter went backwards");
}

static void add_thread(const exk_counting *c, int thread, int event, exk_count *sum) {
    const counted_thread *t = &c->threads[thread];
    exk_count own;
    if (sum->status == EXK_COUNT_UNKNOWN)
        return;
    if (!t->set || t->failed)
        exk_count_unknown(&own, "%.150s", t->why);
    else
        difference(&t->from[event], &t->to[event], &own);
    if (own.status == EXK_COUNT_UNKNOWN) {
        exk_count_unknown(sum, "thread %d: %.150s", thread, own.why);
        return;
    }
    sum->value += own.value;
    if (own.status == EXK_COUNT_MULTIPLEXED)
        sum->status = EXK_COUNT_MULTIPLEXED;
}

void exk_counting_end(exk_counting *c, exk_count *counts) {
    if (!c->taken)
        exk_counting_take(c);
    for (int i = 0; i < c->count; i++) {
        exk_count sum = {EXK_COUNT_COUNTED, 0, ""};
        for (int thread = 0; thread < c->thread_count; thread++)
            add_thread(c, thread, i, &sum);
        counts[c->index[i]] = sum;
    }
    for (int i = 0; i < c->thread_count; i++)
        if (c->threads[i].set)
            c->provider->close(c->threads[i].set);
    pthread_mutex_destroy(&c->lock);
    free(c->threads);
    free(c);
}
