// What a test may know of a program that it has started, so that no clock on the wall has a say: a machine that is
// busy with something else makes that tick, but not these.
#pragma once

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace process_test {

// Whether the program has begun and set a handler for SIGINT. Before exec the child has those of the test.
inline bool catches_interrupt(pid_t child) {
    const std::string folder = "/proc/" + std::to_string(child);
    std::error_code error;
    if (std::filesystem::read_symlink(folder + "/exe", error) == std::filesystem::read_symlink("/proc/self/exe"))
        return false;
    std::ifstream status(folder + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("SigCgt:", 0) == 0)
            return (std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1) != 0;
    return false;
}

// Seconds of all cores together that /proc/PID/stat tells of a process and of the children that it waited for; 0
// if it is not there or not a child of `parent` (0: whoever it is a child of).
inline double seconds_in(const std::string &stat, pid_t parent) {
    std::ifstream file(stat);
    std::string text;
    std::getline(file, text);
    if (text.rfind(')') == std::string::npos)
        return 0;
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string field;
    pid_t its_parent = 0;
    fields >> field >> its_parent;
    if (parent && its_parent != parent)
        return 0;
    for (int i = 5; i < 14; i++)
        fields >> field;
    double ticks = 0, sum = 0;
    for (int i = 0; i < 4 && fields >> ticks; i++)
        sum += ticks;
    return sum / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// The processor time that a program and its children have had.
inline double cpu_seconds(pid_t program) {
    double sum = seconds_in("/proc/" + std::to_string(program) + "/stat", 0);
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator("/proc", error))
        if (entry.path().filename().string().find_first_not_of("0123456789") == std::string::npos)
            sum += seconds_in(entry.path() / "stat", program);
    return sum;
}

struct ending {
    int code;           // 128 and the signal if one ended the program
    double cpu_seconds; // of the program and the children that it waited for
};

inline ending wait_for_end(pid_t child) {
    int status = 0;
    rusage usage = {};
    while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    const auto seconds = [](const timeval &t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

} // namespace process_test
