#include "harness/samples.h"

#include <inttypes.h>
#include <math.h>

const char sample_columns[] =
    "ceiling_gflops,stolen_seconds,waited_seconds,involuntary_switches,minor_faults,major_faults,flags";

static void add_flags(json *node, unsigned flags) {
    json *list = json_add_array(node, "flags");
    for (int f = 0; f < MEASURE_FLAGS; f++)
        if (flags >> f & 1)
            json_add_text(list, NULL, measure_flag_name(f));
}

json *sample_add(json *list, const measure_sample *s) {
    json *sample = json_add_object(list, NULL);
    json_add_integer(sample, "round", s->round);
    json_add_integer(sample, "position", s->position);
    json_add_real(sample, "seconds", s->seconds);
    json_add_real(sample, "ceiling_gflops", s->gauge * 1e-9);
    json_add_real(sample, "ceiling_before", s->before * 1e-9);
    json_add_real(sample, "ceiling_after", s->after * 1e-9);
    json_add_real(sample, "stolen_seconds", s->stolen);
    json_add_real(sample, "waited_seconds", s->waited);
    json_add_integer(sample, "involuntary_switches", s->switches);
    json_add_integer(sample, "minor_faults", s->minor_faults);
    json_add_integer(sample, "major_faults", s->major_faults);
    json_add_bool(sample, "disturbed", s->flags != 0);
    add_flags(sample, s->flags);
    return sample;
}

void sample_add_bytes(json *node, const char *key, int64_t bytes) {
    if (bytes >= 0)
        json_add_integer(node, key, bytes);
    else
        json_add_real(node, key, NAN);
}

void csv_put_text(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void csv_put_real(FILE *out, double value) {
    if (isfinite(value))
        fprintf(out, ",%.9g", value);
    else
        fputs(",NA", out);
}

static void put_flags(FILE *out, unsigned flags) {
    bool first = true;
    fputc(',', out);
    for (int f = 0; f < MEASURE_FLAGS; f++) {
        if (flags >> f & 1) {
            fprintf(out, "%s%s", first ? "" : "|", measure_flag_name(f));
            first = false;
        }
    }
}

void csv_put_sample(FILE *out, const measure_sample *s) {
    csv_put_real(out, s->gauge * 1e-9);
    csv_put_real(out, s->stolen);
    csv_put_real(out, s->waited);
    fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64, s->switches, s->minor_faults, s->major_faults);
    put_flags(out, s->flags);
}
