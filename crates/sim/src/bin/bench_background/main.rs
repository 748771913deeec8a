//! How long a cancel takes while history is written and snapshots are made, beside the same cancels
//! while neither goes on.
//!
//! Enters: a folder on the disk. Leaves: latencies, as a table and as JSON. No network: the pipeline
//! alone, its threads all on core 0, this client on core 1.
//!
//! History cannot be switched off, and every accepted cancel gives it a row to write. What can be had is
//! an exchange that is a long way behind: a burst of orders is placed and canceled, and before history
//! has written it, cancels come one by one at a fixed, modest rate. The same rate of the same cancels
//! once history has caught up is what they are compared with. A snapshot, which also makes history
//! durable on the disk, is asked for again as soon as the last one is there. A cancel's time counts from
//! when it was due, not from when it could be sent.
//!
//! ```text
//! bench_background DATA [--small] [--rounds N] [--json FILE]
//! ```

mod phase;
mod report;
mod venue;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use openmart_exchange::{Exchange, Options};
use rustix::thread::{CpuSet, sched_setaffinity};

use phase::{Beside, Phase};
use report::Report;

const SERVER_CORE: usize = 0;
const CLIENT_CORE: usize = 1;

/// What to run; all of it can be given on the command line.
struct Plan {
    data: PathBuf,
    json: Option<PathBuf>,
    rounds: usize,
    /// Orders that stay open all the time, for snapshots to carry.
    resting: usize,
    /// Orders placed and canceled before a phase, for history to write in it.
    burst: usize,
    phase: Phase,
}

fn main() -> Result<()> {
    let plan = plan(std::env::args().skip(1))?;
    std::fs::create_dir_all(&plan.data)?;
    let folder = plan.data.join("background");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    // Threads inherit the core of whoever starts them.
    pin(SERVER_CORE);
    // No snapshot but those that are asked for.
    let options = Options { snapshot_entries: 0, ..Options::default() };
    let (exchange, _) = Exchange::open_folder(&folder, options)?;
    pin(CLIENT_CORE);
    let report = measure(&exchange, &plan)?;
    drop(exchange);
    std::fs::remove_dir_all(&folder)?;
    report.print();
    if let Some(path) = &plan.json {
        std::fs::write(path, serde_json::to_string_pretty(&report.to_json(&plan))?)?;
    }
    Ok(())
}

/// On a machine with one core both share it.
fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    if sched_setaffinity(None, &cores).is_err() {
        eprintln!("cannot run on core {core} alone");
    }
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan> {
    let data = arguments.next().context("usage: bench_background DATA [--small] [--json FILE]")?;
    let phase = Phase { cancels: 3_000, rate: 2_000 };
    let (resting, burst) = (100_000, 250_000);
    let mut plan = Plan { data: data.into(), json: None, rounds: 5, resting, burst, phase };
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--small" => {
                (plan.rounds, plan.resting, plan.burst) = (1, 1_000, 2_000);
                plan.phase.cancels = 200;
            }
            "--rounds" => plan.rounds = arguments.next().context("how many rounds?")?.parse()?,
            "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
            other => bail!("unknown argument {other}"),
        }
    }
    Ok(plan)
}

fn measure(exchange: &Exchange, plan: &Plan) -> Result<Report> {
    venue::list(exchange)?;
    venue::place(exchange, plan.resting)?;
    let mut report = Report::default();
    for round in 0..plan.rounds {
        for beside in Beside::ALL {
            let orders = venue::place(exchange, plan.phase.cancels)?;
            venue::catch_up(exchange)?;
            if beside.history {
                venue::burst(exchange, plan.burst)?;
            }
            let measured = phase::run(exchange, plan.phase, beside, orders)?;
            eprintln!("round {round}: {}: {measured}", beside.name());
            report.add(beside, measured);
        }
    }
    Ok(report)
}
