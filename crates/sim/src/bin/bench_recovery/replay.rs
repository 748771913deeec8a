//! The whole journal replayed at a start, in turns with an engine alone on the same commands.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use openmart_model::Command;
use openmart_sim::workload::flow::{Flow, LiveEngine, PROFILES, Profile, SEED};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::{Plan, median, process_cpu_s};

/// Commands made at a time for the engine alone, outside of what is timed.
const CHUNK: usize = 500_000;

/// With few orders in the book, and with as many as the snapshot has; the second on fewer commands.
pub(crate) fn measure(plan: &Plan) -> Result<Value> {
    let many = Profile { live: plan.orders, ..PROFILES[1] };
    let rows = [(PROFILES[0], plan.entries), (many, plan.entries / 5)];
    rows.into_iter().map(|(profile, entries)| row(plan, profile, entries)).collect()
}

fn row(plan: &Plan, profile: Profile, commands: usize) -> Result<Value> {
    let flow = Flow::generate(profile, commands, SEED);
    let all = || profile.opening().into_iter().chain(flow.commands());
    let begun = Instant::now();
    let folder = Folder::write(plan.data.join("replay"), all())?;
    let written = begun.elapsed();
    // History is written once here. A start in life finds it written up to a few entries.
    let begun = Instant::now();
    drop(folder.open()?);
    let with_history = begun.elapsed();
    // What SQLite has not copied into its file yet, it reads and checks at the next start.
    let begun = Instant::now();
    drop(folder.open()?);
    let with_log = begun.elapsed();
    folder.truncate_history_log()?;
    let (mut starts, mut engines, mut cpus, mut entries) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 0..plan.rounds {
        let (engine_alone, engine) = live(&flow, all())?;
        let (begun, cpu) = (Instant::now(), process_cpu_s());
        let (exchange, report) = folder.open()?;
        let (start, cpu) = (begun.elapsed(), process_cpu_s() - cpu);
        let same = exchange.view(|state| state.engine().digest() == engine.engine().digest());
        ensure!(same, "what was replayed is not what the commands lead to");
        ensure!(report.history_entries == 0, "history was written again");
        entries = report.entries_replayed;
        eprintln!(
            "round {round}: engine alone {engine_alone:?}, start {start:?}, {cpu:.3} s of CPU"
        );
        cpus.push(cpu);
        starts.push(start.as_secs_f64());
        engines.push(engine_alone.as_secs_f64());
    }
    let (start, engine) = (median(&starts), median(&engines));
    let rate = |seconds: f64| entries as f64 / seconds;
    println!(
        "{}: replay of {entries} entries at a start: {start:.3} s, {:.0}/s",
        profile.name,
        rate(start)
    );
    println!("the engine alone on the same commands: {engine:.3} s, {:.0}/s", rate(engine));
    println!("ratio of the rates: {:.2}", engine / start);
    println!("the start before, with a log of history to read: {with_log:.3?}");
    println!("writing history from the whole journal, once: {with_history:.1?}");
    Ok(json!({
        "entries": entries,
        "profile": profile.name,
        "start_s": start,
        "engine_s": engine,
        "entries_per_second": rate(start),
        "engine_per_second": rate(engine),
        "ratio": engine / start,
        "orders_open": flow.totals.live,
        "start_cpu_s": median(&cpus),
        "starts_s": starts,
        "engines_s": engines,
        "journal_written_s": written.as_secs_f64(),
        "history_rebuilt_s": with_history.as_secs_f64(),
        "start_with_history_log_s": with_log.as_secs_f64(),
    }))
}

/// The engine's live rate: everything applied by an engine alone, and what it came to.
fn live(flow: &Flow, commands: impl Iterator<Item = Command>) -> Result<(Duration, LiveEngine)> {
    let (mut engine, mut taken) = (LiveEngine::new(), Duration::ZERO);
    let (mut commands, mut chunk) = (commands.peekable(), Vec::with_capacity(CHUNK));
    while commands.peek().is_some() {
        chunk.clear();
        chunk.extend(commands.by_ref().take(CHUNK));
        taken += engine.apply(&chunk);
    }
    engine.verify(&flow.totals).map_err(|what| anyhow!(what))?;
    Ok((taken, engine))
}
