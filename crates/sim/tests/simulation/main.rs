//! Lives of an exchange under faults, one for each seed. See `openmart_sim::simulation`.
//!
//! `OPENMART_SIM_SEEDS` is the number of seeds, `OPENMART_SIM_FIRST` the first one,
//! `OPENMART_SIM_THREADS` how many run at once. A failure prints the command that repeats it.

use std::sync::Mutex;
use std::time::Instant;

use openmart_sim::environment::{number, threads};
use openmart_sim::seeds;
use openmart_sim::simulation::{Tally, run};

const SEEDS_DEFAULT: u64 = 500;
/// Seeds from which on everything must have happened at least once.
const SEEDS_FOR_ALL: u64 = 500;
/// Counts that may be 0, since what they count would be a defect elsewhere or is rare by nature.
const RARE: [&str; 1] = ["damage_harmless"];

#[test]
fn nothing_false_is_said_or_kept_under_faults() {
    let seeds = number("OPENMART_SIM_SEEDS", SEEDS_DEFAULT);
    let first = number("OPENMART_SIM_FIRST", 1);
    let threads = threads();
    let begun = Instant::now();
    let total = Mutex::new(Tally::default());
    seeds::for_each(first..first + seeds, threads, |seed| {
        let report = run(seed).unwrap_or_else(|failure| panic!("{failure}"));
        total.lock().expect("no thread panics while it adds").add(&report.tally);
    });
    let tally = total.into_inner().expect("no thread panics while it adds");
    let took = begun.elapsed();
    println!("{seeds} seeds from {first} on {threads} threads in {took:.1?}");
    for (name, count) in tally.named() {
        println!("{name:22} {count}");
        let rare = RARE.contains(&name);
        assert!(count > 0 || rare || seeds < SEEDS_FOR_ALL, "no seed came to {name}");
    }
}

#[test]
fn a_seed_repeats_exactly() {
    let mut hashes = Vec::new();
    for seed in 1..=40 {
        let first = run(seed).unwrap_or_else(|failure| panic!("{failure}"));
        let second = run(seed).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(first.trace_hash, second.trace_hash, "seed {seed}");
        assert_eq!(first.tally, second.tally, "seed {seed}");
        hashes.push(first.trace_hash);
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 40, "each seed is a life of its own");
}
