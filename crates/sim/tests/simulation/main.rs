//! Lives of an exchange under faults, one for each seed. See `openmart_sim::simulation`.
//!
//! `OPENMART_SIM_SEEDS` is the number of seeds, `OPENMART_SIM_FIRST` the first one,
//! `OPENMART_SIM_THREADS` how many run at once. A failure prints the command that repeats it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use openmart_sim::simulation::{Failure, Tally, run};

const SEEDS_DEFAULT: u64 = 500;
/// Seeds from which on everything must have happened at least once.
const SEEDS_FOR_ALL: u64 = 500;
/// Counts that may be 0, since what they count would be a defect elsewhere or is rare by nature.
const RARE: [&str; 1] = ["damage_harmless"];

fn variable(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        // Set but empty is how `make` passes on what it was not given.
        Ok(text) if text.is_empty() => default,
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}

#[test]
fn nothing_false_is_said_or_kept_under_faults() {
    let seeds = variable("OPENMART_SIM_SEEDS", SEEDS_DEFAULT);
    let first = variable("OPENMART_SIM_FIRST", 1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = variable("OPENMART_SIM_THREADS", cores as u64).max(1);
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let work = || -> Result<Tally, Box<Failure>> {
        let mut tally = Tally::default();
        while !failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                break;
            }
            let report = run(seed).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
            tally.add(&report.tally);
        }
        Ok(tally)
    };
    let begun = Instant::now();
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join().expect("a panic is told as a failure") {
                Ok(part) => tally.add(&part),
                Err(failure) => panic!("{failure}"),
            }
        }
    });
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
