// `exakt compare` against rivals that do right and wrong on purpose. Times are not looked at.
#include "tests/cli/program.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <sched.h>

using namespace program_test;

namespace {

// The interpreter that runs the fake rivals; "" if there is none.
std::string python() {
    static const std::string found = [] {
        const folder f;
        const std::string command = "command -v python3 > '" + f.at("python").string() + "' 2>/dev/null";
        if (std::system(command.c_str()) != 0)
            return std::string();
        std::string path = content(f.at("python"));
        path.erase(path.find_last_not_of('\n') + 1);
        return path;
    }();
    return found;
}

bool has_python() {
    if (python().empty())
        WARN("skipped: python3 is not installed");
    return !python().empty();
}

std::string fake(const std::string &name, const std::string &how) {
    return name + "=exec '" + python() + "' '" EXAKT_TESTS_DIR "/cli/fake_rival.py' " + how;
}

// Whole numbers, so that every distance is exact, and symmetric, so that some are equal.
constexpr int n = 60, k = 4;
struct point {
    int x, y;
};
point at(int i) {
    return i < k ? point{2 * i, 0} : point{i % 10, i % 7};
}
std::string points_text() {
    std::string text;
    for (int i = 0; i < n; i++)
        text += std::to_string(at(i).x) + "," + std::to_string(at(i).y) + "\n";
    return text;
}

int square(const point &a, const point &b) {
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

// What the start, which is the first k points, is worth as a solution.
struct worth {
    int inertia = 0, ties = 0;
};
worth worth_of_start() {
    worth w;
    for (int i = 0; i < n; i++) {
        int least = square(at(i), at(0)), equal = 0;
        for (int j = 1; j < k; j++)
            least = std::min(least, square(at(i), at(j)));
        for (int j = 0; j < k; j++)
            equal += square(at(i), at(j)) == least;
        w.inertia += least;
        w.ties += equal > 1;
    }
    return w;
}

arguments comparison(const arguments &more) {
    arguments words{"compare",   "points.csv", "-k",     "4",    "--init",    "first", "--iterations", "5",
                    "--samples", "3",          "--with", "none", "--threads", "1",     "--csv",        "s.csv"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// The samples of a CSV file without commas in its texts, by name; each maps columns to values.
using sample = std::map<std::string, std::string>;
std::map<std::string, std::vector<sample>> samples_of(const std::string &csv) {
    const auto split = [](const std::string &line) {
        std::vector<std::string> fields;
        std::istringstream rest(line);
        for (std::string field; std::getline(rest, field, ',');)
            fields.push_back(field);
        return fields;
    };
    std::map<std::string, std::vector<sample>> samples;
    std::istringstream lines(csv);
    std::string line;
    std::getline(lines, line);
    const std::vector<std::string> columns = split(line);
    while (std::getline(lines, line)) {
        sample s;
        const std::vector<std::string> fields = split(line);
        for (std::size_t i = 0; i < fields.size(); i++)
            s[columns.at(i)] = fields[i];
        samples[s.at("name")].push_back(s);
    }
    return samples;
}

// The line of the table that begins with the name.
std::string line_of(const std::string &text, const std::string &name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.rfind(name + " ", 0) == 0)
            return line;
    return "";
}

} // namespace

TEST_CASE("compare judges every solution by the same arithmetic", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    const worth w = worth_of_start();
    REQUIRE(w.ties > 0);
    f.write("points.csv", points_text());
    const outcome o =
        f.run(comparison({"--rival", fake("good", "good"), "--rival", fake("tied", "tied"), "--rival",
                          fake("wrong", "wrong 1"), "--rival", fake("later", "wrong 3")}));
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    auto samples = samples_of(content(f.at("s.csv")));
    REQUIRE(samples.size() == 5);
    for (const auto &named : samples) {
        INFO(named.first);
        REQUIRE(named.second.size() == 3);
        for (const sample &s : named.second) {
            CHECK(s.at("n") == "60");
            CHECK(s.at("d") == "2");
            CHECK(s.at("k") == "4");
            CHECK(s.at("threads") == "1");
            CHECK(std::stod(s.at("seconds")) > 0);
            if (named.first != "exakt" && named.first != "later") {
                CHECK(s.at("iterations") == "5");
                CHECK(std::stod(s.at("inertia")) == w.inertia);
                CHECK(s.at("labels_wrong") == "0");
                CHECK(s.at("labels_tied") == (named.first == "tied" ? std::to_string(w.ties) : "0"));
            }
        }
    }
    CHECK(samples["exakt"][0].at("labels_wrong") == "0");
    // The first fit is judged like the samples behind it; the third is the second sample.
    CHECK(line_of(o.out, "wrong").substr(line_of(o.out, "wrong").size() - 2) == " 7");
    CHECK(line_of(o.out, "good").substr(line_of(o.out, "good").size() - 2) == " 0");
    CHECK(line_of(o.out, "later").substr(line_of(o.out, "later").size() - 2) == " 7");
    CHECK(samples["later"][0].at("labels_wrong") == "0");
    CHECK(samples["later"][1].at("labels_wrong") == "7");
    CHECK(std::stod(samples["later"][1].at("inertia")) > w.inertia);
    CHECK(samples["later"][2].at("labels_wrong") == "0");
    CHECK(contains(o.out, "fake 1.0"));
    CHECK(contains(o.out, "threads=1/1 cpus=1 policy=None"));
}

TEST_CASE("compare reports the inertia that fit does", "[compare]") {
    if (!has_json())
        return;
    const folder f;
    const std::string input = "gen:blobs,n=3000,d=5,spread=1";
    const outcome o = f.run({"compare", input, "-k", "7", "-i", "5", "-n", "1", "-t", "1", "--json", "-",
                             "--variants", "naive__scalar,tiled__scalar"});
    const outcome fit =
        f.run({"fit", input, "-k", "7", "--max-iter", "5", "--tol", "0", "-t", "1", "--json", "-", "--quiet"});
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    const std::string row = o.out.substr(o.out.find("\"rows\""));
    CHECK(field(row, "iterations") == "5");
    CHECK(field(row, "inertia") == field(fit.out, "inertia"));
}

TEST_CASE("compare gives a rival the CPUs of its threads", "[compare]") {
    cpu_set_t allowed;
    if (!has_python() || sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2)
        return;
    const folder f;
    f.write("points.csv", points_text());
    const outcome o = f.run(comparison({"--rival", fake("good", "good"), "--threads", "2", "--samples", "1"}));
    INFO(o.out << o.err);
    CHECK(contains(o.out, "threads=2/2 cpus=2 policy=None"));
}

TEST_CASE("compare goes on without rivals that fail, and says how they did", "[compare]") {
    if (!has_python())
        return;
    const std::map<std::string, std::string> failures = {
        {"crash", "crashed: Aborted"},
        {"leave", "ended with exit code 1: no more memory"},
        {"garbage", "answered \"Iteration 1, inertia 3.5?[2J\" where done"},
        {"range", "label 4 of point 3: there are 4 clusters"},
        {"short", "labels: 236 bytes where 240 were expected"},
        {"long", "labels: more than the 240 bytes"},
        {"nan", "centroid 1 holds NaN or infinity"},
        {"nothing", "wrote no labels"},
        {"deaf", "ended with exit code 1: OSError"},
        {"boast", "says it took 3600 s, but its answer came after"},
        {"number", "where done, seconds and iterations was expected"},
        {"more", "made 6 iterations where at most 5 were asked for"},
        {"refuses", "too many columns"}};
    const folder f;
    arguments words{"--rival", fake("good", "good")};
    for (const auto &failure : failures)
        words.insert(words.end(), {"--rival", fake(failure.first, failure.first)});
    words.insert(words.end(), {"--rival", "absent=/does/not/exist"});
    f.write("points.csv", points_text());
    const outcome o = f.run(comparison(words));
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    CHECK(contains(o.err, "14 of 16 rows failed"));
    for (const auto &failure : failures) {
        const std::string line = line_of(o.out, failure.first);
        INFO(line);
        CHECK(contains(line, "failed: "));
        CHECK(contains(line, failure.second));
    }
    CHECK(contains(line_of(o.out, "absent"), "failed: ended with exit code 127"));
    auto samples = samples_of(content(f.at("s.csv")));
    CHECK(samples.size() == 2);
    CHECK(samples["good"].size() == 3);
    CHECK(samples["exakt"].size() == 3);
}

TEST_CASE("compare keeps the rounds before a failure", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    f.write("points.csv", points_text());
    const outcome o = f.run(comparison({"--rival", fake("crash", "crash 3"), "--rival", fake("short", "short 3"),
                                        "--rival", fake("hang", "hang 3"), "--rival", fake("good", "good"),
                                        "--rival", fake("never", "short 2"), "--limit", "8"}));
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    auto samples = samples_of(content(f.at("s.csv")));
    CHECK(samples["crash"].size() == 1);
    CHECK(samples["short"].size() == 1);
    CHECK(samples["hang"].size() == 1);
    CHECK(samples["good"].size() == 3);
    CHECK(contains(line_of(o.out, "never"), "failed: labels"));
    CHECK(contains(o.out, "failed: no answer for 8 s"));
}

TEST_CASE("compare names what is missing, and the rest goes on", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    f.write("points.csv", points_text());
    f.write("faiss.py", "raise ImportError('not here')\n");
    const auto hide = [&] { setenv("PYTHONPATH", f.at("").c_str(), 1); };
    const arguments words = comparison(
        {"--with", "faiss", "--rival", fake("gone", "missing"), "--python", python(), "--samples", "1"});
    outcome o = f.run(words, hide);
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    CHECK(contains(o.err, "no rival could run"));
    CHECK(contains(line_of(o.out, "faiss"), "missing: "));
    CHECK(contains(line_of(o.out, "faiss"), " -m pip install faiss-cpu"));
    CHECK(contains(line_of(o.out, "gone"), "missing: pip install something"));
    CHECK(contains(o.out, "exakt compare --setup"));
    arguments more = words;
    more.insert(more.end(), {"--rival", fake("good", "good")});
    CHECK(f.run(more, hide).code == 0);
}

TEST_CASE("compare without Python or its driver says so", "[compare]") {
    const folder f;
    f.write("points.csv", points_text());
    outcome o = f.run(comparison({"--with", "faiss", "--python", "no-such-python"}));
    CHECK(o.code == 1);
    CHECK(contains(line_of(o.out, "faiss"), "missing: no Python; install python3"));
    if (!has_python())
        return;
    o = f.run(comparison({"--with", "faiss", "--rivals", "."}));
    CHECK(o.code == 1);
    CHECK(contains(line_of(o.out, "faiss"), "missing: rivals.py was not found"));
}

TEST_CASE("compare corrects the core type of a rival's BLAS and records it", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    f.write("points.csv", points_text());
    const arguments words = comparison({"--rival", fake("weak", "weak"), "--samples", "1"});
    outcome o = f.run(words, [] { unsetenv("OPENBLAS_CORETYPE"); });
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    const bool is_corrected = contains(o.out, "(detected Prescott, corrected)");
    const bool is_weak_cpu = contains(o.out, "BLAS core Prescott;");
    CHECK(is_corrected != is_weak_cpu);
    // What the user asks for is left alone.
    o = f.run(words, [] { setenv("OPENBLAS_CORETYPE", "Nehalem", 1); });
    CHECK(contains(o.out, "BLAS core Nehalem (weaker than this CPU, as OPENBLAS_CORETYPE asks);"));
}

TEST_CASE("compare to convergence gives who never ends as many iterations as ours", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    f.write("points.csv", points_text());
    const outcome o = f.run(comparison({"--converge", "--rival", fake("endless", "endless"), "--samples", "1"}));
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    auto samples = samples_of(content(f.at("s.csv")));
    const std::string iterations = samples.at("exakt").at(0).at("iterations");
    CHECK(samples.at("endless").at(0).at("iterations") == iterations);
    CHECK(contains(o.out, "given the " + iterations + " iterations of exakt"));
}

TEST_CASE("compare of our own variants", "[compare]") {
    const folder f;
    f.write("points.csv", points_text());
    const outcome o = f.run(comparison({"--variants", "naive__scalar,auto,tiled__scalar"}));
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    auto samples = samples_of(content(f.at("s.csv")));
    REQUIRE(samples.size() == 3);
    CHECK(samples.count("exakt") == 1);
    for (const auto &named : samples)
        for (const sample &s : named.second)
            CHECK(s.at("inertia") == samples.begin()->second[0].at("inertia"));
    CHECK(contains(o.out, "assign_f32_naive__scalar, plan from"));
}

TEST_CASE("compare writes a record", "[compare]") {
    if (!has_python() || !has_json())
        return;
    const folder f;
    f.write("points.csv", points_text());
    const outcome o =
        f.run(comparison({"--rival", fake("wrong", "wrong"), "--rival", fake("crash", "crash"), "--json", "-"}));
    INFO(o.out);
    CHECK(o.code == 1);
    check_parses(o.out);
    CHECK(field(o.out, "format") == "\"exakt compare 1\"");
    CHECK(field(o.out, "init") == "\"first\"");
    CHECK(contains(o.err, "excess"));
    const std::string wrong = o.out.substr(o.out.find("\"wrong\""));
    CHECK(field(wrong, "state") == "\"timed\"");
    CHECK(field(wrong, "labels_wrong") == "7");
    CHECK(field(wrong, "iterations") == "5");
    CHECK(std::stod(field(wrong, "peak_rss_bytes")) > 0);
    CHECK(std::stod(field(wrong, "ratio")) > 0);
    const std::string crash = o.out.substr(o.out.find("\"crash\""));
    CHECK(field(crash, "state") == "\"failed\"");
    CHECK(field(crash, "why") == "\"crashed: Aborted\"");
}

TEST_CASE("compare ends on Ctrl-C with the finished rounds and without its rivals", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    f.write("points.csv", points_text());
    std::filesystem::create_directory(f.at("tmp"));
    const std::string pid_file = f.at("pid").string();
    const pid_t child = f.start(comparison({"--rival", fake("pid", "pid 3 '" + pid_file + "'"), "--progress"}),
                                [&] { setenv("TMPDIR", f.at("tmp").c_str(), 1); });
    const bool begun = wait_for([&] { return contains(content(f.at("stderr")), "round 1 of 3"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    kill(child, SIGINT);
    const outcome o = f.finish(child); // the rival would sleep for an hour
    INFO(o.out << o.err);
    REQUIRE(begun);
    CHECK(o.code == 130);
    auto samples = samples_of(content(f.at("s.csv")));
    CHECK(samples["pid"].size() == 1);
    CHECK(samples["exakt"].size() >= 1);
    const int rival = std::stoi(content(pid_file));
    CHECK((kill(rival, 0) != 0 && errno == ESRCH));
    CHECK(std::filesystem::is_empty(f.at("tmp")));
}

TEST_CASE("rivals do not outlive a compare that is killed", "[compare]") {
    if (!has_python())
        return;
    const folder f;
    f.write("points.csv", points_text());
    std::filesystem::create_directory(f.at("tmp"));
    const std::string pid_file = f.at("pid").string();
    const pid_t child = f.start(comparison({"--rival", fake("pid", "pid 1 '" + pid_file + "'")}),
                                [&] { setenv("TMPDIR", f.at("tmp").c_str(), 1); });
    const bool begun = wait_for([&] { return !content(pid_file).empty(); });
    kill(child, SIGKILL);
    f.finish(child);
    REQUIRE(begun);
    const int rival = std::stoi(content(pid_file));
    CHECK(wait_for([&] { return kill(rival, 0) != 0; }));
}

TEST_CASE("compare refuses what makes no sense", "[compare]") {
    const folder f;
    f.write("points.csv", points_text());
    f.write("centroids.csv", "0,0\n1,1\n2,2\n");
    const std::vector<std::pair<arguments, std::string>> cases = {
        {{"compare"}, "an argument is missing"},
        {{"compare", "points.csv"}, "-k: missing"},
        {{"compare", "points.csv", "-k", "61"}, "61 clusters for 60 points"},
        {{"compare", "points.csv", "-k", "4", "--with", "fais"}, "did you mean faiss"},
        {{"compare", "points.csv", "-k", "4", "--with", "none"}, "nobody to compare with"},
        {{"compare", "points.csv", "-k", "4", "--rival", "true"}, "is not NAME=COMMAND"},
        {{"compare", "points.csv", "-k", "4", "--rival", "../a=true"}, "is not NAME=COMMAND"},
        {{"compare", "points.csv", "-k", "4", "--rival", "a=true", "--rival", "a=true"},
         "there is one of that name"},
        {{"compare", "points.csv", "-k", "4", "--csv", "points.csv"}, "points.csv"},
        {{"compare", "points.csv", "-k", "4", "--variants", "fusde"}, "no such variant"}};
    for (const auto &c : cases) {
        const outcome o = f.run(c.first);
        INFO(c.second << "\n" << o.out << o.err);
        CHECK((o.code == 2 || o.code == 6));
        CHECK(contains(o.err, c.second));
    }
    const outcome o = f.run({"compare", "points.csv", "-k", "4", "--init", "centroids.csv"});
    CHECK(o.code == 3);
    CHECK(contains(o.err, "holds 3 centroids"));
    f.write("nan.csv", "1,2\n3,nan\n");
    CHECK(f.run({"compare", "nan.csv", "-k", "1"}).code == 4);
}

// The driver brings rows into the order in which the shuffle of a library puts the start first; so it has to know
// that shuffle, which is the one of this very library where it is libstdc++.
TEST_CASE("the driver knows std::shuffle", "[compare]") {
#ifdef __GLIBCXX__
    if (!has_python())
        return;
    const folder f;
    const std::vector<int> counts = {1, 2, 3, 1000, 1001, 65535, 65536};
    std::string list;
    for (const int count : counts)
        list += std::to_string(count) + ",";
    const std::string command = "'" + python() + "' -c 'import rivals\nfor n in (" + list +
                                "): print(*rivals.shuffled(n, 42, rivals.draw_by_product))' > '" +
                                f.at("orders").string() + "'";
    setenv("PYTHONPATH", EXAKT_TESTS_DIR "/../harness/rivals", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    REQUIRE(std::system(command.c_str()) == 0);
    std::istringstream found(content(f.at("orders")));
    for (const int count : counts) {
        std::vector<std::size_t> order(static_cast<std::size_t>(count)), expected(order);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::mt19937 generator(42);
        std::shuffle(order.begin(), order.end(), generator);
        for (std::size_t &value : expected)
            found >> value;
        CHECK(found);
        CHECK(order == expected);
    }
    unsetenv("PYTHONPATH");
#endif
}

TEST_CASE("compare with the libraries that are installed", "[compare]") {
    if (!has_python())
        return;
    const std::string check = "'" + python() + "' -B '" EXAKT_TESTS_DIR "/../harness/rivals/rivals.py' --check ";
    arguments words;
    for (const char *name : {"faiss", "sklearn-lloyd", "superkmeans"})
        if (std::system((check + name + " > /dev/null 2>&1").c_str()) == 0)
            words.insert(words.end(), {"--with", name});
    if (words.empty()) {
        WARN("skipped: neither FAISS nor scikit-learn nor SuperKMeans is installed");
        return;
    }
    // One of them is enough here; they take seconds to start.
    words.resize(2);
    const folder f;
    words.insert(words.begin(), {"compare", "gen:blobs,n=600,d=3", "-k", "5", "--samples", "1", "--threads", "1",
                                 "--python", python(), "--csv", "s.csv"});
    const outcome o = f.run(words);
    INFO(o.out << o.err);
    CHECK(o.code == 0);
    CHECK_FALSE(contains(o.out, "failed"));
    CHECK_FALSE(contains(o.out, "missing"));
}
