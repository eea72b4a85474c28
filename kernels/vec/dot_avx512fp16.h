/* Dot products of bytes where there is AVX-512 FP16, which does not come without VNNI. */
#ifndef EXK_DOT_AVX512FP16_H
#define EXK_DOT_AVX512FP16_H

#include "kernels/vec/dot_avx512vnni.h"

#endif
