// .npy: reading every type and version, hostile headers, and the writer.
#include "tests/test_datasets.hpp"

#include <cerrno>
#include <cmath>
#include <csignal>
#include <limits>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace datasets_test;

namespace {

std::string preamble(int major, std::size_t length) {
    std::string bytes = "\x93NUMPY";
    bytes += static_cast<char>(major);
    bytes += '\0';
    bytes += major == 1 ? bytes_of({static_cast<uint16_t>(length)}) : bytes_of({static_cast<uint32_t>(length)});
    return bytes;
}

// A file with this dict, padded so that the data begin at a multiple of `align`.
std::string npy_dict(const std::string &dict, const std::string &data, int major = 1, std::size_t align = 64) {
    const std::size_t start = preamble(major, 0).size();
    std::string text = dict;
    while ((start + text.size() + 1) % align != 0) {
        text += ' ';
    }
    text += '\n';
    return preamble(major, text.size()) + text + data;
}

std::string dict_of(const std::string &descr, const std::string &shape, const std::string &fortran = "False") {
    return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

std::string npy(const std::string &descr, const std::string &shape, const std::string &data) {
    return npy_dict(dict_of(descr, shape), data);
}

const std::string six = bytes_of<float>({1, 2, 3, 4, 5, 6});
const std::vector<float> one_to_six = {1, 2, 3, 4, 5, 6};

template <class T> void check_type(const TempDir &dir, const std::string &kind, const std::string &name) {
    const std::initializer_list<T> values = {T(0), T(1), T(77), T(2), T(3), std::is_signed_v<T> ? T(-4) : T(4)};
    const std::vector<float> wanted = {0, 1, 77, 2, 3, std::is_signed_v<T> ? -4.0F : 4.0F};
    for (const bool big : {false, true}) {
        const std::string order = sizeof(T) == 1 ? "|" : big ? ">" : "<";
        const std::string path = dir.write("x.npy", npy(order + kind, "(3, 2)", bytes_of(values, big)));
        check_loads(path, 3, 2, wanted, name == "float32" ? "" : name + " converted to float32");
    }
}

} // namespace

TEST_CASE("npy: plain float32 is mapped, not copied", "[datasets]") {
    const TempDir dir;
    const std::string path = dir.write("x.npy", npy("<f4", "(2, 3)", six));
    check_loads(path, 2, 3, one_to_six);
    const Load load(path);
    CHECK(load.dataset->mapped);
    CHECK(load.note().empty());
}

TEST_CASE("npy: misaligned float32 is copied", "[datasets]") {
    const TempDir dir;
    std::string dict = dict_of("<f4", "(2, 3)");
    while ((10 + dict.size()) % 4 != 1) {
        dict += ' ';
    }
    const std::string path = dir.write("x.npy", preamble(1, dict.size()) + dict + six);
    check_loads(path, 2, 3, one_to_six);
    CHECK_FALSE(Load(path).dataset->mapped);
}

TEST_CASE("npy: every type in both byte orders", "[datasets]") {
    const TempDir dir;
    check_type<float>(dir, "f4", "float32");
    check_type<double>(dir, "f8", "float64");
    check_type<uint8_t>(dir, "u1", "uint8");
    check_type<int8_t>(dir, "i1", "int8");
    check_type<uint16_t>(dir, "u2", "uint16");
    check_type<int16_t>(dir, "i2", "int16");
    check_type<uint32_t>(dir, "u4", "uint32");
    check_type<int32_t>(dir, "i4", "int32");
    check_type<uint64_t>(dir, "u8", "uint64");
    check_type<int64_t>(dir, "i8", "int64");
    check_loads(dir.write("x.npy", npy("<u1", "(2,)", "\x07\xff")), 2, 1, {7, 255}, "uint8 converted to float32");
    check_loads(dir.write("x.npy", npy("|b1", "(2,)", std::string("\x00\x01", 2))), 2, 1, {0, 1},
                "bool converted to float32");
}

TEST_CASE("npy: float16 in all its ranges", "[datasets]") {
    const TempDir dir;
    const std::initializer_list<uint16_t> halves = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x0400, 0x0000};
    const std::vector<float> values = {1, -2, 65504, 0x1p-24F, -1023 * 0x1p-24F, 0x1p-14F, 0};
    for (const bool big : {false, true}) {
        const std::string path = dir.write("x.npy", npy(big ? ">f2" : "<f2", "(7,)", bytes_of(halves, big)));
        check_loads(path, 7, 1, values, "float16 converted to float32");
    }
    const std::string infinite = npy("<f2", "(2,)", bytes_of<uint16_t>({0x3c00, 0xfc00}));
    check_refused_at(dir.write("inf.npy", infinite), EXK_ERR_NOT_FINITE, 1, 0,
                     {"row 1, column 0", "minus infinity"});
}

TEST_CASE("npy: float64 is rounded to nearest, beyond float32 refused", "[datasets]") {
    const TempDir dir;
    const std::string near = npy("<f8", "(1, 2)", bytes_of<double>({0.1, 1 + 0x1p-24}));
    check_loads(dir.write("near.npy", near), 1, 2, {0.1F, 1}, "float64 converted to float32");
    const std::string beyond = npy("<f8", "(2, 2)", bytes_of<double>({1, 2, 3, -1e39}));
    check_refused_at(dir.write("beyond.npy", beyond), EXK_ERR_NOT_FINITE, 1, 1,
                     {"row 1, column 1, counted from 0", "beyond float32", "rescale"});
    const std::string nan = npy(">f8", "(2, 1)", bytes_of<double>({1, std::nan("")}, true));
    check_refused_at(dir.write("nan.npy", nan), EXK_ERR_NOT_FINITE, 1, 0, {"row 1, column 0", "NaN"});
}

TEST_CASE("npy: versions 2.0 and 3.0, Python 2 sizes, blanks, key order", "[datasets]") {
    const TempDir dir;
    for (const int major : {1, 2, 3}) {
        check_loads(dir.write("x.npy", npy_dict(dict_of("<f4", "(2, 3)"), six, major)), 2, 3, one_to_six);
    }
    const std::string odd = "{\"shape\" :(2L ,3L,) , 'fortran_order':False,\t'descr':\"<f4\"}";
    check_loads(dir.write("x.npy", npy_dict(odd, six)), 2, 3, one_to_six);
}

TEST_CASE("npy: vectors and cubes become matrices", "[datasets]") {
    const TempDir dir;
    check_loads(dir.write("x.npy", npy("<f4", "(6,)", six)), 6, 1, one_to_six);
    check_loads(dir.write("x.npy", npy("<f4", "(1, 3, 2)", six)), 1, 6, one_to_six);
    check_loads(dir.write("x.npy", npy("<f4", "(3, 1, 2)", six)), 3, 2, one_to_six);
}

TEST_CASE("npy: Fortran order only where it makes no difference", "[datasets]") {
    const TempDir dir;
    check_loads(dir.write("x.npy", npy_dict(dict_of("<f4", "(6, 1)", "True"), six)), 6, 1, one_to_six);
    check_loads(dir.write("x.npy", npy_dict(dict_of("<f4", "(1, 6)", "True"), six)), 1, 6, one_to_six);
    check_refused(dir.write("x.npy", npy_dict(dict_of("<f4", "(2, 3)", "True"), six)), EXK_ERR_FORMAT,
                  {"Fortran order", "numpy.ascontiguousarray"});
}

TEST_CASE("npy: NaN and infinity in a mapped file", "[datasets]") {
    const TempDir dir;
    const float infinity = std::numeric_limits<float>::infinity();
    const std::string path = dir.write("x.npy", npy("<f4", "(2, 2)", bytes_of<float>({1, 2, infinity, 4})));
    check_refused_at(path, EXK_ERR_NOT_FINITE, 1, 0,
                     {"row 1, column 0, counted from 0", "infinity", "remove the row"});
}

TEST_CASE("npy: data shorter or longer than the header says", "[datasets]") {
    const TempDir dir;
    check_refused(dir.write("x.npy", npy("<f4", "(2, 4)", six)), EXK_ERR_FORMAT,
                  {"promises 32 bytes", "holds 24", "truncated"});
    check_refused(dir.write("x.npy", npy("<f8", "(3, 1)", six.substr(0, 23))), EXK_ERR_FORMAT,
                  {"promises 24 bytes", "holds 23"});
    check_refused(dir.write("x.npy", npy("<f4", "(2, 4)", "")), EXK_ERR_FORMAT, {"promises 32 bytes", "holds 0"});
    check_loads(dir.write("x.npy", npy("<f4", "(1, 2)", six)), 1, 2, {1, 2},
                "bytes after the first array ignored");
    check_loads(dir.write("x.npy", npy(">f4", "(1, 1)", bytes_of<float>({5, 6}, true))), 1, 1, {5},
                "bytes after the first array ignored");
}

TEST_CASE("npy: hostile shapes", "[datasets]") {
    const TempDir dir;
    const auto refused = [&](const std::string &shape, const char *fragment) {
        INFO(shape);
        for (const char *descr : {"<f4", "<f8", "|u1"}) {
            check_refused(dir.write("x.npy", npy(descr, shape, six)), EXK_ERR_FORMAT, {"header", fragment});
        }
    };
    refused("(0, 3)", "at least one row");
    refused("(3, 0)", "at least one row");
    refused("(0,)", "at least one row");
    refused("()", "single value");
    refused("(-2, 3)", "not understood");
    refused("(2, -3)", "not understood");
    refused("(9223372036854775808, 1)", "not understood");
    refused("(9223372036854775807, 9223372036854775807)", "more than any machine");
    refused("(4294967296, 4294967296)", "more than any machine");
    refused("(2, 4294967296, 4294967296)", "more than any machine");
    refused("(2305843009213693952, 2)", "more than any machine");
    refused("(2 3)", "not understood");
    refused("(2, 3", "not understood");
    refused("2, 3", "not understood");
    refused("(2.5, 3)", "not understood");
    std::string many = "(1";
    for (int i = 0; i < 100; i++) {
        many += ", 1";
    }
    refused(many + ")", "not understood");
    check_refused(dir.write("x.npy", npy("<f4", "(1099511627776, 1024)", six)), EXK_ERR_FORMAT,
                  {"promises 4503599627370496 bytes", "holds 24"});
}

TEST_CASE("npy: hostile headers", "[datasets]") {
    const TempDir dir;
    const auto refused = [&](const std::string &dict, const char *fragment) {
        INFO(dict);
        check_refused(dir.write("x.npy", npy_dict(dict, six)), EXK_ERR_FORMAT, {"header", fragment});
    };
    refused("", "not understood");
    refused("{}", "descr is missing");
    refused("{'descr': '<f4', 'shape': (2, 3)}", "fortran_order is missing");
    refused("{'descr': '<f4', 'fortran_order': False}", "shape is missing");
    refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", "not understood");
    refused("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3)}", "not understood");
    refused("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "not understood");
    refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}", "astype('float32')");
    refused("{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}", "not understood");
    refused("{'extra': 1, 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", "not understood");
    refused(dict_of("<f4", "(2, 3)") + "x", "not understood");
    refused(dict_of("<f4", "(2, 3)").substr(0, 9), "not understood");
    refused(std::string(500, '\xff'), "not understood");
    refused(std::string(500, '{'), "not understood");
}

TEST_CASE("npy: types that are not numbers", "[datasets]") {
    const TempDir dir;
    for (const char *descr : {"|O", "<c8", "<U5", "<f16", "|S4", "", "<", "f", "<M8[ns]", "<f3"}) {
        INFO(descr);
        check_refused(dir.write("x.npy", npy(descr, "(2, 3)", six)), EXK_ERR_FORMAT,
                      {descr, "x.astype('float32')"});
    }
}

TEST_CASE("npy: preambles cut or wrong", "[datasets]") {
    const TempDir dir;
    const std::string whole = npy("<f4", "(2, 3)", six);
    for (std::size_t length = 1; length < whole.size(); length++) {
        INFO("the first " << length << " of " << whole.size() << " bytes");
        check_refused(dir.write("x.npy", whole.substr(0, length)), EXK_ERR_FORMAT, {});
    }
    check_refused(dir.write("x.npy", whole.substr(0, 7)), EXK_ERR_FORMAT, {"ends within it"});
    check_refused(dir.write("x.npy", "1,2,3\n"), EXK_ERR_FORMAT, {".npy magic", "numpy.save"});
    check_refused(dir.write("x.npy", preamble(4, 10) + "whatever"), EXK_ERR_FORMAT, {"version 4.0"});
    check_refused(dir.write("x.npy", preamble(2, 0xffffffff) + "whatever"), EXK_ERR_FORMAT,
                  {"4294967295 bytes long"});
    check_refused(dir.write("x.npy", preamble(1, 0xffff) + "{'descr'"), EXK_ERR_FORMAT, {"ends within it"});
    check_refused(dir.write("x.npy", preamble(2, 1 << 20) + "{'descr'"), EXK_ERR_FORMAT, {"ends within it"});
    check_refused(dir.write("x.npy", preamble(1, 0) + six), EXK_ERR_FORMAT, {"byte 0", "not understood"});
}

TEST_CASE("npy: content counts, not the name", "[datasets]") {
    const TempDir dir;
    check_loads(dir.write("data.csv", npy("<f4", "(2, 3)", six)), 2, 3, one_to_six);
}

TEST_CASE("npy: columns cannot be chosen", "[datasets]") {
    const TempDir dir;
    const std::string path = dir.write("x.npy", npy("<f4", "(2, 3)", six));
    check_refused(path, EXK_ERR_ARGUMENT, {"in text only"}, "0,1");
}

TEST_CASE("datasets: files that are not there, not files, or not allowed", "[datasets]") {
    const TempDir dir;
    check_refused(dir / "missing.npy", EXK_ERR_FILE, {"No such file"});
    CHECK(Load(dir / "missing\nname.npy").message().find("missing?name.npy: cannot be opened") !=
          std::string::npos);
    check_refused(dir.path(), EXK_ERR_FILE, {"is a directory"});
    check_refused(dir.write("empty.npy", ""), EXK_ERR_FORMAT, {"is empty"});
    check_refused(dir.write("what", std::string("\x01\x02\x00\x03", 4)), EXK_ERR_FORMAT,
                  {"neither content nor name"});
    check_refused(dir.write("file", "1\n") + "/below.npy", EXK_ERR_FILE, {"Not a directory", "check the path"});
    if (geteuid() == 0) {
        WARN("skipped: root may read every file, so there is no missing permission to see");
        return;
    }
    const std::string closed = dir.write("closed.npy", npy("<f4", "(2, 3)", six));
    REQUIRE(chmod(closed.c_str(), 0) == 0);
    check_refused(closed, EXK_ERR_FILE, {"Permission denied", "check the permissions"});
}

TEST_CASE("datasets: NULL for options and error, long names", "[datasets]") {
    const TempDir dir;
    exk_dataset *dataset = nullptr;
    const std::string path = dir.write("x.npy", npy("<f4", "(2, 3)", six));
    REQUIRE(exk_dataset_load(path.c_str(), nullptr, &dataset, nullptr) == EXK_OK);
    exk_dataset_free(dataset);
    CHECK(exk_dataset_load((dir / "no").c_str(), nullptr, &dataset, nullptr) == EXK_ERR_FILE);
    CHECK(dataset == nullptr);
    exk_dataset_free(nullptr);
    check_refused(dir / std::string(3000, 'x'), EXK_ERR_FILE, {"...", "cannot be opened"});
}

#ifdef EXAKT_HAVE_ZLIB
TEST_CASE("gzip: whole, in several members, padded", "[datasets]") {
    const TempDir dir;
    const std::string whole = npy("<f4", "(2, 3)", six);
    check_loads(dir.write("x.npy.gz", gzipped(whole)), 2, 3, one_to_six);
    CHECK_FALSE(Load(dir / "x.npy.gz").dataset->mapped);
    check_loads(dir.write("x.npy", gzipped(whole)), 2, 3, one_to_six);
    const std::string members = gzipped(whole.substr(0, 50)) + gzipped("") + gzipped(whole.substr(50));
    check_loads(dir.write("x.npy.gz", members), 2, 3, one_to_six);
    check_loads(dir.write("x.npy.gz", gzipped(whole) + std::string(512, '\0')), 2, 3, one_to_six);
    check_loads(dir.write("x.npy.gz", gzipped(whole + "more")), 2, 3, one_to_six,
                "bytes after the first array ignored");
}

TEST_CASE("gzip: truncated, damaged, empty", "[datasets]") {
    const TempDir dir;
    const std::string packed = gzipped(npy("<f4", "(2, 3)", six));
    for (std::size_t length = 3; length < packed.size(); length++) {
        INFO("the first " << length << " of " << packed.size() << " bytes");
        check_refused(dir.write("x.npy.gz", packed.substr(0, length)), EXK_ERR_FORMAT, {"gzip data ends early"});
    }
    std::string damaged = packed;
    damaged[packed.size() - 6] ^= 1;
    check_refused(dir.write("x.npy.gz", damaged), EXK_ERR_FORMAT, {"gzip data damaged", "incorrect data check"});
    check_refused(dir.write("x.npy.gz", packed + "garbage"), EXK_ERR_FORMAT, {"gzip data damaged"});
    check_refused(dir.write("x.npy.gz", gzipped("")), EXK_ERR_FORMAT, {"is empty"});
    check_refused(dir.write("x.npy.gz", gzipped(npy("<f4", "(2, 4)", six))), EXK_ERR_FORMAT,
                  {"promises 32 bytes", "holds 24"});
    check_refused(dir.write("x.npy.gz", gzipped(npy("<f4", "(1099511627776, 1024)", six))), EXK_ERR_FORMAT,
                  {"promises 4503599627370496 bytes", "holds 24"});
}
#else
TEST_CASE("gzip: refused without zlib", "[datasets]") {
    const TempDir dir;
    check_refused(dir.write("x.npy.gz", "\x1f\x8b\x08 and more"), EXK_ERR_FILE, {"no zlib", "gunzip"});
}
#endif

TEST_CASE("standardise: mean 0, deviation 1, constant columns 0", "[datasets]") {
    const TempDir dir;
    const std::string data = bytes_of<float>({1, 0.1F, 10, 2, 0.1F, 10, 3, 0.1F, 40, 6, 0.1F, 20});
    const std::string path = dir.write("x.npy", npy("<f4", "(4, 3)", data));
    const Load load(path, nullptr, true);
    REQUIRE(load.status == EXK_OK);
    CHECK(load.note() == "standardised");
    CHECK_FALSE(load.dataset->mapped);
    // Column 0: mean 3, variance 3.5; column 2: mean 20, variance 150.
    const double a = 1 / std::sqrt(3.5), b = 1 / std::sqrt(150.0);
    const std::vector<double> wanted = {-2 * a, 0, -10 * b, -1 * a, 0, -10 * b, 0, 0, 20 * b, 3 * a, 0, 0};
    for (std::size_t i = 0; i < wanted.size(); i++) {
        CHECK(load.values()[i] == static_cast<float>(wanted[i]));
    }
    CHECK(slurp(path) == npy("<f4", "(4, 3)", data));
}

TEST_CASE("standardise: large offsets, one row, appended note", "[datasets]") {
    const TempDir dir;
    const std::string data = bytes_of<double>({1e8, 1e-30, 1e8 + 16, 3e-30});
    const Load load(dir.write("x.npy", npy("<f8", "(2, 2)", data)), nullptr, true);
    REQUIRE(load.status == EXK_OK);
    CHECK(load.note() == "float64 converted to float32; standardised");
    CHECK(load.values() == std::vector<float>{-1, -1, 1, 1});
    const Load row(dir.write("y.npy", npy("<f4", "(1, 6)", six)), nullptr, true);
    REQUIRE(row.status == EXK_OK);
    CHECK(row.values() == std::vector<float>(6, 0.0F));
}

TEST_CASE("npy writer: what it writes is read again", "[datasets]") {
    const TempDir dir;
    exk_error error{};
    const std::vector<float> x = {1.5F, -2, 3, 4, 5, 6e-39F};
    const std::string path = dir / "x.npy";
    REQUIRE(exk_npy_write_f32(path.c_str(), x.data(), 3, 2, &error) == EXK_OK);
    check_loads(path, 3, 2, x);
    CHECK(Load(path).dataset->mapped);
    const std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    const std::string bytes = slurp(path);
    CHECK(bytes.substr(0, 10) == preamble(1, 118));
    CHECK(bytes.substr(10, text.size()) == text);
    CHECK(bytes[127] == '\n');
    CHECK(bytes.size() == 128 + 24);

    const std::vector<int32_t> labels = {7, -1, 3};
    REQUIRE(exk_npy_write_i32(path.c_str(), labels.data(), 3, 0, nullptr) == EXK_OK);
    check_loads(path, 3, 1, {7, -1, 3}, "int32 converted to float32");
    CHECK(slurp(path).find("'shape': (3,), }") != std::string::npos);
    CHECK(files_in(dir) == 1);
}

TEST_CASE("npy writer: the longest header still fits", "[datasets]") {
    const TempDir dir;
    exk_error error{};
    const std::string path = dir / "x.npy";
    REQUIRE(exk_npy_write_f32(path.c_str(), nullptr, 0, std::numeric_limits<int64_t>::max() / 4, &error) ==
            EXK_OK);
    CHECK(slurp(path).find("'shape': (0, 2305843009213693951), }") != std::string::npos);
    CHECK(slurp(path).size() % 64 == 0);
}

TEST_CASE("npy writer: places that cannot be written", "[datasets]") {
    const TempDir dir;
    exk_error error{};
    const float x = 1;
    const auto refused = [&](const std::string &path, const char *fragment) {
        error = {};
        CHECK(exk_npy_write_f32(path.c_str(), &x, 1, 1, &error) == EXK_ERR_FILE);
        INFO(error.message);
        CHECK(std::string(error.message).find(fragment) != std::string::npos);
        CHECK(std::string(error.message).rfind(path, 0) == 0);
    };
    refused(dir.path(), "a directory");
    refused("/dev/null", "not a regular file");
    refused(dir / "missing/x.npy", "No such file");
    refused(dir.write("file", "1") + "/x.npy", "Not a directory");
    CHECK(exk_npy_write_f32((dir / "x").c_str(), &x, -1, 1, &error) == EXK_ERR_ARGUMENT);
    CHECK(exk_npy_write_f32((dir / "x").c_str(), &x, int64_t{1} << 40, int64_t{1} << 40, &error) ==
          EXK_ERR_ARGUMENT);
    CHECK(files_in(dir) == 1);
    if (geteuid() == 0) {
        WARN("skipped: root may write everywhere, so there is no missing permission to see");
        return;
    }
    REQUIRE(chmod(dir.path().c_str(), 0500) == 0);
    refused(dir / "x.npy", "Permission denied");
    REQUIRE(chmod(dir.path().c_str(), 0700) == 0);
}

TEST_CASE("npy writer: a failed write keeps the old file and leaves nothing behind", "[datasets]") {
    const TempDir dir;
    exk_error error{};
    const std::string path = dir.write("x.npy", "the old content");
    const std::vector<float> large(1 << 20);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 65536;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const exk_status status = exk_npy_write_f32(path.c_str(), large.data(), 1 << 20, 1, &error);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK(status == EXK_ERR_FILE);
    CHECK(std::string(error.message).find(std::strerror(EFBIG)) != std::string::npos);
    CHECK(slurp(path) == "the old content");
    CHECK(files_in(dir) == 1);
}

TEST_CASE("npy writer: taken temporary names are left alone", "[datasets]") {
    const TempDir dir;
    const std::string taken = "x.npy." + std::to_string(getpid()) + "-0.tmp";
    dir.write(taken, "someone else's");
    const float x = 1;
    REQUIRE(exk_npy_write_f32((dir / "x.npy").c_str(), &x, 1, 1, nullptr) == EXK_OK);
    CHECK(slurp(dir / taken) == "someone else's");
    CHECK(files_in(dir) == 2);
}

TEST_CASE("npy writer: a link stays a link", "[datasets]") {
    const TempDir dir;
    const float x = 1;
    dir.write("target.npy", "old");
    std::filesystem::create_symlink("target.npy", dir / "link.npy");
    REQUIRE(exk_npy_write_f32((dir / "link.npy").c_str(), &x, 1, 1, nullptr) == EXK_OK);
    CHECK(std::filesystem::is_symlink(dir / "link.npy"));
    check_loads(dir / "target.npy", 1, 1, {1});
}
