//! Whether an exchange's memory follows its open orders or its history, and what an open order takes.
//!
//! Enters: a folder on the disk whose exchange is measured. Leaves: resident memory, as a table and as
//! JSON. Every exchange has a process of its own, so that none is measured with what another left
//! behind; each is opened on a data folder, with its journal, history on disk and snapshots.
//!
//! ```text
//! bench_memory DATA [--small] [--orders N] [--resting N]... [--client-ids PERCENT] [--json FILE]
//! ```

mod flow;
mod held;
mod long;
mod process;
mod report;
mod venue;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// As the server has it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What to measure; all of it can be given on the command line.
struct Plan {
    data: PathBuf,
    json: Option<PathBuf>,
    /// Orders of a long run.
    orders: u64,
    /// Orders that rest at a time, of each long run.
    resting: Vec<u64>,
    /// Of so many orders in a hundred the client names one itself.
    client_ids_percent: u64,
    /// Orders that are held open to see what one takes.
    held: u64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().with_context(|| format!("{text}: a number"));
    let result = match words[..] {
        ["child-long", folder, orders, resting, percent, open] => {
            let (orders, resting) = (number(orders)?, number(resting)?);
            let flow = flow::Flow::new(resting, number(percent)?);
            long::run(Path::new(folder), flow, orders, Path::new(open))?
        }
        ["child-only", folder, open] => held::only(Path::new(folder), Path::new(open))?,
        ["child-held", folder, orders] => held::exchange(Path::new(folder), number(orders)?)?,
        ["child-reopened", folder] => held::reopened(Path::new(folder))?,
        ["child-engine", orders] => held::engine(number(orders)?)?,
        ["child-folds", orders] => held::folds(number(orders)?)?,
        _ => return measure(&plan(arguments.into_iter())?),
    };
    println!("{result}");
    Ok(())
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan> {
    let data = arguments.next().context("usage: bench_memory DATA [--small] [--json FILE]")?;
    let mut plan = Plan {
        data: data.into(),
        json: None,
        orders: 10_000_000,
        resting: Vec::new(),
        client_ids_percent: 0,
        held: 1_000_000,
    };
    let mut small = false;
    while let Some(flag) = arguments.next() {
        let mut number = || arguments.next().context("how many?")?.parse().context("a number");
        match flag.as_str() {
            "--small" => (small, plan.orders, plan.held) = (true, 20_000, 10_000),
            "--orders" => plan.orders = number()?,
            "--resting" => plan.resting.push(number()?),
            "--client-ids" => plan.client_ids_percent = number()?,
            "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
            other => bail!("unknown argument {other}"),
        }
    }
    if plan.resting.is_empty() {
        plan.resting = if small { vec![1_000] } else { vec![100_000] };
    }
    Ok(plan)
}

fn measure(plan: &Plan) -> Result<()> {
    std::fs::create_dir_all(&plan.data)?;
    let mut runs = Vec::new();
    for resting in &plan.resting {
        runs.push(long_run(plan, *resting)?);
        report::print_run(&runs[runs.len() - 1]);
    }
    let held = held_orders(plan)?;
    report::print_held(&held);
    if let Some(path) = &plan.json {
        let report = json!({ "runs": runs, "held": held });
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

/// A long run, and beside it an exchange that only ever held the orders that were open at its end.
fn long_run(plan: &Plan, resting: u64) -> Result<Value> {
    let folder = process::Folder::new(&plan.data.join("memory-long"))?;
    let open = plan.data.join("memory-open-orders");
    let numbers = [plan.orders, resting, plan.client_ids_percent].map(|n| n.to_string());
    let mut arguments = vec!["child-long".into(), folder.text()?];
    arguments.extend(numbers);
    let open_text = open.to_str().context("a folder that is text")?.to_owned();
    arguments.push(open_text.clone());
    let long = process::measure_in_child(&arguments)?;
    drop(folder);
    let folder = process::Folder::new(&plan.data.join("memory-only"))?;
    let only = process::measure_in_child(&["child-only".into(), folder.text()?, open_text])?;
    std::fs::remove_file(open)?;
    Ok(json!({ "resting": resting, "long": long, "only": only }))
}

/// What so many open orders take, in the whole exchange and in parts of it.
fn held_orders(plan: &Plan) -> Result<Value> {
    let folder = process::Folder::new(&plan.data.join("memory-held"))?;
    let orders = plan.held.to_string();
    let child = |name: &str, arguments: &[String]| {
        let mut all = vec![name.to_owned()];
        all.extend_from_slice(arguments);
        process::measure_in_child(&all)
    };
    let exchange = child("child-held", &[folder.text()?, orders.clone()])?;
    let reopened = child("child-reopened", &[folder.text()?])?;
    let engine = child("child-engine", std::slice::from_ref(&orders))?;
    let folds = child("child-folds", std::slice::from_ref(&orders))?;
    Ok(json!({
        "orders": plan.held, "exchange": exchange, "reopened": reopened, "engine": engine,
        "engine_and_market_data": folds,
    }))
}
