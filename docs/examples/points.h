/* Points for the examples: the same ones on every machine. */
#ifndef POINTS_H
#define POINTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Uniform in [-0.5, 0.5); splitmix64 (Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, 2014).
 */
static inline float random_float(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (float)((z ^ (z >> 31)) >> 40) * 0x1p-24f - 0.5f;
}

static inline void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

#endif
