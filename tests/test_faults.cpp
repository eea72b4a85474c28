// Every request for memory refused in turn, every call on a file failed in turn: a status and a message come back,
// nothing is leaked, files are the old or the new ones.
#include "tests/faults/inject.hpp"
#include "tests/fit.hpp"
#include "tests/test_datasets.hpp"
#include "tuner/profile.h"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

using namespace datasets_test;
using inject::fault;

namespace {

void check_nothing_leaked(long leaked) {
    CHECK(leaked == 0);
}

// What a call under test says about itself.
struct Verdict {
    exk_status status;
    std::string message;
    bool has_result;
};

using Call = std::function<Verdict()>;

// Returns how many requests there were.
int refuse_each_request(const Call &call) {
    return inject::each(
        fault::memory,
        [&](int n) {
            const Verdict v = call();
            INFO("request " << n << ": " << v.message);
            CHECK((v.status == EXK_OK || v.status == EXK_ERR_MEMORY));
            CHECK(v.has_result == (v.status == EXK_OK));
            CHECK(v.message.empty() == (v.status == EXK_OK));
        },
        check_nothing_leaked);
}

Verdict run_fit(const Matrix &points, exk_options *options) {
    const exk_points view = points.points();
    exk_error error = {};
    exk_result *result = nullptr;
    const exk_status status = exk_fit(&view, 5, options, &result, &error);
    const Verdict v = {status, status == EXK_OK ? "" : error.message, result != nullptr};
    exk_result_free(result);
    return v;
}

Verdict run_assign(const Matrix &points, const exk_options *options, bool scores) {
    const exk_points view = points.points();
    exk_error error = {};
    exk_result *result = nullptr;
    double inertia = -1;
    const exk_status status = scores ? exk_score(&view, points.values.data(), 5, options, &inertia, &error)
                                     : exk_assign(&view, points.values.data(), 5, options, &result, &error);
    const Verdict v = {status, status == EXK_OK ? "" : error.message, result != nullptr || inertia >= 0};
    exk_result_free(result);
    return v;
}

// A load that succeeds although a request was refused (it may do without a mapping) must have the same points.
Verdict run_load(const std::string &input, bool standardise, const std::vector<float> &expected) {
    const exk_load_options options = {nullptr, standardise};
    exk_error error = {};
    exk_dataset *dataset = nullptr;
    const exk_status status = exk_dataset_load(input.c_str(), &options, &dataset, &error);
    if (dataset) {
        const exk_points &p = dataset->points;
        CHECK(std::vector<float>(p.x, p.x + p.n * p.d) == expected);
    }
    exk_dataset_free(dataset);
    return {status, status == EXK_OK ? "" : error.message, dataset != nullptr};
}

std::string npy(const char *descr, const std::string &shape, const std::string &values) {
    std::string header =
        std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize(117, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + values;
}

// A file in every format; the large ones make buffers and storage grow.
std::vector<std::string> write_inputs(const TempDir &dir) {
    std::string rows, table, wide = "1";
    for (int i = 0; i < 60000; i++) {
        rows += bytes_of<int32_t>({2}) + bytes_of<float>({1, 2});
        table += "1.5,2\n";
    }
    for (int i = 0; i < 200000; i++)
        wide += ",2";
    std::vector<std::string> inputs = {
        dir.write("mapped.npy", npy("<f4", "(2, 2)", bytes_of<float>({1, 2, 3, 4}))),
        dir.write("converted.npy", npy("<i8", "(2, 2)", bytes_of<int64_t>({1, 2, 3, 4}))),
        dir.write("rows.fvecs", rows),
        dir.write("long-row.fvecs", bytes_of<int32_t>({50000}) + std::string(200000, '\0')),
        dir.write("rows.bvecs", bytes_of<int32_t>({3}) + "abc"),
        dir.write("digits.idx", std::string("\0\0\x08\x01\0\0\0\x03"
                                            "abc",
                                            11)),
        dir.write("table.csv", "a,b\n1e30,1.00000000000000000000001\n" + table),
        dir.write("wide.csv", wide),
    };
#ifdef EXAKT_HAVE_ZLIB
    inputs.push_back(dir.write("rows.fvecs.gz", gzipped(rows)));
    inputs.push_back(dir.write("table.csv.gz", gzipped(table)));
#endif
    for (const char *spec :
         {"gen:embed,n=50,d=4,topics=3", "gen:blobs,n=50,d=3,k=4", "gen:uniform,n=50,d=3", "gen:lattice,n=50,d=3"})
        inputs.emplace_back(spec);
    return inputs;
}

std::vector<float> values_of(const std::string &input, bool standardise) {
    const Load load(input, nullptr, standardise);
    INFO(load.message());
    REQUIRE(load.status == EXK_OK);
    return load.values();
}

const std::vector<float> old_values = {1, 2, 3}, new_values(5000, 7);

exk_status write_new(const std::string &path, exk_error *error) {
    return exk_npy_write_f32(path.c_str(), new_values.data(), 5000, 0, error);
}

} // namespace

TEST_CASE("fit: every request for memory refused", "[faults]") {
    const Matrix points = uniform_points(300, 4, 1);
    const Matrix given = uniform_points(5, 4, 2);
    for (const std::string &variant : available_variants()) {
        for (const exk_init init : {EXK_INIT_KMEANSPP, EXK_INIT_RANDOM, EXK_INIT_FIRST, EXK_INIT_GIVEN}) {
            How how;
            how.variant = variant.c_str();
            how.threads = 2;
            how.init = init;
            how.n_init = 2;
            exk_options *options = options_for(how);
            if (init == EXK_INIT_GIVEN)
                exk_options_set_centroids(options, given.values.data());
            INFO(variant << ", init " << init);
            CHECK(refuse_each_request([&] { return run_fit(points, options); }) >= 6);
            exk_options_free(options);
        }
    }
}

TEST_CASE("assign and score: every request for memory refused", "[faults]") {
    const Matrix points = uniform_points(300, 4, 1);
    for (const bool scores : {false, true})
        CHECK(refuse_each_request([&] { return run_assign(points, nullptr, scores); }) >= 5);
}

TEST_CASE("options: the only request for memory refused", "[faults]") {
    const int requests = inject::each(
        fault::memory,
        [](int n) {
            exk_options *options = nullptr;
            const exk_status status = exk_options_create(&options);
            CHECK(status == (n == 1 ? EXK_ERR_MEMORY : EXK_OK));
            CHECK((options != nullptr) == (status == EXK_OK));
            exk_options_free(options);
        },
        check_nothing_leaked);
    CHECK(requests == 1);
}

TEST_CASE("load: every request for memory refused, in every format", "[faults]") {
    const TempDir dir;
    for (const std::string &input : write_inputs(dir)) {
        for (const bool standardise : {false, true}) {
            const std::vector<float> expected = values_of(input, standardise);
            INFO(input);
            CHECK(refuse_each_request([&] { return run_load(input, standardise, expected); }) >= 2);
        }
    }
}

TEST_CASE("load: every call on a file fails", "[faults]") {
    const TempDir dir;
    for (const std::string &input : write_inputs(dir)) {
        const std::vector<float> expected = values_of(input, false);
        const int calls = inject::each(
            fault::file,
            [&](int n) {
                const Verdict v = run_load(input, false, expected);
                INFO(input << ", call " << n << ": " << v.message);
                CHECK((v.status == EXK_OK || v.status == EXK_ERR_FILE));
                CHECK(v.has_result == (v.status == EXK_OK));
            },
            check_nothing_leaked);
        CHECK((calls >= 3 || input.rfind("gen:", 0) == 0));
    }
}

TEST_CASE("write: every call on a file fails", "[faults]") {
    const TempDir dir;
    const std::string path = dir / "out.npy";
    bool reached = true;
    for (int n = 1; reached; n++) {
        REQUIRE(exk_npy_write_f32(path.c_str(), old_values.data(), 3, 0, nullptr) == EXK_OK);
        const std::string before = slurp(path);
        const long held = inject::held();
        exk_error error = {};
        inject::arm(fault::file, n);
        const exk_status status = write_new(path, &error);
        reached = inject::disarm();
        INFO("call " << n << ": " << error.message);
        // Without an unnamed file, the first call, it can do.
        CHECK((status == EXK_OK) == (!reached || n == 1));
        CHECK((status == EXK_OK || (status == EXK_ERR_FILE && error.message[0])));
        CHECK((slurp(path) == before) == (status != EXK_OK));
        CHECK(files_in(dir) == 1);
        CHECK(inject::held() == held);
    }
    CHECK(values_of(path, false) == new_values);
}

TEST_CASE("reads and writes that are interrupted or partial are carried on", "[faults]") {
    const TempDir dir;
    const std::string path = dir / "out.npy", table = dir.write("table.csv", "1,2\n3,4\n");
    inject::arm(fault::trickle, 0);
    const exk_status status = write_new(path, nullptr);
    const std::vector<float> read = values_of(table, false);
    inject::disarm();
    CHECK(status == EXK_OK);
    CHECK(read == std::vector<float>{1, 2, 3, 4});
    CHECK(values_of(path, false) == new_values);
}

TEST_CASE("a write refused memory is still a write", "[faults]") {
    const TempDir dir;
    const std::string path = dir / "out.npy";
    const int requests = inject::each(
        fault::memory, [&](int) { CHECK(write_new(path, nullptr) == EXK_OK); }, check_nothing_leaked);
    CHECK(requests == 0);
}

namespace {

// A profile with two old entries in a folder of its own, a copy beside it, and a new entry to merge.
struct kept_profile {
    TempDir dir;
    exk_fingerprint machine = {};
    exk_profile_entry old_entry = {}, new_entry = {};

    kept_profile() {
        setenv("EXAKT_CACHE", dir.path().c_str(), 1);
        std::strcpy(machine.text, "cpu=A; caches=unknown; pus=1");
        std::strcpy(machine.geometry, "unknown");
        exk_hash_text(machine.text, machine.hash);
        exk_profile_stamp(&old_entry);
        old_entry.shape = {1000, 16, 100};
        old_entry.threads = old_entry.ties = 1;
        std::strcpy(old_entry.variant, "assign_f32_fused__scalar");
        old_entry.seconds = old_entry.low = old_entry.high = 1;
        new_entry = old_entry;
        new_entry.shape.d = 64;
        REQUIRE(merge(old_entry).status == EXK_OK);
        old_entry.shape.d = 32; // of which the copy knows nothing
        REQUIRE(merge(old_entry).status == EXK_OK);
    }
    ~kept_profile() {
        unsetenv("EXAKT_CACHE");
    }
    kept_profile(const kept_profile &) = delete;
    kept_profile &operator=(const kept_profile &) = delete;

    Verdict merge(const exk_profile_entry &entry) const {
        char note[EXK_PROFILE_NOTE_ROOM];
        exk_error error = {};
        const exk_status status = exk_profile_merge(&machine, &entry, 1, note, &error);
        return {status, status == EXK_OK ? "" : error.message, false};
    }
    int entries() const {
        char note[EXK_PROFILE_NOTE_ROOM];
        exk_profile profile;
        REQUIRE(exk_profile_load(&machine, &profile, note, nullptr) == EXK_OK);
        CHECK(std::string(note).empty());
        const int count = profile.count;
        exk_profile_free(&profile);
        return count;
    }
};

} // namespace

TEST_CASE("whatever fails, a tuned profile has its old entries, and the new one if it was said", "[faults]") {
    if (!json_available())
        return;
    for (const fault kind : {fault::memory, fault::file}) {
        int calls = 0;
        for (bool reached = true; reached; calls++) {
            const kept_profile kept;
            const long held = inject::held();
            inject::arm(kind, calls + 1);
            const Verdict v = kept.merge(kept.new_entry);
            reached = inject::disarm();
            INFO((kind == fault::memory ? "request " : "call ") << calls + 1 << ": " << v.message);
            CHECK(inject::held() <= held); // a text that cJSON allocated behind our back is freed by us
            CHECK(kept.entries() == (v.status == EXK_OK ? 3 : 2));
            CHECK(v.message.empty() == (v.status == EXK_OK));
            CHECK((reached || v.status == EXK_OK));
        }
        CHECK(calls > 5);
    }
}
