#include "harness/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *current_command = "";

void report_command(const char *name) {
    current_command = name;
}

static void line(const char *mark, const char *format, va_list arguments) {
    fprintf(stderr, "exakt%s%s: %s", *current_command ? " " : "", current_command, mark);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

exit_code fail(exit_code code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    line("", format, arguments);
    va_end(arguments);
    return code;
}

void warn(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    line("warning: ", format, arguments);
    va_end(arguments);
}

static exit_code code_of(exk_status status) {
    switch (status) {
    case EXK_ERR_NOT_FINITE:
        return CLI_REFUSED;
    case EXK_ERR_MEMORY:
        return CLI_LIMIT;
    case EXK_ERR_VARIANT:
        return CLI_VARIANT;
    case EXK_ERR_FILE:
    case EXK_ERR_FORMAT:
        return CLI_INPUT;
    case EXK_STOPPED:
        return CLI_INTERRUPTED;
    default:
        return CLI_USAGE;
    }
}

exit_code fail_with(const exk_error *error) {
    return fail(code_of(error->status), "%s", error->message);
}

exit_code fail_writing(const exk_error *error) {
    return fail(CLI_OUTPUT, "%s", error->message);
}

char *format_bytes(int64_t bytes, char *text, size_t size) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    int unit = 0;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

static int smallest(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}

enum { WORD_MAX = 63 };

/* Levenshtein's distance, two rows at a time; words beyond WORD_MAX are never near anything. */
static int edit_distance(const char *a, const char *b) {
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > WORD_MAX || length_b > WORD_MAX)
        return WORD_MAX;
    int row[WORD_MAX + 1];
    for (size_t j = 0; j <= length_b; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= length_a; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= length_b; j++) {
            int above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length_b];
}

nearest nearest_to(const char *word) {
    size_t tolerated = strlen(word) / 3;
    return (nearest){.word = word, .distance = tolerated > 2 ? (int)tolerated + 1 : 3};
}

void nearest_offer(nearest *n, const char *candidate) {
    int distance = edit_distance(n->word, candidate);
    if (distance < n->distance) {
        n->distance = distance;
        n->best = candidate;
    }
}

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
