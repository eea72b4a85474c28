/* The line on stderr that tells how a fit, or something else that takes long, is doing. */
#ifndef EXK_PROGRESS_H
#define EXK_PROGRESS_H

#include "harness/cli.h"
#include "include/exakt.h"

typedef enum progress_style { PROGRESS_OFF, PROGRESS_TERMINAL, PROGRESS_LINES } progress_style;

typedef struct progress {
    progress_style style;
    int n_init;
    int64_t max_iter;
    double shown; /* seconds_now(); 0: not yet */
    int run;      /* of the iterations counted in `seconds` */
    double seconds;
} progress;

/* One rewritten line on a terminal; lines where `forced`; nothing where `quiet` or stderr is redirected. */
progress progress_start(bool quiet, bool forced, int n_init, int64_t max_iter);
bool progress_show(const exk_iteration *iteration, void *user); /* an exk_progress_fn, user: a progress */
void progress_end(const progress *p);

/* Rewrite it on a terminal; "" clears it. Nothing with --quiet, or with --progress, which asks for lines instead.
 */
void progress_line(const settings *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
