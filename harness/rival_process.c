#include "harness/rival_process.h"
#include "harness/interrupt.h"
#include "harness/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the child, between fork and exec: system calls only, since other threads may hold locks. */
static void become(const rival_launch *l, int requests, int answers, int log) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (l->cpus)
        sched_setaffinity(0, sizeof *l->cpus, l->cpus);
    if (dup2(requests, 0) == 0 && dup2(answers, 1) == 1 && dup2(log, 2) == 2)
        execve(l->arguments[0], l->arguments, l->environment);
    static const char text[] = "cannot be started\n";
    (void)!write(2, text, sizeof text - 1);
    _exit(127);
}

static void close_all(const int *files, int count) {
    for (int i = 0; i < count; i++)
        if (files[i] >= 0)
            close(files[i]);
}

bool rival_start(rival_process *p, const rival_launch *launch, char *why, size_t size) {
    int ends[5] = {-1, -1, -1, -1, -1}; /* requests to read and write, answers likewise, log */
    *p = (rival_process){.log = launch->log};
    ends[4] = open(launch->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (ends[4] < 0 || pipe2(ends, O_CLOEXEC) != 0 || pipe2(ends + 2, O_CLOEXEC) != 0) {
        snprintf(why, size, "cannot be started: %s", strerror(errno));
        close_all(ends, 5);
        return false;
    }
    signal(SIGPIPE, SIG_IGN); /* a rival that has ended must not end us */
    fflush(NULL);
    p->pid = fork();
    if (p->pid == 0)
        become(launch, ends[0], ends[3], ends[4]);
    close(ends[0]);
    close(ends[3]);
    close(ends[4]);
    p->requests = ends[1];
    p->answers = ends[2];
    if (p->pid > 0) {
        setpgid(p->pid, p->pid); /* whoever comes first, it or we */
        return true;
    }
    snprintf(why, size, "cannot be started: %s", strerror(errno));
    close_all(ends + 1, 2);
    p->pid = 0;
    return false;
}

void rival_printable(const char *text, char *shown, size_t size) {
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        shown[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
    shown[i] = 0;
}

/* The last line that it wrote on stderr, where most programs say why they end; "" if there is none. */
static void last_words(const char *log, char *words, size_t size) {
    char tail[512] = "";
    *words = 0;
    FILE *file = fopen(log, "re");
    if (!file)
        return;
    if (fseek(file, -(long)(sizeof tail - 1), SEEK_END) != 0)
        rewind(file);
    tail[fread(tail, 1, sizeof tail - 1, file)] = 0;
    fclose(file);
    size_t length = strlen(tail);
    while (length > 0 && strchr(" \t\r\n", tail[length - 1]))
        tail[--length] = 0;
    const char *line = strrchr(tail, '\n');
    rival_printable(line ? line + 1 : tail, words, size);
}

static void reap(rival_process *p, int *status) {
    while (waitpid(p->pid, status, 0) < 0 && errno == EINTR) {
    }
    close(p->requests);
    close(p->answers);
    p->pid = 0;
}

static void kill_all_of(const rival_process *p) {
    kill(-p->pid, SIGKILL);
    kill(p->pid, SIGKILL);
}

/* It has closed its side. */
static void tell_end(rival_process *p, char *why, size_t size) {
    int status = 0;
    char words[200];
    const double started = seconds_now();
    siginfo_t info = {0};
    while (seconds_now() - started < 2 && info.si_pid == 0) {
        waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    const bool lingers = info.si_pid == 0;
    kill_all_of(p);
    reap(p, &status);
    last_words(p->log, words, sizeof words);
    const char *comma = *words ? ": " : "";
    if (lingers)
        snprintf(why, size, "stopped answering%s%s", comma, words);
    else if (WIFSIGNALED(status))
        snprintf(why, size, "crashed: %s%s%s", strsignal(WTERMSIG(status)), comma, words);
    else
        snprintf(why, size, "ended with exit code %d%s%s", WEXITSTATUS(status), comma, words);
}

static bool give_up(rival_process *p, char *why, size_t size, const char *text) {
    int status;
    kill_all_of(p);
    reap(p, &status);
    snprintf(why, size, "%s", text);
    return false;
}

/* A line of what is held, if there is one: out of `held` and into `answer`. */
static bool take_line(rival_process *p, char answer[RIVAL_LINE]) {
    const char *end = memchr(p->held, '\n', p->length);
    if (!end)
        return false;
    const size_t line = (size_t)(end - p->held);
    memcpy(answer, p->held, line);
    answer[line] = 0;
    p->length -= line + 1;
    memmove(p->held, end + 1, p->length);
    return true;
}

static bool send_line(const rival_process *p, const char *request) {
    char line[2 * RIVAL_LINE];
    const int length = snprintf(line, sizeof line, "%s\n", request);
    return length < (int)sizeof line && write(p->requests, line, (size_t)length) == length;
}

enum { SLICE_MS = 50 };

static bool hear_line(rival_process *p, double seconds, char answer[RIVAL_LINE], char *why, size_t size) {
    struct pollfd wait = {.fd = p->answers, .events = POLLIN};
    const double started = seconds_now();
    while (!take_line(p, answer)) {
        if (p->length == sizeof p->held)
            return give_up(p, why, size, "answered with more than a line has room for");
        const int ready = poll(&wait, 1, SLICE_MS);
        if (interrupted())
            return give_up(p, why, size, "interrupted");
        if (ready <= 0 && seconds_now() - started > seconds) {
            char text[64];
            snprintf(text, sizeof text, "no answer for %.0f s", seconds);
            return give_up(p, why, size, text);
        }
        const ssize_t got = ready > 0 ? read(p->answers, p->held + p->length, sizeof p->held - p->length) : -1;
        if (got == 0) {
            tell_end(p, why, size);
            return false;
        }
        p->length += got > 0 ? (size_t)got : 0;
    }
    return true;
}

bool rival_ask(rival_process *p, const char *request, double seconds, char answer[RIVAL_LINE], char *why,
               size_t size) {
    if (p->length > 0) /* it spoke without being asked */
        return give_up(p, why, size, "said more than one line for an answer");
    kill(-p->pid, SIGCONT);
    if (!send_line(p, request)) {
        tell_end(p, why, size);
        return false;
    }
    if (!hear_line(p, seconds, answer, why, size))
        return false;
    kill(-p->pid, SIGSTOP);
    return true;
}

void rival_end(rival_process *p) {
    int status;
    if (p->pid <= 0)
        return;
    kill(-p->pid, SIGCONT);
    send_line(p, "quit");
    for (int i = 0; i < 50 && !interrupted(); i++) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    kill_all_of(p);
    reap(p, &status);
}
