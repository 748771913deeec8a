//! A million open orders, back from a snapshot.

use std::time::Instant;

use anyhow::{Result, ensure};
use openmart_sim::workload::flow::{Flow, PROFILES, Profile, SEED};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::{Plan, median, process_cpu_s};

pub(crate) fn measure(plan: &Plan) -> Result<Value> {
    let profile = Profile { live: plan.orders, ..PROFILES[1] };
    let flow = Flow::generate(profile, 0, SEED);
    let commands = profile.opening().into_iter().chain(flow.commands());
    let folder = Folder::write(plan.data.join("snapshot"), commands)?;
    let (exchange, _) = folder.open()?;
    let sequence = exchange.snapshot().wait()?;
    let digest = exchange.view(|state| state.engine().digest());
    drop(exchange);
    let (mut starts, mut cpus) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let (begun, cpu) = (Instant::now(), process_cpu_s());
        let (exchange, report) = folder.open()?;
        let (start, cpu) = (begun.elapsed(), process_cpu_s() - cpu);
        eprintln!("round {round}: start {start:?}, {cpu:.3} s of CPU: {report}");
        cpus.push(cpu);
        ensure!(report.snapshot_sequence == Some(sequence), "another snapshot: {report}");
        ensure!(report.orders_open == plan.orders, "other orders: {report}");
        ensure!(exchange.view(|state| state.engine().digest()) == digest, "another state");
        starts.push(start.as_secs_f64());
    }
    let bytes: u64 = std::fs::read_dir(folder.path())?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("snapshot-"))
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    let start = median(&starts);
    println!("{} open orders from a snapshot of {bytes} bytes: {start:.3} s", plan.orders);
    Ok(json!({
        "orders": plan.orders, "snapshot_bytes": bytes, "start_s": start,
        "start_cpu_s": median(&cpus), "starts_s": starts,
    }))
}
