// Documents whose commands are run as a reader would: all fenced `sh` blocks of a document, in order, in one shell
// in a folder that looks like the root of the source with the program built. Blocks of another language are not
// run.
#include "tests/cli/program.hpp"

#include <algorithm>
#include <regex>

using namespace program_test;

namespace {

namespace fs = std::filesystem;

const fs::path source = EXAKT_SOURCE, build = EXAKT_BUILD;

std::string commands_of(const fs::path &document) {
    std::ifstream file(document);
    std::string commands;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("```", 0) == 0)
            inside = !inside && line == "```sh";
        else if (inside)
            commands += line + "\n";
    }
    return commands;
}

std::vector<fs::path> files_in(const fs::path &folder, const std::string &extension) {
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(folder))
        if (entry.path().extension() == extension)
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

// A document of which nothing is run is a document whose blocks are not recognised.
outcome run_commands(const folder &f, const std::string &commands) {
    static const folder kept; // ceilings are measured once
    const std::string cache = kept.at("cache").string();
    for (const char *name : {"docs", "include", "kernels", "plots", "tests"})
        fs::create_directory_symlink(source / name, f.at(name));
    fs::create_directory(f.at("build"));
    fs::create_directory(f.at("out"));
    fs::create_directory_symlink(build, f.at("build") / "release");
    f.write("commands", commands);
    return f.finish(f.start_program("/bin/bash", {"-euo", "pipefail", "commands"}, [&cache] {
        setenv("PATH", ((build.string() + ":") + getenv("PATH")).c_str(), 1);
        setenv("EXAKT_CACHE", cache.c_str(), 1);
    }));
}

void check_document(const fs::path &document, const std::string &before = "") {
    const folder f;
    const std::string commands = commands_of(document);
    INFO(document.string() << "\n" << commands);
    REQUIRE(!commands.empty());
    const outcome o = run_commands(f, before + commands);
    INFO(o.out << o.err);
    CHECK(o.code == 0);
}

// The commands of the course write records and draw them.
bool can_run_course() {
    static const bool gnuplot = std::system("command -v gnuplot >/dev/null") == 0;
    if (!gnuplot || !has_json())
        WARN("skipped: " << (gnuplot ? "built without cJSON" : "gnuplot is not installed"));
    return gnuplot && has_json();
}

} // namespace

TEST_CASE("every command of the course works", "[course]") {
    if (!can_run_course())
        return;
    int chapters = 0;
    for (const fs::path &document : files_in(source / "docs" / "course", ".md")) {
        if (document.filename() == "README.md")
            continue;
        check_document(document);
        chapters++;
    }
    CHECK(chapters >= 11);
}

TEST_CASE("every solution of the course holds", "[course]") {
    if (!can_run_course())
        return;
    int solutions = 0;
    for (const fs::path &script : files_in(source / "docs" / "course" / "solutions", ".sh")) {
        const folder f;
        INFO(script.string());
        const outcome o = run_commands(f, content(script));
        INFO(o.out << o.err);
        CHECK(o.code == 0);
        solutions++;
    }
    CHECK(solutions >= 10);
}

TEST_CASE("every chapter has its command, figure, code and two exercises with solutions", "[course]") {
    for (const fs::path &document : files_in(source / "docs" / "course", ".md")) {
        const std::string name = document.filename().string(), text = content(document);
        if (name == "README.md")
            continue;
        INFO(name);
        CHECK(contains(text, "![")); // the figure
        CHECK(contains(text, "## Exercises"));
        CHECK(contains(text, "\n1. "));
        CHECK(contains(text, "\n2. "));
        const std::string number = name.substr(0, 2), solution = "](solutions/" + number + "-";
        const std::size_t first = text.find(solution);
        REQUIRE(first != std::string::npos);
        CHECK(text.find(solution, first + 1) != std::string::npos);
    }
}

// Words in backquotes with an underscore in them are names of functions, types or keys.
TEST_CASE("names in the documents exist", "[course]") {
    std::string code;
    for (const char *layer : {"include", "kernels", "datasets", "tuner", "harness", "tests/cli", "docs/course"})
        for (const auto &entry : fs::recursive_directory_iterator(source / layer))
            if (entry.is_regular_file() && entry.path().extension() != ".md" && entry.path().extension() != ".png")
                code += content(entry.path());
    const std::regex name("`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`");
    std::vector<fs::path> documents = files_in(source / "docs" / "course", ".md");
    documents.push_back(source / "docs" / "HACKING.md");
    int names = 0;
    for (const fs::path &document : documents) {
        const std::string text = content(document);
        for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match, names++) {
            INFO(document.string() << ": " << (*match)[1]);
            CHECK(contains(code, (*match)[1]));
        }
    }
    CHECK(names > 30);
}

// Links of the form ](path) and ](path#part) that are no address.
TEST_CASE("no link of the documents leads nowhere", "[course]") {
    std::vector<fs::path> documents = files_in(source / "docs", ".md");
    for (const char *name : {"docs/course", "docs/examples"})
        for (const fs::path &document : files_in(source / name, ".md"))
            documents.push_back(document);
    documents.push_back(source / "README.md");
    for (const fs::path &document : documents) {
        const std::string text = content(document);
        for (std::size_t at = 0; (at = text.find("](", at)) != std::string::npos;) {
            at += 2;
            const std::string link = text.substr(at, text.find_first_of(")#", at) - at);
            INFO(document.string() << ": " << link);
            if (!link.empty() && !contains(link, "://"))
                CHECK(fs::exists(document.parent_path() / link));
        }
    }
}

TEST_CASE("the small commands of the README work", "[course]") {
    if (!has_json())
        return;
    // What a reader is assumed to have.
    const char before[] = "build/release/exakt gen blobs,n=2000,d=8,k=20 points.npy -q\n"
                          "build/release/exakt gen blobs,n=100,d=8,k=20,seed=2 more.npy -q\n";
    check_document(source / "README.md", before);
}

TEST_CASE("the README names every command", "[course]") {
    const std::string readme = content(source / "README.md"), help = folder().run({"--help"}).out;
    std::istringstream lines(help.substr(help.find("commands:")));
    std::string line;
    std::getline(lines, line);
    int commands = 0;
    while (std::getline(lines, line) && !line.empty()) {
        const std::string name = line.substr(2, line.find(' ', 2) - 2);
        INFO(name);
        CHECK((contains(readme, "`exakt " + name) || contains(readme, "`" + name + "`")));
        commands++;
    }
    CHECK(commands > 10);
}
