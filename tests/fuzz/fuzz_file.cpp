// A file of the format that FUZZ_NAME tells, loaded as it is; every other one is standardised as well.
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Bytes become floats, and storage grows by half and a MiB.
    fuzz::limit_memory((4 << 20) + 16 * size, fuzz::beyond::abort);
    const exk_load_options options = {nullptr, size % 2 == 1};
    fuzz::load(fuzz::write_file(FUZZ_NAME, data, size), options);
    return 0;
}
