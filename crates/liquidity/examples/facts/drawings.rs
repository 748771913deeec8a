//! Which plots there are.

use crate::plot::{Axis, Plot, Series};
use crate::record::Record;
use crate::statistics::{autocorrelation, mean, returns};

/// Points of a line: more cannot be told apart.
const POINTS: usize = 400;

const LAGS: usize = 60;

pub(crate) fn all(record: &Record) -> Vec<(&'static str, Plot)> {
    vec![
        ("price", price(record)),
        ("returns", tails(record)),
        ("memory", memory(record)),
        ("spread", spread(record)),
        ("depth", depth(record)),
        ("sizes", sizes(record)),
    ]
}

fn price(record: &Record) -> Plot {
    let stride = record.middles.len().div_ceil(POINTS).max(1);
    let points = record.middles.iter().enumerate().step_by(stride);
    let points = points.map(|(at, ticks)| (at as f64 / 3_600.0, ticks / 100.0)).collect();
    Plot {
        title: "Price: middle of the best quotes of BTC_USDT",
        x: Axis::linear("hours"),
        y: Axis::linear("USDT"),
        series: vec![Series::line("price", points)],
    }
}

fn tails(record: &Record) -> Plot {
    let mut series: Vec<Series> = [1, 10, 60]
        .map(|stride| {
            let returns = returns(&record.middles, stride);
            let square = mean(&returns.iter().map(|value| value * value).collect::<Vec<_>>());
            let scaled: Vec<f64> = returns.iter().map(|r| r.abs() / square.sqrt()).collect();
            Series::line(format!("{stride} s"), beyond(scaled, 0.3))
        })
        .into();
    let normal = |x: f64| libm::erfc(x / 2f64.sqrt());
    let points = (3..=45).map(|tenths| f64::from(tenths) / 10.0).map(|x| (x, normal(x)));
    series.push(Series::line("normal distribution", points.collect()));
    Plot {
        title: "Fat tails: share of returns beyond so many standard deviations",
        x: Axis::logarithmic("standard deviations"),
        y: Axis::logarithmic("share of returns beyond"),
        series,
    }
}

fn memory(record: &Record) -> Plot {
    let returns = returns(&record.middles, 10);
    let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
    let lags = |values: &[f64]| {
        (1..=LAGS).map(|lag| (10.0 * lag as f64, autocorrelation(values, lag))).collect()
    };
    Plot {
        title: "Volatility clusters, returns do not: correlation of 10 s returns",
        x: Axis::linear("seconds later"),
        y: Axis::linear("correlation"),
        series: vec![
            Series::line("size of returns", lags(&sizes)),
            Series::line("returns", lags(&returns)),
        ],
    }
}

fn spread(record: &Record) -> Plot {
    const BINS: usize = 60;
    const PER_BIN: f64 = 0.2;
    let mut bins = vec![0.0; BINS];
    for spread in &record.spreads {
        if let Some(bin) = bins.get_mut((spread / PER_BIN) as usize) {
            *bin += 100.0 / record.spreads.len() as f64;
        }
    }
    let points =
        bins.into_iter().enumerate().map(|(at, share)| ((at as f64 + 0.5) * PER_BIN, share));
    Plot {
        title: "Spread of BTC_USDT, looked at every second",
        x: Axis::linear("spread, in 0.01 % of the price"),
        y: Axis::linear("% of seconds"),
        series: vec![Series::bars("spread", points.collect())],
    }
}

fn depth(record: &Record) -> Plot {
    let looks = record.open_orders.len() as f64;
    let bins = record.depth.iter().enumerate();
    let points = bins.map(|(at, coins)| (at as f64 + 0.5, coins / looks)).collect();
    Plot {
        title: "Depth of BTC_USDT by distance from the middle, both sides",
        x: Axis::linear("distance, in 0.01 % of the price"),
        y: Axis::linear("BTC"),
        series: vec![Series::bars("depth", points)],
    }
}

fn sizes(record: &Record) -> Plot {
    let series = [("quotes", &record.quotes), ("takes", &record.takes)];
    Plot {
        title: "Order sizes: share of orders of more than so much",
        x: Axis::logarithmic("BTC"),
        y: Axis::logarithmic("share of orders beyond"),
        series: series.map(|(name, sizes)| Series::line(name, beyond(sizes.clone(), 0.0))).into(),
    }
}

/// For values above a least one, the share of all that is larger; evenly spread over a logarithmic axis.
fn beyond(mut values: Vec<f64>, least: f64) -> Vec<(f64, f64)> {
    values.sort_by(|a, b| b.total_cmp(a));
    let all = values.len() as f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (at, value) in values.iter().enumerate().filter(|(_, value)| **value > least) {
        let share = (at + 1) as f64 / all;
        if points.last().is_none_or(|(_, last)| share > last * 1.05) {
            points.push((*value, share));
        }
    }
    points
}
