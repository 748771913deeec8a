//! How long a cancel takes while history is written and snapshots are made, beside the same cancels
//! while neither goes on.
//!
//! Enters: a folder on the disk. Leaves: latencies, as a table and as JSON. No network: the pipeline
//! alone, its threads all on core 0, this client on core 1.
//!
//! Two streams of cancels are sent at fixed rates in every phase. One is timed, each from when it was due,
//! not from when it could be sent. The other is ten times as many and makes the difference: with "history"
//! they cancel orders, and each is a row to write; without, they name an order that never was, are
//! refused, and leave no row, though both take the same way through journal and engine. With "snapshots"
//! the next snapshot, which also makes history durable on the disk, is asked for as soon as the last one is
//! there. Phases are short and every round has one of each kind, in another order, so that the moods of
//! a shared disk hit all kinds alike; each round also syncs a file of its own, with nothing beside it, to
//! show those moods.
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

use openmart_sim::disk::Disk;
use phase::{Beside, Phase};
use report::Report;

/// As the server has it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SERVER_CORE: usize = 0;
const CLIENT_CORE: usize = 1;

/// What to run; all of it can be given on the command line.
struct Plan {
    data: PathBuf,
    json: Option<PathBuf>,
    rounds: usize,
    /// Orders that stay open all the time, for snapshots to carry.
    resting: usize,
    /// Syncs of each round with nothing beside them.
    syncs: usize,
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
    let mut disk = Disk::create(&folder.join("bare-syncs"))?;
    pin(CLIENT_CORE);
    let report = measure(&exchange, &mut disk, &plan)?;
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
    let phase = Phase { cancels: 1_000, rate: 2_000, others_for_each: 10 };
    let (rounds, resting, syncs) = (20, 100_000, 500);
    let mut plan = Plan { data: data.into(), json: None, rounds, resting, syncs, phase };
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--small" => {
                (plan.rounds, plan.resting, plan.syncs) = (2, 1_000, 20);
                plan.phase.cancels = 100;
            }
            "--rounds" => plan.rounds = arguments.next().context("how many rounds?")?.parse()?,
            "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
            other => bail!("unknown argument {other}"),
        }
    }
    Ok(plan)
}

fn measure(exchange: &Exchange, disk: &mut Disk, plan: &Plan) -> Result<Report> {
    venue::list(exchange)?;
    venue::place(exchange, plan.resting)?;
    let mut report = Report::default();
    for round in 0..plan.rounds {
        let mut kinds = Beside::ALL;
        kinds.rotate_left(round % Beside::ALL.len());
        for beside in kinds {
            let orders = venue::place(exchange, plan.phase.cancels)?;
            let others = match beside.history {
                true => venue::place(exchange, plan.phase.cancels * plan.phase.others_for_each)?,
                false => Vec::new(),
            };
            venue::catch_up(exchange)?;
            let measured = phase::run(exchange, plan.phase, beside, orders, others)?;
            eprintln!("round {round}: {}: {measured}", beside.name());
            report.add(beside, measured);
        }
        report.add_syncs(disk.sync(plan.syncs)?);
    }
    Ok(report)
}
