#include "kernels/philox.h"

__extension__ typedef unsigned __int128 uint128;

typedef struct philox_block {
    uint32_t word[4];
} philox_block;

static philox_block philox_round(philox_block in, uint32_t key0, uint32_t key1) {
    const uint64_t p0 = (uint64_t)0xD2511F53u * in.word[0];
    const uint64_t p1 = (uint64_t)0xCD9E8D57u * in.word[2];
    return (philox_block){{(uint32_t)(p1 >> 32) ^ in.word[1] ^ key0, (uint32_t)p1,
                           (uint32_t)(p0 >> 32) ^ in.word[3] ^ key1, (uint32_t)p0}};
}

uint64_t exk_philox(uint64_t seed, uint64_t step, uint64_t index) {
    philox_block block = {{(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)step, (uint32_t)(step >> 32)}};
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        block = philox_round(block, key0, key1);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return (uint64_t)block.word[1] << 32 | block.word[0];
}

uint64_t exk_philox_below(uint64_t seed, uint64_t step, uint64_t index, uint64_t bound) {
    return (uint64_t)((uint128)exk_philox(seed, step, index) * bound >> 64);
}

double exk_philox_unit(uint64_t seed, uint64_t step, uint64_t index) {
    return (double)(exk_philox(seed, step, index) >> 11) * 0x1p-53;
}
