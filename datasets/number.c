/* Clinger's fast path (How to read floating point numbers accurately, PLDI 1990): a mantissa below 2^53 and a
 * power of ten up to 10^22 are both exact doubles, so one multiplication or division rounds correctly. All other
 * numbers go to strtod in the C locale. */
#include "datasets/number.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct decimal {
    bool negative, found_digit;
    int digits;        /* significant ones in the mantissa */
    uint64_t mantissa; /* meaningless if digits > LONGEST_MANTISSA */
    int exponent;      /* of ten */
} decimal;

enum { LONGEST_MANTISSA = 19, LONGEST_NUMBER = 1023, EXPONENT_LIMIT = 100000, EXACT_POWERS = 22 };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Take the digits at p into the mantissa; each lowers the exponent by `step`. */
static const char *scan_digits(const char *p, const char *end, int step, decimal *number) {
    for (; p < end && is_digit(*p); p++) {
        number->found_digit = true;
        number->mantissa = number->mantissa * 10 + (uint64_t)(*p - '0');
        number->digits += number->digits > 0 || *p != '0'; /* not by the mantissa: it wraps */
        number->exponent -= step;
    }
    return p;
}

static const char *scan_sign(const char *p, const char *end, bool *negative) {
    *negative = p < end && *p == '-';
    return p < end && (*p == '-' || *p == '+') ? p + 1 : p;
}

/* "e-12" at p; NULL if the exponent has no digits. */
static const char *scan_exponent(const char *p, const char *end, decimal *number) {
    bool negative;
    int exponent = 0;
    p = scan_sign(p + 1, end, &negative);
    if (p == end || !is_digit(*p)) {
        return NULL;
    }
    for (; p < end && is_digit(*p); p++) {
        exponent = exponent < EXPONENT_LIMIT ? exponent * 10 + (*p - '0') : exponent;
    }
    number->exponent += negative ? -exponent : exponent;
    return p;
}

static bool scan(const char *p, const char *end, decimal *number) {
    p = scan_sign(p, end, &number->negative);
    p = scan_digits(p, end, 0, number);
    if (p < end && *p == '.') {
        p = scan_digits(p + 1, end, 1, number);
    }
    if (number->found_digit && p < end && (*p == 'e' || *p == 'E')) {
        p = scan_exponent(p, end, number);
    }
    return number->found_digit && p == end;
}

static bool convert_exactly(const decimal *number, double *value) {
    static const double power[EXACT_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int e = number->exponent;
    if (number->digits > LONGEST_MANTISSA || number->mantissa > (uint64_t)1 << 53 || e < -EXACT_POWERS ||
        e > EXACT_POWERS) {
        return false;
    }
    const double mantissa = (double)number->mantissa;
    const double size = e < 0 ? mantissa / power[-e] : mantissa * power[e];
    *value = number->negative ? -size : size;
    return true;
}

static exk_number convert_slowly(const char *text, size_t length, double *value) {
    char copy[LONGEST_NUMBER + 1];
    if (length > LONGEST_NUMBER) {
        return EXK_NUMBER_NONE;
    }
    const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        return EXK_NUMBER_NONE;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    *value = strtod_l(copy, NULL, c_locale);
    freelocale(c_locale);
    return EXK_NUMBER;
}

static bool is_not_finite(const char *text, size_t length) {
    static const char *const words[] = {"nan", "inf", "infinity"};
    if (length > 0 && (*text == '-' || *text == '+')) {
        text++;
        length--;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) == length && strncasecmp(text, words[i], length) == 0) {
            return true;
        }
    }
    return false;
}

exk_number exk_number_parse(const char *text, size_t length, double *value) {
    decimal number = {0};
    if (!scan(text, text + length, &number)) {
        return is_not_finite(text, length) ? EXK_NUMBER_NOT_FINITE : EXK_NUMBER_NONE;
    }
    return convert_exactly(&number, value) ? EXK_NUMBER : convert_slowly(text, length, value);
}
