# `make` alone lists what there is. Everything builds with one profile into one folder.
.DEFAULT_GOAL := help
CARGO ?= cargo
CLIENTS := target/clients

.PHONY: help run test test-rust test-clients test-bench check bench sim sim-faults

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

test-bench: ## every benchmark at its smallest: that they run, not how fast
	$(CARGO) build --release --workspace --bins --examples
	BENCH=--small OUT=target/bench-small tests/bench.sh

check: ## format, lints, docs and licences, without running anything
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet
	@if command -v cargo-deny >/dev/null; then cargo deny check; \
	else echo "cargo-deny is not installed: licences were not checked (cargo install cargo-deny)"; fi

bench: ## measure, print the table and write target/bench/summary.json
	$(CARGO) build --release --workspace --bins --examples
	tests/bench.sh

sim: ## differential test of the engine, SEED=N COMMANDS=N
	OPENMART_SIM_SEED=$(SEED) OPENMART_SIM_COMMANDS=$(COMMANDS) \
		$(CARGO) test --release --package openmart-sim --test differential -- --nocapture

sim-faults: ## lives of an exchange under faults, SEEDS=N FIRST=N; 1,000,000 seeds in half an hour of two cores
	OPENMART_SIM_SEEDS=$(SEEDS) OPENMART_SIM_FIRST=$(FIRST) \
		$(CARGO) test --release --package openmart-sim --test simulation nothing_false -- --nocapture
