// Adversarial point sets; each is small enough for the oracle.
#pragma once

#include <algorithm>
#include <cfloat>

#include "tests/fit.hpp"

inline Matrix case_points(const std::string &kind) {
    if (kind == "lattice")
        return integer_points(150, 3, 3, 1);
    if (kind == "wide lattice")
        return integer_points(60, 40, 2, 2);
    if (kind == "mirrored") {
        Matrix m = uniform_points(100, 5, 3);
        for (int64_t i = 0; i < 50; i++)
            for (int64_t t = 0; t < 5; t++)
                m.row(50 + i)[t] = -m.row(i)[t];
        return m;
    }
    if (kind == "zeros") {
        Matrix m(40, 4);
        for (size_t i = 0; i < m.values.size(); i += 3)
            m.values[i] = -0.0f;
        return m;
    }
    if (kind == "denormals") {
        Matrix m = integer_points(80, 6, 5, 4);
        for (float &v : m.values)
            v *= FLT_TRUE_MIN;
        return m;
    }
    if (kind == "huge") {
        Matrix m = uniform_points(80, 6, 5);
        for (float &v : m.values)
            v *= FLT_MAX;
        return m;
    }
    if (kind == "mixed columns") {
        Matrix m = uniform_points(80, 4, 6);
        for (int64_t i = 0; i < m.rows; i++) {
            m.row(i)[0] *= 1e30f;
            m.row(i)[1] *= 1e-30f;
            m.row(i)[3] = 1e30f;
        }
        return m;
    }
    if (kind == "outlier") {
        Matrix m = uniform_points(80, 9, 7);
        m.row(40)[2] = 1e20f;
        return m;
    }
    if (kind == "offset") {
        Matrix m = uniform_points(100, 3, 8);
        for (float &v : m.values)
            v += 1e6f;
        return m;
    }
    if (kind == "duplicates") {
        Matrix m = uniform_points(90, 7, 9);
        for (int64_t i = 10; i < 90; i++)
            std::copy(m.row(i % 10), m.row(i % 10) + 7, m.row(i));
        return m;
    }
    return uniform_points(97, 17, 10);
}

inline const char *const case_kinds[] = {"lattice",   "wide lattice", "mirrored",      "zeros",
                                         "denormals", "huge",         "mixed columns", "outlier",
                                         "offset",    "duplicates",   "plain"};
