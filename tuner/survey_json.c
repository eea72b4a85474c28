#include "tuner/survey_file.h"

#include <stdio.h>
#include <string.h>

static const char schema[] = "exakt ceilings 1";

/* No machine is faster or holds more; what a file says beyond that is damage. */
static const double rate_most = 1e18;
static const int64_t bytes_most = INT64_C(1) << 50;

static const char *const verdicts[EXK_VERDICTS] = {"confirmed", "earlier",  "later",
                                                   "unseen",    "measured", "memory"};

const char *exk_verdict_name(exk_verdict verdict) {
    return verdicts[verdict];
}

static void write_spread(json *node, const exk_spread *spread) {
    json_add_real(node, "median", spread->median);
    json_add_real(node, "low", spread->low);
    json_add_real(node, "high", spread->high);
}

static void write_level(json *node, const exk_level *level) {
    json_add_text(node, "name", level->name);
    json_add_integer(node, "reported_bytes", level->reported);
    json_add_integer(node, "believed_bytes", level->believed);
    json_add_text(node, "verdict", verdicts[level->verdict]);
    json_add_integer(node, "falls_from", level->step.from);
    json_add_integer(node, "falls_at", level->step.at);
    json_add_integer(node, "falls_to", level->step.to);
    json_add_real(node, "rate_before", level->step.before);
    json_add_real(node, "rate_after", level->step.after);
    json_add_integer(node, "working_set_bytes", level->bytes);
    write_spread(node, &level->rate);
}

static void write_part(json *node, const exk_survey_part *part) {
    json_add_integer(node, "threads", part->threads);
    json_add_text(node, "measured", part->measured);
    json_add_bool(node, "quick", part->quick);
    json *flops = json_add_array(node, "flops");
    for (int i = 0; i < part->isas; i++) {
        json *item = json_add_object(flops, NULL);
        json_add_text(item, "isa", part->flops[i].isa);
        write_spread(item, &part->flops[i].rate);
    }
    json *levels = json_add_array(node, "levels");
    for (int i = 0; i < part->levels; i++)
        write_level(json_add_object(levels, NULL), &part->level[i]);
    json *curve = json_add_array(node, "curve");
    for (int i = 0; i < part->points; i++) {
        json *item = json_add_object(curve, NULL);
        json_add_integer(item, "bytes", part->curve[i].bytes);
        write_spread(item, &part->curve[i].rate);
    }
}

void exk_survey_write(json *root, const exk_survey *survey) {
    exk_record_begin(root, schema, &survey->machine);
    json_add_text(root, "build", survey->build);
    json_add_text(root, "unit", "operations or bytes per second, all threads together");
    json *parts = json_add_array(root, "parts");
    for (int i = 0; i < survey->parts; i++)
        write_part(json_add_object(parts, NULL), &survey->part[i]);
}

static bool read_spread(const json *node, exk_spread *spread, json_source *source) {
    return json_read_real(node, "median", 0, rate_most, &spread->median, source) &&
           json_read_real(node, "low", 0, rate_most, &spread->low, source) &&
           json_read_real(node, "high", 0, rate_most, &spread->high, source) &&
           exk_record_demand(spread->low <= spread->median && spread->median <= spread->high,
                             "'median' is not between", source);
}

static bool read_flops(const json *item, exk_flops *flops, json_source *source) {
    return json_read_text(item, "isa", flops->isa, sizeof flops->isa, source) &&
           read_spread(item, &flops->rate, source);
}

static bool read_point(const json *item, exk_curve_point *point, json_source *source) {
    return json_read_integer(item, "bytes", 1, bytes_most, &point->bytes, source) &&
           read_spread(item, &point->rate, source);
}

static bool read_verdict(const json *item, exk_verdict *verdict, json_source *source) {
    char text[16];
    if (!json_read_text(item, "verdict", text, sizeof text, source))
        return false;
    for (int i = 0; i < EXK_VERDICTS; i++) {
        if (strcmp(text, verdicts[i]) == 0) {
            *verdict = (exk_verdict)i;
            return true;
        }
    }
    return exk_record_demand(false, "'verdict' is none that is known", source);
}

static bool read_step(const json *item, exk_step *step, json_source *source) {
    return json_read_integer(item, "falls_from", 0, bytes_most, &step->from, source) &&
           json_read_integer(item, "falls_at", step->from, bytes_most, &step->at, source) &&
           json_read_integer(item, "falls_to", step->at, bytes_most, &step->to, source) &&
           json_read_real(item, "rate_before", 0, rate_most, &step->before, source) &&
           json_read_real(item, "rate_after", 0, rate_most, &step->after, source);
}

static bool read_level(const json *item, exk_level *level, json_source *source) {
    return json_read_text(item, "name", level->name, sizeof level->name, source) &&
           json_read_integer(item, "reported_bytes", 0, bytes_most, &level->reported, source) &&
           json_read_integer(item, "believed_bytes", 0, bytes_most, &level->believed, source) &&
           read_verdict(item, &level->verdict, source) && read_step(item, &level->step, source) &&
           json_read_integer(item, "working_set_bytes", 0, bytes_most, &level->bytes, source) &&
           read_spread(item, &level->rate, source);
}

static bool read_part_head(const json *node, exk_survey_part *part, json_source *source) {
    int64_t threads = 0;
    const bool good = json_read_integer(node, "threads", 1, EXK_SURVEY_THREADS, &threads, source) &&
                      exk_record_read_time(node, "measured", part->measured, source) &&
                      json_read_bool(node, "quick", &part->quick, source);
    part->threads = (int)threads;
    return good;
}

static bool read_part(const json *node, exk_survey_part *part, json_source *source) {
    const json *item;
    bool good = read_part_head(node, part, source) &&
                json_read_array(node, "flops", EXK_SURVEY_ISAS, &item, &part->isas, source);
    for (int i = 0; good && item; item = json_next(item))
        good = read_flops(item, &part->flops[i++], source);
    good = good && json_read_array(node, "levels", EXK_SURVEY_LEVELS, &item, &part->levels, source);
    for (int i = 0; good && item; item = json_next(item))
        good = read_level(item, &part->level[i++], source);
    good = good && json_read_array(node, "curve", EXK_SURVEY_POINTS, &item, &part->points, source);
    for (int i = 0; good && item; item = json_next(item))
        good = read_point(item, &part->curve[i++], source);
    return good;
}

static bool read_survey(const json *root, exk_survey *survey, json_source *source) {
    const json *item;
    bool good = exk_record_read(root, schema, &survey->machine, source) &&
                exk_record_read_hash(root, "build", survey->build, source) &&
                json_read_array(root, "parts", EXK_SURVEY_PARTS, &item, &survey->parts, source);
    for (int i = 0; good && item; item = json_next(item), i++) {
        snprintf(source->where, sizeof source->where, "part %d: ", i + 1);
        good = read_part(item, &survey->part[i], source) &&
               exk_record_demand(i == 0 || survey->part[i - 1].threads < survey->part[i].threads, "out of order",
                                 source);
    }
    return good;
}

exk_status exk_survey_parse(const char *text, size_t length, const char *name, exk_survey *survey,
                            exk_error *error) {
    json_source source = {.name = name, .error = error};
    memset(survey, 0, sizeof *survey);
    json *root = json_parse(text, length, &source);
    const bool good = root && read_survey(root, survey, &source);
    json_free(root);
    if (!good)
        memset(survey, 0, sizeof *survey);
    return good ? EXK_OK : EXK_ERR_FORMAT;
}
