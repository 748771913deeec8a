# `make` alone lists what there is. Everything builds with one profile into one folder.
.DEFAULT_GOAL := help
CARGO ?= cargo
CLIENTS := target/clients

.PHONY: help run test test-rust test-clients test-bench check bench plots sim sim-damage sim-cuts sim-faults sim-kills cancels fuzz

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: ## start the exchange with its demo market on http://127.0.0.1:8470
	$(CARGO) run --release --package openmart -- demo

test: test-rust test-clients test-bench ## run every test, installing what they need

test-rust: ## unit, property, crash and end-to-end tests
	$(CARGO) test --release --workspace

test-clients: ## unmodified clients of the API against a real server
	$(CARGO) build --release --package openmart
	tests/clients/install.sh $(CLIENTS)
	tests/clients/test.sh target/release/openmart $(CLIENTS)
	tests/clients/harness.sh target/release/openmart $(CLIENTS)

test-bench: ## every benchmark at its smallest: that they run, not how fast
	$(CARGO) build --release --workspace --bins --examples
	BENCH=--small OUT=target/bench-small tests/bench.sh
	$(CARGO) run --release --quiet --package openmart-sim --bin plots -- target/bench-small/summary.json target/bench-small/plots

check: ## format, lints, docs and licences, without running anything
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet
	@if command -v cargo-deny >/dev/null; then cargo deny check; \
	else echo "cargo-deny is not installed: licences were not checked (cargo install cargo-deny)"; fi

bench: ## measure, print the table and write target/bench/summary.json
	$(CARGO) build --release --workspace --bins --examples
	tests/bench.sh

plots: ## draw docs/plots from target/bench/summary.json, which `make bench` writes
	$(CARGO) run --release --quiet --package openmart-sim --bin plots -- target/bench/summary.json docs/plots

sim: ## engine against oracle: SEEDS=N or COMMANDS=N, SEED=first, THREADS=N
	OPENMART_SIM_SEED=$(SEED) OPENMART_SIM_SEEDS=$(SEEDS) OPENMART_SIM_COMMANDS=$(COMMANDS) OPENMART_SIM_THREADS=$(THREADS) \
		$(CARGO) test --release --package openmart-sim --test differential -- --nocapture

cancels: ## cancels racing fills: CANCELS=N on the engine, PIPELINE=N through the pipeline, SEED=first
	OPENMART_SIM_SEED=$(SEED) OPENMART_CANCELS=$(CANCELS) OPENMART_CANCELS_PIPELINE=$(PIPELINE) OPENMART_SIM_THREADS=$(THREADS) \
		$(CARGO) test --release --package openmart-sim --test cancels -- --nocapture

fuzz: ## coverage-guided fuzzing of every parser, SECONDS=N each (default 60), TARGETS="a b"
	CARGO="$(CARGO)" tests/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

sim-damage: ## every bit, length, block and pair of entries of 1 MiB damaged; 10 minutes of two cores
	OPENMART_DAMAGE=all $(CARGO) test --release --package openmart-journal --test whole -- --nocapture

sim-cuts: ## every second power cut and fifty ways to tear at each step; minutes
	OPENMART_CRASH_POINTS=all $(CARGO) test --release --package openmart-sim --test crash_points -- --nocapture

sim-kills: ## kill the program under a flood, ROUNDS=N (10000); 500 rounds a minute
	OPENMART_CRASH_FLOOD_ROUNDS=$(or $(ROUNDS),10000) \
		$(CARGO) test --release --package openmart --test crash flood -- --nocapture

sim-faults: ## lives of an exchange under faults, SEEDS=N FIRST=N; 2,000 seeds a second of two idle cores
	OPENMART_SIM_SEEDS=$(SEEDS) OPENMART_SIM_FIRST=$(FIRST) \
		$(CARGO) test --release --package openmart-sim --test simulation nothing_false -- --nocapture
