// `exakt verify` must find what is wrong: the program is built once more with variants that crash, mislabel ties,
// touch what is not theirs or claim too much.
#include "tests/catch.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using arguments = std::vector<std::string>;

struct outcome {
    int code;
    std::string text; // stdout and stderr
};

// A folder of its own for each test; the program runs in it.
class folder {
  public:
    folder() {
        char name[] = "/tmp/exakt-verify-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        path = name;
    }
    folder(const folder &) = delete;
    folder &operator=(const folder &) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    pid_t start(const std::string &program, arguments words) const {
        words.insert(words.begin(), {program, "verify"});
        std::vector<char *> argv;
        for (std::string &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        const std::filesystem::path out = path / "out";
        const pid_t child = fork();
        if (child == 0) {
            if (chdir(path.c_str()) == 0 && freopen(out.c_str(), "w", stdout) && dup2(1, 2) == 2)
                execv(program.c_str(), argv.data());
            _exit(99);
        }
        REQUIRE(child > 0);
        return child;
    }

    outcome finish(pid_t child) const {
        int status = 0;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        std::ostringstream text;
        text << std::ifstream(path / "out").rdbuf();
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text.str()};
    }

    outcome run(const std::string &program, const arguments &words) const {
        return finish(start(program, words));
    }

    std::filesystem::path path;
};

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

// The first line that holds all the parts; "" if there is none.
std::string line_with(const std::string &text, const arguments &parts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        bool all = true;
        for (const std::string &part : parts)
            all = all && contains(line, part);
        if (all)
            return line;
    }
    return "";
}

// What follows the parts in the first line that holds them, in words.
arguments words_behind(const std::string &text, const std::string &part) {
    const std::string line = line_with(text, {part});
    std::istringstream rest(line.substr(std::min(line.size(), line.find(part) + part.size())));
    arguments words;
    for (std::string word; rest >> word;)
        words.push_back(word);
    return words;
}

std::string broken(const std::string &what) {
    return "assign_f32_broken_" + what + "__scalar";
}

} // namespace

TEST_CASE("every broken variant is found, the others pass", "[verify]") {
    const folder f;
    const outcome o = f.run(EXAKT_BROKEN_CLI, {"--quick", "--variants", "assign_f32_[bt]*__scalar"});
    INFO(o.text);
    CHECK(o.code == 1);
    for (const char *what : {"crash", "ties", "read", "write", "bound"})
        CHECK(line_with(o.text, {broken(what) + " ", "FAIL"}) != "");
    CHECK(line_with(o.text, {"assign_f32_tiled__scalar ", "PASS"}) != "");
    CHECK(line_with(o.text, {"FAIL", broken("crash"), "crashes: SIGSEGV"}) != "");
    CHECK(line_with(o.text, {"FAIL", broken("ties"), "the oracle: point"}) != "");
    // Under AddressSanitizer the allocation as a whole is a guard already.
    const bool sanitised = line_with(o.text, {"FAIL", broken("read"), "ends the program with exit code"}) != "";
    CHECK((sanitised || line_with(o.text, {"FAIL", broken("read"), "touched what lies behind the points"}) != ""));
    CHECK(line_with(o.text, {"behind the labels"}) != "");
    CHECK(line_with(o.text, {"FAIL", broken("bound"), "below second"}) != "");
    CHECK(line_with(o.text, {"FAIL", "the reference"}) == "");
}

TEST_CASE("a failing case is shrunk, and can be repeated", "[verify]") {
    const folder f;
    const outcome o = f.run(EXAKT_BROKEN_CLI,
                            {"--quick", "--seed", "5", "--variants", broken("ties"), "--dump", f.path.string()});
    INFO(o.text);
    CHECK(o.code == 1);
    // Two centroids with one point or two in the middle.
    CHECK(line_with(o.text, {"smallest that fails:", " d=1 k=2:"}) != "");
    CHECK(line_with(o.text, {"point 0:"}) != "");
    CHECK(line_with(o.text, {"seed 5"}) != "");
    bool dumped = false;
    for (const auto &entry : std::filesystem::directory_iterator(f.path))
        dumped = dumped || entry.path().extension() == ".npy";
    CHECK(dumped);
    const arguments again = words_behind(o.text, "again: exakt verify");
    REQUIRE(again.size() == 6);
    CHECK(again[0] == "--case");
    CHECK(again[3] == "5");
    const outcome repeated = f.run(EXAKT_BROKEN_CLI, again);
    INFO(repeated.text);
    CHECK(repeated.code == 1);
    CHECK(contains(repeated.text, "case " + again[1] + ":"));
}

TEST_CASE("a variant that crashes on an input fails, and the next one runs", "[verify]") {
    const folder f;
    const outcome o = f.run(EXAKT_BROKEN_CLI,
                            {"gen:blobs,n=300,d=3,k=5", "-k", "12", "--variants", "assign_f32_[bt]*[hd]__scalar"});
    INFO(o.text);
    CHECK(o.code == 1);
    CHECK(line_with(o.text, {"FAIL", broken("crash"), "SIGSEGV"}) != "");
    CHECK(line_with(o.text, {"again: exakt verify gen:blobs,n=300,d=3,k=5 -k 12 --seed 0"}) != "");
    CHECK(line_with(o.text, {"smallest that fails:", " d=1 k=10:"}) != "");
    const outcome fine = f.run(
        EXAKT_BROKEN_CLI, {"gen:blobs,n=300,d=3,k=5", "-k", "9", "--variants", "assign_f32_[bt]*[hd]__scalar"});
    INFO(fine.text);
    CHECK(fine.code == 0);
}

TEST_CASE("an input that cannot be read is no variant's fault", "[verify]") {
    const folder f;
    const outcome o = f.run(EXAKT_CLI, {"/nonexistent/points.npy", "-k", "3"});
    CHECK(o.code == 3);
    CHECK_FALSE(contains(o.text, "FAIL"));
    CHECK(f.run(EXAKT_CLI, {"gen:blobs,n=30,d=3,k=5", "-k", "31"}).code == 2);
}

TEST_CASE("Ctrl-C ends a verification and its child", "[verify]") {
    const folder f;
    const pid_t child = f.start(EXAKT_CLI, {});
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const auto asked = std::chrono::steady_clock::now();
    kill(child, SIGINT);
    const outcome o = f.finish(child);
    INFO(o.text);
    CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(10));
    CHECK(o.code == 130);
    CHECK(contains(o.text, "interrupted"));
}
