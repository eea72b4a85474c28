/* How samples are written: as members of a JSON row and as columns of a CSV table. */
#ifndef EXK_SAMPLES_H
#define EXK_SAMPLES_H

#include "harness/json.h"
#include "harness/measure.h"

#include <stdio.h>

/* Append a sample to an array; the caller may add to the object that is returned. */
json *sample_add(json *list, const measure_sample *s);

/* A number of bytes; null where it is unknown (-1). */
void sample_add_bytes(json *node, const char *key, int64_t bytes);

/* A field as RFC 4180 has it, without a comma before it. */
void csv_put_text(FILE *out, const char *text);

/* A comma and the number; NA where it is not known. */
void csv_put_real(FILE *out, double value);

/* The columns of sample_columns, each with a comma before it. */
extern const char sample_columns[];
void csv_put_sample(FILE *out, const measure_sample *s);

#endif
