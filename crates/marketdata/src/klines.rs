//! Klines: the candles of a market for every step, the running one included.
//!
//! Trades enter; candles leave, with the flat ones of times without a trade made up on the way.
//! Only candles with trades are kept, so an idle market costs next to nothing, and of each step only
//! the latest: older ones are history.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::iter::Peekable;
use core::ops::RangeInclusive;

use openmart_model::{Amount, Codec, DecodeError, Price, Reader, Timestamp, Writer};

use crate::step::Step;
use crate::trades::PublicTrade;

/// Candles with trades that are kept of each step: as many as the API shows in one answer. All steps
/// of a market together take 5.2 MB at most, about 2 MB in its first month.
pub const CANDLES_KEPT: usize = 5_000;

/// Candles that a series first makes room for; it doubles from there.
const CANDLES_FIRST: usize = 4;

/// A candle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KlineRow {
    /// When it begins, by its [`Step`].
    pub open_time: Timestamp,
    /// Price of its first trade; of the last one before it if it has none.
    pub open: Price,
    /// Highest price in it.
    pub high: Price,
    /// Lowest price in it.
    pub low: Price,
    /// Price of its last trade up to now; of the last one before it if it has none.
    pub close: Price,
    /// Base asset traded in it.
    pub volume_lots: u128,
    /// Quote asset traded in it. Exact below 2^128, modulo which it counts, as in
    /// [`Ticker`](crate::Ticker).
    pub turnover: Amount,
}

/// The answer to which candles there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Klines {
    /// The candles, ascending and without a gap.
    pub rows: Vec<KlineRow>,
    /// From this open time on nothing is missing. Candles that began earlier are no longer kept; 0
    /// as long as all of them are.
    pub known_from: Timestamp,
}

/// Puts flat candles where there was no trade: gives each candle of a step that begins in
/// `open_times`, both bounds included, but none before the first of `candles`, and at most the first
/// `rows_max`. The upper bound should not lie in the future.
///
/// `candles` ascend and begin with their step; flat ones among them are fine. One before the lower
/// bound tells the price until the next. So older candles can be chained before those of a
/// [`Klines`].
pub fn fill_gaps(
    step: Step,
    candles: impl IntoIterator<Item = KlineRow>,
    open_times: RangeInclusive<Timestamp>,
    rows_max: usize,
) -> Vec<KlineRow> {
    let (from, to) = open_times.into_inner();
    let mut candles = candles.into_iter().peekable();
    let mut before = None;
    while let Some(earlier) = candles.next_if(|candle| candle.open_time < from) {
        before = Some(earlier.close);
    }
    let first = candles.peek();
    let Some(close) = before.or(first.map(|first| first.open)) else { return Vec::new() };
    let open_time = match before {
        Some(_) => step.first_open_time(from),
        None => first.map(|first| first.open_time),
    };
    let filled = Filled { step, candles, open_time, close };
    filled.take_while(|row| row.open_time <= to).take(rows_max).collect()
}

/// Candles without a gap and without an end.
struct Filled<I: Iterator> {
    step: Step,
    candles: Peekable<I>,
    /// Of the next candle.
    open_time: Option<Timestamp>,
    /// Of the last candle.
    close: Price,
}

impl<I: Iterator<Item = KlineRow>> Iterator for Filled<I> {
    type Item = KlineRow;

    fn next(&mut self) -> Option<KlineRow> {
        let open_time = self.open_time?;
        self.open_time = self.step.open_time_after(open_time);
        let traded = self.candles.next_if(|candle| candle.open_time == open_time);
        let row = traded.unwrap_or(KlineRow::flat(open_time, self.close));
        self.close = row.close;
        Some(row)
    }
}

impl KlineRow {
    /// The candle of a step that a trade opens.
    pub fn opened_by(step: Step, trade: &PublicTrade) -> Self {
        let mut opened = Self::flat(step.open_time(trade.time), trade.price);
        opened.add(trade);
        opened
    }

    /// Adds the next trade of the same candle.
    pub fn add(&mut self, trade: &PublicTrade) {
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        self.close = trade.price;
        self.add_amounts(u128::from(trade.quantity.lots()), trade.notional);
    }

    /// Adds what came next in the same candle: `later` has the trades after those of this one.
    pub fn append(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.add_amounts(later.volume_lots, later.turnover);
    }

    fn add_amounts(&mut self, volume_lots: u128, turnover: Amount) {
        self.volume_lots = self.volume_lots.wrapping_add(volume_lots);
        self.turnover = Amount::new(self.turnover.units().wrapping_add(turnover.units()));
    }

    fn flat(open_time: Timestamp, price: Price) -> Self {
        Self {
            open_time,
            open: price,
            high: price,
            low: price,
            close: price,
            volume_lots: 0,
            turnover: Amount::ZERO,
        }
    }
}

/// The candles of a market.
#[derive(Clone, Default, Debug)]
pub(crate) struct Candles {
    /// Time of the first trade of all; tells whether a series has dropped any candle.
    first_trade: Option<Timestamp>,
    /// By step, in the order of [`Step::ALL`].
    series: [Series; Step::ALL.len()],
}

/// The latest candles with trades of one step, at most [`CANDLES_KEPT`].
#[derive(Clone, Default, Debug)]
struct Series {
    candles: VecDeque<KlineRow>,
    /// Where the last candle ends; nothing if it never does.
    end: Option<Timestamp>,
}

impl Candles {
    /// Adds a trade, none of the earlier ones being later. Thirteen comparisons and sums, and
    /// nothing is allocated once the series have their size.
    pub(crate) fn add(&mut self, trade: &PublicTrade) {
        self.first_trade.get_or_insert(trade.time);
        for (step, series) in Step::ALL.into_iter().zip(&mut self.series) {
            series.add(step, trade);
        }
    }

    /// The candles that begin in `open_times`, up to the one of `now`.
    pub(crate) fn klines(
        &self,
        step: Step,
        open_times: RangeInclusive<Timestamp>,
        now: Timestamp,
        rows_max: usize,
    ) -> Klines {
        let (from, to) = open_times.into_inner();
        let candles = self.of(step);
        let place = candles.partition_point(|candle| candle.open_time < from);
        let told = candles.range(place.saturating_sub(1)..).copied();
        let rows = fill_gaps(step, told, from..=to.min(now), rows_max);
        Klines { rows, known_from: self.known_from(step) }
    }

    /// The candle of `now`, unless there never was a trade.
    pub(crate) fn running(&self, step: Step, now: Timestamp) -> Option<KlineRow> {
        let last = *self.of(step).back()?;
        let open_time = step.open_time(now);
        let runs = open_time <= last.open_time;
        Some(if runs { last } else { KlineRow::flat(open_time, last.close) })
    }

    fn of(&self, step: Step) -> &VecDeque<KlineRow> {
        &self.series[step as usize].candles
    }

    fn known_from(&self, step: Step) -> Timestamp {
        let first = self.first_trade.map(|time| step.open_time(time));
        let oldest = self.of(step).front().map(|candle| candle.open_time);
        if oldest == first { Timestamp(0) } else { oldest.unwrap_or_default() }
    }

    /// What must hold if this is the last trade of all.
    pub(crate) fn ends_with(&self, last: Option<&PublicTrade>) -> bool {
        let Some(trade) = last else { return self.first_trade.is_none() };
        self.first_trade.is_some_and(|first| first <= trade.time)
            && Step::ALL.into_iter().all(|step| {
                let (open_time, price) = (step.open_time(trade.time), trade.price);
                let last = self.of(step).back();
                last.is_some_and(|last| (last.open_time, last.close) == (open_time, price))
            })
    }
}

impl Series {
    fn add(&mut self, step: Step, trade: &PublicTrade) {
        match self.candles.back_mut() {
            Some(running) if self.end.is_none_or(|end| trade.time < end) => running.add(trade),
            _ => self.push(step, KlineRow::opened_by(step, trade)),
        }
    }

    fn push(&mut self, step: Step, candle: KlineRow) {
        let candles = &mut self.candles;
        if candles.len() == CANDLES_KEPT {
            candles.pop_front();
        }
        if candles.len() == candles.capacity() {
            let room = (candles.len() * 2).clamp(CANDLES_FIRST, CANDLES_KEPT);
            candles.reserve_exact(room - candles.len());
        }
        self.end = step.open_time_after(candle.open_time);
        candles.push_back(candle);
    }
}

impl Codec for KlineRow {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.open_time);
        writer.put(&self.open);
        writer.put(&self.high);
        writer.put(&self.low);
        writer.put(&self.close);
        writer.put(&self.volume_lots);
        writer.put(&self.turnover);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let candle = Self {
            open_time: reader.get()?,
            open: reader.get()?,
            high: reader.get()?,
            low: reader.get()?,
            close: reader.get()?,
            volume_lots: reader.get()?,
            turnover: reader.get()?,
        };
        let spanned = candle.low..=candle.high;
        let spans = spanned.contains(&candle.open) && spanned.contains(&candle.close);
        if candle.low.ticks() == 0 || !spans {
            return Err(reader.error("a candle of prices above 0, between its low and its high"));
        }
        if candle.volume_lots == 0 {
            return Err(reader.error("a candle with a trade"));
        }
        Ok(candle)
    }
}

/// The byte form: the time of the first trade if there was one, then each step's candles behind
/// their count.
impl Codec for Candles {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.first_trade);
        if self.first_trade.is_none() {
            return;
        }
        for series in &self.series {
            writer.put(&(series.candles.len() as u32));
            series.candles.iter().for_each(|candle| writer.put(candle));
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut candles = Self { first_trade: reader.get()?, ..Self::default() };
        let Some(first_trade) = candles.first_trade else { return Ok(candles) };
        for (step, series) in Step::ALL.into_iter().zip(&mut candles.series) {
            *series = read_series(reader, step, first_trade)?;
        }
        Ok(candles)
    }
}

fn read_series(
    reader: &mut Reader<'_>,
    step: Step,
    first_trade: Timestamp,
) -> Result<Series, DecodeError> {
    let count: u32 = reader.get()?;
    if count == 0 || count as usize > CANDLES_KEPT {
        return Err(reader.error("1 to 5000 candles"));
    }
    let first_open = step.open_time(first_trade);
    let mut series = Series::default();
    for place in 0..count {
        let candle: KlineRow = reader.get()?;
        let open_time = candle.open_time;
        if step.open_time(open_time) != open_time {
            return Err(reader.error("a candle that begins with its step"));
        }
        if series.candles.back().is_some_and(|last| last.open_time >= open_time) {
            return Err(reader.error("ascending candles"));
        }
        let all = (count as usize) < CANDLES_KEPT;
        if place == 0 && (open_time < first_open || all && open_time != first_open) {
            return Err(reader.error("candles from the first trade on"));
        }
        series.push(step, candle);
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openmart_model::{Quantity, Side, TradeId};

    #[test]
    fn memory_is_bounded_by_the_candles_kept() {
        let mut candles = Candles::default();
        let room = |candles: &Candles| -> usize {
            candles.series.iter().map(|series| series.candles.capacity()).sum()
        };
        assert_eq!(room(&candles), 0, "an idle market has no candles");
        let (kept, step_ms) = (CANDLES_KEPT as u64, 31 * 86_400_000);
        let mut full = 0;
        for n in 0..3 * kept {
            let trade = PublicTrade {
                id: TradeId(n),
                time: Timestamp(n * step_ms),
                price: Price::new(1 + n),
                quantity: Quantity::new(1),
                notional: Amount::new(1),
                taker_side: Side::Buy,
            };
            candles.add(&trade);
            if n == kept {
                full = room(&candles);
            }
        }
        assert!(full < CANDLES_KEPT * Step::ALL.len() * 11 / 10, "{full}");
        assert_eq!(room(&candles), full, "nothing more is allocated");
        assert!(candles.series.iter().all(|series| series.candles.len() == CANDLES_KEPT));
    }
}
