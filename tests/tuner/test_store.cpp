/* The cache folder: where it is, that it is made, what is read from it. */
#include "tests/test_datasets.hpp"
#include "tuner/store.h"

#include <climits>
#include <cstdlib>
#include <map>
#include <string>
#include <sys/stat.h>

using datasets_test::TempDir;

namespace {

// Variables as given (nullptr: not set), for the life of this object.
class variables {
    std::map<std::string, std::string> before_;

  public:
    explicit variables(const std::map<std::string, const char *> &values) {
        for (const auto &value : values) {
            if (const char *old = std::getenv(value.first.c_str()))
                before_[value.first] = old;
            if (value.second)
                setenv(value.first.c_str(), value.second, 1);
            else
                unsetenv(value.first.c_str());
        }
    }
    ~variables() {
        for (const char *name : {"EXAKT_CACHE", "XDG_CACHE_HOME", "HOME"})
            unsetenv(name);
        for (const auto &value : before_)
            setenv(value.first.c_str(), value.second.c_str(), 1);
    }
    variables(const variables &) = delete;
    variables &operator=(const variables &) = delete;
};

std::string path_with(const char *own, const char *xdg, const char *home) {
    const variables set({{"EXAKT_CACHE", own}, {"XDG_CACHE_HOME", xdg}, {"HOME", home}});
    char path[PATH_MAX];
    exk_error error = {};
    return exk_store_path("name", path, sizeof path, &error) == EXK_OK ? path : error.message;
}

struct reading {
    exk_status status;
    bool found = false;
    std::string text, message;

    reading(const std::string &path, size_t most) {
        char *content = nullptr;
        size_t length = 99;
        exk_error error = {};
        status = exk_store_read(path.c_str(), most, &content, &length, &error);
        found = content != nullptr;
        if (found) {
            CHECK(content[length] == '\0');
            text.assign(content, length);
        }
        message = error.message;
        free(content);
    }
};

} // namespace

TEST_CASE("the cache folder is the one that was asked for", "[store]") {
    CHECK(path_with("/own", "/xdg", "/home/me") == "/own/name");
    CHECK(path_with("own", nullptr, nullptr) == "own/name");
    CHECK(path_with(nullptr, "/xdg", "/home/me") == "/xdg/exakt/name");
    CHECK(path_with("", "/xdg", "/home/me") == "/xdg/exakt/name");
    CHECK(path_with(nullptr, "relative", "/home/me") == "/home/me/.cache/exakt/name");
    CHECK(path_with(nullptr, nullptr, "/home/me") == "/home/me/.cache/exakt/name");
    CHECK(path_with(nullptr, nullptr, nullptr).find("no cache folder") == 0);
    CHECK(path_with(std::string(PATH_MAX - 2, 'x').c_str(), nullptr, nullptr).find("too long") !=
          std::string::npos);
}

TEST_CASE("folders are made on the way, for their owner only", "[store]") {
    const TempDir dir;
    const std::string path = dir / "a/b/c/name";
    exk_error error = {};
    CHECK(exk_store_prepare(path.c_str(), &error) == EXK_OK);
    CHECK(exk_store_prepare(path.c_str(), &error) == EXK_OK);
    struct stat about = {};
    REQUIRE(stat((dir / "a/b/c").c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0700);
    CHECK(stat(path.c_str(), &about) != 0);
    dir.write("file", "");
    CHECK(exk_store_prepare((dir / "file/b/name").c_str(), &error) == EXK_ERR_FILE);
    CHECK(std::string(error.message).find("file/b: cannot be made") != std::string::npos);
}

TEST_CASE("files are read whole or not at all", "[store]") {
    const TempDir dir;
    const std::string bytes("some\0bytes", 10);
    const std::string path = dir.write("file", bytes);
    CHECK(reading(path, 10).text == bytes);
    CHECK(reading(path, 10).status == EXK_OK);
    CHECK(reading(path, 9).status == EXK_ERR_FORMAT);
    CHECK_FALSE(reading(path, 9).found);
    CHECK(reading(path, 9).message == path + ": 10 bytes, which is more than the 9 it may have");
    CHECK(reading(dir.write("empty", ""), 9).found);
    CHECK(reading(dir / "absent", 9).status == EXK_OK);
    CHECK_FALSE(reading(dir / "absent", 9).found);
    CHECK(reading(dir.path(), 9).status == EXK_ERR_FILE);
    REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
    CHECK(reading(dir / "pipe", 9).status == EXK_ERR_FILE);
    CHECK(reading(path + "/below", 9).status == EXK_ERR_FILE);
}
