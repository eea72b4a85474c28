// The memory of the readers under test (linked with --wrap): mappings become heap blocks of just the size asked
// for, so that AddressSanitizer sees the first byte beyond them, and no request may be out of proportion to the
// input: a reader must not allocate what a header merely promises.
#include "tests/fuzz/fuzz.hpp"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace {

size_t limit = SIZE_MAX;
fuzz::beyond beyond_limit = fuzz::beyond::abort;

bool allowed(size_t bytes) {
    if (bytes > limit && beyond_limit == fuzz::beyond::abort) {
        std::fprintf(stderr, "%zu bytes asked for, at most %zu are in proportion to the input\n", bytes, limit);
        std::abort();
    }
    return bytes <= limit;
}

bool read_whole(int file, void *to, size_t bytes) {
    return pread(file, to, bytes, 0) == static_cast<ssize_t>(bytes);
}

} // namespace

void fuzz::limit_memory(size_t bytes, beyond what) {
    limit = bytes;
    beyond_limit = what;
}

// clang-format off
extern "C" {
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t bytes);
// clang-format on

void *__wrap_malloc(size_t bytes) {
    return allowed(bytes) ? __real_malloc(bytes) : nullptr;
}

void *__wrap_calloc(size_t count, size_t size) {
    size_t bytes;
    const bool fits = !__builtin_mul_overflow(count, size, &bytes) && allowed(bytes);
    return fits ? __real_calloc(count, size) : nullptr;
}

void *__wrap_realloc(void *old, size_t bytes) {
    return allowed(bytes) ? __real_realloc(old, bytes) : nullptr;
}

void *__wrap_mmap(void *, size_t bytes, int, int flags, int file, off_t) {
    void *block = allowed(bytes) ? __real_calloc(1, bytes) : nullptr;
    if (!block)
        return MAP_FAILED;
    if ((flags & MAP_ANONYMOUS) || read_whole(file, block, bytes))
        return block;
    std::free(block);
    return MAP_FAILED;
}

void *__wrap_mremap(void *old, size_t old_bytes, size_t bytes, int, ...) {
    char *block = allowed(bytes) ? static_cast<char *>(__real_realloc(old, bytes)) : nullptr;
    if (!block)
        return MAP_FAILED;
    if (bytes > old_bytes)
        std::memset(block + old_bytes, 0, bytes - old_bytes);
    return block;
}

int __wrap_munmap(void *block, size_t) {
    std::free(block);
    return 0;
}

int __wrap_madvise(void *, size_t, int) {
    return 0;
}
}
