//! How answers are printed: as a table for people, or as one JSON value for programs.

use std::io::Write;

use anyhow::Context;
use openmart_client::Decimal;
use openmart_model::Timestamp;
use serde::Serialize;

use super::table::Table;
use crate::moment::Moment;
use crate::printing::print;

/// Prints a value as JSON on one line, or what `people` make of it.
pub(super) fn show<T: Serialize>(
    json: bool,
    value: &T,
    people: impl FnOnce(&T) -> Table,
) -> anyhow::Result<()> {
    match json {
        true => print_json(value),
        false => print(|out| write!(out, "{}", people(value))),
    }
}

/// The same with a sentence instead of a table.
pub(super) fn tell<T: Serialize>(
    json: bool,
    value: &T,
    people: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    match json {
        true => print_json(value),
        false => print(|out| writeln!(out, "{}", people(value))),
    }
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string(value).context("an answer is no JSON")?;
    print(|out| writeln!(out, "{text}"))
}

/// A time of the API as people read it.
pub(super) fn time(ms: u64) -> String {
    Moment(Timestamp(ms)).to_string()
}

/// Base and quote asset of a symbol, for the heads of columns.
pub(super) fn assets(symbol: &str) -> (&str, &str) {
    symbol.split_once('_').unwrap_or((symbol, "?"))
}

/// The sum of two amounts with the decimals that they are written with; nothing if one is no
/// number.
pub(super) fn sum(one: &str, other: &str) -> Option<String> {
    let decimals = one.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let sum = one.parse::<Decimal>().ok()?.checked_add(other.parse().ok()?)?;
    Some(format!("{sum:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_their_decimals() {
        assert_eq!(sum("0.1000", "0.2000").as_deref(), Some("0.3000"));
        assert_eq!(sum("1", "2").as_deref(), Some("3"));
        assert_eq!(sum("", "2"), None);
    }
}
