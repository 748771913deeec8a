//! The other figures that are worth a line, besides those with a mark to reach.

use serde_json::Value;

/// What is there; nothing is said of what is not.
pub(crate) fn lines(summary: &Value) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    engine(&summary["engine"], &mut lines);
    journal(&summary["journal"], &mut lines);
    pipeline(&summary["pipeline"], &mut lines);
    http(&summary["http"], &mut lines);
    let ratio = &summary["stream"]["ratio"];
    add(&mut lines, "cancels beside the stream, ratio", ratio["requests_per_second"].as_f64(), 2);
    history(&summary["history"], &mut lines);
    background(&summary["background"], &mut lines);
    memory(&summary["memory"], &mut lines);
    venues(&summary["venues"], &mut lines);
    lines
}

fn add(lines: &mut Vec<(String, String)>, what: &str, figure: Option<f64>, digits: usize) {
    // A server that took no measurable time has no ratio.
    if let Some(figure) = figure.filter(|figure| figure.is_finite()) {
        lines.push((what.to_owned(), format!("{figure:.digits$}")));
    }
}

fn each(rows: &Value) -> impl Iterator<Item = &Value> {
    rows.as_array().into_iter().flatten()
}

fn engine(engine: &Value, lines: &mut Vec<(String, String)>) {
    for row in each(&engine["profiles"]) {
        let name = row["profile"].as_str().unwrap_or_default();
        let rate = row["commands_per_second_cpu"]["median"].as_f64();
        add(lines, &format!("engine {name}, commands per CPU second"), rate, 0);
        for (key, share) in [("p50", "p50"), ("p99", "p99")] {
            let taken = row["latency_ns"]["cancel"][key].as_f64();
            add(lines, &format!("engine {name}, cancel {share}, ns"), taken, 0);
        }
    }
}

fn journal(journal: &Value, lines: &mut Vec<(String, String)>) {
    for row in each(&journal["rows"]) {
        let what = format!("journal, {} commands a batch, ratio to bare syncs", row["commands"]);
        add(lines, &what, row["ratio"].as_f64(), 2);
    }
}

fn pipeline(pipeline: &Value, lines: &mut Vec<(String, String)>) {
    for row in each(&pipeline["rows"]) {
        let what = format!("pipeline, {} under way, commands/s", row["under_way"]);
        add(lines, &what, row["commands_per_second"].as_f64(), 0);
    }
}

fn http(http: &Value, lines: &mut Vec<(String, String)>) {
    for row in each(&http["http"]) {
        let of = |kind: &str, figure: &str| row[kind][figure].as_f64().unwrap_or_default();
        let name = format!("HTTP cancel, {} connections", row["connections"]);
        let figures =
            [("requests_per_second", "requests/s"), ("p50_us", "p50"), ("server_cpu_us", "CPU")];
        for (figure, what) in figures {
            let ratio = of("cancel", figure) / of("no_op", figure);
            add(lines, &format!("{name}, {what}, ratio to a no-op"), Some(ratio), 2);
        }
    }
}

fn history(history: &Value, lines: &mut Vec<(String, String)>) {
    let rate = history["orders_per_second"].as_f64();
    let what = format!("history, finished orders/s over {}", history["orders"]);
    add(lines, &what, rate, 0);
    let slowest = each(&history["pages"]).filter_map(|page| page["most_ms"].as_f64());
    add(lines, "history, slowest page, ms", slowest.reduce(f64::max), 2);
}

fn background(background: &Value, lines: &mut Vec<(String, String)>) {
    for row in each(&background["rows"]) {
        let name = row["beside"].as_str().unwrap_or_default();
        add(lines, &format!("cancel p99.9 beside {name}, us"), row["p999_us"].as_f64(), 0);
    }
    add(lines, "sync alone, p99.9, us", background["sync"]["p999_us"].as_f64(), 0);
    add(lines, "cancel p99.9 beside both, ratio to neither", background["p999_ratio"].as_f64(), 2);
    let middle = background["p999_middle_ratio"].as_f64();
    add(lines, "the same in the middle one of the rounds", middle, 2);
}

fn memory(memory: &Value, lines: &mut Vec<(String, String)>) {
    let last = |child: &Value| {
        let last = child["samples"].as_array().and_then(|samples| samples.last());
        last.and_then(|sample| sample["resident_kib"].as_f64()).unwrap_or_default() / 1_024.0
    };
    for run in each(&memory["runs"]) {
        let name = format!("{} orders, {} resting", run["long"]["orders"], run["resting"]);
        add(lines, &format!("memory after {name}, MiB"), Some(last(&run["long"])), 0);
        add(lines, &format!("memory of the open ones of {name}, MiB"), Some(last(&run["only"])), 0);
    }
    let held = &memory["held"];
    let Some(orders) = held["orders"].as_f64() else { return };
    let samples = &held["exchange"]["samples"];
    let kib = |at: usize| samples[at]["resident_kib"].as_f64().unwrap_or_default();
    for (at, when) in [(1, "as placed"), (3, "with a snapshot")] {
        let bytes = (kib(at) - kib(0)) * 1_024.0 / orders;
        add(lines, &format!("bytes per open order of {orders}, {when}"), Some(bytes), 0);
    }
}

fn venues(venues: &Value, lines: &mut Vec<(String, String)>) {
    let alone = &venues["alone"]["to_first_cancel_ms"]["median"];
    add(lines, "start of a test venue to its first cancel, ms", alone.as_f64(), 1);
    let together = &venues["together"];
    let count = &together["venues"];
    let (wall, resident) = (&together["to_last_cancel_ms"], &together["each"]["resident_kib"]);
    add(lines, &format!("{count} at once to the last one's first cancel, ms"), wall.as_f64(), 0);
    add(lines, &format!("memory of each of {count}, KiB"), resident.as_f64(), 0);
}
