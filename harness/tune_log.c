#include "harness/tune_log.h"
#include "harness/measure.h"
#include "kernels/status.h"
#include "tuner/profile.h"
#include "tuner/search.h"
#include "tuner/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char header[] = "session,build,registry,isa,input,n,d,k,threads,round,stage,variant,point_tile,"
                             "centroid_tile,depth_tile,matrix_bytes,points,repeats,seconds,wall,flags\n";

static const size_t bytes_most = (size_t)64 << 20;

/* --- writing --- */

void tune_stamp(tune_record *stamp) {
    const time_t now = time(NULL);
    struct tm utc;
    char text[24];
    exk_profile_entry entry = {.threads = 0};
    exk_profile_stamp(&entry);
    *stamp = (tune_record){.threads = 0};
    memcpy(stamp->build, entry.build, sizeof stamp->build);
    memcpy(stamp->registry, entry.registry, sizeof stamp->registry);
    memcpy(stamp->isa, entry.isa, sizeof stamp->isa);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    snprintf(stamp->session, sizeof stamp->session, "%s-%d", text, (int)getpid());
}

exk_status tune_log_path(const exk_fingerprint *machine, char *path, size_t room, exk_error *error) {
    char name[64];
    snprintf(name, sizeof name, "tune-%s.csv", machine->hash);
    return exk_store_path(name, path, room, error);
}

static exk_status cannot_write(const tune_log *log, exk_error *error) {
    return exk_fail(error, EXK_ERR_FILE, "%s: cannot be written: %s; EXAKT_CACHE names another folder", log->path,
                    strerror(errno));
}

static bool write_whole(int file, const char *text, size_t length) {
    while (length > 0) {
        const ssize_t done = write(file, text, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        text += done;
        length -= (size_t)done;
    }
    return true;
}

/* An empty file gets its header. A last line that was cut off, its writer having been killed, is ended. */
static exk_status begin_file(tune_log *log, exk_error *error) {
    struct stat about;
    char first[sizeof header] = "", last = '\n';
    if (fstat(log->file, &about) != 0)
        return cannot_write(log, error);
    if (!S_ISREG(about.st_mode))
        return exk_fail(error, EXK_ERR_FILE, "%s: cannot be written: not a regular file", log->path);
    if (about.st_size == 0)
        return write_whole(log->file, header, sizeof header - 1) ? EXK_OK : cannot_write(log, error);
    const ssize_t length = pread(log->file, first, sizeof header - 1, 0);
    if (length != (ssize_t)sizeof header - 1 || strcmp(first, header) != 0)
        return exk_fail(error, EXK_ERR_FORMAT,
                        "%s: not a file of measurements, or one of another version; move it away", log->path);
    if (pread(log->file, &last, 1, about.st_size - 1) == 1 && last != '\n' && !write_whole(log->file, "\n", 1))
        return cannot_write(log, error);
    return EXK_OK;
}

/* One tuner at a time would be best, but it is not for this program to forbid more. */
static void note_others(tune_log *log) {
    char path[sizeof log->path + 8];
    snprintf(path, sizeof path, "%s.lock", log->path);
    log->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    log->busy = log->lock >= 0 && flock(log->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

exk_status tune_log_open(const exk_fingerprint *machine, tune_log *log, exk_error *error) {
    *log = (tune_log){.file = -1, .lock = -1};
    tune_stamp(&log->stamp);
    exk_status status = tune_log_path(machine, log->path, sizeof log->path, error);
    if (status == EXK_OK)
        status = exk_store_prepare(log->path, error);
    if (status != EXK_OK)
        return status;
    log->file = open(log->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (log->file < 0)
        return cannot_write(log, error);
    note_others(log);
    status = begin_file(log, error);
    if (status != EXK_OK)
        tune_log_close(log);
    return status;
}

void tune_log_close(tune_log *log) {
    if (log->file >= 0)
        close(log->file);
    if (log->lock >= 0)
        close(log->lock);
    log->file = log->lock = -1;
}

/* In quotes, quotes doubled; what would end the line becomes a question mark. */
static void print_quoted(FILE *out, const char *text) {
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc((unsigned char)*text < ' ' ? '?' : *text, out);
    }
    putc('"', out);
}

static void print_flags(FILE *out, unsigned flags) {
    const char *between = "";
    for (int i = 0; i < MEASURE_FLAGS; i++) {
        if (flags & 1U << i) {
            fprintf(out, "%s%s", between, measure_flag_name(i));
            between = "+";
        }
    }
}

static void print_record(FILE *out, const tune_record *r) {
    fprintf(out, "%s,%s,%s,%s,", r->session, r->build, r->registry, r->isa);
    print_quoted(out, r->input);
    fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%d,%s,%s", r->shape.n, r->shape.d, r->shape.k,
            r->threads, r->round, r->stage, r->variant);
    for (int field = 0; field < EXK_FIELD_COUNT; field++)
        fprintf(out, ",%" PRId64, r->value[field]);
    fprintf(out, ",%" PRId64 ",%d,", r->points, r->repeats);
    if (isfinite(r->seconds))
        fprintf(out, "%.9g", r->seconds);
    fprintf(out, ",%.6g,", r->wall);
    print_flags(out, r->flags);
    putc('\n', out);
}

exk_status tune_log_append(tune_log *log, const tune_record *records, int count, exk_error *error) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return exk_fail(error, EXK_ERR_MEMORY, "out of memory");
    for (int i = 0; i < count; i++)
        print_record(out, &records[i]);
    fclose(out);
    const bool written = text && write_whole(log->file, text, length);
    free(text);
    return written ? EXK_OK : cannot_write(log, error);
}

/* --- reading --- */

/* A field of a line; the line goes on behind it. */
static bool next_field(const char **line, char *field, size_t room) {
    const char *at = *line;
    const bool quoted = *at == '"';
    size_t length = 0;
    at += quoted;
    for (; *at && *at != '\n' && (quoted || *at != ','); at++) {
        if (quoted && *at == '"' && *++at != '"')
            break;
        if (length + 1 == room)
            return false;
        field[length++] = *at;
    }
    field[length] = '\0';
    const bool ends = *at == ',' || *at == '\n';
    *line = *at == ',' ? at + 1 : at;
    return ends;
}

static bool take_text(const char **line, char *text, size_t room) {
    return next_field(line, text, room) && *text;
}

static bool take_integer(const char **line, int64_t least, int64_t most, int64_t *value) {
    char field[32], *end;
    if (!next_field(line, field, sizeof field) || !*field)
        return false;
    errno = 0;
    *value = strtoll(field, &end, 10);
    return errno == 0 && !*end && *value >= least && *value <= most;
}

static bool take_int(const char **line, int least, int *value) {
    int64_t wide;
    if (!take_integer(line, least, INT32_MAX, &wide))
        return false;
    *value = (int)wide;
    return true;
}

/* Positive; NAN for an empty field where that is allowed. */
static bool take_real(const char **line, bool may_miss, double *value) {
    char field[40], *end;
    if (!next_field(line, field, sizeof field))
        return false;
    *value = *field ? strtod(field, &end) : NAN;
    if (!*field)
        return may_miss;
    return !*end && isfinite(*value) && *value > 0;
}

static bool take_flags(const char **line, unsigned *flags) {
    char field[80];
    if (!next_field(line, field, sizeof field))
        return false;
    *flags = 0;
    for (char *word = field; *word;) {
        const size_t length = strcspn(word, "+");
        int bit = 0;
        while (bit < MEASURE_FLAGS &&
               (strlen(measure_flag_name(bit)) != length || strncmp(word, measure_flag_name(bit), length) != 0))
            bit++;
        if (bit == MEASURE_FLAGS)
            return false;
        *flags |= 1U << bit;
        word += length + (word[length] == '+');
    }
    return true;
}

static bool parse_line(const char *line, tune_record *r) {
    const int64_t size_most = INT64_C(1) << 50;
    bool good = take_text(&line, r->session, sizeof r->session) && take_text(&line, r->build, sizeof r->build) &&
                take_text(&line, r->registry, sizeof r->registry) && take_text(&line, r->isa, sizeof r->isa) &&
                next_field(&line, r->input, sizeof r->input) && take_integer(&line, 1, size_most, &r->shape.n) &&
                take_integer(&line, 1, size_most, &r->shape.d) && take_integer(&line, 1, INT32_MAX, &r->shape.k) &&
                take_int(&line, 1, &r->threads) && take_int(&line, 0, &r->round) &&
                take_text(&line, r->stage, sizeof r->stage) && take_text(&line, r->variant, sizeof r->variant);
    for (int field = 0; good && field < EXK_FIELD_COUNT; field++)
        good = take_integer(&line, 0, size_most, &r->value[field]);
    return good && take_integer(&line, 0, size_most, &r->points) && take_int(&line, 0, &r->repeats) &&
           take_real(&line, true, &r->seconds) && take_real(&line, false, &r->wall) &&
           take_flags(&line, &r->flags) && *line == '\n';
}

static int count_lines(const char *text) {
    int lines = 0;
    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

exk_status tune_log_parse(const char *text, const char *name, tune_record **records, int *count, int *damaged,
                          exk_error *error) {
    *records = NULL;
    *count = *damaged = 0;
    if (strncmp(text, header, sizeof header - 1) != 0)
        return exk_fail(error, EXK_ERR_FORMAT,
                        "%s: not a file of measurements, or one of another version; move it away", name);
    *records = calloc((size_t)count_lines(text) + 1, sizeof **records);
    if (!*records)
        return exk_fail(error, EXK_ERR_MEMORY, "%s: out of memory", name);
    for (const char *line = text + sizeof header - 1; *line;) {
        const char *end = strchr(line, '\n');
        if (end && parse_line(line, &(*records)[*count]))
            ++*count;
        else if (!end || strncmp(line, header, sizeof header - 1) != 0)
            ++*damaged;
        line = end ? end + 1 : line + strlen(line);
    }
    return EXK_OK;
}

exk_status tune_log_read(const char *path, tune_record **records, int *count, int *damaged, exk_error *error) {
    char *text;
    size_t length;
    *records = NULL;
    *count = *damaged = 0;
    const exk_status status = exk_store_read(path, bytes_most, &text, &length, error);
    if (status != EXK_OK || !text)
        return status;
    /* A hole of zeros, as a crashed machine leaves it, must not hide what follows. */
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] ? text[i] : '?';
    const exk_status parsed = length == 0 ? EXK_OK : tune_log_parse(text, path, records, count, damaged, error);
    free(text);
    return parsed;
}

bool tune_same_search(const tune_record *a, const tune_record *b) {
    if (!*b->input && strcmp(a->stage, exk_stage_name(EXK_STAGE_COMPARE)) == 0)
        return false;
    return strcmp(a->build, b->build) == 0 && strcmp(a->registry, b->registry) == 0 &&
           strcmp(a->isa, b->isa) == 0 && (!*b->input || strcmp(a->input, b->input) == 0) &&
           a->shape.n == b->shape.n && a->shape.d == b->shape.d && a->shape.k == b->shape.k &&
           a->threads == b->threads;
}
