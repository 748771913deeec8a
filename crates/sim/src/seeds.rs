//! Many seeds on many threads: each seed is a run of its own, so they share nothing.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs every seed once and gives what they came to, in no order. The first panic, whose message must
/// name its seed, stops the others and goes on to the caller.
///
/// # Panics
///
/// If a run does.
pub fn for_each<T: Send>(
    seeds: Range<u64>,
    threads: usize,
    run: impl Fn(u64) -> T + Sync,
) -> Vec<T> {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return done;
            }
            match catch_unwind(AssertUnwindSafe(|| run(seed))) {
                Ok(result) => done.push(result),
                Err(panic) => {
                    next.store(seeds.end, Ordering::Relaxed);
                    resume_unwind(panic);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        let results = joined.into_iter().map(|joined| joined.unwrap_or_else(|p| resume_unwind(p)));
        results.flatten().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_runs_once() {
        let mut found = for_each(5..1_005, 4, |seed| seed);
        found.sort_unstable();
        assert_eq!(found, (5..1_005).collect::<Vec<_>>());
    }

    #[test]
    #[should_panic(expected = "seed 7 fails")]
    fn a_failure_is_told() {
        for_each(0..1_000_000_000, 2, |seed| assert_ne!(seed, 7, "seed 7 fails"));
    }
}
