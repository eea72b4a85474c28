// What the fuzz targets share: loading an input and checking what every load promises.
#pragma once
#include "datasets/datasets.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Report a broken promise the way a sanitizer would: the fuzzer keeps the input, the replay fails.
#define FUZZ_DEMAND(condition)                                                                                    \
    do {                                                                                                          \
        if (!(condition)) {                                                                                       \
            std::fprintf(stderr, "%s:%d: demanded: %s\n", __FILE__, __LINE__, #condition);                        \
            std::abort();                                                                                         \
        }                                                                                                         \
    } while (false)

namespace fuzz {

enum class beyond { abort, refuse };

// What a load may allocate, and what happens to a request that is larger. See memory.cpp.
void limit_memory(size_t bytes, beyond what);

// Put the bytes into a file of that name in a folder of this process. Returns its path.
const char *write_file(const char *name, const uint8_t *data, size_t size);

void load(const char *input, const exk_load_options &options);

} // namespace fuzz
