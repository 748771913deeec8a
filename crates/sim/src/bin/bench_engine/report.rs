//! The table for people and the JSON for programs.

use std::time::Duration;

use openmart_sim::workload::flow::Profile;
use serde_json::{Value, json};

use crate::latency::{Latencies, percentile};
use crate::levels::Levels;
use crate::state::State;
use crate::throughput::Run;

/// What one profile came to.
pub(crate) struct Row {
    pub(crate) profile: Profile,
    pub(crate) commands: usize,
    pub(crate) accounts: u32,
    pub(crate) runs: Vec<Run>,
    pub(crate) latencies: Latencies,
    pub(crate) state: State,
}

/// Prints rows as they come and keeps them for the JSON.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    levels: Option<Levels>,
}

impl Report {
    /// Prints a row, and the head of the table before the first one.
    pub(crate) fn add(&mut self, row: Row) {
        if self.rows.is_empty() {
            println!("commands a second in thousands: median (least to most) of all runs");
            println!("cancel: nanoseconds at the 50th, 99th and 99.9th percentile\n");
            println!("| profile | by CPU time | by the clock | cancel | digest |");
            println!("| :-- | --: | --: | --: | :-- |");
        }
        let cpu = row.spread(|run| run.cpu);
        let wall = row.spread(|run| run.wall);
        let [p50, p99, p999] = percentiles(&row.latencies.cancels);
        let thousands = |rate: u64| rate / 1_000;
        println!(
            "| {} | {} ({} to {}) | {} ({} to {}) | {p50} / {p99} / {p999} | as defined |",
            row.profile.name,
            thousands(cpu.median),
            thousands(cpu.least),
            thousands(cpu.most),
            thousands(wall.median),
            thousands(wall.least),
            thousands(wall.most),
        );
        self.rows.push(row);
    }

    /// Prints what the states after the prefill cost.
    pub(crate) fn print_states(&self) {
        println!("\nthe state after the prefill, milliseconds of one run\n");
        println!(
            "| profile | open orders | bytes each | write | digest | check | restore | cancel-all |"
        );
        println!("| :-- | --: | --: | --: | --: | --: | --: | --: |");
        for Row { profile, state, .. } in &self.rows {
            let ms = |taken: Duration| format!("{:.1}", taken.as_secs_f64() * 1e3);
            println!(
                "| {} | {} | {} | {} | {} | {} | {} | {} of {} |",
                profile.name,
                state.live,
                state.bytes_per_order,
                ms(state.write),
                ms(state.digest),
                ms(state.check),
                ms(state.restore),
                ms(state.cancel_all),
                state.canceled,
            );
        }
    }

    /// Prints and keeps what price levels cost that are opened and closed behind very many others.
    pub(crate) fn set_levels(&mut self, levels: Levels) {
        println!("\na price level behind all others, nanoseconds, of {}\n", levels.opened.len());
        println!("| | p50 | p99.9 | slowest |\n| :-- | --: | --: | --: |");
        for (what, taken) in [("opened", &levels.opened), ("closed", &levels.closed)] {
            let [p50, _, p999] = percentiles(taken);
            println!("| {what} | {p50} | {p999} | {} |", percentile(taken, 1_000));
        }
        self.levels = Some(levels);
    }

    pub(crate) fn to_json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::to_json).collect();
        json!({
            "benchmark": "engine",
            "profiles": rows,
            "levels": self.levels.as_ref().map(Levels::to_json),
        })
    }
}

/// Commands a second over all runs.
struct Spread {
    least: u64,
    median: u64,
    most: u64,
}

impl Row {
    fn spread(&self, time: impl Fn(&Run) -> Duration) -> Spread {
        let rate = |run: &Run| (self.commands as f64 / time(run).as_secs_f64()) as u64;
        let mut rates: Vec<u64> = self.runs.iter().map(rate).collect();
        rates.sort_unstable();
        let (least, most) = (rates[0], rates[rates.len() - 1]);
        Spread { least, median: rates[rates.len() / 2], most }
    }

    fn to_json(&self) -> Value {
        let spread = |spread: Spread| json!({ "min": spread.least, "median": spread.median, "max": spread.most });
        let latency = |taken: &[u64]| {
            let [p50, p99, p999] = percentiles(taken);
            json!({ "count": taken.len(), "p50": p50, "p99": p99, "p99_9": p999 })
        };
        json!({
            "profile": self.profile.name,
            "markets": self.profile.markets,
            "live_orders": self.profile.live,
            "accounts": self.accounts,
            "commands": self.commands,
            "runs": self.runs.len(),
            "commands_per_second_cpu": spread(self.spread(|run| run.cpu)),
            "commands_per_second_wall": spread(self.spread(|run| run.wall)),
            "latency_ns": {
                "cancel": latency(&self.latencies.cancels),
                "place": latency(&self.latencies.places),
                "take": latency(&self.latencies.takes),
            },
            "state": self.state.to_json(),
        })
    }
}

impl Levels {
    fn to_json(&self) -> Value {
        let latency = |taken: &[u64]| {
            let [p50, _, p999] = percentiles(taken);
            json!({ "p50": p50, "p99_9": p999, "max": percentile(taken, 1_000) })
        };
        json!({
            "levels": self.opened.len(),
            "opened_ns": latency(&self.opened),
            "closed_ns": latency(&self.closed),
        })
    }
}

impl State {
    fn to_json(self) -> Value {
        let us = |taken: Duration| taken.as_micros() as u64;
        json!({
            "bytes_per_order": self.bytes_per_order,
            "snapshot_bytes": self.snapshot_bytes,
            "write_us": us(self.write),
            "digest_us": us(self.digest),
            "check_us": us(self.check),
            "restore_us": us(self.restore),
            "cancel_all_orders": self.canceled,
            "cancel_all_us": us(self.cancel_all),
        })
    }
}

fn percentiles(taken: &[u64]) -> [u64; 3] {
    [500, 990, 999].map(|per_mille| percentile(taken, per_mille))
}
