// The gzip layer under every reader. Byte 0 chooses the reader and whether the rest is a gzip file as it is, or
// content to pack first (a fuzzer does not find checksums): bytes 1 to 4 then tell where to cut and what to spoil.
#include "tests/fuzz/fuzz.hpp"

#include <string>
#include <zlib.h>

namespace {

const char *const names[] = {"in.npy.gz", "in.fvecs.gz", "in.bvecs.gz", "in.idx.gz", "in.csv.gz", "in.gz"};
constexpr size_t NAMES = sizeof names / sizeof *names, DAMAGE = 4;

std::string pack(const uint8_t *data, size_t size) {
    z_stream z = {};
    FUZZ_DEMAND(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(deflateBound(&z, size), '\0');
    z.next_in = const_cast<Bytef *>(data);
    z.avail_in = static_cast<uInt>(size);
    z.next_out = reinterpret_cast<Bytef *>(packed.data());
    z.avail_out = static_cast<uInt>(packed.size());
    FUZZ_DEMAND(deflate(&z, Z_FINISH) == Z_STREAM_END);
    packed.resize(z.total_out);
    deflateEnd(&z);
    return packed;
}

void spoil(std::string &packed, const uint8_t *how) {
    if (how[0])
        packed.resize(packed.size() * how[0] / 256);
    if (!packed.empty())
        packed[packed.size() * how[1] / 256] ^= static_cast<char>(how[2]);
    if (how[3] % 4 == 1)
        packed += packed; // a second member
    if (how[3] % 4 == 2)
        packed += std::string(how[3], '\0');
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 + DAMAGE)
        return 0;
    const bool packs = data[0] % 2 == 1;
    std::string file = packs ? pack(data + 1 + DAMAGE, size - 1 - DAMAGE)
                             : std::string(reinterpret_cast<const char *>(data + 1), size - 1);
    if (packs)
        spoil(file, data + 1);
    // Deflate packs 1032 bytes into one at best, and a byte may become a float.
    fuzz::limit_memory((4 << 20) + 8 * 1032 * file.size(), fuzz::beyond::abort);
    const char *path =
        fuzz::write_file(names[data[0] / 2 % NAMES], reinterpret_cast<const uint8_t *>(file.data()), file.size());
    fuzz::load(path, {nullptr, size % 2 == 1});
    return 0;
}
