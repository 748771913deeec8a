//! Random flows against a whole server: every answer of the v2 API, REST and WebSocket, is compared
//! with a plain recomputation from the list of all events.
//!
//! The server is real: sockets, journal and history on disk, recovery. Asked is while commands go
//! on, so that history is partly unwritten, and again after restarts, one of them without the
//! history file. Only the clock is set by hand, and the stream ticks when told to.
//!
//! `OPENMART_SIM_COMMANDS` is the number of commands in all, `OPENMART_SIM_SEED` the seed of the
//! first run; each further run has the next seed. A failure tells seed, command and route.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod client;
mod difference;
mod flow;
mod model;
mod questions;
mod stream;
mod venue;
mod writes;

use std::collections::BTreeMap;

use flow::Flow;
use openmart_sim::environment::number;

const COMMANDS_DEFAULT: u64 = 3_600;
const SEED_DEFAULT: u64 = 1;
/// Commands of one run, in two halves with a restart between them. The model reads all events for
/// each answer, so longer runs cost by the square.
const COMMANDS_PER_RUN: u64 = 1_200;
/// Questions asked at once while commands go on.
const QUESTIONS_SOME: usize = 60;
/// What must have happened in all runs: a flow that misses it proves nothing about it.
const EXPECTED: [&str; 8] = [
    "placed over HTTP",
    "canceled over HTTP",
    "refused over HTTP",
    "questions",
    "lists of more than two pages",
    "full books",
    "full candle answers",
    "pushes",
];

#[test]
fn every_answer_is_what_the_events_say() {
    let commands = number("OPENMART_SIM_COMMANDS", COMMANDS_DEFAULT);
    let seed = number("OPENMART_SIM_SEED", SEED_DEFAULT);
    let mut tally = BTreeMap::new();
    for run in 0..commands.div_ceil(COMMANDS_PER_RUN) {
        println!(
            "seed {0}; repeat with OPENMART_SIM_SEED={0} OPENMART_SIM_COMMANDS={COMMANDS_PER_RUN} \
             cargo test --release -p openmart-sim --test replay",
            seed + run
        );
        let happened = replay(seed + run);
        println!("{happened:?}");
        for (what, count) in happened {
            *tally.entry(what).or_insert(0) += count;
        }
    }
    if commands >= COMMANDS_DEFAULT {
        for what in EXPECTED {
            assert!(tally.get(what).is_some_and(|count| *count > 0), "never happened: {what}");
        }
    }
}

fn replay(seed: u64) -> BTreeMap<&'static str, u64> {
    let folder = tempfile::tempdir().unwrap();
    let mut flow = Flow::new(seed, folder.path());
    half(&mut flow);
    flow.ask("while it runs", usize::MAX);
    flow.close();
    flow.open();
    flow.ask("after a restart", usize::MAX);
    half(&mut flow);
    flow.climb();
    flow.tick();
    flow.ask("at the end", usize::MAX);
    flow.close();
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.path().join(format!("history.sqlite{ending}")));
    }
    flow.open();
    flow.ask("after history was rebuilt", usize::MAX);
    flow.close();
    flow.tally
}

/// Half of a run: commands, ticks of the stream among them, questions now and then.
fn half(flow: &mut Flow<'_>) {
    let mut left = COMMANDS_PER_RUN / 2;
    flow.list();
    flow.subscribe();
    while left > 0 {
        let burst = left.min(flow.random.below(16));
        (0..burst).for_each(|_| flow.step());
        left -= burst;
        flow.tick();
        if flow.random.percent(15) {
            flow.ask("in between", QUESTIONS_SOME);
        }
    }
}
