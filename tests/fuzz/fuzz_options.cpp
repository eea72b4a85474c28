// The command line: byte 0 chooses the command, the lines after it are the arguments.
#include "tests/fuzz/fuzz.hpp"

#include <cmath>
#include <getopt.h>
#include <string>
#include <vector>

extern "C" {
#include "harness/options.h"
#include "harness/report.h"
}

namespace {

std::vector<std::string> lines_of(const uint8_t *data, size_t size) {
    std::vector<std::string> lines = {"exakt"};
    std::string line;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' || data[i] == 0) {
            lines.push_back(line);
            line.clear();
        } else {
            line += static_cast<char>(data[i]);
        }
    }
    lines.push_back(line);
    return lines;
}

// The program parses once; getopt remembers where in a cluster of letters it stopped.
void reset_getopt() {
    char name[] = "exakt";
    char *argv[] = {name, nullptr};
    optind = 0;
    getopt(1, argv, "");
}

void check(const settings &s, const command &cmd) {
    FUZZ_DEMAND(s.positionals >= cmd.least && s.positionals <= cmd.most);
    FUZZ_DEMAND(s.k >= 0 && s.k <= INT32_MAX && s.n_init >= 0 && s.n_init <= INT32_MAX);
    FUZZ_DEMAND(s.threads >= 0 && s.threads <= 4096 && s.max_iter >= 0 && s.max_memory >= 0);
    FUZZ_DEMAND(s.point_tile >= 0 && s.centroid_tile >= 0 && s.depth_tile >= 0 && s.matrix_bytes >= 0);
    FUZZ_DEMAND(s.k_list.count >= 0 && s.k_list.count <= LIST_MAX && s.thread_list.count <= LIST_MAX);
    for (int i = 0; i < s.thread_list.count; i++)
        FUZZ_DEMAND(s.thread_list.value[i] >= 1 && s.thread_list.value[i] <= 4096);
    FUZZ_DEMAND(s.iterations >= 0 && s.samples >= 0 && s.samples <= 2000);
    FUZZ_DEMAND(std::isfinite(s.tol) && s.tol >= 0 && s.empty >= 0 && s.empty <= 2);
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    command cmd = {};
    cmd.name = "fit";
    cmd.synopsis = "INPUT";
    cmd.bit = 1U << data[0] % 12;
    cmd.most = data[0] / 12 % 3;
    std::vector<std::string> lines = lines_of(data + 1, size - 1);
    std::vector<char *> argv;
    for (std::string &line : lines)
        argv.push_back(line.data());
    argv.push_back(nullptr);
    settings s;
    bool help;
    reset_getopt();
    const exit_code code = options_parse(&cmd, static_cast<int>(lines.size()), argv.data(), &s, &help);
    FUZZ_DEMAND(code == CLI_OK || code == CLI_USAGE);
    if (code == CLI_OK && !help)
        check(s, cmd);
    return 0;
}
