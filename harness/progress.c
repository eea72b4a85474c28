#include "harness/progress.h"
#include "harness/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static progress_style style_for(bool quiet, bool forced) {
    if (quiet)
        return PROGRESS_OFF;
    if (forced)
        return PROGRESS_LINES;
    return isatty(STDERR_FILENO) ? PROGRESS_TERMINAL : PROGRESS_OFF;
}

progress progress_start(bool quiet, bool forced, int n_init, int64_t max_iter) {
    return (progress){.style = style_for(quiet, forced), .n_init = n_init, .max_iter = max_iter};
}

/* Ten updates a second are enough for the eye, and cost nothing. */
static bool is_due(progress *p, const exk_iteration *iteration) {
    double now = seconds_now();
    if (p->style == PROGRESS_TERMINAL && iteration->iteration > 1 && now - p->shown < 0.1)
        return false;
    p->shown = now;
    return true;
}

static void count_time(progress *p, const exk_iteration *iteration) {
    if (iteration->run != p->run)
        p->seconds = 0;
    p->run = iteration->run;
    p->seconds += iteration->seconds;
}

bool progress_show(const exk_iteration *iteration, void *user) {
    progress *p = user;
    count_time(p, iteration);
    if (p->style == PROGRESS_OFF || !is_due(p, iteration))
        return true;
    char run[48] = "";
    if (p->n_init > 1)
        snprintf(run, sizeof run, "run %d/%d  ", iteration->run + 1, p->n_init);
    double left = p->seconds / (double)iteration->iteration * (double)(p->max_iter - iteration->iteration);
    fprintf(stderr, "%s%siteration %lld/%lld  moved %lld  inertia %.9g  at most %.0f s left%s",
            p->style == PROGRESS_TERMINAL ? "\r\033[K" : "", run, (long long)iteration->iteration,
            (long long)p->max_iter, (long long)iteration->moved, iteration->inertia, left,
            p->style == PROGRESS_TERMINAL ? "" : "\n");
    return true;
}

void progress_end(const progress *p) {
    if (p->style == PROGRESS_TERMINAL && p->shown > 0)
        fputs("\r\033[K", stderr);
}

void progress_line(const settings *s, const char *format, ...) {
    if (s->quiet || s->progress || !isatty(STDERR_FILENO))
        return;
    va_list arguments;
    va_start(arguments, format);
    fputs("\r\033[K", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}
