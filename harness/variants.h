/* From what people type to rows of the registry. */
#ifndef EXK_VARIANTS_H
#define EXK_VARIANTS_H

#include "harness/cli.h"
#include "kernels/variant.h"

/* Can text (a name, a strategy, strategy__isa or auto) name a variant that runs here? Needs no shape, so it can be
 * asked before the data are loaded. */
exit_code variant_check(const char *text);

/* The variant that text names for this shape: of several rows, the last that can run. */
exit_code variant_resolve(const char *text, const exk_shape *shape, const exk_variant **variant);

/* The rows that a pattern, a strategy, an ISA or several of these with commas between select and that run here, in
 * the order of the registry. Each must select something. rows has room for exk_variant_rows() entries. */
exit_code variants_select(const char *patterns, const exk_variant **rows, int *count);

/* Whether a variant skips work by what it remembers of earlier passes: its first pass says little of the others.
 */
bool variant_skips(const exk_variant *variant);

/* A field of the plan in words and as a number. */
const char *plan_field_name(exk_field field);

#endif
