// Records of `exakt bench`: what is read is in range, and can be compared with itself. All formats: checked to the
// end.
#include "harness/compare.h"
#include "harness/formats.h"
#include "tests/fuzz/fuzz.hpp"

#include <cmath>
#include <cstring>
#include <string>

namespace {

void check(const results &r) {
    FUZZ_DEMAND(r.count >= 0 && r.count <= RESULTS_ROWS);
    for (int i = 0; i < r.count; i++) {
        const results_row &row = r.rows[i];
        FUZZ_DEMAND(row.threads >= 1 && row.n >= 1 && row.d >= 1 && row.k >= 1 && row.iterations >= 0);
        FUZZ_DEMAND(row.count >= 0 && row.count <= RESULTS_SAMPLES);
        for (int s = 0; s < row.count; s++) {
            FUZZ_DEMAND(row.seconds[s] > 0 && std::isfinite(row.seconds[s]));
            FUZZ_DEMAND(!row.has_ceiling || (row.ceiling[s] > 0 && std::isfinite(row.ceiling[s])));
        }
        FUZZ_DEMAND(!std::strpbrk(row.input, "\n\r\t\x1b") && !std::strpbrk(row.variant, "\n\r\t\x1b"));
    }
}

// Whatever the samples are, a run is not slower than itself.
void compare_with_itself(const results &r) {
    comparison c;
    FUZZ_DEMAND(compare_results(&r, &r, &c));
    FUZZ_DEMAND(c.count == r.count && c.slower == 0 && c.faster == 0 && c.unmatched == 0);
    FUZZ_DEMAND(c.equal + c.refused == c.count);
    comparison_free(&c);
}

// As `exakt results` does.
void check_formats(const std::string &text) {
    exk_error error;
    std::memset(&error, 0, sizeof error);
    json_source source = {"in", "", &error};
    int version = 0;
    int64_t rows = 0;
    json *root = json_parse(text.c_str(), text.size(), &source);
    const record_format *format = root ? format_of(root, &version, &source) : nullptr;
    const bool good = format && format_check(format, version, root, &source);
    FUZZ_DEMAND(good || error.status == EXK_ERR_FORMAT);
    FUZZ_DEMAND(!format || (version >= format->oldest && version <= format->newest));
    json_free(root);
    if (!table_check(text.c_str(), "in", &rows, &error))
        FUZZ_DEMAND(error.status == EXK_ERR_FORMAT && !std::strchr(error.message, '\n'));
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string text(reinterpret_cast<const char *>(data), size);
    results r;
    exk_error error;
    std::memset(&error, 0x5a, sizeof error);
    const exk_status status = results_parse(text.c_str(), size, "in.json", &r, &error);
    FUZZ_DEMAND(status == EXK_OK || status == EXK_ERR_FORMAT);
    if (status == EXK_OK) {
        check(r);
        compare_with_itself(r);
    } else {
        FUZZ_DEMAND(r.count == 0 && !r.rows);
        FUZZ_DEMAND(std::memchr(error.message, 0, sizeof error.message) && !std::strchr(error.message, '\n'));
    }
    results_free(&r);
    check_formats(text);
    return 0;
}
