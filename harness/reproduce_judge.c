/* What the figures of a claim mean. Published factors are often over baselines that nobody would use, so three
 * figures are taken: the claim's own; what fusing brings over a matrix product by OpenBLAS with the right kernels,
 * in float32 both; and what naive scalar code would make of it. */
#include "harness/reproduce.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *claim_verdict_name(claim_verdict verdict) {
    static const char *const names[] = {"not measured",      "reproduced",    "partly", "not reproduced",
                                        "not testable here", "rival missing", "failed"};
    return names[verdict];
}

static bool is_least(const claim *c) {
    return strcmp(claim_text(c, "sense"), "least") == 0;
}

static bool is_factor(const claim *c) {
    return strcmp(claim_text(c, "unit"), "x") == 0;
}

static bool meets(const claim *c, double value) {
    const double goal = claim_real(c, "goal");
    return is_least(c) ? value >= goal : value <= goal;
}

/* Within a factor of two; but what is no gain at all is not part of one. */
static bool is_near(const claim *c, double value) {
    const double goal = claim_real(c, "goal");
    if (is_factor(c) && value <= 1)
        return false;
    return is_least(c) ? value >= goal / 2 : value <= goal * 2;
}

/* Whether naive scalar code shows what was claimed; where the claim is no factor, it says nothing. */
static bool weak_baseline_meets(const claim *c) {
    return is_factor(c) && claim_real(c, "goal") > 1 && isfinite(c->over_naive.value) &&
           meets(c, c->over_naive.value);
}

static void write_value(const claim *c, double value, char *text, size_t size) {
    snprintf(text, size, is_factor(c) ? "%.3gx" : "%.2g %%", value);
}

/* Puts the parts of the sentence one behind the other. */
static void say(claim *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(claim *c, const char *format, ...) {
    const size_t length = strlen(c->reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->reason + length, sizeof c->reason - length, format, arguments);
    va_end(arguments);
}

static void explain_baselines(claim *c) {
    const double gemm = c->over_gemm.value, naive = c->over_naive.value;
    if (isfinite(gemm))
        say(c, "; over a GEMM by OpenBLAS it is %.3gx in float32", gemm);
    if (isfinite(naive))
        say(c, "%s %.3gx over naive scalar code", isfinite(gemm) ? " and" : "; it is", naive);
    if (c->verdict != CLAIM_REPRODUCED && weak_baseline_meets(c))
        say(c, ", so only a weak baseline shows the factor");
    else if (c->verdict == CLAIM_REPRODUCED && weak_baseline_meets(c) && isfinite(gemm) && !meets(c, gemm))
        say(c, ", so most of the factor is the baseline's");
}

static void explain_outcome(claim *c) {
    char goal[32], value[32];
    write_value(c, claim_real(c, "goal"), goal, sizeof goal);
    write_value(c, c->measured.value, value, sizeof value);
    say(c, "claimed at %s %s, measured %s", is_least(c) ? "least" : "most", goal, value);
    if (isfinite(c->measured.low) && isfinite(c->measured.high))
        say(c, " (%.3g to %.3g)", c->measured.low, c->measured.high);
    explain_baselines(c);
    if (*claim_text(c, "note"))
        say(c, "; %s", claim_text(c, "note"));
}

static claim_verdict weigh(const claim *c) {
    if (meets(c, c->measured.value))
        return CLAIM_REPRODUCED;
    return weak_baseline_meets(c) || is_near(c, c->measured.value) ? CLAIM_PARTLY : CLAIM_NOT_REPRODUCED;
}

void reproduce_judge(claim *c) {
    claim_doubt doubt = {false, false};
    *c->reason = 0;
    if (!claim_is_testable(c)) {
        c->verdict = CLAIM_UNTESTABLE;
        c->measured = c->over_gemm = c->over_naive = (claim_value){NAN, NAN, NAN};
        say(c, "not testable here, because %s", claim_text(c, "obstacle"));
        return;
    }
    c->measured = reproduce_measure(c, claim_text(c, "measure"), &doubt);
    const bool missing = doubt.missing;
    c->over_gemm = reproduce_measure(c, claim_text(c, "over_gemm"), &doubt);
    c->over_naive = reproduce_measure(c, claim_text(c, "over_naive"), &doubt);
    if (isfinite(c->measured.value)) {
        c->verdict = weigh(c);
        explain_outcome(c);
        if (doubt.disturbed)
            say(c, "; most samples of some row were disturbed: measure again on a quiet machine");
    } else if (missing) {
        c->verdict = CLAIM_RIVAL_MISSING;
        say(c, "rival missing, run exakt compare --setup");
        explain_baselines(c);
    } else {
        c->verdict = CLAIM_FAILED;
        say(c, "%s", *c->failure ? c->failure : "the records have no such figure");
    }
}
