/* What every command of the program shares: the exit codes, the settings and the shape of a command. */
#ifndef EXK_CLI_H
#define EXK_CLI_H

#include <stdbool.h>
#include <stdint.h>

typedef enum exit_code {
    CLI_OK = 0,
    CLI_DIFFERS = 1,
    CLI_USAGE = 2,
    CLI_INPUT = 3,
    CLI_REFUSED = 4,
    CLI_LIMIT = 5,
    CLI_VARIANT = 6,
    CLI_OUTPUT = 7,
    CLI_INTERRUPTED = 130
} exit_code;

/* One bit per command, for the option table to say who takes what. */
enum {
    CMD_LIST = 1 << 0,
    CMD_VERSION = 1 << 1,
    CMD_TOPO = 1 << 2,
    CMD_FIT = 1 << 3,
    CMD_ASSIGN = 1 << 4,
    CMD_SCORE = 1 << 5,
    CMD_GEN = 1 << 6,
    CMD_VERIFY = 1 << 7,
    CMD_DEMO = 1 << 8,
    CMD_BENCH = 1 << 9,
    CMD_CEILINGS = 1 << 10,
    CMD_PROFILE = 1 << 11,
    CMD_TUNE = 1 << 12,
    CMD_EXPLAIN = 1 << 13,
    CMD_EVALUATE = 1 << 14,
    CMD_COMPARE = 1 << 15,
    CMD_TRACE = 1 << 16,
    CMD_RESULTS = 1 << 17,
    CMD_PLOT = 1 << 18,
    CMD_REPORT = 1 << 19,
    CMD_REPRODUCE = 1 << 20
};

enum { LIST_MAX = 32, POSITIONALS_MAX = 64 };

/* "100,256": the counts in the order given. */
typedef struct count_list {
    int64_t value[LIST_MAX];
    int count;
} count_list;

/* What an option that may be given several times was given, in that order. */
typedef struct text_list {
    const char *value[LIST_MAX];
    int count;
} text_list;

/* The command line, parsed. A field that no option set holds the default that --help shows. */
typedef struct settings {
    const char *positional[POSITIONALS_MAX];
    int positionals;

    int64_t k;
    const char *variant, *variants;
    const char *init;
    uint64_t seed;
    int64_t n_init, max_iter;
    double tol;
    int empty; /* exk_empty */

    const char *columns;
    bool standardise;

    int64_t threads, point_tile, centroid_tile, depth_tile, matrix_bytes, max_memory;
    int update; /* exk_update */
    int64_t nodes;

    const char *from; /* centroids to read */
    const char *labels, *centroids, *json;
    bool progress, quiet;

    bool quick, refresh, stale;
    int64_t case_number;
    const char *dump; /* folder for the smallest failing points */

    count_list k_list, thread_list;
    int64_t iterations, samples;
    int first; /* exk_init */
    const char *csv, *vs, *measured;

    double budget;
    bool resume, grid;
    const char *heat_map, *picture;
    const char *with, *python, *rivals;
    text_list rival;
    bool converge, setup;
    int64_t limit; /* seconds */

    const char *kind, *output, *claim, *claims;
    bool full, again;
    int counters; /* who counts; see the option */
    const char *counter_groups, *counters_csv;
} settings;

typedef struct command {
    const char *name;
    unsigned bit;
    const char *synopsis;      /* what follows "exakt NAME" */
    const char *summary;       /* one line, for the overview */
    const char *text;          /* a paragraph and an example, for --help */
    const char *(*more)(void); /* further help, or NULL */
    int least, most;           /* positional arguments */
    exit_code (*run)(const settings *s);
} command;

extern const command command_list, command_version, command_topo, command_fit, command_assign, command_score,
    command_gen, command_verify, command_demo, command_bench, command_ceilings, command_profile, command_tune,
    command_explain, command_evaluate, command_compare, command_trace, command_results, command_plot,
    command_report, command_reproduce, command_man, command_completion;

#endif
