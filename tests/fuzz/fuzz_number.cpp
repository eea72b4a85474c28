// Numbers in text against the C library: what is accepted must be the same double, what is refused must be what
// the C library refuses too, or something that tables do not hold (blanks, hexadecimal, a thousand digits).
#include "datasets/number.h"
#include "tests/fuzz/fuzz.hpp"

#include <clocale>
#include <cmath>
#include <cstring>
#include <string>

namespace {

bool is_plain(const std::string &text) {
    return text.size() < 1024 && !text.empty() && text.find_first_not_of("+-0123456789.eE") == std::string::npos;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
    const std::string text(reinterpret_cast<const char *>(data), size);
    char *end;
    const double expected = strtod_l(text.c_str(), &end, c_locale);
    const bool whole = end == text.c_str() + size && size > 0;
    double value = 0;
    switch (exk_number_parse(text.data(), size, &value)) {
    case EXK_NUMBER:
        FUZZ_DEMAND(whole && std::memcmp(&value, &expected, sizeof value) == 0);
        break;
    case EXK_NUMBER_NOT_FINITE:
        FUZZ_DEMAND(whole && !std::isfinite(expected));
        break;
    case EXK_NUMBER_NONE:
        FUZZ_DEMAND(!whole || !is_plain(text));
        break;
    }
    return 0;
}
