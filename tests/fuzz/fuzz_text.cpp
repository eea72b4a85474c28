// Text: the first line is the choice of columns (none if it is empty), the rest is the file.
#include "tests/fuzz/fuzz.hpp"

#include <cstring>
#include <string>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const void *newline = size > 0 ? std::memchr(data, '\n', size) : nullptr;
    if (!newline)
        return 0;
    const size_t length = static_cast<size_t>(static_cast<const uint8_t *>(newline) - data);
    const std::string columns(reinterpret_cast<const char *>(data), length);
    const exk_load_options options = {length > 0 ? columns.c_str() : nullptr, size % 2 == 1};
    fuzz::limit_memory((4 << 20) + 16 * size, fuzz::beyond::abort);
    fuzz::load(fuzz::write_file("in.csv", data + length + 1, size - length - 1), options);
    return 0;
}
