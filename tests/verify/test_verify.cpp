// `exakt verify` must find what is wrong: the program is built once more with variants that crash, mislabel ties,
// touch what is not theirs or claim too much.
#include "tests/cli/program.hpp"

#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace {

using program_test::arguments, program_test::contains, program_test::line_with;

struct outcome {
    int code;
    std::string text; // stdout and stderr
};

class folder : public program_test::folder {
  public:
    pid_t start(const std::string &program, arguments words) const {
        words.insert(words.begin(), "verify");
        return start_program(program, words);
    }
    outcome finish(pid_t child) const {
        const program_test::outcome o = program_test::folder::finish(child);
        return {o.code, o.out + o.err};
    }
    outcome run(const std::string &program, const arguments &words) const {
        return finish(start(program, words));
    }
};

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
                            {"--quick", "--seed", "5", "--variants", broken("ties"), "--dump", f.path().string()});
    INFO(o.text);
    CHECK(o.code == 1);
    // Two centroids with one point or two in the middle.
    CHECK(line_with(o.text, {"smallest that fails:", " d=1 k=2:"}) != "");
    CHECK(line_with(o.text, {"point 0:"}) != "");
    CHECK(line_with(o.text, {"seed 5"}) != "");
    bool dumped = false;
    for (const auto &entry : std::filesystem::directory_iterator(f.path()))
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
    const bool ready = program_test::wait_for([&] { return process_test::catches_interrupt(child); });
    std::this_thread::sleep_for(std::chrono::milliseconds(200)); // of the minutes that it would take
    kill(child, SIGINT);
    const outcome o = f.finish(child);
    INFO(o.text);
    CHECK(ready);
    CHECK(o.code == 130);
    CHECK(contains(o.text, "interrupted"));
}
