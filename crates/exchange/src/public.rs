//! What everybody may see of the past: candles and trades, from memory as far as it goes, and from
//! history beyond it.
//!
//! Memory has the latest candles of each step and the latest trades of each market. What is older is in
//! the file, or in the tail until it is written; both are read as of one entry.

use std::ops::RangeInclusive;

use openmart_history::HistoryError;
use openmart_marketdata::{KlineRow, MarketFeed, PublicTrade, Step, TRADES_KEPT, fill_gaps};
use openmart_model::{MarketId, Timestamp, TradeId};

use crate::exchange::Exchange;
use crate::page::PAGE_SIZE_MAX;
use crate::state::State;

/// Most candles in one answer. Bounds what one reader copies while it keeps the state from changing.
pub const KLINES_MAX: usize = 5_000;

/// Which candles of a market.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KlineRequest {
    /// Which market.
    pub market: MarketId,
    /// How long each candle is.
    pub step: Step,
    /// When they begin, both bounds included. A range that ends before it begins has none.
    pub open_times: RangeInclusive<Timestamp>,
    /// The time of day: the candle of this time is the last one, or that of the last trade if it is
    /// later.
    pub now: Timestamp,
    /// How many at most, the earliest ones; more than [`KLINES_MAX`] counts as that.
    pub rows_max: usize,
}

impl KlineRequest {
    fn rows_max(&self) -> usize {
        self.rows_max.min(KLINES_MAX)
    }

    /// The last time at which a candle may begin.
    fn until(&self, feed: &MarketFeed) -> Timestamp {
        let now = feed.trades().next().map_or(self.now, |last| last.time.max(self.now));
        now.min(*self.open_times.end())
    }
}

/// Candles as memory knows them.
struct Recent {
    rows: Vec<KlineRow>,
    known_from: Timestamp,
}

impl State {
    /// The candles asked for, ascending and without a gap from the first trade on, if memory knows all
    /// of them; see [`Exchange::klines`] otherwise. There are none of a market that is not listed.
    pub fn klines(&self, request: &KlineRequest) -> Option<Vec<KlineRow>> {
        let known_from = self.recent_klines(request, 0).known_from;
        let known = known_from <= *request.open_times.start();
        known.then(|| self.recent_klines(request, request.rows_max()).rows)
    }

    fn recent_klines(&self, request: &KlineRequest, rows_max: usize) -> Recent {
        let Some(feed) = self.market_data.market(request.market) else {
            return Recent { rows: Vec::new(), known_from: Timestamp(0) };
        };
        let KlineRequest { step, open_times, now, .. } = request.clone();
        let klines = feed.klines(step, open_times, now, rows_max);
        Recent { rows: klines.rows, known_from: klines.known_from }
    }

    /// Trades of a market, newest first, if memory has as many as are asked for, or all there are.
    fn trades(
        &self,
        market: MarketId,
        before: Option<TradeId>,
        count: usize,
    ) -> Option<Vec<PublicTrade>> {
        let Some(feed) = self.market_data.market(market) else {
            return Some(Vec::new());
        };
        let asked = |trade: &&PublicTrade| before.is_none_or(|before| trade.id < before);
        let trades: Vec<_> = feed.trades().filter(asked).take(count).copied().collect();
        let all = feed.trades().len() < TRADES_KEPT;
        (all || trades.len() == count).then_some(trades)
    }
}

impl Exchange {
    /// The candles asked for, ascending and without a gap from the first trade on, as of one entry.
    /// The file is read only for those that memory no longer has.
    ///
    /// # Errors
    /// If history cannot be read.
    pub fn klines(&self, request: &KlineRequest) -> Result<Vec<KlineRow>, HistoryError> {
        if let Some(rows) = self.view(|state| state.klines(request)) {
            return Ok(rows);
        }
        let KlineRequest { market, step, .. } = *request;
        let (reading, (recent, in_tail, until)) = self.read_with(|state, after| {
            let recent = state.recent_klines(request, request.rows_max());
            let in_tail = state.tail.klines(market, step, after, recent.known_from);
            let feed = state.market_data.market(market);
            let until = feed.map_or(request.now, |feed| request.until(feed));
            (recent, in_tail, until)
        })?;
        let (from, rows_max) = (*request.open_times.start(), request.rows_max());
        // Memory has whole candles, so the file's part ends before the first of them.
        let Some(last) = recent.known_from.0.checked_sub(1) else {
            return Ok(recent.rows);
        };
        let older = from..=until.min(Timestamp(last));
        let older = reading.klines(market, step, older, rows_max, &in_tail)?;
        Ok(fill_gaps(step, older.into_iter().chain(recent.rows), from..=until, rows_max))
    }

    /// Trades of a market, newest first, at most `count` but no more than [`PAGE_SIZE_MAX`]; only those
    /// with ids below `before` if it is given: the last one of a page leads to the next.
    ///
    /// # Errors
    /// If history cannot be read.
    pub fn trades(
        &self,
        market: MarketId,
        before: Option<TradeId>,
        count: usize,
    ) -> Result<Vec<PublicTrade>, HistoryError> {
        let count = count.min(PAGE_SIZE_MAX);
        if let Some(trades) = self.view(|state| state.trades(market, before, count)) {
            return Ok(trades);
        }
        let (reading, mut trades) = self.read_with(|state, after| {
            state.tail.trades(market, after, before).rev().take(count).collect::<Vec<_>>()
        })?;
        trades.extend(reading.trades(market, before, count - trades.len())?);
        Ok(trades)
    }
}
