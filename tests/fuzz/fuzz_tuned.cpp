// What is kept about machines, tuned profiles and surveys of ceilings: what is read is in range, and written and
// read again it is the same.
#include "tests/fuzz/fuzz.hpp"
#include "tuner/profile.h"
#include "tuner/survey_file.h"

#include <cmath>
#include <cstring>
#include <string>

namespace {

bool is_plain(const char *text) {
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

void check_error(exk_status status, const exk_error &error) {
    FUZZ_DEMAND(status == EXK_ERR_FORMAT && error.status == status);
    FUZZ_DEMAND(std::memchr(error.message, 0, sizeof error.message));
    FUZZ_DEMAND(std::strncmp(error.message, "FILE: ", 6) == 0 && !std::strchr(error.message, '\n'));
}

void check_entry(const exk_profile_entry &e) {
    FUZZ_DEMAND(e.shape.n >= 1 && e.shape.d >= 1 && e.shape.k >= 1 && e.shape.k <= INT32_MAX && e.threads >= 1);
    FUZZ_DEMAND(e.point_tile >= 0 && e.centroid_tile >= 0 && e.depth_tile >= 0 && e.matrix_bytes >= 0);
    FUZZ_DEMAND(e.seconds > 0 && std::isfinite(e.high) && e.low <= e.seconds && e.seconds <= e.high);
    FUZZ_DEMAND(e.ties >= 1 && e.budget >= 0 && is_plain(e.variant) && is_plain(e.isa));
}

void check_spread(const exk_spread &rate) {
    FUZZ_DEMAND(rate.low >= 0 && rate.low <= rate.median && rate.median <= rate.high && std::isfinite(rate.high));
}

void check_part(const exk_survey_part &part) {
    FUZZ_DEMAND(part.threads >= 1 && part.isas <= EXK_SURVEY_ISAS && part.points <= EXK_SURVEY_POINTS);
    FUZZ_DEMAND(part.levels <= EXK_SURVEY_LEVELS);
    for (int i = 0; i < part.isas; i++)
        check_spread(part.flops[i].rate);
    for (int i = 0; i < part.points; i++)
        check_spread(part.curve[i].rate);
    for (int i = 0; i < part.levels; i++) {
        check_spread(part.level[i].rate);
        FUZZ_DEMAND(part.level[i].verdict < EXK_VERDICTS && part.level[i].believed >= 0);
    }
}

std::string take(char *text) {
    FUZZ_DEMAND(text);
    const std::string copy = text;
    std::free(text);
    return copy;
}

std::string written(const exk_profile &profile) {
    return take(exk_profile_print(&profile));
}

std::string written(const exk_survey &survey) {
    json *root = json_object();
    exk_survey_write(root, &survey);
    return take(json_print(root));
}

// True if the text is one.
bool read(const std::string &text, exk_profile &profile) {
    exk_error error;
    std::memset(&error, 0x5a, sizeof error);
    const exk_status status = exk_profile_parse(text.c_str(), text.size(), "FILE", &profile, &error);
    if (status != EXK_OK) {
        check_error(status, error);
        FUZZ_DEMAND(profile.count == 0 && !profile.entry);
        return false;
    }
    FUZZ_DEMAND(profile.count <= EXK_PROFILE_ENTRIES && is_plain(profile.machine.text));
    for (int i = 0; i < profile.count; i++)
        check_entry(profile.entry[i]);
    return true;
}

bool read(const std::string &text, exk_survey &survey) {
    exk_error error;
    std::memset(&error, 0x5a, sizeof error);
    const exk_status status = exk_survey_parse(text.c_str(), text.size(), "FILE", &survey, &error);
    if (status != EXK_OK) {
        check_error(status, error);
        FUZZ_DEMAND(survey.parts == 0);
        return false;
    }
    FUZZ_DEMAND(survey.parts <= EXK_SURVEY_PARTS && is_plain(survey.machine.text));
    for (int i = 0; i < survey.parts; i++)
        check_part(survey.part[i]);
    return true;
}

template <typename Record> bool survives(const std::string &text, Record &record, Record &again) {
    if (!read(text, record))
        return false;
    const std::string once = written(record);
    FUZZ_DEMAND(read(once, again));
    FUZZ_DEMAND(written(again) == once);
    return true;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Entries and nodes are larger than the shortest text for them, but their number is limited.
    fuzz::limit_memory((4 << 20) + 128 * size, fuzz::beyond::abort);
    const std::string text(reinterpret_cast<const char *>(data), size);
    static exk_survey survey, survey_again;
    exk_profile profile = {}, profile_again = {};
    survives(text, profile, profile_again);
    survives(text, survey, survey_again);
    exk_profile_free(&profile);
    exk_profile_free(&profile_again);
    return 0;
}
