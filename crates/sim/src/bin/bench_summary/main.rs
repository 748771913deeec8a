//! Collects what the benchmarks wrote into one file, and prints what was to be reached and what was.
//!
//! Enters: a folder with a JSON file of each of [`PARTS`]. Leaves: `summary.json` beside them, with each
//! under its own name and the table of what was to be reached under `table`. A row whose figure is not
//! there is in the table and says so.
//!
//! ```text
//! bench_summary FOLDER
//! ```

mod figures;
mod goals;
mod row;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use row::Row;

/// The benchmarks, in the order in which they run.
const PARTS: [&str; 12] = [
    "engine",
    "book_size",
    "pipeline",
    "journal",
    "http",
    "overload",
    "stream",
    "history",
    "background",
    "memory",
    "venues",
    "recovery",
];

fn main() -> Result<()> {
    let folder: PathBuf = std::env::args().nth(1).context("usage: bench_summary FOLDER")?.into();
    let mut summary = Map::new();
    for part in PARTS {
        let path = folder.join(part).with_extension("json");
        if let Ok(bytes) = std::fs::read(&path) {
            let value = serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not JSON", path.display()))?;
            summary.insert(part.to_owned(), value);
        }
    }
    let mut summary = Value::Object(summary);
    let rows = goals::rows(&summary);
    println!("\nother figures | \n:-- | --:");
    for (what, figure) in figures::lines(&summary) {
        println!("{what} | {figure}");
    }
    println!("\n{}", Row::HEAD);
    for row in &rows {
        println!("{row}");
    }
    let missing = rows.iter().filter(|row| row.is_missing()).count();
    if missing > 0 {
        println!("\n{missing} of {} rows are missing: their benchmarks did not run", rows.len());
    }
    summary["table"] = rows.iter().map(Row::to_json).collect();
    std::fs::write(folder.join("summary.json"), serde_json::to_string_pretty(&summary)?)?;
    Ok(())
}
