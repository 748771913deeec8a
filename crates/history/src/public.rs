//! What everybody may see of the past, as of one sequence: candles by their time, trades by their id.

use std::ops::RangeInclusive;

use openmart_marketdata::{KlineRow, PublicTrade, Step};
use openmart_model::limits::ID_LIMIT;
use openmart_model::{MarketId, Timestamp, TradeId};

use crate::error::HistoryError;
use crate::numbers::Number;
use crate::reading::Reading;
use crate::rows::{KLINE_COLUMNS, TRADE_COLUMNS, read_kline, read_trade};

impl Reading<'_> {
    /// Candles with trades of a step that begin in `open_times`, both bounds included, ascending, at
    /// most the first `rows_max`; in front of them the last one that begins earlier, if there is
    /// one, which tells the price until the next.
    ///
    /// `recent` are the candles of what came after this reading, from
    /// [`Tail::klines`](crate::Tail::klines): they are added.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn klines(
        &self,
        market: MarketId,
        step: Step,
        open_times: RangeInclusive<Timestamp>,
        rows_max: usize,
        recent: &[KlineRow],
    ) -> Result<Vec<KlineRow>, HistoryError> {
        let (from, to) = open_times.into_inner();
        let mut rows = self.written_klines(market, step, (from, to), rows_max)?;
        let mut room = rows_max - rows.iter().filter(|row| row.open_time >= from).count();
        for row in recent {
            match rows.last_mut() {
                Some(last) if last.open_time == row.open_time => last.append(row),
                _ if row.open_time < from => rows.push(*row),
                _ if row.open_time > to || room == 0 => break,
                _ => {
                    room -= 1;
                    rows.push(*row);
                }
            }
        }
        let earlier = rows.partition_point(|row| row.open_time < from);
        rows.drain(..earlier.saturating_sub(1));
        Ok(rows)
    }

    fn written_klines(
        &self,
        market: MarketId,
        step: Step,
        (from, to): (Timestamp, Timestamp),
        rows_max: usize,
    ) -> Result<Vec<KlineRow>, HistoryError> {
        let select = |and: &str| {
            self.connection().prepare_cached(&format!(
                "SELECT {KLINE_COLUMNS} FROM klines WHERE market = ? AND step = ? AND {and}"
            ))
        };
        let read = || -> rusqlite::Result<Option<Vec<KlineRow>>> {
            let (market, step) = (market.0, step.minutes());
            let (from, to) = (Number::from(from.0), Number::from(to.0));
            let mut earlier = select("open_ms < ? ORDER BY open_ms DESC LIMIT 1")?;
            let mut within = select("open_ms BETWEEN ? AND ? ORDER BY open_ms LIMIT ?")?;
            let earlier = earlier.query_map((market, step, from), read_kline)?;
            let within = within.query_map((market, step, from, to, rows_max as u64), read_kline)?;
            earlier.chain(within).collect()
        };
        let rows = read().map_err(self.blame().on("read"))?;
        rows.ok_or_else(|| self.blame().damaged("a candle"))
    }

    /// At most `count` trades of a market, newest first; only those below an id if one is given.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn trades(
        &self,
        market: MarketId,
        before: Option<TradeId>,
        count: usize,
    ) -> Result<Vec<PublicTrade>, HistoryError> {
        let below = before.map_or(ID_LIMIT, |before| before.0.min(ID_LIMIT));
        let read = || -> rusqlite::Result<Option<Vec<PublicTrade>>> {
            self.connection()
                .prepare_cached(&format!(
                    "SELECT {TRADE_COLUMNS} FROM trades WHERE market = ? AND id < ? \
                     ORDER BY id DESC LIMIT ?"
                ))?
                .query_map((market.0, below, count as u64), read_trade)?
                .collect()
        };
        let trades = read().map_err(self.blame().on("read"))?;
        trades.ok_or_else(|| self.blame().damaged("a trade"))
    }
}
