#include "harness/counts.h"
#include "harness/samples.h"
#include "tuner/record.h"
#include "tuner/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char counts_columns[] = "counters_of,group,event,native,provider,status,sample,value,why";

const char *counts_source(int choice) {
    static const char *const sources[] = {"auto", "papi", "perf", "simulated", "none"};
    return sources[choice];
}

bool counts_create(count_table *table, const exk_counters *counters) {
    *table = (count_table){.list = calloc((size_t)counters->count + 1, sizeof *table->list)};
    if (!table->list)
        return false;
    for (; table->count < counters->count; table->count++) {
        const exk_counter *from = &counters->list[table->count];
        counted *to = &table->list[table->count];
        to->value = NAN;
        snprintf(to->group, sizeof to->group, "%s", from->group);
        snprintf(to->provider, sizeof to->provider, "%s", from->provider ? from->provider->name : "cachegrind");
        snprintf(to->event, sizeof to->event, "%s", from->name);
        snprintf(to->native, sizeof to->native, "%s", from->native);
        snprintf(to->why, sizeof to->why, "%s", from->why[0] ? from->why : "not counted");
    }
    return true;
}

void counts_free(count_table *table) {
    free(table->list);
    *table = (count_table){0};
}

static void fail_sample(counted *c, const char *why) {
    c->failed = true;
    c->status = EXK_COUNT_UNKNOWN;
    c->value = NAN;
    c->samples = 0;
    snprintf(c->why, sizeof c->why, "%s", why);
}

static void add_sample(counted *c, const exk_count *count, double iterations) {
    if (count->status == EXK_COUNT_UNKNOWN || !(iterations > 0)) {
        fail_sample(c, count->why[0] ? count->why : "no iteration was counted");
        return;
    }
    c->sample[c->samples++] = count->value / iterations;
    c->value = stats_median(c->sample, c->samples);
    c->status = count->status > c->status ? count->status : c->status;
    c->why[0] = '\0';
}

void counts_add(count_table *table, const char *group, const exk_count *counts, double iterations) {
    for (int i = 0; i < table->count; i++) {
        counted *c = &table->list[i];
        const bool was_counted = counts[i].status != EXK_COUNT_UNKNOWN || counts[i].why[0];
        if (strcmp(c->group, group) == 0 && was_counted && !c->failed && c->samples < COUNT_SAMPLES)
            add_sample(c, &counts[i], iterations);
    }
}

const counted *counts_find(const count_table *table, const char *event) {
    for (int i = 0; i < table->count; i++)
        if (strcmp(table->list[i].event, event) == 0 && table->list[i].status != EXK_COUNT_UNKNOWN)
            return &table->list[i];
    return NULL;
}

int counts_known(const count_table *table) {
    int known = 0;
    for (int i = 0; i < table->count; i++)
        known += table->list[i].status != EXK_COUNT_UNKNOWN;
    return known;
}

/* --- JSON --- */

void counts_write(json *node, const count_table *table) {
    json *list = json_add_array(node, "counters");
    json_add_text(node, "counters_of", table->scope);
    for (int i = 0; i < table->count; i++) {
        const counted *c = &table->list[i];
        json *item = json_add_object(list, NULL);
        json_add_text(item, "group", c->group);
        json_add_text(item, "event", c->event);
        json_add_text(item, "native", c->native);
        json_add_text(item, "provider", c->provider);
        json_add_text(item, "status", exk_count_status_name(c->status));
        json_add_real(item, "value", c->value);
        json *samples = json_add_array(item, "samples");
        for (int s = 0; s < c->samples; s++)
            json_add_real(samples, NULL, c->sample[s]);
        json_add_text(item, "why", c->why);
    }
}

static bool read_status(const json *item, exk_count_status *status, json_source *source) {
    char word[COUNT_WORD];
    if (!json_read_text(item, "status", word, sizeof word, source))
        return false;
    for (int i = EXK_COUNT_UNKNOWN; i <= EXK_COUNT_SIMULATED; i++) {
        *status = (exk_count_status)i;
        if (strcmp(word, exk_count_status_name(*status)) == 0)
            return true;
    }
    return exk_record_demand(false, "'status' is not NA, counted, multiplexed or simulated", source);
}

static bool read_counted(const json *item, counted *c, json_source *source) {
    *c = (counted){.value = NAN};
    if (!json_read_text(item, "group", c->group, sizeof c->group, source) ||
        !json_read_text(item, "event", c->event, sizeof c->event, source) ||
        !json_read_line(item, "native", c->native, sizeof c->native, source) ||
        !json_read_text(item, "provider", c->provider, sizeof c->provider, source) ||
        !read_status(item, &c->status, source) || !json_read_line(item, "why", c->why, sizeof c->why, source))
        return false;
    if (c->status == EXK_COUNT_UNKNOWN)
        return exk_record_demand(json_is_null(item, "value") && c->why[0],
                                 "a counter of status NA has a value, or no 'why'", source);
    return json_read_real(item, "value", 0, 1e18, &c->value, source) &&
           exk_record_demand(!c->why[0], "a counter that is known has a 'why'", source);
}

bool counts_read(const json *node, count_table *table, json_source *source) {
    const json *item;
    int count;
    *table = (count_table){0};
    if (!json_read_line(node, "counters_of", table->scope, sizeof table->scope, source) ||
        !json_read_array(node, "counters", EXK_COUNTERS_MOST, &item, &count, source))
        return false;
    table->list = calloc((size_t)count + 1, sizeof *table->list);
    if (!table->list)
        return exk_record_demand(false, "out of memory", source);
    for (; table->count < count; table->count++, item = json_next(item))
        if (!read_counted(item, &table->list[table->count], source))
            return false;
    return true;
}

/* --- CSV --- */

static void put_line(FILE *out, const count_table *table, const counted *c, int sample) {
    fputc(',', out);
    csv_put_text(out, table->scope);
    fprintf(out, ",%s,%s,", c->group, c->event);
    csv_put_text(out, c->native);
    fprintf(out, ",%s,%s", c->provider, exk_count_status_name(c->status));
    if (sample >= 0)
        fprintf(out, ",%d", sample);
    else
        fputs(",NA", out);
    csv_put_real(out, sample >= 0 ? c->sample[sample] : NAN);
    fputc(',', out);
    csv_put_text(out, c->why);
}

void counts_put(FILE *out, const count_table *table, void (*begin)(FILE *out, const void *user),
                const void *user) {
    for (int i = 0; i < table->count; i++) {
        const counted *c = &table->list[i];
        const bool known = c->status != EXK_COUNT_UNKNOWN;
        for (int s = known ? 0 : -1; s < (known ? c->samples : 0); s++) {
            begin(out, user);
            put_line(out, table, c, s);
        }
    }
}

/* --- for people --- */

const char *count_text(const counted *c, char text[32]) {
    if (c->status == EXK_COUNT_UNKNOWN)
        return "NA";
    snprintf(text, 32, "%s%.4g", c->status == EXK_COUNT_MULTIPLEXED ? "~" : "", c->value);
    return text;
}

static bool is_known_group(const count_table *table, const char *group) {
    for (int i = 0; i < table->count; i++)
        if (strcmp(table->list[i].group, group) == 0 && table->list[i].status != EXK_COUNT_UNKNOWN)
            return true;
    return false;
}

/* The first event of a group, if nothing of the group is known. */
static bool begins_unknown_group(const count_table *table, int index) {
    const counted *c = &table->list[index];
    return !is_known_group(table, c->group) && (index == 0 || strcmp(c[-1].group, c->group) != 0);
}

void counts_print_unknown(FILE *out, const count_table *table, const char *indent) {
    for (int i = 0; i < table->count; i++) {
        const counted *c = &table->list[i];
        bool told = !begins_unknown_group(table, i);
        for (int j = 0; j < i && !told; j++)
            told = begins_unknown_group(table, j) && strcmp(table->list[j].why, c->why) == 0;
        if (told)
            continue;
        fprintf(out, "%sNA: %s", indent, c->group);
        for (int j = i + 1; j < table->count; j++)
            if (begins_unknown_group(table, j) && strcmp(table->list[j].why, c->why) == 0)
                fprintf(out, ", %s", table->list[j].group);
        fprintf(out, ": %s\n", c->why);
    }
}
