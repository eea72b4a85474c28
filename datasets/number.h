/* Decimal numbers, independent of the locale. Private to datasets/. */
#ifndef EXK_DATASETS_NUMBER_H
#define EXK_DATASETS_NUMBER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum exk_number {
    EXK_NUMBER,            /* a decimal number; *value is the nearest double (infinite beyond its range) */
    EXK_NUMBER_NOT_FINITE, /* "nan", "inf" or "infinity", in any case */
    EXK_NUMBER_NONE        /* anything else, the empty string included */
} exk_number;

/* The whole of text must be the number: no blanks around it, no hexadecimal, no decimal comma. */
exk_number exk_number_parse(const char *text, size_t length, double *value);

#ifdef __cplusplus
}
#endif
#endif
