#include "harness/options.h"
#include "harness/report.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum option_kind {
    KIND_FLAG,  /* bool: true */
    KIND_DASH,  /* const char *: "-"; a --json that needs no file name */
    KIND_TEXT,  /* const char * */
    KIND_TEXTS, /* text_list: once more for each time the option is given */
    KIND_COUNT, /* int64_t in [least, most], suffixes K, M, G are powers of 1024 */
    KIND_LIST,  /* count_list: such counts, with commas between */
    KIND_SEED,  /* uint64_t */
    KIND_REAL,  /* double >= 0 */
    KIND_CHOICE /* int: position in the argument "a|b|c" */
} option_kind;

typedef struct option_row {
    const char *name;
    char letter; /* 0: none */
    option_kind kind;
    const char *argument; /* as shown in --help */
    const char *fallback; /* the default, parsed like a given value; NULL: none */
    unsigned commands;
    size_t field; /* offset in settings */
    int64_t least, most;
    const char *help;
} option_row;

enum {
    COMPUTING = CMD_FIT | CMD_ASSIGN | CMD_SCORE,
    READING = COMPUTING | CMD_VERIFY | CMD_BENCH | CMD_TUNE | CMD_EXPLAIN | CMD_COMPARE | CMD_TRACE,
    TILING = COMPUTING | CMD_BENCH,
    DESCRIBING = CMD_LIST | CMD_VERSION | CMD_TOPO
};

#define FIELD(name) offsetof(settings, name)
#define ANY         INT64_MAX

// clang-format off
static const option_row table[] = {
    {"k", 'k', KIND_COUNT, "K", NULL, CMD_FIT | CMD_VERIFY | CMD_COMPARE | CMD_TRACE, FIELD(k), 1, INT32_MAX, "number of clusters"},
    {"k", 'k', KIND_LIST, "K,...", NULL, CMD_BENCH | CMD_TUNE | CMD_EXPLAIN, FIELD(k_list), 1, INT32_MAX, "numbers of clusters"},
    {"centroids", 0, KIND_TEXT, "F", NULL, CMD_ASSIGN | CMD_SCORE, FIELD(from), 0, 0,
     "the centroids, k x d, in any input format"},
    {"variant", 0, KIND_TEXT, "NAME", "auto", COMPUTING | CMD_EXPLAIN | CMD_COMPARE, FIELD(variant), 0, 0,
     "a name from `exakt list`, a strategy (fused), strategy__isa (fused__avx2), or auto"},
    {"init", 0, KIND_TEXT, "HOW", "kmeans++", CMD_FIT | CMD_COMPARE, FIELD(init), 0, 0,
     "first, random, kmeans++, or a file with k x d centroids"},
    {"init", 0, KIND_CHOICE, "kmeans++|random|first", "random", CMD_BENCH | CMD_TRACE, FIELD(first), 0, 0,
     "the centroids that every sample starts from"},
    {"seed", 's', KIND_SEED, "S", "0", CMD_FIT | CMD_VERIFY | CMD_BENCH | CMD_COMPARE | CMD_TRACE, FIELD(seed), 0, 0,
     "seed of all random choices"},
    {"n-init", 0, KIND_COUNT, "N", "1", CMD_FIT, FIELD(n_init), 1, INT32_MAX,
     "runs from different seeds, the lowest inertia is kept"},
    {"max-iter", 0, KIND_COUNT, "N", "300", CMD_FIT | CMD_TRACE, FIELD(max_iter), 1, ANY, "most iterations"},
    {"tol", 0, KIND_REAL, "T", "1e-4", CMD_FIT | CMD_TRACE, FIELD(tol), 0, 0,
     "stop when the squared movement of the centroids is at most T times the mean variance of the columns; "
     "0: when no label changes"},
    {"empty", 0, KIND_CHOICE, "farthest|keep|split", "farthest", CMD_FIT, FIELD(empty), 0, 0,
     "what a cluster without points does"},
    {"columns", 0, KIND_TEXT, "LIST", NULL, READING, FIELD(columns), 0, 0,
     "columns of a text file, counted from 0: 0,2-5 (default: all numeric ones)"},
    {"standardise", 0, KIND_FLAG, NULL, NULL, READING | CMD_GEN, FIELD(standardise), 0, 0,
     "bring every column to mean 0 and standard deviation 1"},
    {"threads", 't', KIND_COUNT, "N", NULL, COMPUTING | CMD_DEMO | CMD_COMPARE | CMD_TRACE, FIELD(threads), 1, 4096,
     "threads (default: one per physical core)"},
    {"threads", 't', KIND_LIST, "N,...", NULL, CMD_BENCH | CMD_CEILINGS, FIELD(thread_list), 1, 4096,
     "numbers of threads (default: 1 and one per physical core)"},
    {"threads", 't', KIND_LIST, "N,...", NULL, CMD_TUNE, FIELD(thread_list), 1, 4096,
     "numbers of threads to tune for (default: one per physical core)"},
    {"threads", 't', KIND_LIST, "N", NULL, CMD_EXPLAIN | CMD_EVALUATE, FIELD(thread_list), 1, 4096,
     "threads (default: one per physical core)"},
    {"point-tile", 0, KIND_COUNT, "N", NULL, TILING, FIELD(point_tile), 1, ANY,
     "points handed to the kernel at a time (default: from the cache model)"},
    {"centroid-tile", 0, KIND_COUNT, "N", NULL, TILING, FIELD(centroid_tile), 1, ANY,
     "centroids swept over a point tile at a time (default: from the cache model)"},
    {"depth-tile", 0, KIND_COUNT, "N", NULL, TILING, FIELD(depth_tile), 1, ANY,
     "dimensions summed in registers before the sum is folded (default: from the cache model)"},
    {"matrix-bytes", 0, KIND_COUNT, "BYTES", NULL, TILING, FIELD(matrix_bytes), 1, ANY,
     "cap on the score matrix of naive and blas (default: chosen by the library)"},
    {"update", 0, KIND_CHOICE, "auto|moved|scatter|sorted", "auto", CMD_FIT | CMD_BENCH, FIELD(update), 0, 0,
     "how sums of clusters are brought up to date: what moved, or all points, into sums of each thread while in cache; "
     "or sorted by cluster into one set of sums, which needs less memory where k and the dimension are large"},
    {"nodes", 0, KIND_COUNT, "N", NULL, TILING, FIELD(nodes), 1, 4096,
     "groups of threads with their own copy of the packed centroids (default: the NUMA nodes they run on)"},
    {"max-memory", 0, KIND_COUNT, "BYTES", NULL, TILING | CMD_COMPARE | CMD_TRACE, FIELD(max_memory), 1, ANY,
     "refuse to allocate more than this beside the points (default: no limit)"},
    {"labels", 0, KIND_TEXT, "F.npy", NULL, CMD_FIT | CMD_ASSIGN, FIELD(labels), 0, 0, "write the labels (int32, n)"},
    {"centroids", 0, KIND_TEXT, "F.npy", NULL, CMD_FIT, FIELD(centroids), 0, 0,
     "write the centroids (float32, k x d)"},
    {"variants", 0, KIND_TEXT, "GLOB", "*", CMD_VERIFY | CMD_DEMO | CMD_TUNE | CMD_EVALUATE, FIELD(variants), 0, 0,
     "only these: a pattern (*avx2), a strategy (fused), an instruction set (avx512), or several, with commas"},
    {"variants", 0, KIND_TEXT, "GLOB", NULL, CMD_BENCH, FIELD(variants), 0, 0,
     "only these, however slow: a pattern (*avx2), a strategy (fused), an instruction set (avx512), or several, "
     "with commas (default: all that do not take absurdly long)"},
    {"variants", 0, KIND_TEXT, "GLOB", NULL, CMD_COMPARE, FIELD(variants), 0, 0,
     "a row for each of these instead of one for --variant, which auto stands for among them; the others are "
     "compared with the first"},
    {"variants", 0, KIND_TEXT, "GLOB", NULL, CMD_TRACE, FIELD(variants), 0, 0,
     "these (default: fused and those that skip, of the strongest instruction set, and those in bytes where auto "
     "begins with bytes), and always auto"},
    {"plot", 0, KIND_TEXT, "F.png|F.svg", NULL, CMD_TRACE, FIELD(picture), 0, 0, "draw what --csv holds"},
    {"with", 'w', KIND_TEXT, "NAME,...", "sklearn,faiss,superkmeans,blas", CMD_COMPARE, FIELD(with), 0, 0,
     "the rivals: sklearn (both algorithms), sklearn-lloyd, sklearn-elkan, faiss, superkmeans, blas (our variant on "
     "OpenBLAS), or none"},
    {"rival", 0, KIND_TEXTS, "NAME=COMMAND", NULL, CMD_COMPARE, FIELD(rival), 0, 0,
     "one more: any program that speaks the protocol of docs/compare.md; may be given several times"},
    {"iterations", 'i', KIND_COUNT, "N", "25", CMD_COMPARE, FIELD(iterations), 1, 100000, "iterations of everybody"},
    {"converge", 0, KIND_FLAG, NULL, NULL, CMD_COMPARE, FIELD(converge), 0, 0,
     "everybody until its own convergence, tolerance 0; who knows none makes as many iterations as the first row"},
    {"samples", 'n', KIND_COUNT, "N", NULL, CMD_COMPARE, FIELD(samples), 1, 2000,
     "rounds, each with one sample of everybody (default: what fits two minutes, 3 to 15)"},
    {"limit", 0, KIND_COUNT, "SECONDS", "900", CMD_COMPARE, FIELD(limit), 1, 1000000,
     "a rival that does not answer for so long has failed"},
    {"setup", 0, KIND_FLAG, NULL, NULL, CMD_COMPARE, FIELD(setup), 0, 0,
     "first make an environment for the Python libraries in the cache folder and install there what is missing"},
    {"python", 0, KIND_TEXT, "PYTHON", NULL, CMD_COMPARE, FIELD(python), 0, 0,
     "the Python that has the libraries (default: that of --setup if it is there, else python3)"},
    {"rivals", 0, KIND_TEXT, "DIR", NULL, CMD_COMPARE, FIELD(rivals), 0, 0,
     "where rivals.py is (default: $EXAKT_RIVALS, else where it was installed or built)"},
    {"iterations", 'i', KIND_COUNT, "N", NULL, CMD_BENCH, FIELD(iterations), 1, 100000,
     "iterations of a fit (default: those of --vs, else 10, or 5 or 3 where the fastest takes longer than half a second)"},
    {"samples", 'n', KIND_COUNT, "N", NULL, CMD_BENCH, FIELD(samples), 1, 2000,
     "samples of every row (default: what fits a minute, 7 to 25)"},
    {"vs", 0, KIND_TEXT, "RESULTS", NULL, CMD_BENCH, FIELD(vs), 0, 0,
     "compare with an earlier --json file, row by row; exit code 1 if some row is slower"},
    {"measured", 0, KIND_TEXT, "RESULTS", NULL, CMD_BENCH, FIELD(measured), 0, 0,
     "measure nothing: compare the samples of this --json file by --vs"},
    {"csv", 0, KIND_TEXT, "F|-", NULL, CMD_BENCH | CMD_COMPARE | CMD_TRACE, FIELD(csv), 0, 0, "write all samples as one long table"},
    {"counters", 0, KIND_CHOICE, "auto|papi|perf|simulated|none", "auto", CMD_BENCH | CMD_TUNE, FIELD(counters), 0, 0,
     "who counts cache misses and the like: PAPI, the kernel's perf_event, the first of them that can, or cachegrind, "
     "which simulates a small case"},
    {"counters", 0, KIND_CHOICE, "kept|simulated|none", "kept", CMD_EXPLAIN, FIELD(counters), 0, 0,
     "what counters said of the plan: those that exakt tune has kept, or cachegrind, which simulates a small case now"},
    {"counter-groups", 0, KIND_TEXT, "LIST", NULL, CMD_BENCH, FIELD(counter_groups), 0, 0,
     "only these: cache, flops, stalls, tlb, branches, software (default: all)"},
    {"counters-csv", 0, KIND_TEXT, "F|-", NULL, CMD_BENCH, FIELD(counters_csv), 0, 0,
     "write what was counted as one long table"},
    {"csv", 0, KIND_TEXT, "F|-", NULL, CMD_EVALUATE, FIELD(csv), 0, 0, "write the gaps as a table, a row for each shape"},
    {"quick", 0, KIND_FLAG, NULL, NULL, CMD_VERIFY | CMD_DEMO | CMD_CEILINGS | CMD_EVALUATE, FIELD(quick), 0, 0,
     "a smaller run, in seconds"},
    {"quick", 0, KIND_FLAG, NULL, NULL, CMD_REPRODUCE, FIELD(quick), 0, 0, "small shapes, in minutes (this is the default)"},
    {"full", 0, KIND_FLAG, NULL, NULL, CMD_REPRODUCE, FIELD(full), 0, 0,
     "the published shapes, as far as they fit half of the memory; hours"},
    {"claim", 0, KIND_TEXT, "ID,...", NULL, CMD_REPRODUCE, FIELD(claim), 0, 0, "only these (default: all)"},
    {"claims", 0, KIND_TEXT, "F.csv", NULL, CMD_REPRODUCE, FIELD(claims), 0, 0,
     "a table of claims of your own (default: harness/claims.csv, which shows the columns)"},
    {"again", 0, KIND_FLAG, NULL, NULL, CMD_REPRODUCE, FIELD(again), 0, 0,
     "measure also what an earlier run in the same folder has finished"},
    {"output", 'o', KIND_TEXT, "DIR", "out/reproduce", CMD_REPRODUCE, FIELD(output), 0, 0, "folder for all files"},
    {"output", 'o', KIND_TEXT, "F.html|-", "report.html", CMD_REPORT, FIELD(output), 0, 0, "file to write"},
    {"output", 'o', KIND_TEXT, "F.png|F.svg", NULL, CMD_PLOT, FIELD(output), 0, 0,
     "picture to write; of several, F-KIND.png (default: KIND.png)"},
    {"kind", 0, KIND_TEXT, "K", NULL, CMD_PLOT, FIELD(kind), 0, 0, "only this picture; see below"},
    {"refresh", 0, KIND_FLAG, NULL, NULL, CMD_CEILINGS, FIELD(refresh), 0, 0,
     "measure again, whatever the cache has"},
    {"stale", 0, KIND_FLAG, NULL, NULL, CMD_PROFILE, FIELD(stale), 0, 0,
     "forget only what was tuned with another build or other variants"},
    {"budget", 0, KIND_REAL, "SECONDS", "15", CMD_TUNE, FIELD(budget), 0, 0,
     "measure no longer than this for each shape"},
    {"grid", 0, KIND_FLAG, NULL, NULL, CMD_TUNE, FIELD(grid), 0, 0,
     "after the search, beyond the budget, measure a whole grid of tiles of points and centroids: for the heat map"},
    {"heat-map", 0, KIND_TEXT, "F.png|F.svg", NULL, CMD_EXPLAIN, FIELD(heat_map), 0, 0,
     "draw what was measured, and write its numbers to F.csv"},
    {"resume", 0, KIND_FLAG, NULL, NULL, CMD_TUNE | CMD_EVALUATE, FIELD(resume), 0, 0,
     "go on with the last search for the same shape: what it measured is not measured again"},
    {"case", 0, KIND_COUNT, "N", NULL, CMD_VERIFY, FIELD(case_number), 1, ANY,
     "run only the built-in case N, run by run"},
    {"dump", 0, KIND_TEXT, "DIR", NULL, CMD_VERIFY, FIELD(dump), 0, 0,
     "write the smallest failing points (and centroids) there, as .npy"},
    {"json", 0, KIND_TEXT, "F|-", NULL, (READING & ~CMD_TUNE) | CMD_CEILINGS | CMD_EVALUATE | CMD_RESULTS, FIELD(json), 0, 0,
     "write the record of the run as JSON; -: to stdout, the summary goes to stderr"},
    {"json", 0, KIND_DASH, NULL, NULL, DESCRIBING, FIELD(json), 0, 0, "print JSON"},
    {"progress", 0, KIND_FLAG, NULL, NULL, CMD_FIT, FIELD(progress), 0, 0,
     "a line per iteration on stderr even where stderr is no terminal"},
    {"progress", 0, KIND_FLAG, NULL, NULL, CMD_BENCH | CMD_TUNE | CMD_EVALUATE | CMD_COMPARE, FIELD(progress), 0, 0,
     "a line per round on stderr even where stderr is no terminal"},
    {"quiet", 'q', KIND_FLAG, NULL, NULL, COMPUTING | CMD_GEN | CMD_BENCH | CMD_TUNE | CMD_EVALUATE | CMD_COMPARE | CMD_TRACE, FIELD(quiet), 0, 0, "no summary, no progress"},
};
// clang-format on

enum { ROWS = sizeof table / sizeof table[0], HELP = 'h', LONG_ONLY = 256 };

static int value_of(int row) {
    return table[row].letter ? table[row].letter : LONG_ONLY + row;
}

static int row_of(unsigned bit, int value) {
    for (int i = 0; i < ROWS; i++)
        if ((table[i].commands & bit) && value_of(i) == value)
            return i;
    return -1;
}

static bool takes_argument(const option_row *row) {
    return row->kind != KIND_FLAG && row->kind != KIND_DASH;
}

/* Multiply by the suffix at *end and step over it; false on overflow. */
static bool apply_suffix(int64_t *value, char **end) {
    static const char suffixes[] = "KMG";
    const char *at = **end ? strchr(suffixes, **end & ~0x20) : NULL;
    if (!at)
        return true;
    (*end)++;
    return !__builtin_mul_overflow(*value, (int64_t)1 << (10 * (at - suffixes + 1)), value);
}

static exit_code parse_count(const option_row *row, const char *text, int64_t *out) {
    char *end;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    bool fits = errno == 0 && end != text && apply_suffix(&value, &end);
    if (end == text || *end)
        return fail(CLI_USAGE, "--%s: '%s' is not a whole number; write e.g. 4096 or 4K", row->name, text);
    if (!fits || value < row->least || value > row->most) {
        if (row->most == ANY)
            return fail(CLI_USAGE, "--%s: %s is out of range; use %lld or more", row->name, text,
                        (long long)row->least);
        return fail(CLI_USAGE, "--%s: %s is out of range; use %lld to %lld", row->name, text,
                    (long long)row->least, (long long)row->most);
    }
    *out = value;
    return CLI_OK;
}

static exit_code parse_list(const option_row *row, const char *text, count_list *list) {
    list->count = 0;
    for (const char *item = text;; item++) {
        char word[32];
        const size_t length = strcspn(item, ",");
        if (list->count == LIST_MAX)
            return fail(CLI_USAGE, "--%s: %s: more than %d values", row->name, text, LIST_MAX);
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), item);
        exit_code code = parse_count(row, word, &list->value[list->count++]);
        item += length;
        if (code != CLI_OK || !*item)
            return code;
    }
}

static exit_code parse_texts(const option_row *row, const char *text, text_list *list) {
    if (list->count == LIST_MAX)
        return fail(CLI_USAGE, "--%s: given more than %d times", row->name, LIST_MAX);
    list->value[list->count++] = text;
    return CLI_OK;
}

static exit_code parse_seed(const option_row *row, const char *text, uint64_t *out) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (end == text || *end || errno || strchr(text, '-'))
        return fail(CLI_USAGE, "--%s: '%s' is not a seed; use a whole number from 0 to 2^64-1", row->name, text);
    return CLI_OK;
}

static exit_code parse_real(const option_row *row, const char *text, double *out) {
    char *end;
    *out = strtod(text, &end);
    if (end == text || *end || !isfinite(*out) || *out < 0)
        return fail(CLI_USAGE, "--%s: '%s' is not a number of 0 or more; write e.g. 1e-4", row->name, text);
    return CLI_OK;
}

static exit_code parse_choice(const option_row *row, const char *text, int *out) {
    size_t length = strlen(text);
    int index = 0;
    for (const char *word = row->argument; *word; index++) {
        size_t width = strcspn(word, "|");
        if (width == length && memcmp(word, text, width) == 0) {
            *out = index;
            return CLI_OK;
        }
        word += width + (word[width] == '|');
    }
    return fail(CLI_USAGE, "--%s: '%s' is not one of %s", row->name, text, row->argument);
}

static exit_code parse_value(const option_row *row, const char *text, settings *s) {
    void *field = (char *)s + row->field;
    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)field = true;
        return CLI_OK;
    case KIND_DASH:
        *(const char **)field = "-";
        return CLI_OK;
    case KIND_TEXT:
        if (!*text)
            return fail(CLI_USAGE, "--%s: the argument is empty; give %s", row->name, row->argument);
        *(const char **)field = text;
        return CLI_OK;
    case KIND_TEXTS:
        return parse_texts(row, text, field);
    case KIND_COUNT:
        return parse_count(row, text, field);
    case KIND_LIST:
        return parse_list(row, text, field);
    case KIND_SEED:
        return parse_seed(row, text, field);
    case KIND_REAL:
        return parse_real(row, text, field);
    case KIND_CHOICE:
        return parse_choice(row, text, field);
    }
    return CLI_USAGE;
}

static void apply_defaults(unsigned bit, settings *s) {
    *s = (settings){0};
    for (int i = 0; i < ROWS; i++)
        if ((table[i].commands & bit) && table[i].fallback)
            parse_value(&table[i], table[i].fallback, s);
}

/* The table in getopt's words. */
static void getopt_tables(unsigned bit, struct option *longs, char *shorts) {
    *shorts++ = ':';
    *shorts++ = HELP;
    *longs++ = (struct option){"help", no_argument, NULL, HELP};
    for (int i = 0; i < ROWS; i++) {
        if (!(table[i].commands & bit))
            continue;
        bool argument = takes_argument(&table[i]);
        *longs++ = (struct option){table[i].name, argument, NULL, value_of(i)};
        if (table[i].letter) {
            *shorts++ = table[i].letter;
            if (argument)
                *shorts++ = ':';
        }
    }
    *shorts = 0;
    *longs = (struct option){0};
}

static exit_code unknown_option(const command *cmd, const char *given, int letter) {
    if (letter >= LONG_ONLY || (letter && given[0] == '-' && given[1] == '-'))
        return fail(CLI_USAGE, "%s: takes no argument; see exakt %s --help", given, cmd->name);
    if (letter)
        return fail(CLI_USAGE, "-%c: unknown option; see exakt %s --help", letter, cmd->name);
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(given + 2, "="), given + 2);
    nearest near = nearest_to(word);
    for (int i = 0; i < ROWS; i++)
        if (table[i].commands & cmd->bit)
            nearest_offer(&near, table[i].name);
    if (near.best)
        return fail(CLI_USAGE, "--%s: unknown option; did you mean --%s? See exakt %s --help", word, near.best,
                    cmd->name);
    return fail(CLI_USAGE, "--%s: unknown or ambiguous option; see exakt %s --help", word, cmd->name);
}

static exit_code take_positionals(const command *cmd, int argc, char **argv, settings *s) {
    int given = argc - optind;
    if (given < cmd->least)
        return fail(CLI_USAGE, "an argument is missing; usage: exakt %s %s", cmd->name, cmd->synopsis);
    if (given > cmd->most)
        return fail(CLI_USAGE, "%s: unexpected argument; usage: exakt %s %s", argv[optind + cmd->most], cmd->name,
                    cmd->synopsis);
    for (int i = 0; i < given; i++)
        s->positional[i] = argv[optind + i];
    s->positionals = given;
    return CLI_OK;
}

exit_code options_parse(const command *cmd, int argc, char **argv, settings *s, bool *help) {
    struct option longs[ROWS + 2];
    char shorts[2 * ROWS + 4];
    getopt_tables(cmd->bit, longs, shorts);
    apply_defaults(cmd->bit, s);
    *help = false;
    opterr = 0;
    optind = 1;
    for (int value; (value = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (value == HELP) {
            *help = true;
            return CLI_OK;
        }
        if (value == ':')
            return fail(CLI_USAGE, "%s: needs an argument; see exakt %s --help", argv[optind - 1], cmd->name);
        if (value == '?')
            return unknown_option(cmd, argv[optind - 1], optopt);
        exit_code code = parse_value(&table[row_of(cmd->bit, value)], optarg, s);
        if (code != CLI_OK)
            return code;
    }
    return take_positionals(cmd, argc, argv, s);
}

bool options_at(const command *cmd, int index, option_text *option) {
    for (int i = 0; i < ROWS; i++) {
        const option_row *row = &table[i];
        if ((row->commands & cmd->bit) && index-- == 0) {
            *option = (option_text){.name = row->name,
                                    .help = row->help,
                                    .letter = row->letter,
                                    .argument = takes_argument(row) ? row->argument : NULL,
                                    .words = row->kind == KIND_CHOICE ? row->argument : NULL,
                                    .fallback = row->fallback};
            return true;
        }
    }
    return false;
}

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

/* Words of text from the current column on, wrapped at HELP_WIDTH, continued at HELP_COLUMN. */
static void print_wrapped(const char *text) {
    int column = HELP_COLUMN;
    while (*text) {
        int width = (int)strcspn(text, " ");
        if (column + 1 + width > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column += printf("%s%.*s", column > HELP_COLUMN ? " " : "", width, text);
        text += width + (text[width] == ' ');
    }
}

static void print_row(const option_row *row) {
    char left[96], right[512];
    snprintf(left, sizeof left, "%c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
             row->letter ? "," : " ", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
    snprintf(right, sizeof right, "%s%s%s%s", row->help, row->fallback ? " (default: " : "",
             row->fallback ? row->fallback : "", row->fallback ? ")" : "");
    int width = printf("  %-*s", HELP_COLUMN - 2, left);
    if (width > HELP_COLUMN)
        printf("\n%*s", HELP_COLUMN, "");
    print_wrapped(right);
    putchar('\n');
}

void options_help(const command *cmd) {
    printf("usage: exakt %s%s%s\n\n%s\n\noptions:\n", cmd->name, *cmd->synopsis ? " " : "", cmd->synopsis,
           cmd->summary);
    for (int i = 0; i < ROWS; i++)
        if (table[i].commands & cmd->bit)
            print_row(&table[i]);
    printf("  %-*sthis text\n\n%s", HELP_COLUMN - 2, "-h, --help", cmd->text);
    if (cmd->more)
        printf("\n%s", cmd->more());
    printf("\nExit codes: see exakt --help.\n");
}
