//! The tables for people, made of the JSON for programs.

use serde_json::Value;

/// Memory at each step, beside that of the exchange which only held the open orders.
pub(crate) fn print_run(run: &Value) {
    let (long, only) = (&run["long"], &run["only"]);
    println!(
        "\n{} orders, about {} resting at a time: {} commands in {:.0} s, {} snapshots",
        long["orders"],
        run["resting"],
        long["commands"],
        long["seconds"].as_f64().unwrap_or_default(),
        long["snapshots"]
    );
    println!(
        "exchange | when | orders | open | resident MiB | of it anonymous | at most MiB | rows in the tail"
    );
    for (name, samples) in [("long run", &long["samples"]), ("open orders only", &only["samples"])]
    {
        for sample in samples.as_array().into_iter().flatten() {
            println!(
                "{name} | {} | {} | {} | {:.1} | {:.1} | {:.1} | {}",
                sample["when"].as_str().unwrap_or_default(),
                sample["orders"],
                sample["orders_open"],
                mib(&sample["resident_kib"]),
                mib(&sample["anonymous_kib"]),
                mib(&sample["peak_kib"]),
                sample["tail_rows"]
            );
        }
    }
    let last = |child: &Value| last_kib(child);
    println!("ratio at the end: {:.2}", last(long) / last(only));
}

/// Bytes of an open order in each part.
pub(crate) fn print_held(held: &Value) {
    let orders = held["orders"].as_f64().unwrap_or(1.0);
    println!("\n{} open orders, bytes for each of them:", held["orders"]);
    let grown = |child: &Value, at: usize| {
        let kib = |at: usize| child["samples"][at]["resident_kib"].as_f64().unwrap_or_default();
        (kib(at) - kib(0)) * 1_024.0 / orders
    };
    let exchange = &held["exchange"];
    println!("engine | {:.0}", grown(&held["engine"], 1));
    println!("engine and market data | {:.0}", grown(&held["engine_and_market_data"], 1));
    println!("exchange, as they were placed | {:.0}", grown(exchange, 1));
    println!("exchange, after a snapshot | {:.0}", grown(exchange, 2));
    println!("exchange, settled | {:.0}", grown(exchange, 3));
    println!("exchange, opened again | {:.0}", grown(&held["reopened"], 1));
    println!(
        "a snapshot's file | {:.0}",
        exchange["snapshot_bytes"].as_f64().unwrap_or_default() / orders
    );
}

fn last_kib(child: &Value) -> f64 {
    let samples = child["samples"].as_array();
    let last = samples.and_then(|samples| samples.last());
    last.and_then(|sample| sample["resident_kib"].as_f64()).unwrap_or_default()
}

fn mib(kib: &Value) -> f64 {
    kib.as_f64().unwrap_or_default() / 1_024.0
}
