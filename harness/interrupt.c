#include "harness/interrupt.h"
#include "harness/cli.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static int stop;

static void on_signal(int signal) {
    (void)signal;
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

void interrupt_arm(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

const int *interrupt_flag(void) {
    return &stop;
}

bool interrupted(void) {
    return __atomic_load_n(&stop, __ATOMIC_RELAXED) != 0;
}

/* From here on: what may be called in a signal handler, and no other library function. */

static const char *scan_hex(const char *p, uintptr_t *value) {
    for (*value = 0;; p++) {
        if (*p >= '0' && *p <= '9')
            *value = *value * 16 + (uintptr_t)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            *value = *value * 16 + (uintptr_t)(*p - 'a') + 10;
        else
            return p;
    }
}

/* The file in "begin-end access offset device inode   /file" if the address is within, else NULL. */
static const char *file_at(const char *line, uintptr_t address) {
    uintptr_t begin, end;
    const char *p = scan_hex(line, &begin);
    if (*p != '-')
        return NULL;
    p = scan_hex(p + 1, &end);
    while (*p && *p != '/')
        p++;
    return *p && address >= begin && address < end ? p : NULL;
}

enum { LINE_ROOM = PATH_MAX + 256 };

/* The next line of a file, without its end; what has no room in it is left out. False at the end of the file. */
static bool next_line(int file, char line[LINE_ROOM]) {
    size_t length = 0;
    char c;
    while (read(file, &c, 1) == 1) {
        if (c == '\n') {
            line[length] = 0;
            return true;
        }
        if (length < LINE_ROOM - 1)
            line[length++] = c;
    }
    return false;
}

/* Which file is mapped at the address: the handler runs in any thread, and no one tells it what is being read. */
static const char *mapped_file(uintptr_t address, char line[LINE_ROOM]) {
    const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    const char *name = NULL;
    while (file >= 0 && !name && next_line(file, line))
        name = file_at(line, address);
    if (file >= 0)
        close(file);
    return name;
}

static void put(const char *text) {
    (void)!write(STDERR_FILENO, text, strlen(text));
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
    (void)context;
    static char line[LINE_ROOM];
    static int busy;
    while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        pause(); /* another thread is about to end the program */
    const char *name = mapped_file((uintptr_t)info->si_addr, line);
    if (!name) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    put("exakt: ");
    put(name);
    put(": shrank or became unreadable while it was being read; nothing was written, run again on a copy\n");
    _exit(CLI_INPUT);
}

void interrupt_guard(void) {
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    signal(SIGXFSZ, SIG_IGN);
}
