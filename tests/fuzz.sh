#!/usr/bin/env bash
# Coverage-guided fuzzing of every parser of foreign bytes, so many seconds each: tests/fuzz.sh SECONDS [TARGET...]
#
# Needs no nightly compiler and no cargo-fuzz: the compiler's own coverage flags and the libFuzzer that the
# libfuzzer-sys package carries. Finds lie in fuzz/artifacts/<target>, what is new in fuzz/found/<target>.
# FUZZ_JOBS targets run at a time (default 1), each with CPU time limited to 100 ms an input.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
shift
target=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1"
folder=${FUZZ_TARGET_DIR:-fuzz/target}
RUSTFLAGS=$coverage ${CARGO:-cargo} build --quiet --release --manifest-path fuzz/Cargo.toml --target "$target" --target-dir "$folder"
${CARGO:-cargo} run --quiet --release --package openmart-sim --bin fuzz_examples fuzz/examples
export seconds binaries=$folder/$target/release

# A target's main function is not Rust's, so nobody has ignored this: a server would die of a peer that hung up.
trap '' PIPE

fuzz_one() {
    mkdir -p "fuzz/found/$1" "fuzz/artifacts/$1" "fuzz/corpus/$1"
    # Without an answer for 5 s an input hangs; CPU time over 100 ms ends it before.
    if ! "$binaries/$1" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$1/" "fuzz/found/$1" "fuzz/corpus/$1" "fuzz/examples/$1" >"fuzz/artifacts/$1.log" 2>&1; then
        echo "$1: A FIND, see fuzz/artifacts/$1.log"
        return 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz/artifacts/$1.log")
    coverage=$(grep -o 'cov: [0-9]* ft: [0-9]*' "fuzz/artifacts/$1.log" | tail -1)
    slowest=$(sed -n 's/^stat::slowest_unit_time_sec: *//p' "fuzz/artifacts/$1.log")
    echo "$1: $runs inputs in $seconds s, $coverage, slowest $slowest s"
}
export -f fuzz_one

if [ $# -eq 0 ]; then
    set -- $(cd fuzz/fuzz_targets && ls -- *.rs | sed 's/\.rs$//')
fi
printf '%s\n' "$@" | xargs -P "${FUZZ_JOBS:-1}" -I{} bash -c 'fuzz_one {}'
