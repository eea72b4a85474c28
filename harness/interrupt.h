/* Ctrl-C and SIGTERM: the first asks the run to end early and keep its results, the second ends the program. */
#ifndef EXK_INTERRUPT_H
#define EXK_INTERRUPT_H

#include <stdbool.h>

void interrupt_arm(void);
const int *interrupt_flag(void); /* for exk_options_set_stop_flag */
bool interrupted(void);

#endif
