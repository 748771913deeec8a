//! How soon an exchange is back: replay of the journal beside the engine's live rate on the same
//! flow, a million open orders from a snapshot, and the start of an empty one.
//!
//! Recovery goes through `Exchange::open_folder` with everything a start checks: checksums, chain,
//! digest, invariants; history is there and is held against the journal. What was recovered must be
//! what an engine alone makes of the same commands, or the program fails.
//!
//! ```text
//! bench_recovery OPENMART DATA [--small] [--only replay|snapshot|start] [--entries N] [--rounds N] [--json FILE]
//! ```

mod folder;
mod replay;
mod snapshot;
mod start;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value};

/// What to run; all of it can be given on the command line.
struct Plan {
    openmart: PathBuf,
    data: PathBuf,
    only: Option<String>,
    /// Commands in the journal that is replayed, besides the filling of the book.
    entries: usize,
    /// Orders in the snapshot.
    orders: usize,
    rounds: usize,
    starts: usize,
    json: Option<PathBuf>,
}

/// Measures one thing, prints it and gives the JSON of it.
type Part = fn(&Plan) -> Result<Value>;

fn main() -> Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    std::fs::create_dir_all(&plan.data)?;
    let mut report = Map::new();
    report.insert("benchmark".into(), "recovery".into());
    let wanted = |part: &str| plan.only.as_ref().is_none_or(|only| only == part);
    let parts: [(&str, Part); 3] =
        [("replay", replay::measure), ("snapshot", snapshot::measure), ("start", start::measure)];
    for (name, measure) in parts.into_iter().filter(|(name, _)| wanted(name)) {
        report.insert(name.into(), measure(&plan)?);
    }
    if let Some(path) = &plan.json {
        let json = serde_json::to_vec_pretty(&report)?;
        std::fs::write(path, json).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self {
            openmart: arguments.next().context("which openmart binary?")?.into(),
            data: arguments.next().context("which folder for its data?")?.into(),
            only: None,
            entries: 10_000_000,
            orders: 1_000_000,
            rounds: 5,
            starts: 21,
            json: None,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--small" => {
                    (plan.entries, plan.orders, plan.rounds, plan.starts) = (20_000, 5_000, 1, 1);
                }
                "--only" => plan.only = Some(arguments.next().context("only what?")?),
                "--entries" => plan.entries = arguments.next().context("how many?")?.parse()?,
                "--rounds" => plan.rounds = arguments.next().context("how many?")?.parse()?,
                "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
                other => bail!("unknown argument {other}"),
            }
        }
        if plan.rounds == 0 {
            bail!("at least one round is needed");
        }
        Ok(plan)
    }
}

/// The middle one of some figures, or the higher one of the two in the middle.
fn median(figures: &[f64]) -> f64 {
    let mut ascending = figures.to_vec();
    ascending.sort_by(f64::total_cmp);
    ascending[ascending.len() / 2]
}

/// Time on any core of all threads so far, seconds.
fn process_cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
