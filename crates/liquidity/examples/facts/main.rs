//! Measures the flow of a seed against the facts known of real markets, and draws them.
//!
//! `facts [HOURS] [SEED] [FOLDER]`: a day of seed 1, drawn into `docs/plots`, unless told otherwise.

mod drawings;
mod plot;
mod record;
mod statistics;
mod venue;

use std::fs;
use std::path::PathBuf;

use openmart_liquidity::Settings;
use record::{Record, run};
use statistics::{autocorrelation, kurtosis, mean, quantile, returns, tail_exponent};

const FOLDER: &str = "docs/plots";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let hours: u64 = arguments.next().map_or(24, |text| text.parse().expect("a number of hours"));
    let seed: u64 = arguments.next().map_or(1, |text| text.parse().expect("a seed"));
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| FOLDER.to_owned()));
    let record = run(Settings { seed, ..Settings::default() }, hours * 3_600);
    rates(&record, hours as f64 * 3_600.0);
    moments(&record);
    fs::create_dir_all(&folder).expect("a folder for the plots");
    for (name, plot) in drawings::all(&record) {
        let file = folder.join(format!("liquidity-{name}.svg"));
        fs::write(&file, plot.svg()).expect("a writable folder");
    }
}

fn rates(record: &Record, seconds: f64) {
    let fact = |name: &str, text: String| println!("| {name} | {text} |");
    println!("| fact | measured |\n| :-- | :-- |");
    fact("commands a second, three markets", format!("{:.1}", record.commands as f64 / seconds));
    fact("refused", format!("{} of {}", record.refused, record.commands));
    fact("open orders, three markets", format!("{:.0}", mean(&record.open_orders)));
    let (takes, trades) = (record.takes.len() as f64, record.trades as f64);
    let per_minute = format!("{:.0} and {:.0}", takes / seconds * 60.0, trades / seconds * 60.0);
    fact("takes and trades a minute", per_minute);
    fact("seconds with an empty side", record.one_sided_s.to_string());
    let middle = mean(&record.takes_per_s);
    let square = record.takes_per_s.iter().map(|takes| (takes - middle).powi(2)).sum::<f64>();
    let dispersion = square / record.takes_per_s.len() as f64 / middle;
    fact("variance over mean of takes a second", format!("{dispersion:.2}"));
    let sign = |lag| autocorrelation(&record.signs, lag);
    let signs = format!("{:.2}, {:.2}, {:.2}", sign(1), sign(5), sign(10));
    fact("sides of takes, correlation with the 1st, 5th, 10th before", signs);
    let spread = |share| quantile(&record.spreads, share);
    let spreads = format!("{:.1}, {:.1}, {:.1}", spread(0.05), spread(0.5), spread(0.95));
    fact("spread, 5 %, 50 %, 95 %, in 0.01 %", spreads);
    let exponents = format!(
        "{:.2}, {:.2}",
        tail_exponent(&record.quotes, 0.1),
        tail_exponent(&record.takes, 0.1)
    );
    fact("tail exponent of quantities, quotes and takes", exponents);
}

fn moments(record: &Record) {
    println!(
        "\n| returns over | deviation | kurtosis | tail | returns 1, 2, 5, 10 later | sizes 1, 2, 5, 10 later |"
    );
    println!("| :-- | :-- | :-- | :-- | :-- | :-- |");
    for stride in [1, 10, 60, 300] {
        let returns = returns(&record.middles, stride);
        let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
        let squares: Vec<f64> = returns.iter().map(|value| value * value).collect();
        let deviation = mean(&squares).sqrt() * 1e4;
        let (kurtosis, tail) = (kurtosis(&returns), tail_exponent(&returns, 0.02));
        let lags = |values: &[f64]| {
            [1, 2, 5, 10].map(|lag| format!("{:.2}", autocorrelation(values, lag))).join(", ")
        };
        let (signed, sizes) = (lags(&returns), lags(&sizes));
        println!(
            "| {stride} s | {deviation:.2} | {kurtosis:.1} | {tail:.1} | {signed} | {sizes} |"
        );
    }
}
