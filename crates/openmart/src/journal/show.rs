//! `openmart journal show`: entries one by one.

use std::io::{self, Write};
use std::sync::Arc;

use openmart_journal::{Storage, verify};
use serde_json::json;

use super::history::{History, Pending};
use super::json;
use super::words::{self, Words};
use crate::moment::Moment;
use crate::printing::print;

/// Prints the entries `from` to `to`. In a damaged folder, those before the damage; the damage is
/// then the error.
pub(super) fn run(
    storage: Arc<dyn Storage>,
    from: u64,
    to: Option<u64>,
    json: bool,
) -> anyhow::Result<()> {
    // Without a sound end, whatever can be read is shown, and reading tells what is wrong.
    let (end, damage) = match verify(storage.clone()) {
        Ok(report) => (report.last_sequence, None),
        Err(error) => (u64::MAX, Some(error)),
    };
    let until = to.map_or(end, |to| to.min(end));
    let mut history = History::open(storage)?;
    let mut failure = None;
    print(|out| {
        loop {
            match history.read(until) {
                Ok(Some(entry)) => show(out, &mut history, &entry, from, json)?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    failure = Some(error);
                    return Ok(());
                }
            }
        }
    })?;
    match (failure, damage) {
        (Some(error), _) => Err(error),
        // The damage may lie outside of what was to be shown.
        (None, Some(damage)) if to.is_none() => Err(damage.into()),
        (None, _) => Ok(()),
    }
}

fn show(
    out: &mut impl Write,
    history: &mut History,
    entry: &Pending,
    from: u64,
    as_json: bool,
) -> io::Result<()> {
    let Pending { sequence, time, command } = entry;
    if *sequence < from {
        let _ = history.apply(entry);
        return Ok(());
    }
    let words = Words { engine: history.engine() };
    if as_json {
        let command = json::command(words, command);
        let (result, events) = history.apply(entry);
        let outcome = json::outcome(&result, events);
        let line = json!({
            "sequence": sequence,
            "time_ms": time.0,
            "command": command,
            "outcome": outcome,
        });
        writeln!(out, "{line}")
    } else {
        let command = words.command(command);
        let (result, events) = history.apply(entry);
        let outcome = words::outcome(&result, events);
        writeln!(out, "{sequence}  {}  {command} -> {outcome}", Moment(*time))
    }
}
