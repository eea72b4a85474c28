/* The storage of a point set, its note, and error messages. Storage is always a memory mapping: page-aligned,
 * cheap to grow (mremap moves page tables, not bytes), and freed the same way whether it came from a file or not.
 */
#include "datasets/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

/* A message must stay one line whatever the file name or a quoted cell holds. */
static void flatten(char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

/* Very long paths lose their front, not the message its end. */
static int print_file(char *to, size_t size, const char *file) {
    const size_t longest = 160, length = strlen(file);
    const char *dots = length > longest ? "..." : "";
    return snprintf(to, size, "%s%s: ", dots, length > longest ? file + length - longest : file);
}

static exk_status fail(exk_error *error, exk_status status, const char *file, int64_t row, int64_t column,
                       const char *format, va_list arguments) {
    if (error) {
        *error = (exk_error){.status = status, .row = row, .column = column};
        const int used = print_file(error->message, sizeof error->message, file);
        vsnprintf(error->message + used, sizeof error->message - (size_t)used, format, arguments);
        flatten(error->message);
    }
    return status;
}

exk_status exk_file_error(exk_error *error, exk_status status, const char *file, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, file, -1, -1, format, arguments);
    va_end(arguments);
    return status;
}

exk_status exk_file_error_at(exk_error *error, exk_status status, const char *file, int64_t row, int64_t column,
                             const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, file, row, column, format, arguments);
    va_end(arguments);
    return status;
}

bool exk_memory_holds(double bytes) {
    struct sysinfo machine;
    return sysinfo(&machine) != 0 ||
           bytes <= ((double)machine.totalram + (double)machine.totalswap) * machine.mem_unit;
}

static void *allocate(const exk_dataset *dataset, size_t bytes) {
    if (!exk_memory_holds((double)bytes)) {
        return MAP_FAILED;
    }
    return dataset->storage ? mremap(dataset->storage, dataset->storage_bytes, bytes, MREMAP_MAYMOVE)
                            : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

exk_status exk_dataset_reserve(const char *file, exk_dataset *dataset, size_t bytes, exk_error *error) {
    if (bytes <= dataset->storage_bytes) {
        return EXK_OK;
    }
    void *storage = allocate(dataset, bytes);
    if (storage == MAP_FAILED) {
        return exk_file_error(
            error, EXK_ERR_MEMORY, file,
            "no memory for %zu bytes of points; use fewer rows or columns, or a machine with more memory", bytes);
    }
    dataset->storage = storage;
    dataset->storage_bytes = bytes;
    return EXK_OK;
}

exk_status exk_dataset_grow(const char *file, exk_dataset *dataset, size_t bytes, exk_error *error) {
    const size_t least = (size_t)1 << 20;
    if (bytes <= dataset->storage_bytes) {
        return EXK_OK;
    }
    const size_t ample = bytes + bytes / 2 + least;
    return exk_dataset_reserve(file, dataset, exk_memory_holds((double)ample) ? ample : bytes, error);
}

void exk_dataset_finish(exk_dataset *dataset, int64_t n, int64_t d) {
    const size_t bytes = (size_t)n * (size_t)d * sizeof(float);
    if (bytes < dataset->storage_bytes) {
        void *storage = mremap(dataset->storage, dataset->storage_bytes, bytes, MREMAP_MAYMOVE);
        if (storage != MAP_FAILED) {
            dataset->storage = storage;
            dataset->storage_bytes = bytes;
        }
    }
    dataset->points = (exk_points){.x = dataset->storage, .n = n, .d = d, .stride = d};
}

void exk_dataset_note(exk_dataset *dataset, const char *format, ...) {
    size_t used = strlen(dataset->note);
    if (used > 0 && used + 3 < sizeof dataset->note) {
        strcpy(dataset->note + used, "; ");
        used += 2;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(dataset->note + used, sizeof dataset->note - used, format, arguments);
    va_end(arguments);
}

void exk_dataset_free(exk_dataset *dataset) {
    if (dataset && dataset->storage) {
        munmap(dataset->storage, dataset->storage_bytes);
    }
    free(dataset);
}
