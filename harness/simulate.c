#include "harness/simulate.h"
#include "harness/interrupt.h"
#include "harness/program.h"
#include "harness/report.h"
#include "tuner/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* --- what is simulated --- */

enum { REFERENCES, MISSES_L1, MISSES_L2, MISSES_L3, EVENTS };

static const struct {
    const char *name, *native;
} events[EVENTS] = {{"data_references", "Dr + Dw"},
                    {"L1D_misses", "D1mr + D1mw"},
                    {"L2_misses", "DLmr + DLmw with L2 as the last level"},
                    {"L3_misses", "DLmr + DLmw with L3 as the last level"}};

void simulate_list(exk_counters *counters) {
    memset(counters, 0, sizeof *counters);
    for (; counters->count < EVENTS; counters->count++) {
        exk_counter *c = &counters->list[counters->count];
        c->group = "cache";
        snprintf(c->name, sizeof c->name, "%s", events[counters->count].name);
        snprintf(c->native, sizeof c->native, "%s", events[counters->count].native);
    }
}

static int64_t nearest_power(double value) {
    int64_t power = 1;
    while ((double)power * 2 <= value)
        power *= 2;
    return value / (double)power > M_SQRT2 ? 2 * power : power;
}

simulated_cache simulate_cache(const exk_cache *cache) {
    enum { USUAL_WAYS = 16, USUAL_LINE = 64 };
    simulated_cache c = {.ways = cache->ways > 0 ? cache->ways : USUAL_WAYS,
                         .line = cache->line > 0 ? cache->line : USUAL_LINE};
    if (cache->size <= 0)
        return c;
    const int64_t ours = cache->share > 0 && cache->share < cache->size ? cache->share : cache->size;
    c.line = (int)nearest_power(c.line);
    c.size = nearest_power((double)ours / c.ways / c.line) * c.ways * c.line;
    c.rounded = c.size != ours || c.ways != cache->ways || c.line != cache->line;
    c.shared = ours < cache->size;
    return c;
}

/* Instruction sets that valgrind translates. */
static bool is_translated(const char *isa) {
    static const char *const isas[] = {"scalar", "avx2", "neon"};
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++)
        if (strcmp(isa, isas[i]) == 0)
            return true;
    return false;
}

static const exk_variant *find_twin(const exk_variant *variant) {
    const exk_variant *twin = NULL;
    if (is_translated(variant->isa))
        return variant;
    for (int i = 0; i < exk_variant_rows(); i++) {
        const exk_variant *row = exk_variant_row(i);
        if (strcmp(row->strategy, variant->strategy) == 0 && is_translated(row->isa) && !exk_variant_obstacle(row))
            twin = row;
    }
    return twin;
}

/* Operations of an iteration that take a second or two under cachegrind. */
static double usual_operations(const exk_variant *twin) {
    return strcmp(twin->isa, "scalar") == 0 ? 2e7 : 1.5e8;
}

bool simulate_choose(const exk_shape *shape, const exk_plan *plan, simulated_case *c, char *why, size_t size) {
    static const double too_slow = 8;
    const exk_variant *variant = plan->variant ? exk_variant_find(plan->variant) : NULL;
    const exk_variant *twin = variant ? find_twin(variant) : NULL;
    if (!twin) {
        snprintf(why, size, "cachegrind can run no variant like this one");
        return false;
    }
    const double each = 2.0 * (double)shape->k * (double)shape->d, usual = usual_operations(twin);
    int64_t n = (int64_t)fmin(usual / each + 1, (double)shape->n);
    if (n > plan->point_tile && plan->point_tile > 0)
        n -= n % plan->point_tile;
    /* With about as many points as clusters nothing would be left to do after the first iteration. */
    const int64_t least = shape->k > shape->n / 2 ? shape->n : 2 * shape->k;
    n = n < least ? least : n;
    if ((double)n * each > too_slow * usual) {
        snprintf(why, size, "even %" PRId64 " points would take minutes to simulate", n);
        return false;
    }
    *c = (simulated_case){{n, shape->d, shape->k}, *plan};
    c->plan.variant = twin->name;
    c->plan.threads = 1;
    return true;
}

/* --- running it --- */

enum { PATH_ROOM = 4096, ARGUMENTS = 48, TEXT = 48 };

static const double patience = 300; /* seconds for one run */

/* A command line, its words in a room of their own. */
typedef struct words {
    char *argv[ARGUMENTS], text[ARGUMENTS][PATH_ROOM / 8];
    int count;
} words;

static void add(words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(words *w, const char *format, ...) {
    va_list arguments;
    if (w->count == ARGUMENTS - 1)
        return;
    va_start(arguments, format);
    vsnprintf(w->text[w->count], sizeof w->text[0], format, arguments);
    va_end(arguments);
    w->argv[w->count] = w->text[w->count];
    w->argv[++w->count] = NULL;
}

static void add_tile(words *w, const char *option, int64_t value) {
    if (value <= 0)
        return;
    add(w, "--%s", option);
    add(w, "%" PRId64, value);
}

static void add_fit(words *w, const simulated_case *c, int iterations, const char *folder) {
    add(w, "fit");
    add(w, "gen:embed,n=%" PRId64 ",d=%" PRId64, c->shape.n, c->shape.d);
    add(w, "-k%" PRId64, c->shape.k);
    add(w, "--variant=%s", c->plan.variant);
    add(w, "--init=first");
    add(w, "--tol=0");
    add(w, "--max-iter=%d", iterations);
    add(w, "--threads=1");
    add(w, "--quiet");
    add(w, "--json=%s/fit", folder);
    add_tile(w, "point-tile", c->plan.point_tile);
    add_tile(w, "centroid-tile", c->plan.centroid_tile);
    add_tile(w, "depth-tile", c->plan.depth_tile);
    add_tile(w, "matrix-bytes", c->plan.matrix_bytes);
}

/* In the child, between fork and exec. Its cache folder is empty: no profile of this machine has a say. A program
 * that starts itself anew would leave cachegrind, so what it would ask for is given. */
static void become(char *const *argv, const char *folder, const char *isa) {
    char log[PATH_ROOM];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    setenv("EXAKT_CACHE", folder, 1);
    setenv("OPENBLAS_CORETYPE", strcmp(isa, "neon") == 0 ? "ARMV8" : "Haswell", 1);
    snprintf(log, sizeof log, "%s/log", folder);
    const int file = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && dup2(file, 1) == 1 && dup2(file, 2) == 2)
        execv(argv[0], argv);
    _exit(127);
}

/* The exit status; -1: it was killed, or took too long, or the user has stopped it. */
static int wait_for(pid_t child) {
    const double begun = seconds_now();
    int status;
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (interrupted() || seconds_now() - begun > patience) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *read_file(const char *folder, const char *name) {
    enum { MOST = 64 << 20 };
    char path[PATH_ROOM], *text = NULL;
    size_t length;
    exk_error error;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return exk_store_read(path, MOST, &text, &length, &error) == EXK_OK ? text : NULL;
}

/* The last line of what the child said, for a reason. */
static void say_log(const char *folder, int status, char *why, size_t size) {
    char *log = read_file(folder, "log");
    char *end = log ? log + strlen(log) : NULL;
    while (end && end > log && end[-1] == '\n')
        *--end = '\0';
    const char *line = end && strrchr(log, '\n') ? strrchr(log, '\n') + 1 : log ? log : "";
    if (interrupted())
        snprintf(why, size, "interrupted");
    else if (status < 0)
        snprintf(why, size, "valgrind was killed, or took more than %.0f s", patience);
    else
        snprintf(why, size, "valgrind ended with exit code %d: %.100s", status, line);
    for (char *at = why; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    free(log);
}

/* --- what it says --- */

static const char *line_after(const char *text, const char *key) {
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            return line + strlen(key);
    return NULL;
}

/* The number under a name, in a row of both with blanks between. */
static bool value_of(const char *names, const char *values, const char *wanted, double *value) {
    const size_t length = strlen(wanted);
    for (;;) {
        names += strspn(names, " ");
        values += strspn(values, " ");
        if (!*names || *names == '\n' || *values < '0' || *values > '9')
            return false;
        if (strncmp(names, wanted, length) == 0 && strchr(" \n", names[length])) {
            *value = strtod(values, NULL);
            return true;
        }
        names += strcspn(names, " \n");
        values += strcspn(values, " \n");
    }
}

bool simulate_parse(const char *text, const char *const *wanted, int count, double *values) {
    const char *names = line_after(text, "events:"), *numbers = line_after(text, "summary:");
    for (int i = 0; i < count; i++)
        if (!names || !numbers || !value_of(names, numbers, wanted[i], &values[i]))
            return false;
    return true;
}

enum { IR, DR, DW, D1MR, D1MW, DLMR, DLMW, COUNTS };
static const char *const counts_wanted[COUNTS] = {"Ir", "Dr", "Dw", "D1mr", "D1mw", "DLmr", "DLmw"};

static bool read_iterations(const char *folder, int64_t *iterations) {
    exk_error error = {0};
    json_source source = {"fit", "", &error};
    char *text = read_file(folder, "fit");
    json *root = text ? json_parse(text, strlen(text), &source) : NULL;
    const bool good = root && json_read_integer(root, "iterations", 1, INT32_MAX, iterations, &source);
    json_free(root);
    free(text);
    return good;
}

typedef struct simulation {
    const simulated_case *c;
    const char *valgrind, *folder;
    simulated_cache l1, last;
    char *why;
    size_t size;
} simulation;

/* The counts of a whole run, and how many iterations it made. */
static bool run(const simulation *s, int iterations, double counts[COUNTS], int64_t *made) {
    words *w = calloc(1, sizeof *w);
    char self[PATH_ROOM / 8] = "";
    if (!w || readlink("/proc/self/exe", self, sizeof self - 1) <= 0) {
        free(w);
        snprintf(s->why, s->size, "the program's own file is not known, or memory is short");
        return false;
    }
    add(w, "%s", s->valgrind);
    add(w, "--tool=cachegrind");
    add(w, "--cache-sim=yes");
    add(w, "--I1=32768,8,64");
    add(w, "--D1=%" PRId64 ",%d,%d", s->l1.size, s->l1.ways, s->l1.line);
    add(w, "--LL=%" PRId64 ",%d,%d", s->last.size, s->last.ways, s->last.line);
    add(w, "--cachegrind-out-file=%s/out", s->folder);
    add(w, "%s", self);
    add_fit(w, s->c, iterations, s->folder);
    const char *isa = exk_variant_find(s->c->plan.variant)->isa;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        become(w->argv, s->folder, isa);
    const int status = child > 0 ? wait_for(child) : -1;
    free(w);
    if (status != 0) {
        say_log(s->folder, status, s->why, s->size);
        return false;
    }
    char *text = read_file(s->folder, "out");
    const bool good =
        text && simulate_parse(text, counts_wanted, COUNTS, counts) && read_iterations(s->folder, made);
    free(text);
    if (!good)
        snprintf(s->why, s->size, "cachegrind left no counts that can be read");
    return good;
}

/* Of an iteration after the first. */
static bool simulate(const simulation *s, double counts[COUNTS]) {
    enum { FEWER = 1, MORE = 2 };
    double few[COUNTS], many[COUNTS];
    int64_t made_few, made_many;
    if (!run(s, FEWER, few, &made_few) || !run(s, MORE, many, &made_many))
        return false;
    if (made_many <= made_few || many[IR] <= few[IR]) {
        snprintf(s->why, s->size, "the small case converges in its first iteration");
        return false;
    }
    for (int i = 0; i < COUNTS; i++)
        counts[i] = (many[i] - few[i]) / (double)(made_many - made_few);
    return true;
}

static void keep(exk_count *count, double value) {
    *count = (exk_count){EXK_COUNT_SIMULATED, value < 0 ? 0 : value, ""};
}

static void refuse_all(exk_count counts[EVENTS], const char *why) {
    for (int i = 0; i < EVENTS; i++)
        if (counts[i].status == EXK_COUNT_UNKNOWN)
            exk_count_unknown(&counts[i], "%s", why);
}

static void simulate_levels(simulation *s, const exk_topology *topology, exk_count counts[EVENTS]) {
    for (int level = 1; level < EXK_TOPOLOGY_LEVELS; level++) {
        exk_count *misses = &counts[level == 1 ? MISSES_L2 : MISSES_L3];
        double found[COUNTS];
        s->last = simulate_cache(&topology->level[level]);
        if (s->last.size == 0) {
            exk_count_unknown(misses, "this machine has no such level, or its size is unknown");
            continue;
        }
        if (!simulate(s, found)) {
            exk_count_unknown(misses, "%s", s->why);
            if (interrupted())
                return;
            continue;
        }
        keep(misses, found[DLMR] + found[DLMW]);
        keep(&counts[REFERENCES], found[DR] + found[DW]);
        keep(&counts[MISSES_L1], found[D1MR] + found[D1MW]);
    }
}

static void describe(const simulated_case *c, const exk_topology *topology, count_table *table) {
    char caches[120] = "";
    size_t used = 0;
    for (int level = 0; level < EXK_TOPOLOGY_LEVELS && used < sizeof caches; level++) {
        const simulated_cache cache = simulate_cache(&topology->level[level]);
        char size[32];
        if (cache.size > 0)
            used += (size_t)snprintf(caches + used, sizeof caches - used, "%s%s/%d%s%s", used ? ", " : "",
                                     format_bytes(cache.size, size, sizeof size), cache.ways,
                                     cache.shared ? " (a core's share)" : "", cache.rounded ? " (rounded)" : "");
    }
    const exk_variant *twin = exk_variant_find(c->plan.variant);
    snprintf(table->as, sizeof table->as, " as %.20s, n = %" PRId64, twin->isa, c->shape.n);
    snprintf(table->scope, sizeof table->scope,
             "simulated by cachegrind: an iteration after the first of %s on %" PRId64
             " points, one thread; caches %s",
             c->plan.variant, c->shape.n, caches);
}

static void remove_folder(const char *folder) {
    static const char *const names[] = {"out", "fit", "log"};
    char path[PATH_ROOM];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static const char *obstacle(const exk_topology *topology, char *valgrind, size_t size) {
    if (!json_available())
        return "built without cJSON, by which the small case says what it did";
    if (!topology || topology->level[0].size <= 0)
        return "the geometry of the caches is not known";
    if (!program_find("valgrind", valgrind, size))
        return "valgrind is not installed";
    return NULL;
}

void simulate_refuse(count_table *table, const char *why) {
    exk_count counts[EVENTS] = {0};
    refuse_all(counts, why);
    counts_add(table, "cache", counts, 1);
}

void simulate_counts(const exk_topology *topology, const simulated_case *c, count_table *table) {
    char valgrind[PATH_ROOM], folder[PATH_ROOM / 8], why[EXK_COUNTER_WHY] = "";
    const char *temporary = getenv("TMPDIR"), *reason = obstacle(topology, valgrind, sizeof valgrind);
    exk_count counts[EVENTS] = {0};
    snprintf(folder, sizeof folder, "%s/exakt-simulate-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!reason && !mkdtemp(folder))
        reason = "no temporary folder can be made";
    if (reason) {
        simulate_refuse(table, reason);
        return;
    }
    simulation s = {.c = c,
                    .valgrind = valgrind,
                    .folder = folder,
                    .l1 = simulate_cache(&topology->level[0]),
                    .why = why,
                    .size = sizeof why};
    describe(c, topology, table);
    simulate_levels(&s, topology, counts);
    refuse_all(counts, *why ? why : "nothing was simulated");
    counts_add(table, "cache", counts, 1);
    remove_folder(folder);
}
