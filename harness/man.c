/* man: the manual page, from the tables that --help shows. */
#include "harness/commands.h"
#include "harness/options.h"
#include "include/exakt.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 78 };

#define EXK_ISA(name, architecture, lanes, base, features) " " #name

/* Variables that some command reads. */
static const struct {
    const char *name, *text;
} environment[] = {
    {"EXAKT_ISA", "The strongest instruction set that may be used. Stronger ones are hidden from every command. "
                  "From the weakest on:"
#include "kernels/isa.inc"
                  "."},
    {"EXAKT_CACHE", "The folder for tuned plans, measurements and ceilings of this machine."},
    {"XDG_CACHE_HOME",
     "Without EXAKT_CACHE, that folder is exakt in this one, else .cache/exakt in the one that HOME "
     "names."},
    {"EXAKT_RIVALS", "The folder of rivals.py, the driver of the Python libraries that compare times."},
    {"OPENBLAS_CORETYPE", "The CPU that OpenBLAS takes this one for. It is set if an old OpenBLAS took a CPU that "
                          "it did not know for an ancient one, and obeyed if it is set already."},
    {"OPENBLAS_NUM_THREADS", "Threads of OpenBLAS within each of the program's own: 1 if it is not set."},
    {"OMP_WAIT_POLICY", "Of OpenMP; verify sets it to passive if it is not set."},
    {"HWLOC_XMLFILE", "A machine described by hwloc's XML to stand for this one in topo and explain."},
    {"HWLOC_SYNTHETIC", "The same as hwloc's synthetic description, \"node:1 core:4 pu:1\" for instance."},
    {"TMPDIR", "Where compare writes what it hands to rivals; /tmp if it is not set."},
    {"PATH", "Where gnuplot and python3 are looked for."},
};

/* How far a line of the page has got, and what was written last. */
typedef struct line {
    int column;
    char last;
} line;

/* A character as roff wants it. A hyphen that begins a word is the minus of an option. */
static void put(line *at, char c) {
    const bool option = at->column == 0 || strchr(" -|[(=", at->last);
    switch (c) {
    case '\\':
        fputs("\\e", stdout);
        break;
    case '-':
        fputs(option ? "\\-" : "-", stdout);
        break;
    case '`':
        fputs("\\(ga", stdout);
        break;
    case '\'':
        fputs("\\(aq", stdout);
        break;
    case '^':
        fputs("\\(ha", stdout);
        break;
    case '~':
        fputs("\\(ti", stdout);
        break;
    case '.':
        fputs(at->column == 0 ? "\\&." : ".", stdout);
        break;
    default:
        putchar(c);
    }
    at->column++;
    at->last = c;
}

static void put_text(line *at, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        put(at, text[i]);
}

static void end_line(line *at) {
    putchar('\n');
    *at = (line){0};
}

/* Words in lines of moderate width; roff joins and breaks them as it likes. */
static void flow(const char *text, size_t length) {
    line at = {0};
    const char *const end = text + length;
    while (text < end) {
        const size_t gap = strspn(text, " \n"), word = strcspn(text + gap, " \n");
        text += gap;
        if (text >= end)
            break;
        if (at.column && at.column + (int)word >= WIDTH)
            end_line(&at);
        if (at.column)
            put(&at, ' ');
        put_text(&at, text, word);
        text += word;
    }
    if (at.column)
        end_line(&at);
}

static void literal(const char *text, size_t length) {
    line at = {0};
    puts(".EX");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            end_line(&at);
        else
            put(&at, text[i]);
    }
    if (at.column)
        end_line(&at);
    puts(".EE");
}

/* Paragraphs have blank lines between them; one with columns in it, which two blanks show, is kept as it is. */
static void paragraphs(const char *text) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        const size_t length = end ? (size_t)(end - text) : strlen(text);
        const char *columns = strstr(text, "  ");
        puts(".PP");
        if (columns && (size_t)(columns - text) < length)
            literal(text, length);
        else
            flow(text, length);
        text += length + (end ? 2 : 0);
    }
}

static void bold(const char *text) {
    line at = {.column = 1, .last = ' '};
    fputs("\\fB", stdout);
    put_text(&at, text, strlen(text));
    fputs("\\fR", stdout);
}

static void italic(const char *text) {
    line at = {.column = 1, .last = ' '};
    fputs("\\fI", stdout);
    put_text(&at, text, strlen(text));
    fputs("\\fR", stdout);
}

static void print_option(const option_text *option) {
    char word[64];
    puts(".TP");
    if (option->letter) {
        snprintf(word, sizeof word, "-%c", option->letter);
        bold(word);
        fputs(", ", stdout);
    }
    snprintf(word, sizeof word, "--%s", option->name);
    bold(word);
    if (option->argument) {
        putchar(' ');
        italic(option->argument);
    }
    putchar('\n');
    flow(option->help, strlen(option->help));
    if (option->fallback) {
        fputs("(default: ", stdout);
        line at = {.column = 1, .last = ' '};
        put_text(&at, option->fallback, strlen(option->fallback));
        puts(")");
    }
}

static void print_command(const command *cmd) {
    option_text option;
    line at = {.column = 1, .last = ' '};
    fputs(".SS \"exakt ", stdout);
    put_text(&at, cmd->name, strlen(cmd->name));
    if (*cmd->synopsis) {
        put(&at, ' ');
        put_text(&at, cmd->synopsis, strlen(cmd->synopsis));
    }
    puts("\"");
    flow(cmd->summary, strlen(cmd->summary));
    for (int i = 0; options_at(cmd, i, &option); i++)
        print_option(&option);
    paragraphs(cmd->text);
    if (cmd->more)
        paragraphs(cmd->more());
}

static void print_environment(void) {
    puts(".SH ENVIRONMENT");
    for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++) {
        puts(".TP");
        bold(environment[i].name);
        putchar('\n');
        flow(environment[i].text, strlen(environment[i].text));
    }
}

static exit_code man(const settings *s) {
    static const char about[] =
        "exakt clusters float32 points with Lloyd's k-means. Every label is the true nearest centroid in real "
        "arithmetic, ties to the lowest index, and labels, centroids, inertia and iteration count are the same "
        "bits "
        "for every variant, tile size, number of threads and instruction set.";
    const command *cmd;
    (void)s;
    puts(".\\\" Written by `exakt man`.");
    puts(".TH EXAKT 1 \"\" \"exakt " EXAKT_VERSION "\" \"User Commands\"");
    puts(".SH NAME\nexakt \\- exact k-means on real hardware");
    puts(".SH SYNOPSIS\n\\fBexakt\\fR \\fIcommand\\fR [\\fIarguments\\fR]");
    puts(".SH DESCRIPTION");
    flow(about, strlen(about));
    puts(".SH COMMANDS");
    for (int i = 0; (cmd = command_at(i)); i++)
        print_command(cmd);
    puts(".SH EXIT STATUS");
    const char *codes = strchr(exit_code_list(), '\n') + 1; /* behind the heading */
    literal(codes, strlen(codes));
    print_environment();
    puts(".SH FILES\n.TP\n.I ~/.cache/exakt\nTuned plans, measurements and ceilings of this machine; see "
         "EXAKT_CACHE.");
    puts(".SH SEE ALSO\nThe documents that come with exakt: docs/course, docs/formats.md, docs/compare.md.");
    return CLI_OK;
}

const command command_man = {
    .name = "man",
    .synopsis = "",
    .summary = "Print the manual page, with all commands and options.",
    .text = "example:\n"
            "  exakt man | man -l -\n",
    .run = man,
};
