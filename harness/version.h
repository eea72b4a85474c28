/* What this program was built from. */
#ifndef EXK_VERSION_H
#define EXK_VERSION_H

#include "harness/json.h"

/* "gcc 12.2.0" */
const char *version_compiler(void);

/* The optional libraries and their versions, as an array "parts". */
void version_add_parts(json *root);

#endif
