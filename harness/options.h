/* The option table: every option of every command, written once; parsing and --help both read it. */
#ifndef EXK_OPTIONS_H
#define EXK_OPTIONS_H

#include "harness/cli.h"

/* Parse argv (argv[0] is the command's name). On CLI_OK *help says whether --help was asked for; otherwise the
 * error has been reported. */
exit_code options_parse(const command *cmd, int argc, char **argv, settings *s, bool *help);

void options_help(const command *cmd);

#endif
