// Records as `exakt bench --json` writes them, with samples made up.
#pragma once
#include "tests/catch.hpp"

#include <cmath>
#include <fstream>
#include <iomanip>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace records {

struct row {
    std::string variant = "assign_f32_fused__avx2";
    int threads = 1;
    double seconds = 0.1;
    std::string hash = "fnv1a64:0123456789abcdef";
};

// Rows whose samples have 1 % of noise, on a clock of the run's own.
inline std::string record(const std::vector<row> &rows, unsigned seed, int samples = 11,
                          const std::string &machine = "0123456789abcdef") {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    const double clock = 1 + 0.1 * std::sin(seed);
    std::ostringstream out;
    out << std::setprecision(17)
        << R"({"format": "exakt bench 1", "manifest": {"started": "2026-01-31T12:00:00Z",)"
        << R"("machine": {"fingerprint": ")" << machine << R"("}, "build": {"commit": "abc"}}, "rows": [)";
    for (std::size_t i = 0; i < rows.size(); i++) {
        const row &r = rows[i];
        out << (i ? ", " : "") << R"({"input": "gen:embed,n=1000,d=16", "variant": ")" << r.variant
            << R"(", "threads": )" << r.threads << R"(, "n": 1000, "d": 16, "k": 10, "verified": true,)"
            << R"( "iterations": 10, "labels_hash": ")" << r.hash << R"(", "ceiling_isa": "avx2", "samples": [)";
        for (int s = 0; s < samples; s++) {
            const double noise = 1 + 0.01 * std::fabs(normal(random));
            out << (s ? ", " : "") << R"({"seconds": )" << r.seconds * noise / clock << R"(, "ceiling_gflops": )"
                << 100 * clock * (1 + 0.002 * normal(random)) << R"(, "disturbed": )"
                << (s % 3 == 2 ? "true" : "false") << "}";
        }
        out << "]}";
    }
    out << "]}\n";
    return out.str();
}

} // namespace records
