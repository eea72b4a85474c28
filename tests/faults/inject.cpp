#include "tests/faults/inject.hpp"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef EXAKT_HAVE_ZLIB
#include <zlib.h>
#endif

namespace {

std::atomic<inject::fault> armed{inject::fault::none};
std::atomic<int> left{0};
std::atomic<long> holding{0};
std::atomic<unsigned> turn{0};

bool fails(inject::fault kind, int code) {
    if (armed != kind || --left != 0)
        return false;
    errno = code;
    return true;
}

bool no_memory() {
    return fails(inject::fault::memory, ENOMEM);
}

bool no_file(int code) {
    return fails(inject::fault::file, code);
}

template <class Block> Block *held_if_given(Block *block) {
    holding += block != nullptr;
    return block;
}

// How much of a transfer to do: all, or, trickling, a few bytes every other time.
bool interrupted(size_t &bytes) {
    if (armed != inject::fault::trickle)
        return false;
    bytes = bytes < 5 ? bytes : 5;
    errno = EINTR;
    return turn++ % 2 == 0;
}

} // namespace

void inject::arm(fault kind, int n) {
    left = n;
    armed = kind;
}

bool inject::disarm() {
    armed = fault::none;
    return left <= 0;
}

long inject::held() {
    return holding;
}

// clang-format off
extern "C" {
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *block);
void *__real_mmap(void *where, size_t bytes, int protection, int flags, int file, off_t offset);
void *__real_mremap(void *old, size_t old_bytes, size_t bytes, int flags);
int __real_munmap(void *block, size_t bytes);
int __real_open(const char *path, int flags, mode_t mode);
ssize_t __real_read(int file, void *to, size_t bytes);
ssize_t __real_write(int file, const void *from, size_t bytes);
int __real_fsync(int file);
int __real_close(int file);
int __real_rename(const char *from, const char *to);
int __real_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
// clang-format on

void *__wrap_malloc(size_t bytes) {
    return no_memory() ? nullptr : held_if_given(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t size) {
    return no_memory() ? nullptr : held_if_given(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t bytes) {
    if (no_memory())
        return nullptr;
    void *block = __real_realloc(old, bytes);
    holding += block && !old;
    return block;
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
    return no_memory() ? nullptr : held_if_given(__real_aligned_alloc(alignment, bytes));
}

void __wrap_free(void *block) {
    holding -= block != nullptr;
    __real_free(block);
}

void *__wrap_mmap(void *where, size_t bytes, int protection, int flags, int file, off_t offset) {
    if (no_memory())
        return MAP_FAILED;
    void *block = __real_mmap(where, bytes, protection, flags, file, offset);
    holding += block != MAP_FAILED;
    return block;
}

void *__wrap_mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...) {
    return no_memory() ? MAP_FAILED : __real_mremap(old, old_bytes, bytes, flags);
}

int __wrap_munmap(void *block, size_t bytes) {
    holding--;
    return __real_munmap(block, bytes);
}

#ifdef EXAKT_HAVE_ZLIB
int __real_inflateInit2_(z_streamp z, int bits, const char *version, int size);
int __real_inflateEnd(z_streamp z);
int __real_inflate(z_streamp z, int flush);

int __wrap_inflateInit2_(z_streamp z, int bits, const char *version, int size) {
    if (no_memory())
        return Z_MEM_ERROR;
    const int result = __real_inflateInit2_(z, bits, version, size);
    holding += result == Z_OK;
    return result;
}

int __wrap_inflateEnd(z_streamp z) {
    const int result = __real_inflateEnd(z);
    holding -= result == Z_OK;
    return result;
}

int __wrap_inflate(z_streamp z, int flush) {
    return no_memory() ? Z_MEM_ERROR : __real_inflate(z, flush);
}
#endif

int __wrap_open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    const mode_t mode = makes ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (no_file(EACCES))
        return -1;
    const int file = __real_open(path, flags, mode);
    holding += file >= 0;
    return file;
}

ssize_t __wrap_read(int file, void *to, size_t bytes) {
    return no_file(EIO) || interrupted(bytes) ? -1 : __real_read(file, to, bytes);
}

ssize_t __wrap_write(int file, const void *from, size_t bytes) {
    return no_file(ENOSPC) || interrupted(bytes) ? -1 : __real_write(file, from, bytes);
}

int __wrap_fsync(int file) {
    return no_file(EIO) ? -1 : __real_fsync(file);
}

// Closes all the same, as Linux does.
int __wrap_close(int file) {
    holding--;
    const int result = __real_close(file);
    return no_file(EIO) ? -1 : result;
}

int __wrap_rename(const char *from, const char *to) {
    return no_file(EIO) ? -1 : __real_rename(from, to);
}

int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    return no_file(EPERM) ? -1 : __real_linkat(from_folder, from, to_folder, to, flags);
}
}
