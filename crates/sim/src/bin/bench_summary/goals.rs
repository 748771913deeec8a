//! What is to be reached, row by row, and where in the summary the figure is. A figure of a smaller run than
//! the row speaks of is none.

use serde_json::Value;

use crate::row::{Better, Row};

/// The best general book without accounts on such a machine, million commands a CPU second: the mark
/// that the engine is held against, since it cannot be run beside it.
const BARE_BOOKS: [(&str, f64, f64, f64); 4] = [
    ("m1_10k", 22.4, 0.7, 1.2),
    ("m16_10k", 17.4, 0.7, 1.2),
    ("m1_1m", 3.5, 2.0, 3.5),
    ("m16_1m", 2.5, 2.0, 3.5),
];

/// Every row, whether its benchmark ran or not.
pub(crate) fn rows(summary: &Value) -> Vec<Row> {
    let mut rows = engine(&summary["engine"]);
    rows.extend(http(&summary["http"]));
    let journal = find(&summary["journal"]["rows"], &[("commands", 256.into())])["ratio"].as_f64();
    let row = higher("journal, 256 commands a batch", "bare write and sync of the same bytes", "x");
    rows.push(row.marks(0.8, 0.95, journal));
    rows.extend(recovery(&summary["recovery"]));
    let history = sized(&summary["history"], "orders", 5e6)["orders_per_second"].as_f64();
    let row = higher("history, finished orders a second", "", "/s");
    rows.push(row.marks(50_000.0, 100_000.0, history));
    rows.push(lower("memory of an open order of a million, whole process", "", "B").marks(
        160.0,
        96.0,
        bytes_per_order(sized(&summary["memory"]["held"], "orders", 1e6)),
    ));
    rows.extend(background(&summary["background"]));
    let start = sized(&summary["recovery"]["start"], "starts", 11.0)["first_cancel_ms"].as_f64();
    let row = lower("start of an empty exchange to its first accepted cancel", "", "ms");
    rows.push(row.marks(50.0, 15.0, start));
    rows.extend(overload(&summary["overload"]));
    rows
}

/// A row without its marks.
struct Begun {
    what: String,
    reference: String,
    unit: &'static str,
    better: Better,
}

fn higher(what: impl Into<String>, reference: impl Into<String>, unit: &'static str) -> Begun {
    Begun { what: what.into(), reference: reference.into(), unit, better: Better::Higher }
}

fn lower(what: impl Into<String>, reference: impl Into<String>, unit: &'static str) -> Begun {
    Begun { what: what.into(), reference: reference.into(), unit, better: Better::Lower }
}

impl Begun {
    fn marks(self, must: f64, aim: impl Into<Option<f64>>, reached: Option<f64>) -> Row {
        let Self { what, reference, unit, better } = self;
        let reached = reached.filter(|reached| reached.is_finite());
        Row { what, reference, unit, better, must, aim: aim.into(), reached }
    }
}

/// A part of the summary, if its size is at least this.
fn sized<'a>(part: &'a Value, size: &str, least: f64) -> &'a Value {
    let enough = part[size].as_f64().is_some_and(|found| found >= least);
    if enough { part } else { &Value::Null }
}

/// The one of some rows whose members have these values.
fn find<'a>(rows: &'a Value, wanted: &[(&str, Value)]) -> &'a Value {
    let fits = |row: &&Value| wanted.iter().all(|(key, value)| row[key] == *value);
    rows.as_array().into_iter().flatten().find(fits).unwrap_or(&Value::Null)
}

fn engine(engine: &Value) -> Vec<Row> {
    let profile =
        |name: &str| sized(find(&engine["profiles"], &[("profile", name.into())]), "commands", 2e6);
    let mut rows = Vec::new();
    for (name, book, must, aim) in BARE_BOOKS {
        let rate = profile(name)["commands_per_second_cpu"]["median"].as_f64();
        let reference = format!("{book} M/s, best book without accounts, on another machine");
        let row = higher(format!("engine {name}, commands a CPU second"), reference, "x");
        rows.push(row.marks(must, aim, rate.map(|rate| rate / (book * 1e6))));
    }
    for name in ["m1_1m", "m16_1m"] {
        for (share, must, aim) in [("p50", 0.6, 0.4), ("p99", 1.2, 0.9)] {
            let taken = profile(name)["latency_ns"]["cancel"][share].as_f64();
            let row = lower(format!("engine {name}, cancel {share}"), "", "us");
            rows.push(row.marks(must, aim, taken.map(|ns| ns / 1e3)));
        }
    }
    rows
}

fn http(http: &Value) -> Vec<Row> {
    let at = |connections: u64, at_once: u64| {
        let wanted = [("connections", connections.into()), ("at_once", at_once.into())];
        find(&http["http"], &wanted)
    };
    let ratio = |row: &Value, figure: &str| {
        Some(row["cancel"][figure].as_f64()? / row["no_op"][figure].as_f64()?)
    };
    let mut rows = Vec::new();
    for connections in [64, 256] {
        let row = at(connections, 1);
        let name = format!("durable cancel over HTTP, {connections} connections");
        let rate = higher(format!("{name}, requests a second"), "no-op axum", "x");
        rows.push(rate.marks(0.8, 1.0, ratio(row, "requests_per_second")));
        let cpu = lower(format!("{name}, server CPU"), "no-op axum", "x");
        rows.push(cpu.marks(1.3, 1.05, ratio(row, "server_cpu_us")));
    }
    let alone = at(1, 1);
    let syncs_more = || {
        // A small run has no 64.
        at(64, 1).as_object()?;
        let p50 = |kind: &str| alone[kind]["p50_us"].as_f64();
        let sync = http["sync_p50_us"].as_f64()?;
        Some((p50("cancel")? - p50("no_op")?) / sync - 1.0)
    };
    let row = lower("the same, 1 connection, p50", "no-op and one sync of 4 KiB", "syncs more");
    rows.push(row.marks(1.0, 0.2, syncs_more()));
    let deep = at(16, 16)["cancel"]["requests_per_second"].as_f64();
    let row = higher("durable cancels a second on one core, 16 requests a read", "", "/s");
    rows.push(row.marks(250_000.0, 400_000.0, deep));
    rows
}

fn recovery(recovery: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    let replay = |profile: &str| {
        sized(find(&recovery["replay"], &[("profile", profile.into())]), "entries", 1e6)
    };
    for (profile, book) in [("m1_10k", "10,000 orders"), ("m1_1m", "1,000,000 orders")] {
        let row = higher(format!("replay of the journal, {book} open"), "the engine live", "x");
        rows.push(row.marks(0.5, 0.9, replay(profile)["ratio"].as_f64()));
    }
    let snapshot = sized(&recovery["snapshot"], "orders", 1e6)["start_s"].as_f64();
    rows.push(
        lower("recovery of 1,000,000 open orders from a snapshot", "", "s")
            .marks(1.0, 0.3, snapshot),
    );
    let journal = sized(replay("m1_10k"), "entries", 1e7)["start_s"].as_f64();
    rows.push(lower("recovery of 10,000,000 journaled commands", "", "s").marks(5.0, 2.0, journal));
    rows
}

/// With a snapshot written and at rest: what stays.
fn bytes_per_order(held: &Value) -> Option<f64> {
    let kib = |at: usize| held["exchange"]["samples"][at]["resident_kib"].as_f64();
    Some((kib(3)? - kib(0)?) * 1_024.0 / held["orders"].as_f64()?)
}

fn background(background: &Value) -> Vec<Row> {
    let row = |which: &str| {
        let what = format!("cancel p99.9 while snapshot and history are written, {which}");
        lower(what, "the same without", "x")
    };
    let background = sized(background, "rounds", 5.0);
    let [all, middle] = ["p999_ratio", "p999_middle_ratio"].map(|key| background[key].as_f64());
    vec![row("all rounds").marks(2.0, 1.2, all), row("middle round").marks(2.0, 1.2, middle)]
}

fn overload(overload: &Value) -> Vec<Row> {
    // Cancels of a flood, orders of a cancel-all.
    let whole = |run: &Value| {
        run["cancels"].as_f64().is_some_and(|cancels| cancels >= 1e3)
            || run["orders"].as_f64().is_some_and(|orders| orders >= 1e5)
    };
    let each = |part: &str| -> Vec<&Value> {
        overload[part].as_array().into_iter().flatten().filter(|run| whole(run)).collect()
    };
    let middle = |part: &str, figure: fn(&Value) -> Option<f64>| {
        let mut figures: Vec<f64> = each(part).into_iter().filter_map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    };
    let worst = |part: &str, figure: fn(&Value) -> Option<f64>| {
        each(part).into_iter().filter_map(figure).reduce(f64::max)
    };
    let mut rows = Vec::new();
    for (part, name) in [("floods", "pipeline"), ("http_floods", "over HTTP")] {
        let p99 = middle(part, |run| run["cancel_latency_ms"]["p99"].as_f64());
        let row = lower(format!("cancel p99 at ten times the orders, {name}"), "", "ms");
        rows.push(row.marks(50.0, None, p99));
        let refused = worst(part, |run| run["cancels_refused"].as_f64());
        let row = lower(format!("cancels refused meanwhile, {name}"), "", "cancels");
        rows.push(row.marks(0.0, None, refused));
    }
    let all = middle("cancel_alls", |run| run["answered_ms"].as_f64());
    rows.push(lower("one cancel-all of 100,000 orders", "", "ms").marks(50.0, None, all));
    rows
}
