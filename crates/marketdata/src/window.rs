//! The 24 h window: trades summed by minute, so that the ticker forgets them minute by minute.
//!
//! Trades enter; the summary of the window as of any later time leaves. Only minutes with a trade
//! are kept, so an idle market costs nothing. Adding is O(1) amortised and asking O(log minutes):
//! sums are differences of running totals, extremes stand first in queues of those that no later
//! price has overtaken.

use alloc::collections::VecDeque;

use openmart_model::{Amount, Codec, DecodeError, Price, Reader, Timestamp, Writer};

use crate::trades::PublicTrade;

const MINUTE_MS: u64 = 60_000;

/// Whole minutes in the window beside the running one: 24 hours.
const WINDOW_MINUTES: u64 = 1_440;

/// The minute, counted from 1970, that a time lies in.
pub(crate) fn minute_of(time: Timestamp) -> u64 {
    time.0 / MINUTE_MS
}

/// The trades of the last 24 hours, and those of earlier minutes that no trade has pushed out yet.
#[derive(Clone, Default, Debug)]
pub(crate) struct Window {
    /// Minutes with trades, ascending, at most 1,441.
    minutes: VecDeque<Minute>,
    /// Ascending minutes, descending prices.
    highs: VecDeque<Extreme>,
    /// Ascending minutes, ascending prices.
    lows: VecDeque<Extreme>,
    /// Running totals. They wrap, which differences do not mind.
    totals: Totals,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    minute: u64,
    /// Price of the last trade before this minute, or of the first one ever.
    reference: Price,
    high: Price,
    low: Price,
    /// Running totals before its first trade.
    before: Totals,
}

#[derive(Clone, Copy, Debug)]
struct Extreme {
    minute: u64,
    price: Price,
}

#[derive(Clone, Copy, Default, Debug)]
struct Totals {
    volume_lots: u128,
    turnover_units: u128,
}

/// What happened in the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    /// Price of the last trade before the window, else of the first one in it.
    pub(crate) reference: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) volume_lots: u128,
    pub(crate) turnover: Amount,
}

impl Window {
    /// Adds a trade, none of the earlier ones being later. `price_before` is that of the last trade
    /// before it, however old.
    pub(crate) fn add(&mut self, trade: &PublicTrade, price_before: Option<Price>) {
        let minute = minute_of(trade.time);
        let price = trade.price;
        match self.minutes.back_mut() {
            Some(running) if running.minute == minute => {
                running.high = running.high.max(price);
                running.low = running.low.min(price);
            }
            _ => self.open_minute(Minute {
                minute,
                reference: price_before.unwrap_or(price),
                high: price,
                low: price,
                before: self.totals,
            }),
        }
        self.count_extremes(minute, price, price);
        self.totals = self.totals.plus(Totals {
            volume_lots: u128::from(trade.quantity.lots()),
            turnover_units: trade.notional.units(),
        });
    }

    fn open_minute(&mut self, opened: Minute) {
        let first = window_start(opened.minute);
        while self.minutes.front().is_some_and(|minute| minute.minute < first) {
            self.minutes.pop_front();
        }
        for extremes in [&mut self.highs, &mut self.lows] {
            while extremes.front().is_some_and(|extreme| extreme.minute < first) {
                extremes.pop_front();
            }
        }
        self.minutes.push_back(opened);
    }

    /// Prices that were reached in the newest minute.
    fn count_extremes(&mut self, minute: u64, high: Price, low: Price) {
        overtake(&mut self.highs, Extreme { minute, price: high }, |old| old <= high);
        overtake(&mut self.lows, Extreme { minute, price: low }, |old| old >= low);
    }

    /// What happened in the window as of `now`, or nothing without a trade in it.
    pub(crate) fn summary(&self, now: Timestamp) -> Option<Summary> {
        let first = window_start(minute_of(now));
        let index = self.minutes.partition_point(|minute| minute.minute < first);
        let minute = self.minutes.get(index)?;
        let totals = self.totals.minus(minute.before);
        Some(Summary {
            reference: minute.reference,
            high: first_since(&self.highs, first)?,
            low: first_since(&self.lows, first)?,
            volume_lots: totals.volume_lots,
            turnover: Amount::new(totals.turnover_units),
        })
    }

    /// The minute of the last trade.
    pub(crate) fn last_minute(&self) -> Option<u64> {
        self.minutes.back().map(|minute| minute.minute)
    }

    /// Whether a price lies between the lowest and the highest of the last minute.
    pub(crate) fn last_minute_spans(&self, price: Price) -> bool {
        self.minutes.back().is_some_and(|minute| minute.spans(price))
    }
}

impl Minute {
    fn spans(&self, price: Price) -> bool {
        self.low <= price && price <= self.high
    }
}

impl Totals {
    fn plus(self, other: Self) -> Self {
        Self {
            volume_lots: self.volume_lots.wrapping_add(other.volume_lots),
            turnover_units: self.turnover_units.wrapping_add(other.turnover_units),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            volume_lots: self.volume_lots.wrapping_sub(other.volume_lots),
            turnover_units: self.turnover_units.wrapping_sub(other.turnover_units),
        }
    }
}

/// The first minute of the window in the given minute.
fn window_start(minute: u64) -> u64 {
    minute.saturating_sub(WINDOW_MINUTES)
}

/// Appends an extreme in the place of those that it overtakes, unless its own minute has a better
/// one: there is one for each minute at most.
fn overtake(extremes: &mut VecDeque<Extreme>, new: Extreme, overtaken: impl Fn(Price) -> bool) {
    while extremes.back().is_some_and(|old| overtaken(old.price)) {
        extremes.pop_back();
    }
    if extremes.back().is_none_or(|old| old.minute < new.minute) {
        extremes.push_back(new);
    }
}

fn first_since(extremes: &VecDeque<Extreme>, first: u64) -> Option<Price> {
    let index = extremes.partition_point(|extreme| extreme.minute < first);
    extremes.get(index).map(|extreme| extreme.price)
}

/// The byte form has what each minute saw; running totals and extremes are made anew.
impl Codec for Window {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&(self.minutes.len() as u32));
        let ends = self.minutes.iter().skip(1).map(|next| next.before);
        for (minute, end) in self.minutes.iter().zip(ends.chain([self.totals])) {
            let totals = end.minus(minute.before);
            writer.put(&minute.minute);
            writer.put(&minute.reference);
            writer.put(&minute.high);
            writer.put(&minute.low);
            writer.put(&totals.volume_lots);
            writer.put(&totals.turnover_units);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count: u32 = reader.get()?;
        let mut window = Self::default();
        for _ in 0..count {
            let minute = Minute {
                minute: reader.get()?,
                reference: reader.get()?,
                high: reader.get()?,
                low: reader.get()?,
                before: window.totals,
            };
            let totals = Totals { volume_lots: reader.get()?, turnover_units: reader.get()? };
            window.check_next(&minute).map_err(|expected| reader.error(expected))?;
            if totals.volume_lots == 0 {
                return Err(reader.error("a minute with a trade"));
            }
            window.minutes.push_back(minute);
            window.count_extremes(minute.minute, minute.high, minute.low);
            window.totals = window.totals.plus(totals);
        }
        Ok(window)
    }
}

impl Window {
    /// What must hold for a minute that follows those that were read.
    fn check_next(&self, next: &Minute) -> Result<(), &'static str> {
        if next.low.ticks() == 0 || next.low > next.high || next.reference.ticks() == 0 {
            return Err("prices above 0, the low not above the high");
        }
        let oldest = self.minutes.front().map_or(next.minute, |oldest| oldest.minute);
        if oldest < window_start(next.minute) {
            return Err("minutes within 24 hours");
        }
        match self.minutes.back() {
            Some(last) if last.minute >= next.minute => Err("ascending minutes"),
            Some(last) if !last.spans(next.reference) => Err("a price of the minute before"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openmart_model::{Quantity, Side, TradeId};

    /// One trade at each price, `step_ms` apart.
    fn window_of(step_ms: u64, prices: impl Iterator<Item = u64>) -> Window {
        let mut window = Window::default();
        for (n, ticks) in prices.enumerate() {
            let trade = PublicTrade {
                id: TradeId(n as u64),
                time: Timestamp(n as u64 * step_ms),
                price: Price::new(ticks),
                quantity: Quantity::new(1),
                notional: Amount::new(u128::from(ticks)),
                taker_side: Side::Buy,
            };
            window.add(&trade, None);
        }
        window
    }

    #[test]
    fn memory_is_bounded_by_the_minutes_of_a_day() {
        let days = 3 * WINDOW_MINUTES;
        let kept = |window: &Window| (window.minutes.len(), window.highs.len(), window.lows.len());
        let flat = window_of(MINUTE_MS / 10, (0..days * 10).map(|_| 7));
        assert_eq!(kept(&flat), (1_441, 1, 1));
        let falling = window_of(MINUTE_MS, (1..=days).rev());
        assert_eq!(kept(&falling), (1_441, 1_441, 1));
        let rising = window_of(MINUTE_MS, 1..=days);
        assert_eq!(kept(&rising), (1_441, 1, 1_441));
        let falling_within_a_minute = window_of(0, (1..=days).rev());
        assert_eq!(kept(&falling_within_a_minute), (1, 1, 1));
    }
}
