// What the dataset tests share: a directory for their files, and loading with everything freed again.
#pragma once
#include "datasets/datasets.h"
#include "tests/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>
#ifdef EXAKT_HAVE_ZLIB
#include <zlib.h>
#endif

namespace datasets_test {

class TempDir {
  public:
    TempDir() {
        const char *base = std::getenv("TMPDIR");
        path_ = std::string(base && *base ? base : "/tmp") + "/exakt-test-XXXXXX";
        REQUIRE(mkdtemp(path_.data()) != nullptr);
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;

    std::string operator/(const std::string &name) const {
        return path_ + "/" + name;
    }
    const std::string &path() const {
        return path_;
    }
    std::string write(const std::string &name, const std::string &bytes) const {
        std::ofstream file(path_ + "/" + name, std::ios::binary);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        file.close();
        REQUIRE(file);
        return path_ + "/" + name;
    }

  private:
    std::string path_;
};

inline std::string slurp(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline std::size_t files_in(const TempDir &dir) {
    const std::filesystem::directory_iterator all(dir.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Values as bytes, little- or big-endian.
template <class T> std::string bytes_of(std::initializer_list<T> values, bool big = false) {
    std::string bytes;
    for (const T value : values) {
        char raw[sizeof(T)];
        std::memcpy(raw, &value, sizeof raw);
        const bool host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
        for (std::size_t i = 0; i < sizeof raw; i++) {
            bytes += raw[big != host_big ? sizeof raw - 1 - i : i];
        }
    }
    return bytes;
}

struct Load {
    exk_status status;
    exk_error error{};
    exk_dataset *dataset = nullptr;

    explicit Load(const std::string &input, const char *columns = nullptr, bool standardise = false) {
        const exk_load_options options = {columns, standardise};
        status = exk_dataset_load(input.c_str(), &options, &dataset, &error);
    }
    ~Load() {
        exk_dataset_free(dataset);
    }
    Load(const Load &) = delete;
    Load &operator=(const Load &) = delete;

    std::string message() const {
        return error.message;
    }
    std::string note() const {
        return dataset ? dataset->note : "";
    }
    std::vector<float> values() const {
        const exk_points &p = dataset->points;
        return {p.x, p.x + p.n * p.d};
    }
};

inline void check_loads(const std::string &input, int64_t n, int64_t d, const std::vector<float> &values,
                        const std::string &note = "", const char *columns = nullptr) {
    const Load load(input, columns);
    INFO(input << " -> " << load.message());
    REQUIRE(load.status == EXK_OK);
    CHECK(load.dataset->points.n == n);
    CHECK(load.dataset->points.d == d);
    CHECK(load.dataset->points.stride == d);
    CHECK(load.note() == note);
    CHECK(load.values() == values);
}

// The load fails with this status and one line that begins with the input and holds all fragments.
inline void check_refused(const std::string &input, exk_status status,
                          std::initializer_list<const char *> fragments, const char *columns = nullptr) {
    const Load load(input, columns);
    const std::string message = load.message();
    INFO("message: " << message);
    CHECK(load.status == status);
    CHECK(load.dataset == nullptr);
    CHECK(load.error.status == status);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find("; ") != std::string::npos);
    if (input.size() < 100) {
        CHECK(message.rfind(input + ": ", 0) == 0);
    }
    for (const char *fragment : fragments) {
        INFO("wanted: " << fragment);
        CHECK(message.find(fragment) != std::string::npos);
    }
}

inline void check_refused_at(const std::string &input, exk_status status, int64_t row, int64_t column,
                             std::initializer_list<const char *> fragments) {
    check_refused(input, status, fragments);
    const Load load(input);
    CHECK(load.error.row == row);
    CHECK(load.error.column == column);
}

#ifdef EXAKT_HAVE_ZLIB
inline std::string gzipped(const std::string &bytes) {
    z_stream z{};
    REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(deflateBound(&z, static_cast<uLong>(bytes.size())) + 32, '\0');
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = reinterpret_cast<Bytef *>(packed.data());
    z.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
    packed.resize(z.total_out);
    deflateEnd(&z);
    return packed;
}
#endif

} // namespace datasets_test
