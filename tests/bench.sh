#!/usr/bin/env bash
# Every benchmark in turn, pinned: servers on core 0, clients and the engine on core 1.
# Prints the tables, writes target/bench/*.json and collects them in target/bench/summary.json.
# BENCH=--small is quick and proves nothing. BIN is where the programs are.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${BIN:-${CARGO_TARGET_DIR:-target}/release}
out=${OUT:-target/bench}
small=${BENCH:-}
rm -f "$out"/*.json
mkdir -p "$out/data"

taskset -c 1 "$bin/bench_engine" $small --json "$out/engine.json"
"$bin/examples/throughput" "$out/data" $([ -n "$small" ] && echo 4000 || echo 200000) "$out/pipeline.json"
taskset -c 1 "$bin/bench_http" run "$bin/openmart" "$out/data" $small --json "$out/http.json"
"$bin/bench_overload" "$out/data" $small --json "$out/overload.json"
# A thousand connections need more files than a shell usually gives.
ulimit -n "$(ulimit -Hn)"
taskset -c 1 "$bin/bench_http" stream "$bin/openmart" "$out/data" $small --json "$out/stream.json"
rm -f "$out/data/fill.sqlite"*
taskset -c 1 "$bin/examples/fill" "$out/data" $([ -n "$small" ] && echo 20000 || echo 5000000) "$out/history.json"
rm -f "$out/data/fill.sqlite"*
# Pins its own threads.
"$bin/bench_background" "$out/data" $small --json "$out/background.json"
"$bin/bench_memory" "$out/data" $small --json "$out/memory.json"
"$bin/examples/venues" $small --json "$out/venues.json"
"$bin/bench_summary" "$out"
