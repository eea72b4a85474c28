#include "tests/fuzz/fuzz.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace {

// A folder that goes when the process ends; one file in it, rewritten for every input.
struct workplace {
    std::string folder, path;
    int file = -1;

    explicit workplace(const char *name) {
        const char *base = std::getenv("TMPDIR");
        folder = std::string(base && *base ? base : "/tmp") + "/exakt-fuzz-XXXXXX";
        FUZZ_DEMAND(mkdtemp(folder.data()));
        path = folder + "/" + name;
        reopen();
    }
    workplace(const workplace &) = delete;
    workplace &operator=(const workplace &) = delete;
    ~workplace() {
        unlink(path.c_str());
        rmdir(folder.c_str());
    }
    void reopen() {
        file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        FUZZ_DEMAND(file >= 0);
    }
    void rename_to(const char *name) {
        const std::string wanted = folder + "/" + name;
        if (path != wanted)
            FUZZ_DEMAND(rename(path.c_str(), wanted.c_str()) == 0);
        path = wanted;
    }
};

bool is_documented(exk_status status) {
    return status == EXK_ERR_FILE || status == EXK_ERR_FORMAT || status == EXK_ERR_NOT_FINITE ||
           status == EXK_ERR_ARGUMENT || status == EXK_ERR_MEMORY;
}

void check_points(const exk_dataset &dataset) {
    const exk_points &p = dataset.points;
    FUZZ_DEMAND(p.x && p.n >= 1 && p.d >= 1 && p.stride == p.d);
    for (int64_t i = 0; i < p.n * p.d; i++)
        FUZZ_DEMAND(std::isfinite(p.x[i]));
    FUZZ_DEMAND(std::memchr(dataset.note, 0, sizeof dataset.note));
}

void check_error(const exk_error &error, exk_status status) {
    FUZZ_DEMAND(is_documented(status));
    FUZZ_DEMAND(error.status == status);
    FUZZ_DEMAND(error.message[0] && std::memchr(error.message, 0, sizeof error.message));
    FUZZ_DEMAND(!std::strchr(error.message, '\n'));
    FUZZ_DEMAND(status != EXK_ERR_NOT_FINITE || (error.row >= 0 && error.column >= 0));
}

} // namespace

const char *fuzz::write_file(const char *name, const uint8_t *data, size_t size) {
    static workplace place(name);
    place.rename_to(name);
    FUZZ_DEMAND(ftruncate(place.file, 0) == 0);
    FUZZ_DEMAND(pwrite(place.file, data, size, 0) == static_cast<ssize_t>(size));
    return place.path.c_str();
}

void fuzz::load(const char *input, const exk_load_options &options) {
    exk_error error;
    exk_dataset *dataset = nullptr;
    std::memset(&error, 0x5a, sizeof error);
    const exk_status status = exk_dataset_load(input, &options, &dataset, &error);
    FUZZ_DEMAND((status == EXK_OK) == (dataset != nullptr));
    if (dataset)
        check_points(*dataset);
    else
        check_error(error, status);
    exk_dataset_free(dataset);
}
