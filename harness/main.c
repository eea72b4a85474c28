/* exakt: the command table and what surrounds every command. */
#include "harness/blas_core.h"
#include "harness/commands.h"
#include "harness/interrupt.h"
#include "harness/manifest.h"
#include "harness/options.h"
#include "harness/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const command *const commands[] = {
    &command_list, &command_version, &command_topo,      &command_fit,     &command_assign,    &command_score,
    &command_gen,  &command_verify,  &command_demo,      &command_bench,   &command_ceilings,  &command_profile,
    &command_tune, &command_explain, &command_evaluate,  &command_compare, &command_trace,     &command_results,
    &command_plot, &command_report,  &command_reproduce, &command_man,     &command_completion};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

const command *command_at(int index) {
    return index >= 0 && index < COMMANDS ? commands[index] : NULL;
}

static const char exit_codes[] =
    "exit codes:\n"
    "    0  ok\n"
    "    1  verification failed: some variant is wrong; bench --vs: some row is slower;\n"
    "       compare: some rival failed, or none could run\n"
    "    2  usage: unknown command or option, a value out of range\n"
    "    3  input: a file cannot be read, or is not what its format demands\n"
    "    4  data refused: NaN or infinity\n"
    "    5  memory: not enough, or more than --max-memory\n"
    "    6  variant: unknown, or it cannot run here\n"
    "    7  output cannot be written\n"
    "  130  interrupted; the results so far are written\n";

const char *exit_code_list(void) {
    return exit_codes;
}

static void print_overview(FILE *out) {
    fprintf(out, "exakt %s: exact k-means on real hardware\n\nusage: exakt COMMAND [arguments]\n\ncommands:\n",
            EXAKT_VERSION);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s  %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "\nexakt COMMAND --help tells more about a command.\n\n%s", exit_codes);
}

static const command *find_command(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static exit_code unknown_command(const char *name) {
    nearest near = nearest_to(name);
    for (int i = 0; i < COMMANDS; i++)
        nearest_offer(&near, commands[i]->name);
    if (near.best)
        return fail(CLI_USAGE, "%s: unknown command; did you mean %s? See exakt --help", name, near.best);
    return fail(CLI_USAGE, "%s: unknown command; see exakt --help", name);
}

static exit_code run_command(const command *cmd, int argc, char **argv) {
    settings s;
    bool help;
    report_command(cmd->name);
    exit_code code = options_parse(cmd, argc, argv, &s, &help);
    if (code != CLI_OK)
        return code;
    if (!help)
        return cmd->run(&s);
    options_help(cmd);
    return CLI_OK;
}

static bool is_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static exit_code dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0)
        word = "version";
    if (is_help(word) && argc < 3) {
        print_overview(stdout);
        return CLI_OK;
    }
    const char *name = is_help(word) ? argv[2] : word;
    const command *cmd = find_command(name);
    if (!cmd)
        return unknown_command(name);
    if (!is_help(word))
        return run_command(cmd, argc - 1, argv + 1);
    options_help(cmd);
    return CLI_OK;
}

/* A file opened while 0, 1 or 2 is closed would take its place and mix with what is printed. The stand-ins can
 * only be read, so that printing to a closed stdout is still found out. */
static void hold_standard_files(void) {
    for (int file = 0; file <= 2; file++)
        if (fcntl(file, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != file)
            _exit(CLI_OUTPUT);
}

static bool is_verify(int argc, char **argv) {
    return argc > 1 && strcmp(argv[1], command_verify.name) == 0;
}

/* verify runs thousands of tiny problems with more threads than cores; threads that spin while they wait would
 * take the cores from those that work. */
static bool request_passive_waiting(void) {
    return !getenv("OMP_WAIT_POLICY") && setenv("OMP_WAIT_POLICY", "passive", 1) == 0;
}

/* Some libraries read the environment only while they are loaded: start again if it had to change. */
static void settle_environment(int argc, char **argv) {
    bool changed = blas_core_request();
    if (is_verify(argc, argv))
        changed = request_passive_waiting() || changed;
    char self[4096];
    ssize_t length = changed ? readlink("/proc/self/exe", self, sizeof self - 1) : 0;
    if (length <= 0)
        return;
    self[length] = 0;
    execv(self, argv);
}

static exit_code check_stdout(exit_code code) {
    bool failed = ferror(stdout);
    if (fflush(stdout) == 0 && !failed)
        return code;
    exit_code output = fail(CLI_OUTPUT, "stdout: cannot be written: %s; free some space or redirect it elsewhere",
                            errno ? strerror(errno) : "an earlier write failed");
    return code == CLI_OK ? output : code;
}

int main(int argc, char **argv) {
    hold_standard_files();
    settle_environment(argc, argv);
    blas_core_one_thread();
    interrupt_guard();
    manifest_command_line(argc, argv);
    return check_stdout(dispatch(argc, argv));
}
