// Makes one call in a row fail: the code under test is linked with --wrap, so that its requests for memory and its
// calls on files come through here.
#pragma once

namespace inject {

enum class fault {
    none,
    memory, // the n-th request for memory is refused
    file,   // the n-th call on a file fails
    trickle // no call fails, but each read and write is interrupted first and moves a few bytes only
};

// From now on until disarm(): the n-th call of that kind (from 1) fails, all others work.
void arm(fault kind, int n);
// Returns whether the n-th call was reached.
bool disarm();

// Blocks and mappings that the code under test holds.
long held();

// Run `body` with the first call failing, then the second, until it makes no further one. `body` must leave
// nothing held, which `check(leaked)` is told after each run. Returns the number of calls that were made to fail.
template <class Body, class Check> int each(fault kind, Body body, Check check) {
    for (int n = 1;; n++) {
        const long before = held();
        arm(kind, n);
        body(n);
        const bool reached = disarm();
        check(held() - before);
        if (!reached)
            return n - 1;
    }
}

} // namespace inject
