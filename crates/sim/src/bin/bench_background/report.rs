//! The table for people and the JSON for programs: figures of all rounds together, and those of the middle
//! one of the rounds, since one in which the disk stops for a moment decides what is rare in all of them.

use serde_json::{Value, json};

use crate::Plan;
use crate::phase::{Beside, Measured, percentile};

#[derive(Default)]
pub(crate) struct Report {
    rounds: Vec<(Beside, Measured)>,
    /// Of each round, nanoseconds.
    syncs: Vec<Vec<u64>>,
}

/// All rounds of one kind.
struct Row {
    name: &'static str,
    pooled_ns: Vec<u64>,
    /// Of each round, ascending.
    rounds_ns: Vec<Vec<u64>>,
    snapshots: u64,
    transactions: u64,
}

impl Row {
    fn new(name: &'static str, rounds_ns: Vec<Vec<u64>>) -> Self {
        Self { name, pooled_ns: pool(&rounds_ns), rounds_ns, snapshots: 0, transactions: 0 }
    }

    fn us(&self, per_mille: usize) -> f64 {
        percentile(&self.pooled_ns, per_mille) as f64 / 1e3
    }

    /// Of the round that is the middle one by this figure.
    fn middle_us(&self, per_mille: usize) -> f64 {
        let of = |round: &Vec<u64>| percentile(round, per_mille);
        let mut figures: Vec<u64> = self.rounds_ns.iter().map(of).collect();
        figures.sort_unstable();
        percentile(&figures, 500) as f64 / 1e3
    }
}

/// All of them, ascending.
fn pool(rounds: &[Vec<u64>]) -> Vec<u64> {
    let mut pooled: Vec<u64> = rounds.concat();
    pooled.sort_unstable();
    pooled
}

impl Report {
    pub(crate) fn add(&mut self, beside: Beside, measured: Measured) {
        self.rounds.push((beside, measured));
    }

    pub(crate) fn add_syncs(&mut self, mut syncs_ns: Vec<u64>) {
        syncs_ns.sort_unstable();
        self.syncs.push(syncs_ns);
    }

    fn rows(&self) -> Vec<Row> {
        let row = |beside: Beside| {
            let of = self.rounds.iter().filter(|(other, _)| *other == beside);
            let measured: Vec<&Measured> = of.map(|(_, measured)| measured).collect();
            let waits = measured.iter().map(|one| one.waits_ns.clone()).collect();
            let snapshots = measured.iter().map(|one| one.snapshots).sum();
            let transactions = measured.iter().map(|one| one.transactions).sum();
            Row { snapshots, transactions, ..Row::new(beside.name(), waits) }
        };
        Beside::ALL.into_iter().map(row).collect()
    }

    fn syncs(&self) -> Row {
        Row::new("nothing: a sync alone", self.syncs.clone())
    }

    pub(crate) fn print(&self) {
        println!(
            "beside | p50 us | p99 us | p99.9 us | in the middle round: p99 us | p99.9 us | snapshots | \
             transactions of history"
        );
        let rows = self.rows();
        for row in rows.iter().chain([&self.syncs()]) {
            let [p50, p99, p999] = [500, 990, 999].map(|per_mille| row.us(per_mille));
            let [middle99, middle999] = [990, 999].map(|per_mille| row.middle_us(per_mille));
            let Row { name, snapshots, transactions, .. } = row;
            println!(
                "{name} | {p50:.0} | {p99:.0} | {p999:.0} | {middle99:.0} | {middle999:.0} | \
                 {snapshots} | {transactions}"
            );
        }
        for row in &rows[1..] {
            let [p50, p99, p999] =
                [500, 990, 999].map(|per_mille| row.us(per_mille) / rows[0].us(per_mille));
            let [middle99, middle999] =
                [990, 999].map(|per_mille| row.middle_us(per_mille) / rows[0].middle_us(per_mille));
            println!(
                "ratio {} | {p50:.2} | {p99:.2} | {p999:.2} | {middle99:.2} | {middle999:.2} | |",
                row.name
            );
        }
    }

    pub(crate) fn to_json(&self, plan: &Plan) -> Value {
        let rows = self.rows();
        let row = |row: &Row| {
            json!({
                "beside": row.name, "samples": row.pooled_ns.len(), "p50_us": row.us(500),
                "p99_us": row.us(990), "p999_us": row.us(999), "p99_middle_us": row.middle_us(990),
                "p999_middle_us": row.middle_us(999),
                "snapshots": row.snapshots, "transactions": row.transactions,
            })
        };
        json!({
            "cancels_per_second": plan.phase.rate, "others_for_each": plan.phase.others_for_each,
            "orders_resting": plan.resting, "rounds": plan.rounds,
            "rows": rows.iter().map(row).collect::<Vec<_>>(), "sync": row(&self.syncs()),
            "p999_ratio": rows[3].us(999) / rows[0].us(999),
            "p999_middle_ratio": rows[3].middle_us(999) / rows[0].middle_us(999),
        })
    }
}
