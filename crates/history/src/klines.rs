//! Candles on their way into the file: the trades of a transaction are folded in memory, and each candle
//! is then added to its row.
//!
//! What enters: trades in their order. What leaves: one row for each market, step and candle with a
//! trade. When a candle begins and what it has is [`openmart_marketdata`]'s business.

use std::collections::HashMap;

use openmart_marketdata::{KlineRow, PublicTrade, Step};
use openmart_model::{MarketId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};

use crate::numbers::Number;
use crate::rows::{KLINE_COLUMNS, TRADE_COLUMNS, read_kline, read_trade};
use crate::store::TRANSACTION_ROWS_MAX;

/// Candles of some trades, all steps.
#[derive(Default)]
pub(crate) struct Candles(HashMap<MarketId, [Series; Step::ALL.len()]>);

/// Candles of one step, ascending.
#[derive(Default)]
struct Series {
    rows: Vec<KlineRow>,
    /// Where the last one ends; nothing if it never does.
    end: Option<Timestamp>,
}

impl Candles {
    /// Adds the next trade of a market.
    pub(crate) fn add(&mut self, market: MarketId, trade: &PublicTrade) {
        let series = self.0.entry(market).or_default();
        for (step, series) in Step::ALL.into_iter().zip(series) {
            series.add(step, trade);
        }
    }

    /// Adds the candles to those in the file.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (market, series) in &self.0 {
            for (step, series) in Step::ALL.into_iter().zip(series) {
                series.rows.iter().try_for_each(|row| write(connection, *market, step, row))?;
            }
        }
        Ok(())
    }
}

impl Series {
    fn add(&mut self, step: Step, trade: &PublicTrade) {
        match self.rows.last_mut() {
            Some(running) if self.end.is_none_or(|end| trade.time < end) => running.add(trade),
            _ => {
                let opened = KlineRow::opened_by(step, trade);
                self.end = step.next_open_time(opened.open_time);
                self.rows.push(opened);
            }
        }
    }
}

/// The candles of one step that trades of one market make.
pub(crate) fn fold(step: Step, trades: impl IntoIterator<Item = PublicTrade>) -> Vec<KlineRow> {
    let mut series = Series::default();
    trades.into_iter().for_each(|trade| series.add(step, &trade));
    series.rows
}

/// Writes the candles of all trades in a file that has none yet.
pub(crate) fn fold_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut all = connection
        .prepare(&format!("SELECT {TRADE_COLUMNS}, market FROM trades ORDER BY market, id"))?;
    let mut rows = all.query(())?;
    let (mut candles, mut trades) = (Candles::default(), 0);
    while let Some(row) = rows.next()? {
        let trade = read_trade(row)?.ok_or_else(|| damaged("a damaged trade"))?;
        candles.add(MarketId(row.get(6)?), &trade);
        trades += 1;
        if trades % TRANSACTION_ROWS_MAX == 0 {
            std::mem::take(&mut candles).write(connection)?;
        }
    }
    candles.write(connection)
}

fn write(
    connection: &Connection,
    market: MarketId,
    step: Step,
    row: &KlineRow,
) -> rusqlite::Result<()> {
    let key = (market.0, step.minutes(), Number::from(row.open_time.0));
    // SQLite's own arithmetic cannot add numbers of 128 bits.
    let written = connection
        .prepare_cached(&format!(
            "SELECT {KLINE_COLUMNS} FROM klines WHERE market = ? AND step = ? AND open_ms = ?"
        ))?
        .query_row(key, read_kline)
        .optional()?;
    let mut whole = match written {
        Some(written) => written.ok_or_else(|| damaged("a damaged candle"))?,
        None => return put(connection, market, step, row),
    };
    whole.append(row);
    put(connection, market, step, &whole)
}

fn put(
    connection: &Connection,
    market: MarketId,
    step: Step,
    row: &KlineRow,
) -> rusqlite::Result<()> {
    let mut put = connection
        .prepare_cached("INSERT OR REPLACE INTO klines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    put.execute(rusqlite::params![
        market.0,
        step.minutes(),
        Number::from(row.open_time.0),
        Number::from(row.open.ticks()),
        Number::from(row.high.ticks()),
        Number::from(row.low.ticks()),
        Number::from(row.close.ticks()),
        Number(row.volume_lots),
        Number(row.turnover.units()),
    ])?;
    Ok(())
}

fn damaged(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, what.into())
}
