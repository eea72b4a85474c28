/* The option table: every option of every command, written once; parsing, --help, the manual page and completions
 * all read it. */
#ifndef EXK_OPTIONS_H
#define EXK_OPTIONS_H

#include "harness/cli.h"

/* Parse argv (argv[0] is the command's name). On CLI_OK *help says whether --help was asked for; otherwise the
 * error has been reported. */
exit_code options_parse(const command *cmd, int argc, char **argv, settings *s, bool *help);

void options_help(const command *cmd);

/* An option as people see it. All strings are static. */
typedef struct option_text {
    const char *name, *help;
    char letter;          /* 0: none */
    const char *argument; /* NULL: takes none */
    const char *words;    /* "a|b|c": what the argument may be; NULL: anything */
    const char *fallback; /* NULL: none */
} option_text;

/* The index-th option of a command, in the order of --help; false beyond the last. */
bool options_at(const command *cmd, int index, option_text *option);

#endif
