//! The engine alone on the benchmark flow: commands a second, how long one command takes, what the
//! state as a whole costs, and what a price level costs where there are very many.
//!
//! One thread, no journal, no network. Accounts, holds and fees are switched on as in life. Each
//! run must end with the trades, totals and digest of the flow's definition, or the program fails.
//!
//! ```text
//! bench_engine [--small] [--profile NAME]... [--runs N] [--json FILE]
//! ```

mod exchange;
mod expected;
mod latency;
mod levels;
mod report;
mod state;
mod throughput;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use openmart_sim::workload::flow::{Flow, PROFILES, Profile, SEED};

use exchange::Exchange;
use report::{Report, Row};

const COMMANDS: usize = 2_000_000;
const COMMANDS_SMALL: usize = 20_000;
const RUNS: usize = 5;

/// What to run; all of it can be given on the command line.
struct Plan {
    small: bool,
    profiles: Vec<Profile>,
    runs: usize,
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    let mut report = Report::default();
    for profile in &plan.profiles {
        let row = measure(*profile, &plan)?;
        report.add(row);
    }
    report.print_states();
    report.set_levels(levels::measure(plan.small)?);
    if let Some(path) = &plan.json {
        let json = serde_json::to_vec_pretty(&report.to_json())?;
        std::fs::write(path, json).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self { small: false, profiles: Vec::new(), runs: RUNS, json: None };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--small" => (plan.small, plan.runs) = (true, 1),
                "--profile" => {
                    let name = arguments.next().context("which profile?")?;
                    let known = PROFILES.iter().find(|profile| profile.name == name);
                    plan.profiles.push(*known.with_context(|| format!("no profile {name}"))?);
                }
                "--runs" => plan.runs = arguments.next().context("how many runs?")?.parse()?,
                "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
                other => bail!("unknown argument {other}"),
            }
        }
        if plan.runs == 0 {
            bail!("at least one run is needed");
        }
        if plan.profiles.is_empty() {
            let fits = |profile: &&Profile| !plan.small || profile.live <= 10_000;
            plan.profiles = PROFILES.iter().filter(fits).copied().collect();
        }
        Ok(plan)
    }
}

/// All runs of one profile, each on a fresh engine.
fn measure(profile: Profile, plan: &Plan) -> Result<Row> {
    let commands = if plan.small { COMMANDS_SMALL } else { COMMANDS };
    let flow = Flow::generate(profile, commands, SEED);
    if let Some(digest) = expected::trade_digest(profile.name, commands)
        && flow.totals.trade_digest != digest
    {
        bail!("{}: the generated flow is not the defined one", profile.name);
    }
    let timed: Vec<_> = flow.commands().skip(flow.prefill).collect();
    let (first, bytes_per_order) = state::fill_and_weigh(&flow)?;
    let (mut next, mut runs) = (Some(first), Vec::new());
    for _ in 0..plan.runs {
        let mut exchange = next.take().map_or_else(|| Exchange::with_prefill(&flow), Ok)?;
        runs.push(throughput::run(&mut exchange, &timed));
        exchange.verify(&flow)?;
    }
    let mut exchange = Exchange::with_prefill(&flow)?;
    let latencies = latency::run(&mut exchange, &timed);
    exchange.verify(&flow)?;
    drop(exchange);
    let state = state::measure(&flow, bytes_per_order)?;
    Ok(Row { profile, commands, accounts: profile.accounts(), runs, latencies, state })
}
