//! Medians over the rounds, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::histogram::Histogram;

/// One server under one load.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cell {
    pub(crate) requests_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) server_cpu_us: f64,
    /// The same until the server has come to rest, the history of these requests being written.
    pub(crate) server_cpu_afterwards_us: f64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.0}/s, p50 {:.0} us, p99 {:.0} us, p99.9 {:.0} us, server CPU {:.1} us, {:.1} us \
             with what is left to do",
            self.requests_per_second,
            self.p50_us,
            self.p99_us,
            self.p999_us,
            self.server_cpu_us,
            self.server_cpu_afterwards_us
        )
    }
}

/// Requests at once on a connection, and connections.
type Shape = (usize, usize);

pub(crate) struct Report {
    signature_check_ns: f64,
    /// By depth and connections, and kind of server.
    cells: BTreeMap<(Shape, &'static str), Vec<Cell>>,
    /// Of all rounds together.
    histograms: BTreeMap<(Shape, &'static str), Histogram>,
    /// What bare syncs of 4 KiB took, of all rounds.
    syncs_ns: Vec<u64>,
}

impl Report {
    pub(crate) fn new(signature_check_ns: f64) -> Self {
        Self {
            signature_check_ns,
            cells: BTreeMap::new(),
            histograms: BTreeMap::new(),
            syncs_ns: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        kind: &'static str,
        shape: Shape,
        cell: Cell,
        histogram: &Histogram,
    ) {
        self.cells.entry((shape, kind)).or_default().push(cell);
        self.histograms.entry((shape, kind)).or_default().add(histogram);
    }

    pub(crate) fn add_syncs(&mut self, syncs_ns: Vec<u64>) {
        self.syncs_ns.extend(syncs_ns);
        self.syncs_ns.sort_unstable();
    }

    fn sync_us(&self) -> f64 {
        percentile(&self.syncs_ns, 0.5) / 1e3
    }

    fn rows(&self) -> Vec<(Shape, Cell, Cell)> {
        let mut shapes: Vec<Shape> = self.cells.keys().map(|(shape, _)| *shape).collect();
        shapes.dedup();
        let of = |shape, kind| median(&self.cells[&(shape, kind)]);
        shapes.into_iter().map(|shape| (shape, of(shape, "no-op"), of(shape, "cancel"))).collect()
    }

    pub(crate) fn print(&self) {
        println!("signature check: {:.0} ns", self.signature_check_ns);
        println!("a bare write and sync of 4 KiB: {:.0} us", self.sync_us());
        println!("signed, durable cancel beside a no-op handler of the same stack, medians:");
        println!(
            "connections | server | requests/s | p50 us | p99 us | p99.9 us | server CPU us | with \
             what is left to do"
        );
        for ((depth, connections), no_op, cancel) in self.rows() {
            let connections = match depth {
                1 => connections.to_string(),
                depth => format!("{connections}, {depth} at once"),
            };
            for (kind, cell) in [("no-op", no_op), ("cancel", cancel)] {
                println!(
                    "{connections} | {kind} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1}",
                    cell.requests_per_second,
                    cell.p50_us,
                    cell.p99_us,
                    cell.p999_us,
                    cell.server_cpu_us,
                    cell.server_cpu_afterwards_us
                );
            }
            println!(
                "{connections} | ratio | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2}",
                cancel.requests_per_second / no_op.requests_per_second,
                cancel.p50_us / no_op.p50_us,
                cancel.p99_us / no_op.p99_us,
                cancel.p999_us / no_op.p999_us,
                cancel.server_cpu_us / no_op.server_cpu_us,
                cancel.server_cpu_afterwards_us / no_op.server_cpu_us
            );
        }
    }

    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        let side = |shape, kind, cell| {
            let mut side = value(cell);
            side["histogram_us"] = self.histograms[&(shape, kind)].to_json();
            side
        };
        let row = |((depth, connections), no_op, cancel)| {
            let shape = (depth, connections);
            let (no_op, cancel) = (side(shape, "no-op", no_op), side(shape, "cancel", cancel));
            json!({ "connections": connections, "at_once": depth, "no_op": no_op, "cancel": cancel })
        };
        let rows: Vec<Value> = self.rows().into_iter().map(row).collect();
        let report = json!({
            "signature_check_ns": self.signature_check_ns, "sync_p50_us": self.sync_us(),
            "http": rows,
        });
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
        Ok(())
    }
}

pub(crate) fn value(cell: Cell) -> Value {
    json!({
        "requests_per_second": cell.requests_per_second,
        "p50_us": cell.p50_us,
        "p99_us": cell.p99_us,
        "p999_us": cell.p999_us,
        "server_cpu_us": cell.server_cpu_us,
        "server_cpu_afterwards_us": cell.server_cpu_afterwards_us,
    })
}

/// The median of each figure by itself.
pub(crate) fn median(cells: &[Cell]) -> Cell {
    let of = |figure: fn(&Cell) -> f64| {
        let mut figures: Vec<f64> = cells.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Cell {
        requests_per_second: of(|c| c.requests_per_second),
        p50_us: of(|c| c.p50_us),
        p99_us: of(|c| c.p99_us),
        p999_us: of(|c| c.p999_us),
        server_cpu_us: of(|c| c.server_cpu_us),
        server_cpu_afterwards_us: of(|c| c.server_cpu_afterwards_us),
    }
}

/// A share, 0 to 1, of ascending samples lies at or below this one.
pub(crate) fn percentile(ascending: &[u64], share: f64) -> f64 {
    let at = ((ascending.len() as f64 * share).ceil() as usize).saturating_sub(1);
    ascending.get(at).copied().unwrap_or_default() as f64
}
