/* What comes from outside while the program runs: Ctrl-C, SIGTERM, inputs that shrink, limits on file sizes. */
#ifndef EXK_INTERRUPT_H
#define EXK_INTERRUPT_H

#include <stdbool.h>

/* Ctrl-C and SIGTERM: the first asks the run to end early and keep its results, the second ends the program. */
void interrupt_arm(void);
const int *interrupt_flag(void); /* for exk_options_set_stop_flag */
bool interrupted(void);

/* For the whole program, before any input is read. A mapped input that another program shortens would kill this
 * one by SIGBUS: it ends with CLI_INPUT and a line that names the file instead. A write beyond the limit on file
 * sizes (SIGXFSZ) fails like one to a full disk. */
void interrupt_guard(void);

#endif
