#include "harness/interrupt.h"

#include <signal.h>
#include <stddef.h>

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
