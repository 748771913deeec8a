//! The engine alone on the benchmark flow, with few open orders and with very many.
//!
//! One market, the flow of `workload::flow`, accounts with holds and fees. Each run must end with the
//! trades that the flow was generated with, or the program fails.
//!
//! ```text
//! bench_book_size [--small] [--runs N] [--json FILE]
//! ```

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use openmart_model::Command;
use openmart_sim::workload::flow::{Flow, LiveEngine, Profile, SEED};
use serde_json::{Value, json};

/// A name, open orders, and the mean distance of an order from the reference price in ticks.
const SIZES: [(&str, usize, u32); 5] = [
    ("size_1k", 1_000, 32),
    ("size_10k", 10_000, 32),
    ("size_100k", 100_000, 96),
    ("size_1m", 1_000_000, 256),
    ("size_4m", 4_000_000, 512),
];

const COMMANDS: usize = 1_000_000;

struct Plan {
    sizes: Vec<Profile>,
    commands: usize,
    runs: usize,
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    println!("open orders | thousand commands a second: median (least to most)");
    println!("--: | --:");
    let rows = plan.sizes.iter().map(|profile| measure(*profile, &plan));
    let rows = rows.collect::<Result<Vec<Value>>>()?;
    if let Some(path) = &plan.json {
        let report = json!({ "benchmark": "book_size", "rows": rows });
        let json = serde_json::to_vec_pretty(&report)?;
        std::fs::write(path, json).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

impl Plan {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let profile =
            |(name, live, distance_mean)| Profile { name, markets: 1, live, distance_mean };
        let sizes = SIZES.map(profile).into();
        let mut plan = Self { sizes, commands: COMMANDS, runs: 5, json: None };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--small" => {
                    plan.sizes.truncate(2);
                    (plan.commands, plan.runs) = (20_000, 1);
                }
                "--runs" => plan.runs = arguments.next().context("how many?")?.parse()?,
                "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
                other => bail!("unknown argument {other}"),
            }
        }
        if plan.runs == 0 {
            bail!("at least one run is needed");
        }
        Ok(plan)
    }
}

fn measure(profile: Profile, plan: &Plan) -> Result<Value> {
    let flow = Flow::generate(profile, plan.commands, SEED);
    let mut rates = Vec::new();
    for _ in 0..plan.runs {
        rates.push(plan.commands as f64 / run(&flow)?.as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let (least, median, most) = (rates[0], rates[rates.len() / 2], rates[rates.len() - 1]);
    let thousands = |rate: f64| (rate / 1e3).round();
    println!(
        "{} | {} ({} to {})",
        profile.live,
        thousands(median),
        thousands(least),
        thousands(most)
    );
    Ok(json!({
        "live_orders": profile.live,
        "commands": plan.commands,
        "runs": plan.runs,
        "commands_per_second": { "min": least, "median": median, "max": most },
    }))
}

/// Fills the book, which is not timed, and applies the commands.
fn run(flow: &Flow) -> Result<Duration> {
    let mut engine = LiveEngine::new();
    engine.apply(&flow.profile.opening());
    let mut commands = flow.commands();
    let prefill: Vec<Command> = commands.by_ref().take(flow.prefill).collect();
    engine.apply(&prefill);
    drop(prefill);
    let timed: Vec<Command> = commands.collect();
    let taken = engine.apply(&timed);
    engine.verify(&flow.totals).map_err(|what| anyhow!(what))?;
    Ok(taken)
}
