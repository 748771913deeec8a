//! The table for people and the JSON for programs. Figures are those of all rounds together: a p99.9 of
//! one round would rest on three cancels.

use serde_json::{Value, json};

use crate::Plan;
use crate::phase::{Beside, Measured, percentile};

#[derive(Default)]
pub(crate) struct Report {
    rounds: Vec<(Beside, Measured)>,
}

/// All rounds of one kind.
struct Row {
    beside: Beside,
    waits_ns: Vec<u64>,
    snapshots: u64,
    at_work: usize,
}

impl Row {
    fn us(&self, per_mille: usize) -> f64 {
        percentile(&self.waits_ns, per_mille) as f64 / 1e3
    }
}

impl Report {
    pub(crate) fn add(&mut self, beside: Beside, measured: Measured) {
        self.rounds.push((beside, measured));
    }

    fn rows(&self) -> Vec<Row> {
        let row = |beside| {
            let of = self.rounds.iter().filter(|(other, _)| *other == beside);
            let measured: Vec<&Measured> = of.map(|(_, measured)| measured).collect();
            let waits = measured.iter().flat_map(|one| one.waits_ns.iter().copied());
            let mut waits_ns: Vec<u64> = waits.collect();
            waits_ns.sort_unstable();
            let snapshots = measured.iter().map(|one| one.snapshots).sum();
            let at_work = measured.iter().map(|one| one.beside).sum();
            Row { beside, waits_ns, snapshots, at_work }
        };
        Beside::ALL.into_iter().map(row).collect()
    }

    pub(crate) fn print(&self) {
        println!(
            "cancels at a fixed rate beside | p50 us | p99 us | p99.9 us | beside work | snapshots"
        );
        let rows = self.rows();
        for row in &rows {
            let [p50, p99, p999] = [500, 990, 999].map(|per_mille| row.us(per_mille));
            let share = row.at_work * 100 / row.waits_ns.len().max(1);
            let (name, snapshots) = (row.beside.name(), row.snapshots);
            println!("{name} | {p50:.0} | {p99:.0} | {p999:.0} | {share} % | {snapshots}");
        }
        for row in &rows[1..] {
            let [p50, p99, p999] =
                [500, 990, 999].map(|per_mille| row.us(per_mille) / rows[0].us(per_mille));
            println!("ratio {} | {p50:.2} | {p99:.2} | {p999:.2} | |", row.beside.name());
        }
    }

    pub(crate) fn to_json(&self, plan: &Plan) -> Value {
        let rows = self.rows();
        let row = |row: &Row| {
            json!({
                "beside": row.beside.name(), "cancels": row.waits_ns.len(), "p50_us": row.us(500),
                "p99_us": row.us(990), "p999_us": row.us(999), "cancels_beside_work": row.at_work,
                "snapshots": row.snapshots,
            })
        };
        json!({
            "cancels_per_second": plan.phase.rate, "orders_resting": plan.resting,
            "burst_orders": plan.burst, "rounds": plan.rounds,
            "rows": rows.iter().map(row).collect::<Vec<_>>(),
            "p999_ratio": rows[3].us(999) / rows[0].us(999),
        })
    }
}
