//! Draws the figures of a run as SVG files.
//!
//! Enters: a `summary.json`. Leaves: a file for each plot in a folder. A plot whose figures are not
//! there is an error: an old picture beside new figures would mislead.
//!
//! ```text
//! plots SUMMARY FOLDER
//! ```

mod axis;
mod chart;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use axis::Axis;
use chart::{Chart, Series};

/// Connections whose latencies are shown.
const HISTOGRAM_CONNECTIONS: u64 = 64;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let usage = "usage: plots SUMMARY FOLDER";
    let (summary, folder) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let bytes = std::fs::read(&summary).with_context(|| format!("{}", summary.display()))?;
    let summary: Value = serde_json::from_slice(&bytes)?;
    std::fs::create_dir_all(&folder)?;
    let charts = [
        ("latency.svg", latency(&summary["http"])?),
        ("connections.svg", connections(&summary["http"])?),
        ("book-size.svg", book_size(&summary["book_size"])?),
    ];
    for (name, chart) in charts {
        let path = folder.join(name);
        std::fs::write(&path, chart.to_svg()).with_context(|| format!("{}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The rows of a list, of which there must be some.
fn rows(list: &Value) -> Result<&Vec<Value>> {
    let rows = list.as_array().filter(|rows| !rows.is_empty());
    rows.context("the summary lacks what a plot shows")
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().context("the summary lacks a figure that a plot shows")
}

/// How many of the answers took how long.
fn latency(http: &Value) -> Result<Chart> {
    let shown = |row: &&Value| row["connections"] == HISTOGRAM_CONNECTIONS && row["at_once"] == 1;
    // A small run has fewer connections.
    let rows = rows(&http["http"])?;
    let row = rows.iter().find(shown).unwrap_or(&rows[0]);
    let series = |name: &str, kind: &str| -> Result<Series> {
        let mut steps = Vec::new();
        for step in self::rows(&row[kind]["histogram_us"])? {
            steps.push((number(&step[0])?, number(&step[1])?, number(&step[2])?));
        }
        let all: f64 = steps.iter().map(|(_, _, count)| count).sum();
        ensure!(all > 0.0, "a histogram of nothing");
        let corners = steps.iter().skip_while(|(_, _, count)| *count == 0.0).flat_map(
            |(begin, end, count)| [(*begin, 100.0 * count / all), (*end, 100.0 * count / all)],
        );
        Ok(Series { name: name.to_owned(), points: corners.collect(), dots: false })
    };
    let series =
        vec![series("signed, durable cancel", "cancel")?, series("no-op of axum", "no_op")?];
    let title = format!("Answers by latency, {} connections over HTTP", row["connections"]);
    Ok(Chart {
        title,
        x: Axis::logarithmic("latency, µs (logarithmic)", &xs(&series)),
        y: Axis::from_zero("share of the answers, %", &ys(&series)),
        series,
    })
}

fn connections(http: &Value) -> Result<Chart> {
    let series = |name: &str, kind: &str| -> Result<Series> {
        let single = rows(&http["http"])?.iter().filter(|row| row["at_once"] == 1);
        let point = |row: &Value| {
            let rate = number(&row[kind]["requests_per_second"])?;
            Ok((number(&row["connections"])?, rate / 1e3))
        };
        let points = single.map(point).collect::<Result<Vec<_>>>()?;
        Ok(Series { name: name.to_owned(), points, dots: true })
    };
    let series =
        vec![series("signed, durable cancel", "cancel")?, series("no-op of axum", "no_op")?];
    Ok(Chart {
        title: "Throughput over connections, one core for the server".to_owned(),
        x: Axis::at("connections, one request in flight on each (logarithmic)", &xs(&series)),
        y: Axis::from_zero("thousand requests a second", &ys(&series)),
        series,
    })
}

fn book_size(book_size: &Value) -> Result<Chart> {
    let point = |row: &Value| {
        let rate = number(&row["commands_per_second"]["median"])?;
        Ok((number(&row["live_orders"])?, rate / 1e6))
    };
    let points = rows(&book_size["rows"])?.iter().map(point).collect::<Result<Vec<_>>>()?;
    let series = vec![Series { name: "engine, one thread".to_owned(), points, dots: true }];
    Ok(Chart {
        title: "Engine rate over the size of the book".to_owned(),
        x: Axis::at("open orders in one market (logarithmic)", &xs(&series)),
        y: Axis::from_zero("million commands a second", &ys(&series)),
        series,
    })
}

fn xs(series: &[Series]) -> Vec<f64> {
    series.iter().flat_map(|one| &one.points).map(|(x, _)| *x).collect()
}

fn ys(series: &[Series]) -> Vec<f64> {
    series.iter().flat_map(|one| &one.points).map(|(_, y)| *y).collect()
}
