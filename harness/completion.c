/* completion: what a shell needs to complete commands, options and their words, from the tables that --help shows.
 */
#include "harness/commands.h"
#include "harness/options.h"
#include "harness/report.h"
#include "kernels/variant.h"

#include <stdio.h>
#include <string.h>

static bool is_first_of_strategy(int row) {
    for (int i = 0; i < row; i++)
        if (strcmp(exk_variant_row(i)->strategy, exk_variant_row(row)->strategy) == 0)
            return false;
    return true;
}

static void print_strategies(void) {
    for (int i = 0; i < exk_variant_rows(); i++)
        if (is_first_of_strategy(i))
            printf(" %s", exk_variant_row(i)->strategy);
}

static bool chooses_variants(const option_text *option) {
    return strcmp(option->name, "variant") == 0 || strcmp(option->name, "variants") == 0;
}

static bool has_words(const option_text *option) {
    return option->words || chooses_variants(option);
}

/* Of an option that has them: those of "a|b|c", or the strategies, a blank before each. */
static void print_words(const option_text *option) {
    const char *word = option->words ? option->words : "";
    if (chooses_variants(option))
        print_strategies();
    if (chooses_variants(option) && option->fallback && strcmp(option->fallback, "auto") == 0)
        printf(" auto");
    while (*word) {
        const int width = (int)strcspn(word, "|");
        printf(" %.*s", width, word);
        word += width + (word[width] == '|');
    }
}

/* --- bash --- */

static void bash_commands(void) {
    const command *cmd;
    for (int i = 0; (cmd = command_at(i)); i++)
        printf(" %s", cmd->name);
}

static void bash_words(const command *cmd) {
    option_text option;
    for (int i = 0; options_at(cmd, i, &option); i++) {
        if (!has_words(&option))
            continue;
        printf("    %s:--%s) words='", cmd->name, option.name);
        print_words(&option);
        puts("' ;;");
    }
}

static void bash_options(const command *cmd) {
    option_text option;
    printf("    %s) words='", cmd->name);
    for (int i = 0; options_at(cmd, i, &option); i++)
        printf("--%s ", option.name);
    puts("--help' ;;");
}

static void print_bash(void) {
    const command *cmd;
    puts("# Completion of exakt for bash, written by `exakt completion bash`.\n"
         "_exakt() {\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=");
    fputs("    if ((COMP_CWORD == 1)) || [[ $COMP_CWORD == 2 && $before == help ]]; then\n        words='help",
          stdout);
    bash_commands();
    puts("'\n    fi\n    case ${COMP_WORDS[1]}:$before in");
    for (int i = 0; (cmd = command_at(i)); i++)
        bash_words(cmd);
    puts("    completion:completion) words='bash zsh fish' ;;\n"
         "    profile:profile) words='show list forget export import' ;;\n"
         "    esac\n"
         "    [[ -z $words && $word == -* ]] && case ${COMP_WORDS[1]} in");
    for (int i = 0; (cmd = command_at(i)); i++)
        bash_options(cmd);
    puts("    esac\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "}\n"
         "complete -o default -F _exakt exakt");
}

/* --- zsh --- */

/* Inside '...[help]:argument:...': quotes, brackets and colons have a meaning. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_option(const option_text *option) {
    if (option->letter)
        printf(" \\\n            '(-%c --%s)'{-%c,--%s}'", option->letter, option->name, option->letter,
               option->name);
    else
        printf(" \\\n            '--%s", option->name);
    putchar('[');
    zsh_text(option->help);
    putchar(']');
    if (option->argument) {
        putchar(':');
        zsh_text(option->name);
        putchar(':');
        if (has_words(option)) {
            putchar('(');
            print_words(option);
            putchar(')');
        } else {
            fputs("_files", stdout);
        }
    }
    putchar('\'');
}

static void print_zsh(void) {
    const command *cmd;
    option_text option;
    puts("#compdef exakt\n"
         "# Completion of exakt for zsh, written by `exakt completion zsh`.\n"
         "_exakt() {\n"
         "    local -a commands=(");
    for (int i = 0; (cmd = command_at(i)); i++) {
        printf("        '%s:", cmd->name);
        zsh_text(cmd->summary);
        puts("'");
    }
    puts("    )\n"
         "    if ((CURRENT == 2)); then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    local chosen=$words[2]\n"
         "    shift words\n"
         "    ((CURRENT--))\n"
         "    case $chosen in");
    for (int i = 0; (cmd = command_at(i)); i++) {
        printf("    %s)\n        _arguments '(-h --help)'{-h,--help}'[this text]'", cmd->name);
        for (int j = 0; options_at(cmd, j, &option); j++)
            zsh_option(&option);
        puts(cmd == &command_completion ? " '1:shell:(bash zsh fish)' ;;" : " '*:file:_files' ;;");
    }
    puts("    esac\n"
         "}\n"
         "_exakt \"$@\"");
}

/* --- fish --- */

static void fish_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
}

static void fish_option(const command *cmd, const option_text *option) {
    printf("complete -c exakt -n '__fish_seen_subcommand_from %s' -l %s", cmd->name, option->name);
    if (option->letter)
        printf(" -s %c", option->letter);
    if (option->argument)
        fputs(" -r", stdout);
    if (has_words(option)) {
        fputs(" -f -a '", stdout);
        print_words(option);
        putchar('\'');
    }
    fputs(" -d '", stdout);
    fish_text(option->help);
    puts("'");
}

static void print_fish(void) {
    const command *cmd;
    option_text option;
    puts("# Completion of exakt for fish, written by `exakt completion fish`.");
    for (int i = 0; (cmd = command_at(i)); i++) {
        printf("complete -c exakt -n __fish_use_subcommand -f -a %s -d '", cmd->name);
        fish_text(cmd->summary);
        puts("'");
        for (int j = 0; options_at(cmd, j, &option); j++)
            fish_option(cmd, &option);
    }
    puts("complete -c exakt -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'");
}

static exit_code completion(const settings *s) {
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(s->positional[0], shells[i].name) == 0) {
            shells[i].print();
            return CLI_OK;
        }
    }
    return fail(CLI_USAGE, "%s: not one of bash, zsh, fish", s->positional[0]);
}

const command command_completion = {
    .name = "completion",
    .synopsis = "bash|zsh|fish",
    .summary = "Print what makes a shell complete commands, options and their words.",
    .text = "An installed exakt brings it along; from a build folder, for the shell that runs:\n"
            "\n"
            "example:\n"
            "  source <(exakt completion bash)\n",
    .least = 1,
    .most = 1,
    .run = completion,
};
