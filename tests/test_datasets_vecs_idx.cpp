// .fvecs, .bvecs and IDX.
#include "tests/test_datasets.hpp"

#include <cmath>

using namespace datasets_test;

namespace {

std::string fvec(int32_t d, std::initializer_list<float> values) {
    return bytes_of({d}) + bytes_of(values);
}

std::string bvec(int32_t d, std::initializer_list<uint8_t> values) {
    return bytes_of({d}) + bytes_of(values);
}

std::string idx(int type, std::initializer_list<uint32_t> shape, const std::string &data) {
    std::string bytes = {0, 0, static_cast<char>(type), static_cast<char>(shape.size())};
    return bytes + bytes_of(shape, true) + data;
}

} // namespace

TEST_CASE("fvecs: rows of floats", "[datasets]") {
    const TempDir dir;
    check_loads(dir.write("x.fvecs", fvec(3, {1, 2, 3}) + fvec(3, {4, 5, -6.5F})), 2, 3, {1, 2, 3, 4, 5, -6.5F});
    check_loads(dir.write("X.FVECS", fvec(1, {1})), 1, 1, {1});
}

TEST_CASE("bvecs: rows of bytes", "[datasets]") {
    const TempDir dir;
    check_loads(dir.write("x.bvecs", bvec(3, {1, 2, 255}) + bvec(3, {0, 5, 6})), 2, 3, {1, 2, 255, 0, 5, 6},
                "uint8 converted to float32");
}

TEST_CASE("vecs: many rows, beyond every buffer", "[datasets]") {
    const TempDir dir;
    std::string bytes;
    for (int i = 0; i < 100000; i++) {
        bytes += fvec(3, {static_cast<float>(i), 0, 1});
    }
    const Load load(dir.write("x.fvecs", bytes));
    REQUIRE(load.status == EXK_OK);
    CHECK(load.dataset->points.n == 100000);
    CHECK(load.dataset->points.x[3 * 99999] == 99999);
    CHECK(load.dataset->storage_bytes == 100000U * 3U * sizeof(float));
#ifdef EXAKT_HAVE_ZLIB
    const Load packed(dir.write("y.fvecs.gz", gzipped(bytes)));
    INFO(packed.message());
    REQUIRE(packed.status == EXK_OK);
    CHECK(packed.values() == load.values());
    CHECK(packed.dataset->storage_bytes == 100000U * 3U * sizeof(float));
#endif
}

TEST_CASE("vecs: refusals name the row", "[datasets]") {
    const TempDir dir;
    const std::string row = fvec(3, {1, 2, 3});
    const auto refused = [&](const std::string &bytes, std::initializer_list<const char *> fragments) {
        check_refused(dir.write("x.fvecs", bytes), EXK_ERR_FORMAT, fragments);
    };
    refused(row + fvec(2, {4, 5}) + row, {"row 1", "has dimension 2, row 0 has 3"});
    refused(row + row + row.substr(0, 15), {"row 2", "16 bytes expected", "holds 15", "truncated"});
    refused(row + row.substr(0, 2), {"row 1", "16 bytes expected", "holds 2"});
    refused(row.substr(0, 4), {"row 0", "holds 4"});
    refused(row.substr(0, 3), {"row 0", "no dimension"});
    refused(fvec(0, {}), {"row 0", "no dimension between 1 and"});
    refused(fvec(-1, {1}), {"row 0", "no dimension"});
    refused(fvec(0x7fffffff, {1}), {"row 0", "no dimension"});
    refused(fvec(1 << 24, {1}), {"row 0", "truncated"});
    refused("1 2 3\n4 5 6\n", {"is it really"});
    check_refused(dir.write("x.bvecs", bvec(2, {1, 2}) + bvec(3, {1, 2})), EXK_ERR_FORMAT, {"dimension 3"});
}

TEST_CASE("fvecs: NaN and infinity", "[datasets]") {
    const TempDir dir;
    const std::string path = dir.write("x.fvecs", fvec(2, {1, 2}) + fvec(2, {3, std::nanf("")}));
    check_refused_at(path, EXK_ERR_NOT_FINITE, 1, 1, {"row 1, column 1", "NaN"});
}

TEST_CASE("IDX: every type", "[datasets]") {
    const TempDir dir;
    const std::vector<float> plain = {1, 2, 3, 4, 5, 6}, negative = {1, -2, 3, 4, 5, 6};
    const auto loads = [&](int type, const std::string &data, const std::vector<float> &values, const char *note) {
        check_loads(dir.write("x-ubyte", idx(type, {2, 3}, data)), 2, 3, values, note);
    };
    loads(0x08, bytes_of<uint8_t>({1, 2, 3, 4, 5, 6}), plain, "uint8 converted to float32");
    loads(0x09, bytes_of<int8_t>({1, -2, 3, 4, 5, 6}), negative, "int8 converted to float32");
    loads(0x0B, bytes_of<int16_t>({1, -2, 3, 4, 5, 6}, true), negative, "int16 converted to float32");
    loads(0x0C, bytes_of<int32_t>({1, -2, 3, 4, 5, 6}, true), negative, "int32 converted to float32");
    loads(0x0D, bytes_of<float>({1, -2, 3, 4, 5, 6}, true), negative, "");
    loads(0x0E, bytes_of<double>({1, -2, 3, 4, 5, 6}, true), negative, "float64 converted to float32");
}

TEST_CASE("IDX: one dimension, and more than two", "[datasets]") {
    const TempDir dir;
    const std::string six = bytes_of<uint8_t>({1, 2, 3, 4, 5, 6});
    const char *note = "uint8 converted to float32";
    check_loads(dir.write("x.idx", idx(8, {6}, six)), 6, 1, {1, 2, 3, 4, 5, 6}, note);
    check_loads(dir.write("x.idx", idx(8, {1, 3, 2}, six)), 1, 6, {1, 2, 3, 4, 5, 6}, note);
    check_loads(dir.write("x.idx", idx(8, {3, 1, 2, 1}, six)), 3, 2, {1, 2, 3, 4, 5, 6}, note);
}

TEST_CASE("IDX: refusals", "[datasets]") {
    const TempDir dir;
    const std::string six = bytes_of<uint8_t>({1, 2, 3, 4, 5, 6});
    const auto refused = [&](const std::string &bytes, std::initializer_list<const char *> fragments) {
        check_refused(dir.write("x.idx", bytes), EXK_ERR_FORMAT, fragments);
    };
    const std::string whole = idx(8, {2, 3}, six);
    for (std::size_t length = 1; length < whole.size(); length++) {
        INFO("the first " << length << " of " << whole.size() << " bytes");
        refused(whole.substr(0, length), {});
    }
    refused(whole.substr(0, 3), {"no IDX magic"});
    refused(whole.substr(0, 11), {"ends within the 2 dimensions"});
    refused(idx(8, {3, 3}, six), {"promises 9 bytes", "holds 6"});
    refused(idx(0x0A, {2, 3}, six), {"no IDX magic"});
    refused(idx(8, {}, six), {"no IDX magic"});
    refused(idx(8, {0, 3}, six), {"at least one row"});
    refused(idx(8, {3, 0}, six), {"at least one row"});
    refused(idx(8, {1, 0xffffffff, 0xffffffff, 0xffffffff}, six), {"more than any machine"});
    refused(idx(0x0E, {0xffffffff, 0xffffffff}, six), {"more than any machine"});
    refused(idx(8, {0xffffffff, 0x1000}, six), {"promises 17592186040320 bytes", "holds 6"});
    check_loads(dir.write("x.idx", idx(8, {2, 2}, six)), 2, 2, {1, 2, 3, 4},
                "uint8 converted to float32; bytes after the first array ignored");
    const std::string nan = idx(0x0D, {2, 1}, bytes_of<float>({1, std::nanf("")}, true));
    check_refused_at(dir.write("x.idx", nan), EXK_ERR_NOT_FINITE, 1, 0, {"row 1, column 0", "NaN"});
    const std::string beyond = idx(0x0E, {1, 2}, bytes_of<double>({1, 1e300}, true));
    check_refused_at(dir.write("x.idx", beyond), EXK_ERR_NOT_FINITE, 0, 1, {"row 0, column 1", "beyond float32"});
}

#ifdef EXAKT_HAVE_ZLIB
TEST_CASE("IDX: gzip that promises more than it holds", "[datasets]") {
    const TempDir dir;
    check_refused(dir.write("x.gz", gzipped(idx(8, {0xffffffff, 0x1000}, "abc"))), EXK_ERR_FORMAT,
                  {"promises 17592186040320 bytes", "holds 3"});
}
#endif
