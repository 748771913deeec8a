//! Signed, durable cancels over HTTP beside a no-op handler of the same HTTP stack, in one run.
//!
//! Both servers are processes of their own, pinned to core 0; this program, the client, should be
//! pinned to core 1. They take turns, round by round, so that a busy spell of the machine hits
//! both. What is compared is requests a second, latency, and the CPU time that the server spent on
//! a request. Nothing is switched off in the measured server: every cancel is signed, checked,
//! journaled and synced before its answer.

mod client;
mod histogram;
mod no_op;
mod report;
mod signature;
mod stream;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use client::Load;
use histogram::Histogram;
use openmart_sim::disk::Disk;
use openmart_sim::http::Server;
use report::{Cell, Report};

/// Bare syncs of the disk in each round.
const SYNCS: usize = 500;

/// What to run; all of it can be given on the command line.
struct Plan {
    openmart: PathBuf,
    data: PathBuf,
    json: Option<PathBuf>,
    rounds: usize,
    /// Connections and the requests each round makes over all of them.
    loads: Vec<Load>,
    streams: stream::Plan,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("no-op") => no_op::serve(),
        Some("no-op-pipelined") => no_op::serve_pipelined(),
        Some("run") => run(&plan(arguments)?),
        Some("stream") => run_stream(&plan(arguments)?),
        _ => {
            bail!(
                "usage: bench_http run|stream OPENMART DATA [--small] [--rounds N] \
                 [--connections N] [--json FILE]"
            )
        }
    }
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan> {
    let openmart = arguments.next().context("which openmart binary?")?.into();
    let data = arguments.next().context("which folder for its data?")?.into();
    let load = |connections, requests| Load { connections, requests, depth: 1 };
    let deep = |connections, requests| Load { depth: 16, ..load(connections, requests) };
    let loads = vec![
        load(1, 4_000),
        load(4, 10_000),
        load(16, 40_000),
        load(64, 100_000),
        load(256, 100_000),
        load(1_024, 100_000),
        deep(16, 16 * 16 * 600),
    ];
    let streams = stream::Plan { load: load(64, 150_000), streams: 1_000, rounds: 5 };
    let mut plan = Plan { openmart, data, json: None, rounds: 5, loads, streams };
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--small" => {
                plan.loads = vec![load(1, 50), load(16, 800), deep(4, 4 * 16 * 10)];
                plan.rounds = 1;
                plan.streams = stream::Plan { load: load(16, 800), streams: 20, rounds: 1 };
            }
            "--rounds" => {
                plan.rounds = arguments.next().context("how many rounds?")?.parse()?;
                plan.streams.rounds = plan.rounds;
            }
            "--connections" => {
                let connections: usize = arguments.next().context("how many?")?.parse()?;
                plan.loads.retain(|load| load.connections == connections);
            }
            "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
            other => bail!("unknown argument {other}"),
        }
    }
    Ok(plan)
}

fn run_stream(plan: &Plan) -> Result<()> {
    stream::run(&plan.openmart, &plan.data, &plan.streams, plan.json.as_deref())
}

fn run(plan: &Plan) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new(signature::measure());
    std::fs::create_dir_all(&plan.data)?;
    let file = plan.data.join("sync");
    for round in 0..plan.rounds {
        report.add_syncs(Disk::create(&file)?.sync(SYNCS)?);
        for load in &plan.loads {
            for kind in ["no-op", "cancel"] {
                let (measured, histogram) = runtime.block_on(measure(plan, kind, *load))?;
                let Load { connections, depth, .. } = *load;
                eprintln!(
                    "round {round}: {kind} at {connections} connections x {depth}: {measured}"
                );
                report.add(kind, (depth, connections), measured, &histogram);
            }
        }
    }
    std::fs::remove_file(&file)?;
    report.print();
    if let Some(path) = &plan.json {
        report.write_json(path)?;
    }
    Ok(())
}

async fn measure(plan: &Plan, kind: &str, load: Load) -> Result<(Cell, Histogram)> {
    let server = match kind {
        "no-op" => {
            let kind = if load.depth > 1 { "no-op-pipelined" } else { "no-op" };
            Server::pinned(&std::env::current_exe()?, &[kind])?
        }
        _ => Server::exchange(&plan.openmart, &plan.data)?,
    };
    let requests = match kind {
        "no-op" => client::unsigned_cancels(load),
        _ => client::place_and_sign(&server.address, load).await?,
    };
    let cpu_before = server.cpu_seconds()?;
    let (mut cell, histogram) = client::drive(&server.address, load, requests).await?;
    let per_request = |seconds: f64| (seconds - cpu_before) * 1e6 / load.requests as f64;
    cell.server_cpu_us = per_request(server.cpu_seconds()?);
    cell.server_cpu_afterwards_us = per_request(server.cpu_seconds_at_rest()?);
    Ok((cell, histogram))
}
