// Text: delimiters, headers, columns, numbers, and every refusal with its line.
#include "datasets/number.h"
#include "tests/test_datasets.hpp"

#include <clocale>
#include <cstdio>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace datasets_test;

namespace {

// A file that lives as long as the expression.
struct Text {
    TempDir dir;
    std::string path;
    explicit Text(const std::string &content, const std::string &name = "t.csv")
        : path(dir.write(name, content)) {}
};

void check_text(const std::string &content, int64_t n, int64_t d, const std::vector<float> &values,
                const std::string &note = "", const char *columns = nullptr) {
    INFO(content);
    check_loads(Text(content).path, n, d, values, note, columns);
}

void check_bad(const std::string &content, std::initializer_list<const char *> fragments,
               exk_status status = EXK_ERR_FORMAT, const char *columns = nullptr) {
    INFO(content);
    check_refused(Text(content).path, status, fragments, columns);
}

} // namespace

TEST_CASE("text: every delimiter", "[datasets]") {
    const std::vector<float> values = {1, 2.5F, -3, 4, 5, 6};
    for (const char *content : {"1,2.5,-3\n4,5,6\n", "1;2.5;-3\n4;5;6\n", "1\t2.5\t-3\n4\t5\t6\n",
                                "1 2.5 -3\n4 5 6\n", "  1   2.5 -3  \n  4 5  6", "1 , 2.5 , -3\r\n 4, 5, 6\r\n",
                                "1;\t2.5;-3\n4;5 ;6", "1 \t 2.5\t-3\n4\t5\t6"}) {
        check_text(content, 2, 3, values);
    }
    check_bad("1 2\t3\n4 5\t6\n", {"line 1, column 0", "two numbers in one cell", "one delimiter"});
}

TEST_CASE("text: one column, one row, one cell", "[datasets]") {
    check_text("1\n2\n3", 3, 1, {1, 2, 3});
    check_text("1,2,3", 1, 3, {1, 2, 3});
    check_text("7", 1, 1, {7});
}

TEST_CASE("text: blank lines, comments and a byte order mark are skipped", "[datasets]") {
    check_text("# made by hand\n\n1,2\n  # more\n \t \n3,4\n\n\n", 2, 2, {1, 2, 3, 4});
    check_text("\xEF\xBB\xBF"
               "1,2\r\n\r\n3,4\r\n",
               2, 2, {1, 2, 3, 4});
}

TEST_CASE("text: quoted cells", "[datasets]") {
    check_text("\"1\",\" 2.5 \"\n\"3\",4\n", 2, 2, {1, 2.5F, 3, 4});
    check_text("\"a, b\",1\n\"say \"\"c, d\"\"\",2\n", 2, 1, {1, 2}, "left out non-numeric columns 0");
    check_text("\"1\" \"2\"\n\"3\"  4\n", 2, 2, {1, 2, 3, 4});
    check_bad("1,2\n\"3,4\n", {"line 2, column 0", "'\"3,4' is not a number"});
}

TEST_CASE("text: header lines", "[datasets]") {
    check_text("x,y\n1,2\n3,4\n", 2, 2, {1, 2, 3, 4});
    check_text("\"x, of a\";y\n1;2\n", 1, 2, {1, 2});
    check_text(",a,b\n0,1,2\n", 1, 3, {0, 1, 2});
    check_text("x,y,z\nred,2,3\n", 1, 2, {2, 3}, "left out non-numeric columns 0");
    check_text("x y\n1 2\n", 1, 2, {1, 2});
    check_bad("x,y\n1,2,3\n", {"line 1: 2 cells where line 2 has 3"});
    check_bad("x,y\n1,5,2,5\n", {"line 1: 2 cells where line 2 has 4"});
}

TEST_CASE("text: columns that are not numeric in the first row are left out", "[datasets]") {
    check_text("0,tcp,1,normal\n2,udp,3,normal\n", 2, 2, {0, 1, 2, 3}, "left out non-numeric columns 1, 3");
    check_text("1,2,\n3,4,\n", 2, 2, {1, 2, 3, 4}, "left out non-numeric columns 2");
    std::string wide = "0";
    for (int i = 0; i < 100; i++) {
        wide += ",x";
    }
    const Load load(Text(wide).path);
    CHECK(load.note() == "left out non-numeric columns 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ...");
}

TEST_CASE("text: chosen columns", "[datasets]") {
    const std::string rows = "0,a,2,3,4\n5,b,7,8,9\n", header = "id,kind,x,y-z,2\n";
    check_text(rows, 2, 4, {0, 2, 3, 4, 5, 7, 8, 9}, "", "0,2-4");
    check_text(rows, 2, 2, {4, 0, 9, 5}, "", "4, 0");
    check_text(header + rows, 2, 2, {3, 2, 8, 7}, "", "y-z,x");
    check_text(header + rows, 2, 1, {2, 7}, "", "2");
    check_text("\"a b\",c\n1,2\n", 1, 1, {1}, "", "a b");
}

TEST_CASE("text: chosen columns that do not exist", "[datasets]") {
    const std::string rows = "0,1,2\n3,4,5\n";
    for (const char *columns :
         {"3", "0-3", "2-1", "x", "", ",", "0,", "-1", "1-", "99999999999999999999", "0;1"}) {
        INFO(columns);
        check_bad(rows, {"columns \"", "is no column", "0 to 2", "no header"}, EXK_ERR_ARGUMENT, columns);
    }
    check_bad("x,,y\n1,2,3\n", {"'z' is no column", "names of the header"}, EXK_ERR_ARGUMENT, "x,z");
    check_bad("x,,y\n1,2,3\n", {"'' is no column"}, EXK_ERR_ARGUMENT, "");
    check_bad(rows, {"column 1 is asked for twice"}, EXK_ERR_ARGUMENT, "0-1,1");
    check_bad("a,1\nb,2\n", {"line 1, column 0", "'a' is not a number"}, EXK_ERR_FORMAT, "0");
}

TEST_CASE("text: bad cells name line and column", "[datasets]") {
    const auto refused = [](const std::string &content, exk_status status, int64_t row, int64_t column,
                            std::initializer_list<const char *> fragments) {
        INFO(content);
        check_refused_at(Text(content).path, status, row, column, fragments);
    };
    refused("1,2\n3,x\n", EXK_ERR_FORMAT, 1, 1, {"line 2, column 1", "'x' is not a number"});
    refused("a,b\n1,2\n\n3,\n", EXK_ERR_FORMAT, 1, 1, {"line 4, column 1", "is empty"});
    refused("a,b\n1,2\n\n,3\n", EXK_ERR_FORMAT, 1, 0, {"line 4, column 0", "is empty"});
    refused("# c\n1\t2\n3\t\n", EXK_ERR_FORMAT, 1, 1, {"line 3, column 1", "is empty"});
    refused("1,2\n3,NaN\n", EXK_ERR_NOT_FINITE, 1, 1, {"line 2, column 1", "'NaN' is not finite"});
    refused("1,-inf\n3,4\n", EXK_ERR_NOT_FINITE, 0, 1, {"line 1, column 1", "'-inf' is not finite"});
    refused("nan,1\n3,4\n", EXK_ERR_NOT_FINITE, 0, 0, {"line 1, column 0"});
    refused("k,1,2\nk,3,+Infinity\n", EXK_ERR_NOT_FINITE, 1, 2, {"line 2, column 2"});
    refused("1 1e39\n", EXK_ERR_NOT_FINITE, 0, 1, {"line 1, column 1", "beyond float32"});
    refused("1\n1e999\n", EXK_ERR_NOT_FINITE, 1, 0, {"beyond float32"});
    for (const char *bad : {"1e", "1e+", ".", "-", "+-1", "1.2.3", "0x10", "1_000", "1,5e", "--1", "1f", "nan(1)",
                            "e5", "1e5.0", "infinit"}) {
        INFO(bad);
        check_bad(std::string("1;2\n3;") + bad + "\n", {"line 2, column 1", "is not a number"});
    }
    const std::string long_cell(300, 'x');
    check_bad("1\n" + long_cell + "\n", {"xxxx' is not a number; correct it"});
    check_bad("1\n" + std::string(2000, '9') + "\n", {"line 2"});
    check_bad(std::string("1\n2\0", 4) + "3\n", {"line 2"});
}

TEST_CASE("text: ragged rows", "[datasets]") {
    check_bad("1,2\n3\n4\n", {"line 2: 1 cells where line 1 has 2"});
    check_bad("1 2\n3,4\n", {"line 1: 1 cells where line 2 has 2"});
    check_bad("1,2,3\n4,5\n", {"line 2: 2 cells where line 1 has 3"});
    check_bad("1,2\n\n4,5,6\n", {"line 3: 3 cells where line 1 has 2"});
    check_bad("x y\n1 2\n3 4\n5\n", {"line 4: 1 cells where line 2 has 2"});
}

TEST_CASE("text: decimal commas are refused, never split", "[datasets]") {
    check_bad("1,5 2,5 3,5\n1,5 2,5 3,5\n", {"line 1, column 1", "two numbers in one cell", "decimal points"});
    check_bad("1,5;2,5\n", {"no cell is a number", "decimal points"});
    check_bad("1,5\t2,5\n", {"no cell is a number"});
}

TEST_CASE("text: nothing to read", "[datasets]") {
    check_bad("\n\n", {"holds no row"});
    check_bad("# only\n# comments\n", {"holds no row"});
    check_bad("x,y\n", {"line 1", "no cell is a number"});
    check_bad("", {"is empty"});
}

TEST_CASE("text: numbers are rounded correctly to double, then to float", "[datasets]") {
    const std::vector<std::string> numbers = {"0",
                                              "-0",
                                              "1.",
                                              ".5",
                                              "+7",
                                              "1E3",
                                              "1e-3",
                                              "123456789012345678",
                                              "0.1",
                                              "3.4028234e38",
                                              "-3.4028235677e38",
                                              "1e-45",
                                              "1.17549435e-38",
                                              "9007199254740993",
                                              "0.000000000000000000000000000000000000000000001",
                                              "123456789012345678901234567890",
                                              "2.2250738585072011e-308",
                                              "1e-400",
                                              "8.5e22",
                                              "1e23",
                                              "16777217",
                                              "1.00000005960464477539062499999999999999999999",
                                              "00000000000000000000000000001.5",
                                              "5e-324",
                                              "0e999999999999",
                                              "4.35",
                                              "7.0064923216240853546186479164495e-46"};
    std::string content;
    std::vector<float> values;
    for (const std::string &number : numbers) {
        content += number + "\n";
        values.push_back(static_cast<float>(std::strtod(number.c_str(), nullptr)));
    }
    check_text(content, static_cast<int64_t>(numbers.size()), 1, values);
}

TEST_CASE("text: random numbers are the doubles that the C library reads", "[datasets]") {
    uint64_t state = 12345;
    for (int i = 0; i < 300000; i++) {
        char number[64];
        state = state * 6364136223846793005U + 1442695040888963407U;
        const double mantissa = static_cast<double>(static_cast<int64_t>(state)) * 0x1p-40;
        const int digits = static_cast<int>(state >> 33) % 20;
        std::snprintf(number, sizeof number, i % 2 ? "%.*e" : "%.*f", digits, mantissa);
        double value = 0;
        REQUIRE(exk_number_parse(number, std::strlen(number), &value) == EXK_NUMBER);
        if (value != std::strtod(number, nullptr)) {
            FAIL(number);
        }
    }
}

TEST_CASE("text: the locale does not matter", "[datasets]") {
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    const char *comma = nullptr;
    for (const char *name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"}) {
        comma = comma ? comma : std::setlocale(LC_NUMERIC, name);
    }
    if (!comma) {
        WARN("skipped: no locale with a decimal comma is installed");
        return;
    }
    const Load load(Text("1.5 123456789012345678901.5\n").path);
    std::setlocale(LC_NUMERIC, before.c_str());
    REQUIRE(load.status == EXK_OK);
    CHECK(load.values() == std::vector<float>{1.5F, 123456789012345678901.5F});
}

TEST_CASE("text: lines and rows longer than any buffer", "[datasets]") {
    std::string content;
    std::vector<float> values;
    for (int row = 0; row < 3; row++) {
        for (int i = 0; i < 300000; i++) {
            content += (i ? "," : "") + std::to_string(i % 1000 + row);
            values.push_back(static_cast<float>(i % 1000 + row));
        }
        content += "\n";
    }
    const Load load(Text(content).path);
    REQUIRE(load.status == EXK_OK);
    CHECK(load.dataset->points.n == 3);
    CHECK(load.dataset->points.d == 300000);
    CHECK(load.values() == values);
}

TEST_CASE("text: names without extension, and binary content", "[datasets]") {
    check_loads(Text("1 2\n3 4\n", "points").path, 2, 2, {1, 2, 3, 4});
    check_loads(Text("1 2\n3 4\n", "v1.2 final").path, 2, 2, {1, 2, 3, 4});
    check_refused(Text(std::string("1 2\n\0\0\0", 7), "points").path, EXK_ERR_FORMAT,
                  {"neither content nor name"});
    check_refused(Text("PK\x03\x04", "x.npz").path, EXK_ERR_FORMAT, {"neither content nor name", ".npy"});
}

TEST_CASE("text: a pipe is read like a file", "[datasets]") {
    const TempDir dir;
    const std::string path = dir / "pipe";
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    std::thread writer([&] { std::ofstream(path) << "1 2\n" << std::flush << "3 4\n"; });
    const Load load(path);
    writer.join();
    REQUIRE(load.status == EXK_OK);
    CHECK(load.values() == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("text: standardised with columns left out", "[datasets]") {
    const Load load(Text("a,1,5\nb,3,5\n").path, nullptr, true);
    REQUIRE(load.status == EXK_OK);
    CHECK(load.note() == "left out non-numeric columns 0; standardised");
    CHECK(load.values() == std::vector<float>{-1, 0, 1, 0});
}

#ifdef EXAKT_HAVE_ZLIB
TEST_CASE("text: gzip", "[datasets]") {
    std::string content;
    for (int i = 0; i < 200000; i++) {
        content += std::to_string(i) + ",1\n";
    }
    const Text file(gzipped(content), "t.csv.gz");
    const Load load(file.path);
    REQUIRE(load.status == EXK_OK);
    CHECK(load.dataset->points.n == 200000);
    CHECK(load.values()[2 * 199999] == 199999);
    const std::string packed = gzipped(content);
    check_refused(Text(packed.substr(0, packed.size() / 2), "t.csv.gz").path, EXK_ERR_FORMAT,
                  {"gzip data ends early"});
}
#endif
