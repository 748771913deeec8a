#!/usr/bin/env bash
# Every benchmark in turn, pinned: servers on core 0, clients and the engine on core 1.
# Prints the tables and writes target/bench/*.json. BENCH=--small is quick and proves nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

out=target/bench
mkdir -p "$out/data"
taskset -c 1 target/release/bench_engine ${BENCH:-} --json "$out/engine.json"
target/release/examples/throughput "$out/data"
target/release/bench_overload "$out/data" ${BENCH:-} --json "$out/overload.json"
taskset -c 1 target/release/bench_http run target/release/openmart "$out/data" ${BENCH:-} --json "$out/http.json"
# A thousand connections need more files than a shell usually gives.
ulimit -n "$(ulimit -Hn)"
taskset -c 1 target/release/bench_http stream target/release/openmart "$out/data" ${BENCH:-} --json "$out/stream.json"
