#include "harness/verify_child.h"
#include "harness/interrupt.h"
#include "harness/report.h"
#include "harness/verify_guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fault_pipe;

/* Message by message; a parent that is gone ends the child by SIGPIPE. */
void verify_tell(int pipe, const verify_message *message) {
    const char *bytes = (const char *)message;
    size_t left = sizeof *message;
    while (left > 0) {
        ssize_t written = write(pipe, bytes, left);
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            bytes += written;
            left -= (size_t)written;
        }
    }
}

static char *append(char *to, const char *end, const char *text) {
    while (*text && to < end)
        *to++ = *text++;
    *to = 0;
    return to;
}

/* Tell what was touched, then let the same access end the process. */
static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    static verify_message message = {.event = VERIFY_FAULT};
    guard_offence offence;
    char *why = message.verdict.why;
    const char *end = why + sizeof message.verdict.why - 1;
    if (guard_find_offence(info->si_addr, &offence)) {
        why = append(why, end, offence.what);
        why = append(why, end, " ");
        append(why, end, offence.name);
        verify_tell(fault_pipe, &message);
    }
    signal(number, SIG_DFL);
}

static void catch_faults(int pipe) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    fault_pipe = pipe;
    sigaction(SIGSEGV, &action, NULL);
}

bool verify_child_start(verify_child *child, verify_body body, const void *user) {
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    fflush(NULL);
    *child = (verify_child){.pid = fork(), .pipe = ends[0]};
    if (child->pid == 0) {
        close(ends[0]);
        catch_faults(ends[1]);
        body(ends[1], user);
        fflush(NULL);
        _exit(0);
    }
    close(ends[1]);
    if (child->pid < 0)
        close(ends[0]);
    return child->pid > 0;
}

/* The rest of a message that has begun; false if the child died meanwhile. */
static bool receive(int pipe, verify_message *message) {
    char *bytes = (char *)message;
    size_t left = sizeof *message;
    while (left > 0) {
        ssize_t got = read(pipe, bytes, left);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0) {
            bytes += got;
            left -= (size_t)got;
        }
    }
    return true;
}

static void pass_interrupt_on(verify_child *child) {
    if (!interrupted() || child->asked_to_stop)
        return;
    child->asked_to_stop = true;
    kill(child->pid, SIGTERM);
}

verify_heard verify_child_hear(verify_child *child, double patience, verify_message *message) {
    enum { SLICE_MS = 100 };
    struct pollfd wait = {.fd = child->pipe, .events = POLLIN};
    double started = seconds_now();
    int ready;
    pass_interrupt_on(child); /* a child that never falls silent would not hear of it below */
    while ((ready = poll(&wait, 1, SLICE_MS)) <= 0) {
        if (ready < 0 && errno != EINTR)
            return VERIFY_SILENCE;
        pass_interrupt_on(child);
        if (seconds_now() - started > patience)
            return VERIFY_HANGS;
    }
    return receive(child->pipe, message) ? VERIFY_HEARD : VERIFY_SILENCE;
}

static const char *signal_name(int number) {
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGILL:
        return "SIGILL";
    case SIGFPE:
        return "SIGFPE";
    case SIGBUS:
        return "SIGBUS";
    case SIGABRT:
        return "SIGABRT";
    default:
        return strsignal(number);
    }
}

bool verify_child_end(verify_child *child, bool stop, char *how, size_t size) {
    int status = 0;
    if (stop)
        kill(child->pid, SIGKILL);
    close(child->pipe);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (stop)
        snprintf(how, size, "hangs");
    else if (WIFSIGNALED(status))
        snprintf(how, size, "crashes: %s", signal_name(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(how, size, "ends the program with exit code %d", WEXITSTATUS(status));
    else
        return true;
    return false;
}
