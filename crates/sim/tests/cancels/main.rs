//! Cancels that race fills: on the engine alone, and through the pipeline with many callers.
//!
//! `OPENMART_CANCELS` is the number of cancels of single orders in all on the engine alone,
//! `OPENMART_CANCELS_PIPELINE` that through the pipeline, `OPENMART_SIM_SEED` the first seed and
//! `OPENMART_SIM_THREADS` the number of threads.

mod pipeline;

use openmart_sim::cancels::{Race, Tally};
use openmart_sim::environment::{number, threads};
use openmart_sim::seeds;

const CANCELS_DEFAULT: u64 = 400_000;
/// Cancels of one run, after which everything starts anew. Keeps the ledger within the caches.
const CANCELS_PER_RUN: u64 = 100_000;

#[test]
fn cancels_on_the_engine_tell_the_truth() {
    let cancels = number("OPENMART_CANCELS", CANCELS_DEFAULT);
    let first = number("OPENMART_SIM_SEED", 1);
    let run = |seed| {
        let left = cancels - (seed - first) * CANCELS_PER_RUN;
        let told = Race::new(seed).run(left.min(CANCELS_PER_RUN));
        told.unwrap_or_else(|what| {
            panic!("seed {seed}: {what}\nrepeat with make cancels SEED={seed} CANCELS=100000")
        })
    };
    let seeds = first..first + cancels.div_ceil(CANCELS_PER_RUN);
    let mut sum = Tally::default();
    for tally in seeds::for_each(seeds, threads(), run) {
        sum.add(&tally);
    }
    println!("{} cancels: {sum:#?}", sum.cancels());
    assert!(sum.cancels() >= cancels);
    if cancels >= CANCELS_DEFAULT {
        sum.assert_everything_happened();
    }
}
