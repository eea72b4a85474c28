/* Dot products of bytes where AMX has bfloat16 beside bytes. */
#ifndef EXK_DOT_AMXBF16_H
#define EXK_DOT_AMXBF16_H

#include "kernels/vec/dot_amx.h"

#endif
