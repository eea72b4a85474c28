#include "harness/formats.h"

#include "kernels/status.h"
#include "tuner/record.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the records --- */

// clang-format off
#define TEXT(path)              {path, FORMAT_TEXT, 0, 0, FORMAT_ALWAYS, 1}
#define BOOL(path)              {path, FORMAT_BOOL, 0, 0, FORMAT_ALWAYS, 1}
#define OBJECT(path)            {path, FORMAT_OBJECT, 0, 0, FORMAT_ALWAYS, 1}
#define LIST(path)              {path, FORMAT_LIST, 0, 0, FORMAT_ALWAYS, 1}
#define TEXTS(path)             {path, FORMAT_TEXTS, 0, 0, FORMAT_ALWAYS, 1}
#define COUNT(path)             {path, FORMAT_INTEGER, 0, most_count, FORMAT_ALWAYS, 1}
#define SIZE(path)              {path, FORMAT_INTEGER, 1, most_count, FORMAT_ALWAYS, 1}
#define BYTES_OR_NULL(path)     {path, FORMAT_INTEGER, 0, most_count, FORMAT_MAYBE_NULL, 1}
#define REAL(path, least, most) {path, FORMAT_REAL, least, most, FORMAT_ALWAYS, 1}
#define REAL_OR_NULL(path, least, most) {path, FORMAT_REAL, least, most, FORMAT_MAYBE_NULL, 1}
#define MAYBE(path, kind)       {path, FORMAT_##kind, 0, most_count, FORMAT_MAYBE_ABSENT, 1}
#define MAYBE_REAL(path)        {path, FORMAT_REAL, -most_real, most_real, FORMAT_MAYBE_ABSENT, 1}
#define SECONDS(path)           REAL_OR_NULL(path, 0, 1e9)
#define RATE(path)              REAL_OR_NULL(path, 0, 1e12)
#define SHARE(path)             REAL_OR_NULL(path, 0, 1)
#define ENDED                   {NULL, FORMAT_TEXT, 0, 0, FORMAT_ALWAYS, 0}
#define most_count              9007199254740992.0
#define most_real               1e300

#define ORIGIN                                                                                                    \
    OBJECT("manifest"), TEXTS("manifest.command_line"), OBJECT("manifest.machine"),                               \
    TEXT("manifest.machine.fingerprint"), TEXT("manifest.machine.fingerprint_of"), TEXT("manifest.machine.cpu"),  \
    MAYBE("manifest.machine.kernel", TEXT), MAYBE("manifest.machine.architecture", TEXT),                         \
    MAYBE("manifest.machine.cores", INTEGER), MAYBE("manifest.machine.processing_units", INTEGER),                \
    MAYBE("manifest.machine.topology_source", TEXT), MAYBE("manifest.machine.topology_note", TEXT),               \
    MAYBE("manifest.machine.caches", LIST), COUNT("manifest.machine.caches[].size"),                              \
    COUNT("manifest.machine.caches[].share"), COUNT("manifest.machine.caches[].line"),                            \
    {"manifest.machine.caches[].ways", FORMAT_INTEGER, -1, most_count, FORMAT_ALWAYS, 1},                         \
    COUNT("manifest.machine.caches[].sharing"), OBJECT("manifest.build"), TEXT("manifest.build.version"),         \
    TEXT("manifest.build.commit"), TEXT("manifest.build.compiler"), TEXT("manifest.build.flags"),                 \
    TEXT("manifest.build.build_type"), TEXT("manifest.build.hash"), TEXT("manifest.build.registry_hash"),         \
    LIST("manifest.build.parts"), TEXT("manifest.build.parts[].name"), BOOL("manifest.build.parts[].present"),    \
    TEXT("manifest.build.parts[].detail"), TEXT("manifest.build.parts[].switches_off"),                           \
    TEXT("manifest.openblas_core"), TEXT("manifest.exakt_isa")

#define MACHINE                                                                                                   \
    ORIGIN, TEXT("manifest.started"),                                                                             \
    {"manifest.seed", FORMAT_REAL, 0, 18446744073709551615.0, FORMAT_ALWAYS, 1}, TEXT("manifest.init"),           \
    BOOL("manifest.standardise"), BOOL("manifest.stopped"), REAL("manifest.level", 0, 1)

#define SAMPLES                                                                                                   \
    LIST("rows[].samples"), COUNT("rows[].samples[].round"), COUNT("rows[].samples[].position"),                  \
    REAL("rows[].samples[].seconds", 1e-9, 1e9), RATE("rows[].samples[].ceiling_gflops"),                         \
    RATE("rows[].samples[].ceiling_before"), RATE("rows[].samples[].ceiling_after"),                              \
    SECONDS("rows[].samples[].stolen_seconds"), SECONDS("rows[].samples[].waited_seconds"),                       \
    COUNT("rows[].samples[].involuntary_switches"), COUNT("rows[].samples[].minor_faults"),                       \
    COUNT("rows[].samples[].major_faults"), BOOL("rows[].samples[].disturbed"), TEXTS("rows[].samples[].flags")

#define PLAN(at)                                                                                                  \
    TEXT(at ".variant"), MAYBE(at ".skipping", TEXT), COUNT(at ".threads"), COUNT(at ".point_tile"),              \
    COUNT(at ".centroid_tile"), COUNT(at ".depth_tile"), COUNT(at ".matrix_bytes"), TEXT(at ".update"),           \
    COUNT(at ".nodes")

static const format_field bench_fields[] = {
    TEXT("format"), MACHINE, LIST("manifest.ceilings"), TEXT("manifest.ceilings[].input"),
    SIZE("manifest.ceilings[].k"), TEXT("manifest.ceilings[].isa"), SIZE("manifest.ceilings[].threads"),
    RATE("manifest.ceilings[].gflops"), RATE("manifest.ceilings[].fed_gflops"),
    REAL_OR_NULL("manifest.ceilings[].drift", 0, 1e6), RATE("manifest.memory_read_gbs"), LIST("manifest.left_out"),
    TEXT("manifest.left_out[].input"), SIZE("manifest.left_out[].k"), TEXT("manifest.left_out[].variant"),
    SIZE("manifest.left_out[].threads"), SECONDS("manifest.left_out[].estimated_seconds"),
    TEXTS("manifest.warnings"), LIST("rows"), TEXT("rows[].input"), TEXT("rows[].variant"), SIZE("rows[].threads"),
    SIZE("rows[].n"), SIZE("rows[].d"), SIZE("rows[].k"), BOOL("rows[].verified"), TEXT("rows[].reference"),
    TEXT("rows[].why"), SECONDS("rows[].median_seconds"), SECONDS("rows[].ci_low"), SECONDS("rows[].ci_high"),
    SHARE("rows[].ci_level"), SECONDS("rows[].seconds_per_iteration"), RATE("rows[].executed_gflops"),
    RATE("rows[].effective_gflops"), RATE("rows[].ceiling_gflops"), REAL_OR_NULL("rows[].ceiling_share", 0, 1e6),
    REAL_OR_NULL("rows[].bytes", 0, most_real), REAL_OR_NULL("rows[].bandwidth_share", 0, 1e6), TEXT("rows[].bound"),
    TEXT("rows[].ceiling_isa"), BYTES_OR_NULL("rows[].peak_rss_bytes"), COUNT("rows[].scratch_bytes"),
    COUNT("rows[].iterations"), COUNT("rows[].repeats"), COUNT("rows[].evaluations"),
    COUNT("rows[].ambiguous_points"), COUNT("rows[].exactly_decided_points"),
    REAL_OR_NULL("rows[].times_the_fastest", 0, most_real), BOOL("rows[].told_apart"), TEXT("rows[].labels_hash"),
    TEXT("rows[].centroids_hash"), REAL_OR_NULL("rows[].inertia", 0, most_real), OBJECT("rows[].parts"),
    SECONDS("rows[].parts.prepare_seconds"), SECONDS("rows[].parts.assign_seconds"),
    SECONDS("rows[].parts.refine_seconds"), SECONDS("rows[].parts.update_seconds"), OBJECT("rows[].plan"),
    PLAN("rows[].plan"), TEXT("rows[].plan.source"), SAMPLES,
    {"rows[].counters_of", FORMAT_TEXT, 0, 0, FORMAT_ALWAYS, 2},
    {"rows[].counters", FORMAT_LIST, 0, 0, FORMAT_ALWAYS, 2}, TEXT("rows[].counters[].group"),
    TEXT("rows[].counters[].event"), TEXT("rows[].counters[].native"), TEXT("rows[].counters[].provider"),
    TEXT("rows[].counters[].status"), REAL_OR_NULL("rows[].counters[].value", 0, most_real),
    {"rows[].counters[].samples", FORMAT_NUMBERS, 0, most_real, FORMAT_ALWAYS, 2}, TEXT("rows[].counters[].why"),
    MAYBE("comparison", OBJECT), TEXT("comparison.with"), TEXT("comparison.commit"), TEXT("comparison.started"),
    TEXT("comparison.test"), REAL("comparison.alpha", 0, 1), REAL("comparison.least_effect", 0, 1),
    COUNT("comparison.unmatched"), LIST("comparison.rows"), TEXT("comparison.rows[].input"),
    SIZE("comparison.rows[].k"), TEXT("comparison.rows[].variant"), SIZE("comparison.rows[].threads"),
    TEXT("comparison.rows[].verdict"), TEXT("comparison.rows[].reason"),
    REAL_OR_NULL("comparison.rows[].ratio", 0, most_real), REAL_OR_NULL("comparison.rows[].ratio_low", 0, most_real),
    REAL_OR_NULL("comparison.rows[].ratio_high", 0, most_real), SHARE("comparison.rows[].p"), ENDED};

static const format_field compare_fields[] = {
    TEXT("format"), MACHINE, BOOL("manifest.converge"), SIZE("manifest.most_iterations"), TEXT("manifest.judge"),
    TEXT("manifest.python"), RATE("manifest.ceiling_gflops"), REAL_OR_NULL("manifest.ceiling_drift", 0, 1e6),
    LIST("rows"), TEXT("rows[].input"), TEXT("rows[].name"), TEXT("rows[].state"), TEXT("rows[].why"),
    TEXT("rows[].variant"), TEXT("rows[].library"), TEXT("rows[].blas_core"), TEXT("rows[].forced_core"),
    TEXT("rows[].note"), MAYBE("rows[].plan", OBJECT), PLAN("rows[].plan"), TEXT("rows[].plan.source"),
    SIZE("rows[].threads"), SIZE("rows[].n"), SIZE("rows[].d"), SIZE("rows[].k"),
    BYTES_OR_NULL("rows[].peak_rss_bytes"), BYTES_OR_NULL("rows[].beside_bytes"),
    MAYBE_REAL("rows[].median_seconds"), MAYBE_REAL("rows[].ci_low"), MAYBE_REAL("rows[].ci_high"),
    MAYBE_REAL("rows[].ci_level"), MAYBE_REAL("rows[].seconds_per_iteration"), MAYBE_REAL("rows[].effective_gflops"),
    MAYBE_REAL("rows[].ratio"), MAYBE_REAL("rows[].ratio_low"), MAYBE_REAL("rows[].ratio_high"),
    MAYBE_REAL("rows[].ratio_level"), MAYBE("rows[].iterations", INTEGER), MAYBE_REAL("rows[].inertia"),
    MAYBE("rows[].labels_wrong", INTEGER), MAYBE("rows[].labels_tied", INTEGER), SAMPLES,
    COUNT("rows[].samples[].iterations"), REAL_OR_NULL("rows[].samples[].inertia", 0, most_real),
    COUNT("rows[].samples[].labels_wrong"), COUNT("rows[].samples[].labels_tied"), ENDED};

static const format_field trace_fields[] = {
    {"format", FORMAT_TEXT, 0, 0, FORMAT_ALWAYS, 2}, TEXT("command"), TEXT("input"), SIZE("n"), SIZE("d"), SIZE("k"),
    LIST("rows"), TEXT("rows[].variant"), BOOL("rows[].same_bits"), COUNT("rows[].scratch_bytes"),
    LIST("rows[].per_iteration"), TEXT("rows[].per_iteration[].variant"),
    REAL("rows[].per_iteration[].seconds", 0, 1e9), COUNT("rows[].per_iteration[].distance_evaluations"),
    COUNT("rows[].per_iteration[].survivors"), COUNT("rows[].per_iteration[].moved"), ENDED};

#define WAY(name)                                                                                                 \
    MAYBE("shapes[]." name, OBJECT), PLAN("shapes[]." name), REAL_OR_NULL("shapes[]." name ".gap", -1, most_real)

static const format_field evaluation_fields[] = {
    TEXT("schema"), LIST("gaps"), TEXT("gaps[].way"), TEXT("gaps[].set"), COUNT("gaps[].shapes"),
    REAL_OR_NULL("gaps[].median", -1, most_real), REAL_OR_NULL("gaps[].p90", -1, most_real),
    REAL_OR_NULL("gaps[].largest", -1, most_real), OBJECT("fixed"), PLAN("fixed"), LIST("shapes"), SIZE("shapes[].n"),
    SIZE("shapes[].d"), SIZE("shapes[].k"), BOOL("shapes[].held_out"), SECONDS("shapes[].seconds"),
    OBJECT("shapes[].best"), PLAN("shapes[].best"), WAY("model"), WAY("profile"), WAY("fixed"),
    SECONDS("shapes[].tune_seconds"), SECONDS("shapes[].grid_seconds"), COUNT("shapes[].grid_plans"), ENDED};

static const format_field run_fields[] = {
    {"format", FORMAT_TEXT, 0, 0, FORMAT_ALWAYS, 2}, TEXT("version"), TEXT("command"), TEXT("input"), TEXT("note"), BOOL("standardise"), SIZE("n"), SIZE("d"), SIZE("k"),
    TEXT("variant"), TEXT("isa"), SIZE("threads"), MAYBE("openblas_core", TEXT), BOOL("stopped"), COUNT("iterations"),
    BOOL("converged"), REAL_OR_NULL("inertia", 0, most_real), COUNT("empty_clusters"), TEXT("hash"),
    TEXT("labels_hash"), TEXT("centroids_hash"), COUNT("distance_evaluations"), COUNT("ambiguous_points"),
    COUNT("exactly_decided_points"), RATE("effective_gflops"), COUNT("scratch_bytes"), COUNT("peak_rss_bytes"),
    OBJECT("seconds"), SECONDS("seconds.load"), SECONDS("seconds.scan"), SECONDS("seconds.init"),
    SECONDS("seconds.iterate"), SECONDS("seconds.total"), OBJECT("seconds.parts_of_iterate"),
    SECONDS("seconds.parts_of_iterate.prepare_seconds"), SECONDS("seconds.parts_of_iterate.assign_seconds"),
    SECONDS("seconds.parts_of_iterate.refine_seconds"), SECONDS("seconds.parts_of_iterate.update_seconds"),
    OBJECT("plan"), PLAN("plan"), TEXT("plan.source"), TEXT("plan.source_of_rest"), MAYBE("centroids", TEXT),
    MAYBE("init", TEXT), {"seed", FORMAT_REAL, 0, 18446744073709551615.0, FORMAT_MAYBE_ABSENT, 1},
    MAYBE("n_init", INTEGER), MAYBE("max_iter", INTEGER), MAYBE_REAL("tol"), MAYBE("empty", TEXT),
    MAYBE("per_iteration", LIST), SIZE("per_iteration[].iteration"), SECONDS("per_iteration[].seconds"),
    COUNT("per_iteration[].moved"), REAL_OR_NULL("per_iteration[].inertia", 0, most_real),
    REAL_OR_NULL("per_iteration[].shift", 0, most_real), COUNT("per_iteration[].distance_evaluations"),
    TEXT("per_iteration[].variant"), COUNT("per_iteration[].survivors"), COUNT("per_iteration[].ambiguous_points"),
    COUNT("per_iteration[].exactly_decided_points"), ENDED};

#define SINCE_2(path, kind)     {path, FORMAT_##kind, 0, most_count, FORMAT_ALWAYS, 2}
static const format_field explain_fields[] = {
    TEXT("schema"), TEXT("input"), SIZE("n"), SIZE("d"), SIZE("k"), SIZE("threads"), TEXT("topology"),
    BOOL("this_system"), OBJECT("model"), PLAN("model"), TEXT("model.source"), OBJECT("plan"), PLAN("plan"),
    TEXT("plan.source"), OBJECT("formulas"), TEXT("formulas.rule"), COUNT("formulas.mr"), COUNT("formulas.nr"),
    COUNT("formulas.l1_ways"), COUNT("formulas.l1_way_bytes"), COUNT("formulas.l2_ways"),
    COUNT("formulas.l2_way_bytes"), COUNT("formulas.depth_fits"), COUNT("formulas.centroid_bytes"),
    COUNT("formulas.centroids_fit"), COUNT("formulas.point_bytes"), COUNT("formulas.points_fit"),
    COUNT("formulas.points_most"), COUNT("formulas.points_share"), LIST("footprint"), TEXT("footprint[].what"),
    TEXT("footprint[].formula"), REAL("footprint[].bytes", 0, most_real), TEXT("footprint[].level"),
    OBJECT("predicted"), REAL("predicted.operations", 0, most_real), SECONDS("predicted.compute_seconds"),
    SECONDS("predicted.seconds"), TEXT("predicted.bound_by"), LIST("predicted.reads"), TEXT("predicted.reads[].level"),
    REAL("predicted.reads[].bytes", 0, most_real), SECONDS("predicted.reads[].seconds"), OBJECT("measured"),
    COUNT("measured.ties"), REAL_OR_NULL("measured.noise", 0, 1e6), LIST("measured.plans"),
    TEXT("measured.plans[].variant"), COUNT("measured.plans[].point_tile"), COUNT("measured.plans[].centroid_tile"),
    COUNT("measured.plans[].depth_tile"), COUNT("measured.plans[].matrix_bytes"), SIZE("measured.plans[].samples"),
    SECONDS("measured.plans[].seconds"), SECONDS("measured.plans[].low"), SECONDS("measured.plans[].high"),
    BOOL("measured.plans[].tied"), BOOL("measured.plans[].is_model"), BOOL("measured.plans[].is_fastest"),
    BOOL("measured.plans[].is_chosen"), SINCE_2("counted", OBJECT), SINCE_2("counted.why_not", TEXT),
    MAYBE("counted.points", INTEGER), MAYBE("counted.plan", OBJECT), PLAN("counted.plan"),
    MAYBE("counted.counters_of", TEXT), MAYBE("counted.counters", LIST), TEXT("counted.counters[].group"),
    TEXT("counted.counters[].event"), TEXT("counted.counters[].native"), TEXT("counted.counters[].provider"),
    TEXT("counted.counters[].status"), REAL_OR_NULL("counted.counters[].value", 0, most_real),
    SINCE_2("counted.counters[].samples", NUMBERS), TEXT("counted.counters[].why"),
    MAYBE("counted.expected_lines", NUMBERS), ENDED};

#define VALUE(at)                                                                                                 \
    OBJECT(at), REAL_OR_NULL(at ".value", -most_real, most_real), REAL_OR_NULL(at ".low", -most_real, most_real), \
    REAL_OR_NULL(at ".high", -most_real, most_real)
static const format_field reproduce_fields[] = {
    TEXT("format"), TEXT("mode"), ORIGIN, LIST("claims"), TEXT("claims[].id"), TEXT("claims[].source"),
    TEXT("claims[].claim"), TEXT("claims[].unit"), TEXT("claims[].sense"),
    REAL_OR_NULL("claims[].goal", -most_real, most_real), MAYBE("claims[].n", INTEGER), MAYBE("claims[].d", INTEGER),
    MAYBE("claims[].k", INTEGER), VALUE("claims[].measured"), VALUE("claims[].over_gemm"), VALUE("claims[].over_naive"),
    TEXT("claims[].verdict"), TEXT("claims[].reason"), TEXTS("claims[].commands"), SECONDS("claims[].seconds"), ENDED};
// clang-format on

static const record_format formats[] = {
    {"exakt bench", 1, 2, bench_fields},        {"exakt compare", 1, 1, compare_fields},
    {"exakt trace", 1, 2, trace_fields},        {"exakt evaluation", 1, 1, evaluation_fields},
    {"exakt explain", 1, 2, explain_fields},    {"exakt run", 1, 2, run_fields},
    {"exakt reproduce", 1, 1, reproduce_fields}};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const record_format *format_at(int index) {
    return index >= 0 && index < FORMATS ? &formats[index] : NULL;
}

/* --- which it is --- */

static bool read_quietly(const json *root, const char *key, char *text, size_t room, const json_source *source) {
    json_source silent = {source->name, "", NULL};
    return json_read_text(root, key, text, room, &silent);
}

/* What a record says it is: "exakt bench 2". The first runs and traces said only which command wrote them. */
static bool read_name(const json *root, char *text, size_t room, const json_source *source) {
    char command[16];
    if (read_quietly(root, "format", text, room, source) || read_quietly(root, "schema", text, room, source))
        return true;
    if (!read_quietly(root, "command", command, sizeof command, source))
        return false;
    snprintf(text, room, strcmp(command, "trace") == 0 ? "exakt trace 1" : "exakt run 1");
    return true;
}

/* "NAME VERSION": whether the name is that one, and the version; 0 for none. */
static bool is_of(const char *text, const char *name, int *version) {
    const size_t length = strlen(name);
    if (strncmp(text, name, length) != 0 || text[length] != ' ')
        return false;
    const char *digits = text + length + 1;
    const bool is_number = strspn(digits, "0123456789") == strlen(digits) && strlen(digits) < 7;
    *version = is_number ? (int)strtol(digits, NULL, 10) : 0;
    return true;
}

static const record_format *refuse(json_source *source, const char *why) {
    exk_record_demand(false, why, source);
    return NULL;
}

const record_format *format_of(const json *root, int *version, json_source *source) {
    char text[64], why[200];
    if (!read_name(root, text, sizeof text, source))
        return refuse(source, "no record of exakt: it has neither 'format' nor 'schema'");
    for (int i = 0; i < FORMATS; i++) {
        if (!is_of(text, formats[i].name, version))
            continue;
        if (*version >= formats[i].oldest && *version <= formats[i].newest)
            return &formats[i];
        if (*version > formats[i].newest)
            snprintf(
                why, sizeof why,
                "format '%s' is of a newer version of exakt than this one, which reads %s up to %d; update it",
                text, formats[i].name, formats[i].newest);
        else
            snprintf(why, sizeof why, "format '%s' has no version that there is", text);
        return refuse(source, why);
    }
    snprintf(why, sizeof why, "format '%s' is no format of results", text);
    return refuse(source, why);
}

bool format_demand(const json *root, const char *name, int *version, json_source *source) {
    char text[64], why[160];
    if (read_name(root, text, sizeof text, source) && is_of(text, name, version))
        return format_of(root, version, source) != NULL;
    snprintf(why, sizeof why,
             "not a record of %s (\"format\" is not \"%s ...\"); give a file that its --json wrote", name, name);
    return exk_record_demand(false, why, source);
}

/* --- whether it is whole --- */

/* The name of the member if the field is one of an object at `prefix`, else NULL. */
static const char *member_of(const format_field *field, const char *prefix) {
    const size_t length = strlen(prefix);
    if (strncmp(field->path, prefix, length) != 0)
        return NULL;
    const char *name = field->path + length;
    return *name && !strpbrk(name, ".[") ? name : NULL;
}

/* An object, or one after the other of a list, of which the fields before `field` were checked. */
typedef struct place {
    const json *object;
    const char *list; /* name of the list; NULL: no list */
    int index;
    const format_field *field;
    char prefix[128], where[64]; /* of the path; of the place around it */
} place;

enum { DEPTH = 8, LIST_MOST = 100000 };

typedef struct walk {
    const format_field *fields;
    int version;
    json_source *source;
    place places[DEPTH];
    int depth; /* places that are open */
} walk;

static void name_place(const walk *w) {
    const place *p = &w->places[w->depth - 1];
    json_source *source = w->source;
    if (p->list)
        snprintf(source->where, sizeof source->where, "%.30s%.20s %d: ", p->where, p->list, p->index);
}

static bool enter(walk *w, const format_field *field, const json *object, const char *list) {
    if (w->depth == DEPTH)
        return exk_record_demand(false, "nested too deeply", w->source);
    place *p = &w->places[w->depth++];
    *p = (place){.object = object, .list = list, .field = w->fields};
    if (field)
        snprintf(p->prefix, sizeof p->prefix, "%s%s.", field->path, list ? "[]" : "");
    memcpy(p->where, w->source->where, sizeof p->where);
    name_place(w);
    return true;
}

/* To the next object of a list, or out of it. */
static void leave(walk *w) {
    place *p = &w->places[w->depth - 1];
    p->object = p->list ? json_next(p->object) : NULL;
    p->index++;
    p->field = w->fields;
    if (p->object) {
        name_place(w);
        return;
    }
    memcpy(w->source->where, p->where, sizeof p->where);
    w->depth--;
}

static bool enter_list(walk *w, const format_field *field, const json *object, const char *name) {
    const json *first;
    int count;
    if (!json_read_array(object, name, LIST_MOST, &first, &count, w->source))
        return false;
    return count == 0 || enter(w, field, first, name);
}

static bool enter_object(walk *w, const format_field *field, const json *object, const char *name) {
    const json *inner = json_read_object(object, name, w->source);
    return inner && enter(w, field, inner, NULL);
}

static bool check_member(walk *w, const format_field *field, const json *object, const char *name) {
    enum { TEXT_MOST = 8192 };
    char text[TEXT_MOST];
    int64_t integer;
    double real;
    bool boolean;
    if (field->presence == FORMAT_MAYBE_ABSENT && !json_has(object, name))
        return true;
    if (field->presence != FORMAT_ALWAYS && json_is_null(object, name))
        return true;
    switch (field->kind) {
    case FORMAT_TEXT:
        return json_read_line(object, name, text, sizeof text, w->source);
    case FORMAT_INTEGER:
        return json_read_integer(object, name, (int64_t)field->least, (int64_t)field->most, &integer, w->source);
    case FORMAT_REAL:
        return json_read_real(object, name, field->least, field->most, &real, w->source);
    case FORMAT_BOOL:
        return json_read_bool(object, name, &boolean, w->source);
    case FORMAT_NUMBERS:
        return json_check_numbers(object, name, w->source);
    case FORMAT_TEXTS:
        return json_check_texts(object, name, w->source);
    case FORMAT_OBJECT:
        return enter_object(w, field, object, name);
    case FORMAT_LIST:
        return enter_list(w, field, object, name);
    }
    return false;
}

bool format_check(const record_format *format, int version, const json *root, json_source *source) {
    walk w = {.fields = format->fields, .version = version, .source = source};
    enter(&w, NULL, root, NULL);
    while (w.depth > 0) {
        place *p = &w.places[w.depth - 1];
        const format_field *field = p->field;
        if (!field->path) {
            leave(&w);
            continue;
        }
        p->field++;
        const char *name = field->since <= w.version ? member_of(field, p->prefix) : NULL;
        if (name && !check_member(&w, field, p->object, name))
            return false;
    }
    return true;
}

/* --- tables --- */

#define SAMPLE_COLUMNS                                                                                            \
    "ceiling_gflops,stolen_seconds,waited_seconds,involuntary_switches,minor_faults,major_faults,flags"

static const table_format tables[] = {
    {"exakt bench table", 1,
     "input,variant,threads,n,d,k,iterations,repeats,round,position,seconds,executed_gflops,effective_"
     "gflops," SAMPLE_COLUMNS,
     false},
    {"exakt counters table", 1,
     "input,variant,threads,n,d,k,counters_of,group,event,native,provider,status,sample,value,why", false},
    {"exakt compare table", 1,
     "input,name,library,threads,n,d,k,iterations,round,position,seconds,inertia,labels_wrong,labels_"
     "tied," SAMPLE_COLUMNS,
     false},
    {"exakt trace table", 1, "row,variant,pass_by,iteration,seconds,share,survivors,moved,inertia", false},
    {"exakt evaluation table", 1,
     "set,n,d,k,threads,best_variant,point_tile,centroid_tile,depth_tile,seconds,model_gap,profile_gap,fixed_gap,"
     "tune_seconds,tune_plans,grid_seconds,grid_plans",
     false},
    {"exakt heat map table", 1,
     "variant,n,d,k,threads,x,y,point_tile,centroid_tile,depth_tile,seconds,slower_percent,mark", false},
    {"exakt reproduce table", 1,
     "id,source,claim,unit,expected,goal,mode,n,d,k,threads,measured,low,high,over_gemm,over_naive,verdict,reason,"
     "seconds,commands,raw,figure",
     true}};
enum { TABLES = sizeof tables / sizeof tables[0] };

// clang-format off
static const table_column columns[] = {
    {"input", FORMAT_TEXT, 0, 0, false}, {"variant", FORMAT_TEXT, 0, 0, false}, {"name", FORMAT_TEXT, 0, 0, false},
    {"library", FORMAT_TEXT, 0, 0, false}, {"pass_by", FORMAT_TEXT, 0, 0, false}, {"set", FORMAT_TEXT, 0, 0, false},
    {"best_variant", FORMAT_TEXT, 0, 0, false}, {"threads", FORMAT_INTEGER, 1, 4096, false},
    {"n", FORMAT_INTEGER, 1, 1e18, false}, {"d", FORMAT_INTEGER, 1, 1e18, false},
    {"k", FORMAT_INTEGER, 1, 1e18, false}, {"iterations", FORMAT_INTEGER, 0, 1e18, false},
    {"repeats", FORMAT_INTEGER, 1, 1e9, false}, {"round", FORMAT_INTEGER, 0, 1e9, false},
    {"position", FORMAT_INTEGER, 0, 1e9, false}, {"seconds", FORMAT_REAL, 0, 1e9, false},
    {"executed_gflops", FORMAT_REAL, 0, 1e12, false}, {"effective_gflops", FORMAT_REAL, 0, 1e12, false},
    {"ceiling_gflops", FORMAT_REAL, 0, 1e12, true}, {"stolen_seconds", FORMAT_REAL, 0, 1e9, true},
    {"waited_seconds", FORMAT_REAL, 0, 1e9, true}, {"involuntary_switches", FORMAT_INTEGER, 0, 1e18, false},
    {"minor_faults", FORMAT_INTEGER, 0, 1e18, false}, {"major_faults", FORMAT_INTEGER, 0, 1e18, false},
    {"flags", FORMAT_TEXT, 0, 0, true}, {"counters_of", FORMAT_TEXT, 0, 0, true}, {"group", FORMAT_TEXT, 0, 0, false},
    {"event", FORMAT_TEXT, 0, 0, false}, {"native", FORMAT_TEXT, 0, 0, true}, {"provider", FORMAT_TEXT, 0, 0, false},
    {"status", FORMAT_TEXT, 0, 0, false}, {"sample", FORMAT_INTEGER, 0, 1e6, true},
    {"value", FORMAT_REAL, 0, 1e300, true}, {"why", FORMAT_TEXT, 0, 0, true},
    {"inertia", FORMAT_REAL, 0, 1e300, true}, {"labels_wrong", FORMAT_INTEGER, 0, 1e18, false},
    {"labels_tied", FORMAT_INTEGER, 0, 1e18, false}, {"row", FORMAT_INTEGER, 0, 1e6, false},
    {"iteration", FORMAT_INTEGER, 1, 1e18, false}, {"share", FORMAT_REAL, 0, 1e3, false},
    {"survivors", FORMAT_REAL, 0, 1, false}, {"moved", FORMAT_INTEGER, 0, 1e18, false},
    {"point_tile", FORMAT_INTEGER, 0, 1e18, false}, {"centroid_tile", FORMAT_INTEGER, 0, 1e18, false},
    {"depth_tile", FORMAT_INTEGER, 0, 1e18, false}, {"model_gap", FORMAT_REAL, -1, 1e6, true},
    {"profile_gap", FORMAT_REAL, -1, 1e6, true}, {"fixed_gap", FORMAT_REAL, -1, 1e6, true},
    {"tune_seconds", FORMAT_REAL, 0, 1e9, true}, {"tune_plans", FORMAT_INTEGER, 0, 1e9, true},
    {"grid_seconds", FORMAT_REAL, 0, 1e9, false}, {"grid_plans", FORMAT_INTEGER, 0, 1e9, false},
    {"x", FORMAT_INTEGER, 0, 1e6, false}, {"y", FORMAT_INTEGER, 0, 1e6, false},
    {"slower_percent", FORMAT_REAL, -100, 1e9, false}, {"mark", FORMAT_TEXT, 0, 0, true},
    {"id", FORMAT_TEXT, 0, 0, false}, {"source", FORMAT_TEXT, 0, 0, true}, {"claim", FORMAT_TEXT, 0, 0, false},
    {"unit", FORMAT_TEXT, 0, 0, true}, {"expected", FORMAT_TEXT, 0, 0, true}, {"goal", FORMAT_REAL, -1e300, 1e300, true},
    {"mode", FORMAT_TEXT, 0, 0, false}, {"measured", FORMAT_REAL, -1e300, 1e300, true},
    {"low", FORMAT_REAL, -1e300, 1e300, true}, {"high", FORMAT_REAL, -1e300, 1e300, true},
    {"over_gemm", FORMAT_REAL, 0, 1e300, true}, {"over_naive", FORMAT_REAL, 0, 1e300, true},
    {"verdict", FORMAT_TEXT, 0, 0, false}, {"reason", FORMAT_TEXT, 0, 0, true}, {"commands", FORMAT_TEXT, 0, 0, true},
    {"raw", FORMAT_TEXT, 0, 0, true}, {"figure", FORMAT_TEXT, 0, 0, true}};
// clang-format on
enum { COLUMNS = sizeof columns / sizeof columns[0], TABLE_COLUMNS = 32, CELL = 8192 };

const table_format *table_at(int index) {
    return index >= 0 && index < TABLES ? &tables[index] : NULL;
}

const table_column *table_column_at(int index) {
    return index >= 0 && index < COLUMNS ? &columns[index] : NULL;
}

static const table_column *find_column(const char *name, size_t length) {
    for (int i = 0; i < COLUMNS; i++)
        if (strlen(columns[i].name) == length && strncmp(columns[i].name, name, length) == 0)
            return &columns[i];
    return NULL;
}

static const table_format *find_table(const char *text, const char *name, exk_error *error) {
    const size_t length = strcspn(text, "\r\n");
    for (int i = 0; i < TABLES; i++)
        if (strlen(tables[i].header) == length && strncmp(tables[i].header, text, length) == 0)
            return &tables[i];
    exk_error_set(error, EXK_ERR_FORMAT, -1, -1,
                  "%s: its first line is the header of no table that this version of exakt writes", name);
    return NULL;
}

/* One cell, and past the comma behind it: as RFC 4180 has it, on one line. NULL: it is none. */
static const char *read_cell(const char *at, char cell[CELL]) {
    size_t used = 0;
    const bool quoted = *at == '"';
    for (at += quoted; *at && *at != '\n'; at++) {
        if (quoted ? *at == '"' && at[1] != '"' : *at == ',')
            break;
        at += quoted && *at == '"';
        if (used + 1 < CELL)
            cell[used++] = *at;
    }
    cell[used] = '\0';
    if (quoted && *at++ != '"')
        return NULL;
    return *at == ',' || *at == '\n' || !*at ? at : NULL;
}

static bool is_number(const table_column *column, const char *cell) {
    char *end;
    const double value = strtod(cell, &end);
    if (!*cell || *end || !isfinite(value) || isspace((unsigned char)*cell))
        return false;
    return value >= column->least && value <= column->most &&
           (column->kind != FORMAT_INTEGER || strspn(cell, "0123456789") == strlen(cell));
}

static bool is_good(const table_column *column, bool loose, const char *cell) {
    if ((loose || column->may_be_unknown) && (!*cell || strcmp(cell, "NA") == 0))
        return true;
    if (column->kind != FORMAT_TEXT)
        return is_number(column, cell);
    for (const char *at = cell; *at; at++)
        if ((unsigned char)*at < ' ')
            return false;
    return *cell != '\0';
}

/* The line after this one, or the end; NULL, and the error, if something is wrong with it. */
static const char *check_line(const char *line, int64_t number, const table_column *const *kinds, int count,
                              bool loose, const char *name, exk_error *error) {
    char cell[CELL];
    const char *at = line;
    for (int i = 0; i < count; i++) {
        at = read_cell(at, cell);
        if (!at || (i + 1 < count) != (*at == ',')) {
            exk_error_set(error, EXK_ERR_FORMAT, -1, -1, "%s: line %" PRId64 ": not %d cells", name, number,
                          count);
            return NULL;
        }
        if (!is_good(kinds[i], loose, cell)) {
            exk_error_set(error, EXK_ERR_FORMAT, -1, -1, "%s: line %" PRId64 ": '%s' is not what it should be",
                          name, number, kinds[i]->name);
            return NULL;
        }
        at += *at != '\0';
    }
    return at;
}

const table_format *table_check(const char *text, const char *name, int64_t *rows, exk_error *error) {
    const table_column *kinds[TABLE_COLUMNS];
    const table_format *table = find_table(text, name, error);
    int count = 0;
    *rows = 0;
    for (const char *at = table ? table->header : ""; *at;
         at += at[strcspn(at, ",")] ? strcspn(at, ",") + 1 : strlen(at))
        kinds[count++] = find_column(at, strcspn(at, ","));
    const char *line = table ? text + strlen(table->header) : "";
    for (line += *line == '\n'; table && *line; (*rows)++) {
        line = check_line(line, *rows + 2, kinds, count, table->loose, name, error);
        if (!line)
            return NULL;
    }
    return table;
}
