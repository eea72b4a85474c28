#!/usr/bin/env bash
# Runs the fuzzers, one on each core: tests/fuzz/run.sh SECONDS_PER_FUZZER [target...]
# Starts from the kept corpus and leaves it as it is. A finding is kept in build/fuzz/findings; the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly build=${EXAKT_FUZZ_BUILD:-build/fuzz}
readonly all=(npy fvecs bvecs idx any text gzip number spec options results tuned)

configure_and_build() {
    cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DEXAKT_FUZZ=ON \
        -DEXAKT_WITH_OPENBLAS=OFF -DEXAKT_WITH_PAPI=OFF >"$build.log" 2>&1 &&
        cmake --build "$build" -- "${targets[@]/#/fuzz_}" >>"$build.log" 2>&1
}

executions() { grep -a 'stat::number_of_executed_units' "$1" | grep -ao '[0-9]*$'; }

run_one() {
    local target=$1 new="$work/$1" log="$build/$1.log" status=0 closed=1
    [[ $target != options ]] || closed=3 # an error line for nearly every input
    mkdir -p "$new"
    "$build/tests/fuzz/fuzz_$target" "$new" "tests/fuzz/corpus/$target" -max_total_time="$seconds" -max_len=4096 \
        -rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=60 -close_fd_mask="$closed" -print_final_stats=1 \
        -artifact_prefix="$build/findings/$target-" >"$log" 2>&1 || status=$?
    printf '%-8s %12s executions, %s\n' "$target" "$(executions "$log")" \
        "$([[ $status == 0 ]] && echo 'no finding' || echo "FINDING, see $log")"
    return "$status"
}

if [[ ! ${1:-} =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: tests/fuzz/run.sh SECONDS_PER_FUZZER [target...]; targets: ${all[*]}" >&2
    exit 2
fi
readonly seconds=$1
shift
targets=("${@:-${all[@]}}")
mkdir -p "$build/findings"
if ! configure_and_build; then
    tail -n 40 "$build.log" >&2
    exit 1
fi
# Memory, where there is such a folder: every input is written to a file.
work=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" exakt-fuzz-XXXXXX)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work OMP_NUM_THREADS=1 ASAN_OPTIONS=quarantine_size_mb=8:allocator_may_return_null=1
export build seconds work
export -f executions run_one
# shellcheck disable=SC2016  # the inner shell expands it
printf '%s\n' "${targets[@]}" | xargs -n 1 -P "$(nproc)" bash -c 'run_one "$0"' || exit 1
