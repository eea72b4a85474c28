#include "kernels/peak.h"

#include <stdbool.h>

#include EXK_VEC_HEADER

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 24")
#endif
#define INLINE static inline __attribute__((always_inline))

/* Chains that run at the same time. Two multiply-adds a cycle that take four cycles each need 8; four a cycle
 * (cores with 32 registers) need 16; a scalar multiplication and addition one after the other take about 6 cycles.
 * What is left of the registers holds the factors, or what was loaded. Three loads a cycle need 12 chains of sums.
 */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { CHAINS = 24 };
#else
enum { CHAINS = 12 };
#endif

/* Known at run time only, or the compiler would calculate with them. A round is two steps, there and nearly back:
 * c*factor + there, then c*factor + back; with vectors c + factor*there, then c + factor*back. */
static const volatile float factor = VEC_LANES == 1 ? -1.0f : 0.5f, there = 1.0f;
static const volatile float back = VEC_LANES == 1 ? 1.0f + 1e-4f : -1.0f + 2e-4f;

/* Unrolled like everything that touches the chains, or they would live in memory. */
INLINE vec_f32 total(const vec_f32 *chain, int chains) {
    vec_f32 sum = chain[0];
    UNROLL for (int i = 1; i < chains; i++) {
        sum = vec_add(sum, chain[i]);
    }
    return sum;
}

/* The chains start apart: equal ones would be computed once. */
INLINE void start(vec_f32 *chain, float step) {
    UNROLL for (int i = 0; i < CHAINS; i++) {
        chain[i] = vec_set1(1.0f + step * (float)i);
    }
}

/* Without an instruction for both, a product of the same factors would be taken out of the loop, so the chain goes
 * through the product; with one, the chain is the addend, since that is where some machines put the result. */
INLINE vec_f32 step_chain(vec_f32 chain, vec_f32 a, vec_f32 b) {
    return VEC_LANES == 1 ? vec_mul_add(chain, a, b) : vec_mul_add(a, b, chain);
}

static float multiply_add(int64_t rounds) {
    const vec_f32 by = vec_set1(factor), up = vec_set1(there), down = vec_set1(back);
    vec_f32 chain[CHAINS];
    start(chain, 0.001f);
    for (int64_t n = 0; n < rounds; n++) {
        UNROLL for (int i = 0; i < CHAINS; i++) {
            chain[i] = step_chain(chain[i], by, up);
        }
        UNROLL for (int i = 0; i < CHAINS; i++) {
            chain[i] = step_chain(chain[i], by, down);
        }
    }
    return vec_sum(total(chain, CHAINS));
}

/* The value must be in a register: it cannot be left where it is. */
INLINE void keep(vec_f32 v) {
#if defined(__x86_64__)
    __asm__ volatile("" : : "x"(v));
#elif defined(__aarch64__)
    __asm__ volatile("" : : "w"(v));
#else
    __asm__ volatile("" : : "m"(v));
#endif
}

/* What is at p may have changed: it must be loaded again. */
INLINE void refresh(const float *p) {
    __asm__ volatile("" : : "r"(p) : "memory");
}

INLINE void step_pairs(vec_f32 *chain, const float *factors, vec_f32 b) {
    UNROLL for (int i = 0; i < CHAINS; i += 2) {
        const vec_f32 by = vec_load(factors + i / 2 * VEC_LANES);
        keep(by);
        chain[i] = step_chain(chain[i], by, b);
        chain[i + 1] = step_chain(chain[i + 1], by, b);
    }
}

static float multiply_add_fed(int64_t rounds) {
    float factors[CHAINS / 2 * VEC_LANES] __attribute__((aligned(64)));
    for (int i = 0; i < CHAINS / 2 * VEC_LANES; i++)
        factors[i] = factor;
    const vec_f32 up = vec_set1(there), down = vec_set1(back);
    vec_f32 chain[CHAINS];
    start(chain, 0.001f);
    for (int64_t n = 0; n < rounds; n++) {
        refresh(factors);
        step_pairs(chain, factors, up);
        refresh(factors);
        step_pairs(chain, factors, down);
    }
    return vec_sum(total(chain, CHAINS));
}

/* Vectors between two branches of the loop that reads. */
enum { BLOCK = 12 };

INLINE void take(vec_f32 v, vec_f32 *sum, bool adds) {
    if (adds)
        *sum = vec_add(*sum, v);
    else
        keep(v);
}

INLINE vec_f32 pass_over(const float *x, int64_t count, bool adds) {
    vec_f32 sum[BLOCK];
    int64_t t = 0;
    UNROLL for (int i = 0; i < BLOCK; i++) {
        sum[i] = vec_set1(0.0f);
    }
    for (; t + BLOCK * VEC_LANES <= count; t += BLOCK * VEC_LANES) {
        UNROLL for (int i = 0; i < BLOCK; i++) {
            take(vec_load(x + t + i * VEC_LANES), &sum[i], adds);
        }
    }
    vec_f32 rest = total(sum, BLOCK);
    for (; t < count; t += VEC_LANES)
        take(vec_load_part(x + t, count - t), &rest, adds);
    return rest;
}

static void load(const float *x, int64_t count, int64_t passes) {
    for (int64_t pass = 0; pass < passes; pass++)
        pass_over(x, count, false);
}

static float sum_of(const float *x, int64_t count) {
    return vec_sum(pass_over(x, count, true));
}

const exk_peak EXK_PEAK = {4 * CHAINS * VEC_LANES, multiply_add, multiply_add_fed, load, sum_of};
