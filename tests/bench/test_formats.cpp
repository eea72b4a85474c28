// The formats of result files: every version loads, every member is demanded, every one is documented, and
// whatever lies in results/ is valid.
#include "tests/catch.hpp"

#include "harness/formats.h"
#include "harness/results.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#ifdef EXAKT_HAVE_CJSON
#include <cjson/cJSON.h>
#endif

namespace {

std::string content(const std::filesystem::path &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

const std::filesystem::path fixtures = EXAKT_SOURCE "/tests/results";

struct verdict {
    bool good;
    std::string name, message;
    int version;
};

verdict check_record(const std::string &text) {
    exk_error error = {};
    json_source source = {"file", "", &error};
    int version = 0;
    json *root = json_parse(text.c_str(), text.size(), &source);
    const record_format *format = root ? format_of(root, &version, &source) : nullptr;
    const bool good = format && format_check(format, version, root, &source);
    json_free(root);
    return {good, format ? format->name : "", error.message, version};
}

verdict check_table(const std::string &text) {
    exk_error error = {};
    int64_t rows;
    const table_format *table = table_check(text.c_str(), "file", &rows, &error);
    return {table != nullptr, table ? table->name : "", error.message, table ? table->version : 0};
}

verdict check(const std::filesystem::path &path) {
    return path.extension() == ".json" ? check_record(content(path)) : check_table(content(path));
}

std::vector<std::filesystem::path> files_below(const std::filesystem::path &folder) {
    std::vector<std::filesystem::path> list;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
        // What programs keep for themselves is no result.
        if (!contains(entry.path().parent_path().filename().string(), "-cache") &&
            (entry.path().extension() == ".json" || entry.path().extension() == ".csv"))
            list.push_back(entry.path());
    std::sort(list.begin(), list.end());
    return list;
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE("every version of every format has a file that loads", "[formats]") {
    std::set<std::string> seen, wanted;
    for (const auto &path : files_below(fixtures)) {
        if (path.extension() == ".json" && !json_available())
            continue;
        const verdict v = check(path);
        INFO(path << ": " << v.message);
        CHECK(v.good);
        seen.insert(v.name + " " + std::to_string(v.version));
    }
    const record_format *format;
    for (int i = 0; (format = format_at(i)) && json_available(); i++)
        for (int version = format->oldest; version <= format->newest; version++)
            wanted.insert(std::string(format->name) + " " + std::to_string(version));
    const table_format *table;
    for (int i = 0; (table = table_at(i)); i++)
        wanted.insert(std::string(table->name) + " " + std::to_string(table->version));
    CHECK(seen == wanted);
}

TEST_CASE("all reference results are valid", "[formats]") {
    for (const auto &path : files_below(EXAKT_SOURCE "/results")) {
        if (path.extension() == ".json" && !json_available())
            continue;
        const verdict v = check(path);
        INFO(path << ": " << v.message);
        CHECK(v.good);
    }
}

// A member of a plan is described once for all plans, and one of a counter for all counters.
std::string documented_name(const std::string &path) {
    const std::string counted = "counted.counters";
    if (path.compare(0, counted.size(), counted) == 0)
        return "rows[].counters" + path.substr(counted.size());
    for (const std::string plan : {"rows[].plan.", "fixed.", "shapes[].best.", "shapes[].model.",
                                   "shapes[].profile.", "shapes[].fixed.", "model.", "counted.plan."}) {
        const std::string name = path.substr(std::min(path.size(), plan.size()));
        if (path.compare(0, plan.size(), plan) == 0 && name != "gap" && name.compare(0, 6, "source") != 0)
            return "plan." + name;
    }
    return path;
}

TEST_CASE("every member and every column is documented", "[formats]") {
    const std::string text = content(EXAKT_SOURCE "/docs/results.md");
    const record_format *format;
    for (int i = 0; (format = format_at(i)); i++) {
        CHECK(contains(text, "## " + std::string(format->name)));
        for (const format_field *field = format->fields; field->path; field++) {
            INFO(format->name << ": " << field->path);
            CHECK(contains(text, "`" + documented_name(field->path) + "`"));
        }
    }
    const table_column *column;
    const std::string tables = text.substr(text.find("## Tables"));
    for (int i = 0; (column = table_column_at(i)); i++) {
        INFO(column->name);
        CHECK(contains(tables, "`" + std::string(column->name) + "`"));
    }
    const table_format *table;
    for (int i = 0; (table = table_at(i)); i++)
        CHECK(contains(text, "`" + std::string(table->name) + "`"));
}

#ifdef EXAKT_HAVE_CJSON

namespace {

// The first object that a path's parent names, or null: "rows[].plan.source" -> rows[0].plan.
cJSON *parent_of(cJSON *root, const std::string &path, std::string &name) {
    std::istringstream words(path);
    cJSON *at = root;
    std::string word, next;
    std::getline(words, word, '.');
    while (at && std::getline(words, next, '.')) {
        const bool list = word.size() > 2 && word.substr(word.size() - 2) == "[]";
        at = cJSON_GetObjectItemCaseSensitive(at, (list ? word.substr(0, word.size() - 2) : word).c_str());
        if (at && list)
            at = cJSON_GetArrayItem(at, 0);
        word = next;
    }
    name = word;
    return at;
}

std::string print(const cJSON *root) {
    char *raw = cJSON_PrintUnformatted(root);
    const std::string text = raw;
    cJSON_free(raw);
    return text;
}

// What is left of a record when a member is replaced; "" if it has none like that.
std::string with(const std::string &text, const std::string &path, cJSON *value) {
    cJSON *root = cJSON_Parse(text.c_str());
    std::string name, broken;
    cJSON *parent = parent_of(root, path, name);
    if (parent && cJSON_GetObjectItemCaseSensitive(parent, name.c_str())) {
        if (value)
            cJSON_ReplaceItemInObjectCaseSensitive(parent, name.c_str(), value);
        else
            cJSON_DeleteItemFromObjectCaseSensitive(parent, name.c_str());
        broken = print(root);
    } else {
        cJSON_Delete(value);
    }
    cJSON_Delete(root);
    return broken;
}

} // namespace

TEST_CASE("a record that lacks a member, or has another in its place, is refused by its name", "[formats]") {
    int tried = 0;
    for (const char *file : {"bench-1.json", "bench-2.json", "compare-1.json", "trace-2.json", "evaluation-1.json",
                             "explain-2.json", "fit-1.json", "fit-2.json", "reproduce-1.json"}) {
        const std::string text = content(fixtures / file);
        const verdict whole = check_record(text);
        REQUIRE(whole.good);
        const record_format *format = nullptr;
        for (int i = 0; format_at(i); i++)
            if (whole.name == format_at(i)->name)
                format = format_at(i);
        for (const format_field *field = format->fields; field->path; field++) {
            const std::string path = field->path, name = path.substr(path.find_last_of('.') + 1);
            if (path == "format" || path == "schema" || path == "command" || field->since > whole.version)
                continue;
            const std::string lacking = with(text, path, nullptr), odd = with(text, path, cJSON_CreateObject());
            if (lacking.empty())
                continue;
            INFO(file << ": " << path);
            tried++;
            CHECK(check_record(lacking).good == (field->presence == format_field::FORMAT_MAYBE_ABSENT));
            if (field->kind != FORMAT_OBJECT) {
                const verdict v = check_record(odd);
                CHECK_FALSE(v.good);
                CHECK(contains(v.message, "'" + name + "'"));
            }
            if (field->kind == FORMAT_REAL || field->kind == FORMAT_INTEGER) {
                CHECK_FALSE(check_record(with(text, path, cJSON_CreateNumber(-1e301))).good);
                CHECK(check_record(with(text, path, cJSON_CreateNull())).good ==
                      (field->presence != format_field::FORMAT_ALWAYS));
            }
        }
    }
    CHECK(tried > 200);
}

#endif

TEST_CASE("versions that nobody knows are named", "[formats]") {
    if (!json_available())
        return;
    const std::string text = content(fixtures / "bench-2.json");
    verdict v = check_record(replaced(text, "exakt bench 2", "exakt bench 3"));
    CHECK_FALSE(v.good);
    CHECK(contains(v.message,
                   "'exakt bench 3' is of a newer version of exakt than this one, which reads exakt bench "
                   "up to 2; update it"));
    v = check_record(replaced(text, "exakt bench 2", "exakt bench 999999999999"));
    CHECK_FALSE(v.good);
    v = check_record(replaced(text, "exakt bench 2", "exakt profile 1"));
    CHECK(contains(v.message, "'exakt profile 1' is no format of results"));
    CHECK(contains(check_record("{}").message, "neither 'format' nor 'schema'"));
    CHECK(contains(check_record("{\"command\": \"fit\"}").message, "'version'")); // a run, but no whole one
}

TEST_CASE("tables are checked line by line", "[formats]") {
    const std::string text = content(fixtures / "bench-1.csv");
    REQUIRE(check_table(text).good);
    REQUIRE(check_table(text + "\n").good == (text.back() != '\n'));
    const std::size_t second = text.find('\n') + 1;
    const std::string head = text.substr(0, second), rest = text.substr(second);
    CHECK(check_table(head).good);
    for (const auto &[from, to, part] : std::vector<std::array<std::string, 3>>{
             {",400,", ",0,", "line 2: 'n'"},
             {",400,", ",400.5,", "line 2: 'n'"},
             {",400,", ", 400,", "line 2: 'n'"},
             {",400,", ",,", "line 2: 'n'"},
             {",400,", ",NA,", "line 2: 'n'"},
             {",400,", ",", "line 2: "},
             {",400,", ",400,400,", "line 2: "},
             {"\"gen", "gen", "line 2: "},
             {"5\",", "5,", "line 2: "},
             {"assign", "\x1b[31m", "line 2: 'variant'"},
             {"\n", "\n\n", "line 3: "},
         }) {
        INFO(from << " -> " << to);
        const verdict v = check_table(head + replaced(rest, from, to));
        CHECK_FALSE(v.good);
        CHECK(contains(v.message, part));
    }
    CHECK(contains(check_table("a,b,c\n1,2,3\n").message, "header of no table"));
    CHECK(contains(check_table("").message, "header of no table"));
    for (const auto &path : files_below(fixtures)) {
        if (path.extension() != ".csv")
            continue;
        const std::string table = content(path);
        for (std::size_t length = table.find('\n') + 2; length + 1 < table.size(); length += 3) {
            const verdict v = check_table(table.substr(0, length)); // no crash, and never another name
            CHECK((!v.good || contains(v.name, "table")));
        }
    }
}
