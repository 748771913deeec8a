//! A whole life of an exchange under faults, from one integer: pipeline, journal, engine, snapshots and
//! history, the shipped code, moved one step at a time by a seeded scheduler over a disk that fails.
//!
//! What enters: a seed. What leaves: what happened, and the hash of every step of it; or what the
//! exchange said or kept that is not true. There is no thread, no clock and no other source of chance,
//! so a seed repeats exactly. What holds the exchange to the truth is a model of what was submitted,
//! acknowledged, refused and left in doubt, which knows nothing of how the exchange works.
//!
//! Time is simulated. Commands arrive up to 600 ms apart or in bursts; a write takes 20 us, a sync 1 ms,
//! a process is started again after 2 s and a machine after 30 s. Nothing else takes time.

mod actions;
mod damage;
mod lanes;
mod life;
mod model;
mod past;
mod plan;
mod restart;
mod subscriber;
mod tally;
mod time;
mod trace;

pub use tally::Tally;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use life::Life;
use trace::Trace;

/// What a seed came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Of every step with its outcome: equal for equal runs.
    pub trace_hash: u64,
    /// How much of everything happened.
    pub tally: Tally,
}

/// A seed under which the exchange was wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What was wrong.
    pub what: String,
    /// The last steps before, oldest first.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, what, trace } = self;
        writeln!(f, "seed {seed}: {what}\nlast steps:")?;
        trace.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        write!(f, "repeat with: make sim-faults SEEDS=1 FIRST={seed}")
    }
}

impl std::error::Error for Failure {}

/// Runs one seed.
///
/// # Errors
///
/// What was wrong, with the last steps.
pub fn run(seed: u64) -> Result<Report, Box<Failure>> {
    if let Ok(report) = attempt(seed, &mut Trace::hashing()) {
        return Ok(report);
    }
    // The same once more, now with words.
    let mut trace = Trace::telling();
    let what = match attempt(seed, &mut trace) {
        Err(what) => what,
        Ok(_) => "it failed once and not again: something is not deterministic".to_owned(),
    };
    Err(Box::new(Failure { seed, what, trace: trace.into_lines() }))
}

fn attempt(seed: u64, trace: &mut Trace) -> Result<Report, String> {
    let lived = catch_unwind(AssertUnwindSafe(|| Life::new(seed, trace)?.live()));
    let tally = lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("a panic: {}", text.unwrap_or_else(|| "without words".to_owned())))
    })?;
    Ok(Report { trace_hash: trace.hash(), tally })
}
