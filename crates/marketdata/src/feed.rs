//! The public view of one market: its depth, last trades, ticker and klines.
//!
//! Facts of this market enter, already sorted out by the fold; readers ask here.

use core::ops::RangeInclusive;

use openmart_model::{
    Codec, DecodeError, Order, Price, Quantity, Reader, Side, Timestamp, Trade, Writer,
};

use crate::depth::{Best, Depth, Levels};
use crate::klines::{Candles, KlineRow, Klines};
use crate::step::Step;
use crate::ticker::Ticker;
use crate::trades::{PublicTrade, RecentTrades};
use crate::window::{Window, minute_of};

/// What everybody may see of one market.
#[derive(Clone, Debug)]
pub struct MarketFeed {
    depth_sequence: u64,
    trades_sequence: u64,
    levels: Levels,
    trades: RecentTrades,
    window: Window,
    candles: Candles,
}

impl MarketFeed {
    pub(crate) fn new(sequence: u64) -> Self {
        Self {
            depth_sequence: sequence,
            trades_sequence: sequence,
            levels: Levels::default(),
            trades: RecentTrades::default(),
            window: Window::default(),
            candles: Candles::default(),
        }
    }

    /// The levels of the book, best first, at most `levels_max` on each side, with the last
    /// `digits_dropped` decimals of their price dropped: bids rounded down, asks up, so that bids
    /// stay below asks. 0 gives the levels as they are; see [`Depth`] for the unit of the prices.
    pub fn depth(&self, digits_dropped: u8, levels_max: usize) -> Depth {
        self.levels.depth(digits_dropped, levels_max)
    }

    /// The best level of a side, unless the side is empty.
    pub fn best(&self, side: Side) -> Option<Best> {
        self.levels.best(side)
    }

    /// The last trades, newest first, at most [`TRADES_KEPT`](crate::TRADES_KEPT).
    pub fn trades(&self) -> impl ExactSizeIterator<Item = &PublicTrade> {
        self.trades.newest_first()
    }

    /// The summary of the last 24 hours as of `now`, which is usually later than the last event; an
    /// earlier `now` counts as the time of the last trade.
    pub fn ticker(&self, now: Timestamp) -> Ticker {
        let last = self.trades.last().map(|trade| trade.price);
        let past = self.window.summary(now);
        Ticker {
            last,
            open: past.map(|past| past.reference).or(last),
            high: past.map(|past| past.high),
            low: past.map(|past| past.low),
            volume_lots: past.map_or(0, |past| past.volume_lots),
            turnover: past.map(|past| past.turnover).unwrap_or_default(),
            bid: self.best(Side::Buy),
            ask: self.best(Side::Sell),
        }
    }

    /// The candles of a step that begin in `open_times`, both bounds included, up to the running one
    /// of `now`: ascending, without a gap from the first trade on, at most the first `rows_max`. A
    /// range that ends before it begins has none.
    ///
    /// Only the latest [`CANDLES_KEPT`](crate::CANDLES_KEPT) candles with trades are known here;
    /// [`Klines::known_from`] tells from when on, so that older ones can be put before.
    pub fn klines(
        &self,
        step: Step,
        open_times: RangeInclusive<Timestamp>,
        now: Timestamp,
        rows_max: usize,
    ) -> Klines {
        self.candles.klines(step, open_times, self.not_before_last(now), rows_max)
    }

    /// The candle of a step that `now` lies in: flat if it has no trade yet, nothing if there never
    /// was one. An earlier `now` counts as the time of the last trade.
    pub fn running_kline(&self, step: Step, now: Timestamp) -> Option<KlineRow> {
        self.candles.running(step, now)
    }

    fn not_before_last(&self, now: Timestamp) -> Timestamp {
        self.trades.last().map_or(now, |last| now.max(last.time))
    }

    /// Sequence of the last command that changed the depth, or added the market.
    pub fn depth_sequence(&self) -> u64 {
        self.depth_sequence
    }

    /// Sequence of the last command with a trade, or that added the market.
    pub fn trades_sequence(&self) -> u64 {
        self.trades_sequence
    }

    /// Sequence of the last command that changed anything here.
    pub fn changed_sequence(&self) -> u64 {
        self.depth_sequence.max(self.trades_sequence)
    }

    pub(crate) fn rest(&mut self, sequence: u64, side: Side, price: Price, remaining: Quantity) {
        self.depth_sequence = sequence;
        self.levels.rest(side, price, remaining);
    }

    pub(crate) fn trade(
        &mut self,
        sequence: u64,
        time: Timestamp,
        trade: &Trade,
    ) -> Result<(), &'static str> {
        (self.depth_sequence, self.trades_sequence) = (sequence, sequence);
        self.levels.trade(trade.taker_side.opposite(), trade.price, trade.quantity)?;
        let price_before = self.trades.last().map(|last| last.price);
        let trade = PublicTrade::new(time, trade);
        self.window.add(&trade, price_before);
        self.candles.add(&trade);
        self.trades.push(trade);
        Ok(())
    }

    pub(crate) fn close(&mut self, sequence: u64, order: &Order) -> Result<(), &'static str> {
        self.depth_sequence = sequence;
        let price = order.kind.price().ok_or("a resting order without a price")?;
        self.levels.close(order.side, price, order.remaining())
    }
}

impl Codec for MarketFeed {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.depth_sequence);
        writer.put(&self.trades_sequence);
        writer.put(&self.levels);
        writer.put(&self.trades);
        writer.put(&self.window);
        writer.put(&self.candles);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let feed = Self {
            depth_sequence: reader.get()?,
            trades_sequence: reader.get()?,
            levels: reader.get()?,
            trades: reader.get()?,
            window: reader.get()?,
            candles: reader.get()?,
        };
        let last = feed.trades.last();
        if feed.window.last_minute() != last.map(|trade| minute_of(trade.time)) {
            return Err(reader.error("a window that ends with the last trade"));
        }
        if !last.is_none_or(|trade| feed.window.last_minute_spans(trade.price)) {
            return Err(reader.error("a window that spans the last trade price"));
        }
        if !feed.candles.ends_with(last) {
            return Err(reader.error("candles that end with the last trade"));
        }
        Ok(feed)
    }
}
