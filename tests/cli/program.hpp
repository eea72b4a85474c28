// The program under test, started in a folder of its own, and what it leaves.
#pragma once
#include "tests/catch.hpp"
#include "tests/process.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#ifdef EXAKT_HAVE_CJSON
#include <cjson/cJSON.h>
#endif

namespace program_test {

using arguments = std::vector<std::string>;

struct outcome {
    int code;
    std::string out, err;
};

inline std::string content(const std::filesystem::path &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A folder of its own for each test; the program runs in it.
class folder {
  public:
    folder() {
        char name[] = "/tmp/exakt-cli-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        path_ = name;
    }
    folder(const folder &) = delete;
    folder &operator=(const folder &) = delete;
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path &path() const {
        return path_;
    }
    std::filesystem::path at(const std::string &name) const {
        return path_ / name;
    }

    std::string write(const std::string &name, const std::string &text) const {
        std::ofstream(at(name), std::ios::binary) << text;
        return at(name).string();
    }

    std::string read(const std::string &name) const {
        return content(at(name));
    }

    // Start a program; `prepare` runs in the child before exec.
    pid_t start_program(
        const std::string &program, arguments words, const std::function<void()> &prepare = [] {}) const {
        words.insert(words.begin(), program);
        std::vector<char *> argv;
        for (std::string &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        const std::string out = at("stdout").string(), err = at("stderr").string();
        const pid_t child = fork();
        if (child == 0) {
            const int flags = O_WRONLY | O_CREAT | O_TRUNC;
            const bool ready = chdir(path_.c_str()) == 0 && dup2(open(out.c_str(), flags, 0666), 1) == 1 &&
                               dup2(open(err.c_str(), flags, 0666), 2) == 2;
            // What is kept for the user who runs the tests is no concern.
            setenv("EXAKT_CACHE", at("cache").c_str(), 1);
            if (ready)
                prepare();
            if (ready)
                execv(program.c_str(), argv.data());
            _exit(99);
        }
        REQUIRE(child > 0);
        return child;
    }

    pid_t start(
        const arguments &words, const std::function<void()> &prepare = [] {}) const {
        return start_program(EXAKT_CLI, words, prepare);
    }

    outcome finish(pid_t child) const {
        const int code = process_test::wait_for_end(child).code;
        return {code, read("stdout"), read("stderr")};
    }

    outcome run(
        const arguments &words, const std::function<void()> &prepare = [] {}) const {
        return finish(start(words, prepare));
    }

  private:
    std::filesystem::path path_;
};

// Until it has happened; false after minutes, which no machine is busy for.
inline bool wait_for(const std::function<bool()> &happened) {
    for (int i = 0; i < 30000 && !happened(); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return happened();
}

inline bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

// The first line that holds all the parts; "" if there is none.
inline std::string line_with(const std::string &text, const arguments &parts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (std::all_of(parts.begin(), parts.end(), [&](const std::string &part) { return contains(line, part); }))
            return line;
    return "";
}

// With every run of blanks and line breaks as one blank.
inline std::string flowing(const std::string &text) {
    std::istringstream words(text);
    std::string line;
    for (std::string word; words >> word;)
        line += (line.empty() ? "" : " ") + word;
    return line;
}

inline bool is_one_line(const std::string &text) {
    return !text.empty() && text.find('\n') == text.size() - 1;
}

// It gave up with that code, and one line, nothing else, says why.
inline void check_refused(const outcome &o, int code, const std::string &part) {
    INFO(o.err << o.out);
    CHECK(o.code == code);
    CHECK(o.out.empty());
    CHECK(is_one_line(o.err));
    CHECK(contains(o.err, part));
}

// The value behind "key":, as written; the first one.
inline std::string field(const std::string &json, const std::string &key) {
    const std::string quoted = "\"" + key + "\":";
    const std::size_t start = json.find(quoted);
    if (start == std::string::npos)
        return "";
    const std::size_t first = json.find_first_not_of(" \t", start + quoted.size());
    return json.substr(first, json.find_first_of(",\n}", first) - first);
}

inline void check_parses(const std::string &text) {
#ifdef EXAKT_HAVE_CJSON
    cJSON *root = cJSON_Parse(text.c_str());
    CHECK(root != nullptr);
    cJSON_Delete(root);
#else
    CHECK((text.front() == '{' || text.front() == '['));
#endif
}

inline bool has_json() {
    static const bool known = folder().run({"list", "--json"}).code == 0;
    return known;
}

} // namespace program_test
