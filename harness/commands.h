/* The table of commands, for all that is written from it: the overview, the manual page, completions. */
#ifndef EXK_COMMANDS_H
#define EXK_COMMANDS_H

#include "harness/cli.h"

/* In the order of the overview; NULL beyond the last. */
const command *command_at(int index);

/* The exit codes as `exakt --help` shows them, a line each under a heading. */
const char *exit_code_list(void);

#endif
