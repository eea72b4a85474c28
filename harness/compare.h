/* Is this run slower than that one? Two sets of results, row by row.
 *
 * The clock of a machine differs from run to run, so a time counts in multiply-adds: seconds times the rate of
 * them that was measured in the same round. A row is slower if Mann and Whitney's test rejects that it takes at
 * most compare_effect longer, faster the other way round; Holm's correction keeps the chance of any wrong verdict
 * among all rows at compare_alpha. That needs samples that are not disturbed more in one run than in the other:
 * rows with most of their samples disturbed are refused. */
#ifndef EXK_BENCH_COMPARE_H
#define EXK_BENCH_COMPARE_H

#include "harness/results.h"
#include "tuner/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const double compare_alpha, compare_effect;

typedef enum compare_verdict { COMPARE_REFUSED, COMPARE_EQUAL, COMPARE_FASTER, COMPARE_SLOWER } compare_verdict;
const char *compare_verdict_name(compare_verdict verdict);

typedef struct compare_row {
    const results_row *old, *now; /* old: NULL if there was none */
    compare_verdict verdict;
    const char *reason;      /* why it was refused, else "" */
    double ratio;            /* now / old, in multiply-adds */
    stats_interval interval; /* of the ratio */
    double p;                /* adjusted */
} compare_row;

typedef struct comparison {
    compare_row *rows; /* one for each row of `now`, in its order */
    int count, slower, faster, equal, refused;
    int unmatched; /* rows of `old` that `now` does not have */
} comparison;

/* False: out of memory. Points into both results. */
bool compare_results(const results *old, const results *now, comparison *c);
void comparison_free(comparison *c);

#ifdef __cplusplus
}
#endif

#endif
