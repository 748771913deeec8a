#!/usr/bin/env bash
# Every benchmark in turn, pinned: servers on core 0, clients and the engine on core 1.
# Prints the tables, writes target/bench/*.json and collects them in target/bench/summary.json.
# BENCH=--small is quick and proves nothing. BIN is where the programs are. A benchmark that fails is
# told of, its rows are missing from the table, and the others go on.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

bin=${BIN:-${CARGO_TARGET_DIR:-target}/release}
out=${OUT:-target/bench}
small=${BENCH:-}
failed=()
rm -rf "$out"/*.json "$out/data"
mkdir -p "$out/data" || exit
# A thousand connections need more files than a shell usually gives.
ulimit -n "$(ulimit -Hn)"

# run NAME COMMAND...
run() {
    echo "== $1"
    local begun=$SECONDS
    "${@:2}" || failed+=("$1")
    echo "== $1 took $((SECONDS - begun)) s"
    rm -rf "$out/data" && mkdir -p "$out/data"
}

# size SMALL FULL
size() { if [ -n "$small" ]; then echo "$1"; else echo "$2"; fi; }

run engine taskset -c 1 "$bin/bench_engine" $small --json "$out/engine.json"
run book_size taskset -c 1 "$bin/bench_book_size" $small --json "$out/book_size.json"
run pipeline "$bin/examples/throughput" "$out/data" "$(size 4000 200000)" "$out/pipeline.json"
run journal taskset -c 1 "$bin/bench_journal" "$out/data" $small --json "$out/journal.json"
run http taskset -c 1 "$bin/bench_http" run "$bin/openmart" "$out/data" $small --json "$out/http.json"
run overload "$bin/bench_overload" "$out/data" --openmart "$bin/openmart" $small --json "$out/overload.json"
run stream taskset -c 1 "$bin/bench_http" stream "$bin/openmart" "$out/data" $small --json "$out/stream.json"
run history taskset -c 1 "$bin/examples/fill" "$out/data" "$(size 20000 5000000)" "$out/history.json"
# Pins its own threads.
run background "$bin/bench_background" "$out/data" $small --json "$out/background.json"
run memory "$bin/bench_memory" "$out/data" $small --json "$out/memory.json"
run venues "$bin/examples/venues" $small --json "$out/venues.json"
run recovery "$bin/bench_recovery" "$bin/openmart" "$out/data" $small --json "$out/recovery.json"
"$bin/bench_summary" "$out" || failed+=(summary)
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}" >&2
    exit 1
fi
