// Generator specifications. Points and centres beyond a few thousand values are refused as if memory were short:
// what is tested is the parser and the arithmetic of sizes.
#include "tests/fuzz/fuzz.hpp"

#include <string>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string spec = "gen:" + std::string(reinterpret_cast<const char *>(data), size);
    fuzz::limit_memory(1 << 14, fuzz::beyond::refuse);
    fuzz::load(spec.c_str(), {nullptr, size % 2 == 1});
    return 0;
}
