// The oracle: exact arithmetic on big integers, sharing nothing with the code under test. Small, obviously right,
// slow.
//
// Every finite float is an integer multiple of 2^-149, so x * 2^149 is an integer of at most 277 bits, and squared
// distances, scaled by 2^298, are integers too.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace oracle {

// A non-negative integer, least significant 32 bits first, no leading zero words.
using Natural = std::vector<uint32_t>;

inline void trim(Natural &a) {
    while (!a.empty() && a.back() == 0)
        a.pop_back();
}

// -1, 0, 1 as a is less than, equal to or greater than b.
inline int compare(const Natural &a, const Natural &b) {
    if (a.size() != b.size())
        return a.size() < b.size() ? -1 : 1;
    for (size_t i = a.size(); i-- > 0;)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

inline Natural add(const Natural &a, const Natural &b) {
    Natural sum;
    uint64_t carry = 0;
    for (size_t i = 0; i < a.size() || i < b.size() || carry; i++) {
        carry += (i < a.size() ? a[i] : 0ull) + (i < b.size() ? b[i] : 0ull);
        sum.push_back(static_cast<uint32_t>(carry));
        carry >>= 32;
    }
    return sum;
}

// a - b for a >= b.
inline Natural subtract(const Natural &a, const Natural &b) {
    Natural difference = a;
    int64_t borrow = 0;
    for (size_t i = 0; i < a.size(); i++) {
        int64_t word = static_cast<int64_t>(a[i]) - (i < b.size() ? b[i] : 0) - borrow;
        borrow = word < 0;
        difference[i] = static_cast<uint32_t>(word + (borrow << 32));
    }
    trim(difference);
    return difference;
}

inline Natural square(const Natural &a) {
    Natural product(2 * a.size(), 0);
    for (size_t i = 0; i < a.size(); i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < a.size(); j++) {
            carry += static_cast<uint64_t>(a[i]) * a[j] + product[i + j];
            product[i + j] = static_cast<uint32_t>(carry);
            carry >>= 32;
        }
        product[i + a.size()] = static_cast<uint32_t>(carry);
    }
    trim(product);
    return product;
}

// |x| * 2^149.
inline Natural scaled_magnitude(float x) {
    int exponent;
    const auto mantissa = static_cast<uint64_t>(std::ldexp(std::frexp(std::fabs(x), &exponent), 24));
    int shift = exponent - 24 + 149;
    const uint64_t word = shift < 0 ? mantissa >> -shift : mantissa; // a denormal's low bits are zero
    shift = shift < 0 ? 0 : shift;
    Natural scaled(shift / 32, 0);
    uint64_t low = word << (shift % 32);
    scaled.push_back(static_cast<uint32_t>(low));
    scaled.push_back(static_cast<uint32_t>(low >> 32));
    trim(scaled);
    return scaled;
}

// ||x - c||^2 * 2^298, exactly.
inline Natural distance(const float *x, const float *c, int64_t d) {
    Natural sum;
    for (int64_t t = 0; t < d; t++) {
        const Natural a = scaled_magnitude(x[t]), b = scaled_magnitude(c[t]);
        Natural difference;
        if (std::signbit(x[t]) != std::signbit(c[t]))
            difference = add(a, b);
        else
            difference = compare(a, b) >= 0 ? subtract(a, b) : subtract(b, a);
        sum = add(sum, square(difference));
    }
    return sum;
}

// The lowest index of a nearest centroid.
inline int32_t nearest(const float *x, const float *centroids, int64_t k, int64_t d) {
    int32_t best = 0;
    Natural best_distance = distance(x, centroids, d);
    for (int64_t j = 1; j < k; j++) {
        Natural here = distance(x, centroids + j * d, d);
        if (compare(here, best_distance) < 0) {
            best = static_cast<int32_t>(j);
            best_distance = std::move(here);
        }
    }
    return best;
}

// A float of any kind to try it on: any bit pattern that is finite.
inline float any_float(std::mt19937 &random) {
    for (;;) {
        const auto bits = static_cast<uint32_t>(random());
        float v;
        std::memcpy(&v, &bits, sizeof v);
        if (std::isfinite(v))
            return v;
    }
}

} // namespace oracle
