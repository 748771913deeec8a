//! Klines of random runs against a plain recomputation from all trades, and cases with their numbers
//! written out.

use openmart_marketdata::{CANDLES_KEPT, KlineRow, Klines, Step, fill_gaps};
use openmart_model::{Amount, Price, Timestamp};

use crate::property::{bytes_of, restored};
use crate::scenarios::Market;
use crate::venue::Random;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
const ROWS_MAX: usize = 5_000;

/// Where runs start: shortly before the end of a leap year's February, of a year, of a February of
/// 28 days, of time's first week, and some Sunday.
const STARTS: [u64; 5] =
    [1_582_848_000_000, 1_609_340_400_000, 4_107_456_000_000, 0, 1_600_000_000_000];

#[derive(Clone, Copy, Debug)]
struct Traded {
    time: u64,
    ticks: u64,
    lots: u64,
}

/// First days of months, counted from 1970 on.
fn month_starts() -> Vec<u64> {
    let (mut day, mut starts) = (0, Vec::new());
    for year in 1970..2200u32 {
        let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        for length in [31, 28 + u64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            starts.push(day * DAY_MS);
            day += length;
        }
    }
    starts
}

/// The calendar, written down instead of worked out.
struct Calendar {
    months: Vec<u64>,
}

impl Calendar {
    fn new() -> Self {
        Self { months: month_starts() }
    }

    /// When the candle begins that a time lies in, and when the next one does.
    fn around(&self, step: Step, time: u64) -> (u64, u64) {
        // 1970-01-05 was a Monday.
        let (week, monday) = (7 * DAY_MS, 4 * DAY_MS);
        match step.minutes() {
            43_200 => {
                let next = self.months.partition_point(|start| *start <= time);
                (self.months[next - 1], self.months[next])
            }
            10_080 if time < monday => (0, monday),
            10_080 => {
                let open = time - (time - monday) % week;
                (open, open + week)
            }
            minutes => {
                let length = u64::from(minutes) * MINUTE_MS;
                (time - time % length, time - time % length + length)
            }
        }
    }

    /// The candles of a range, each worked out from the trades alone.
    fn klines(
        &self,
        step: Step,
        trades: &[Traded],
        (from, to): (u64, u64),
        now: u64,
        rows_max: usize,
    ) -> Vec<KlineRow> {
        let Some(first) = trades.first() else { return Vec::new() };
        let start = match self.around(step, from) {
            (open, _) if open == from => from,
            (_, next) => next,
        };
        let mut open = start.max(self.around(step, first.time).0);
        let mut rows = Vec::new();
        while open <= to.min(now) && rows.len() < rows_max {
            let (_, end) = self.around(step, open);
            let until = |time: u64| trades.partition_point(|trade| trade.time < time);
            let (before, within) = (trades[..until(open)].last(), until(open)..until(end));
            rows.push(candle(open, before, &trades[within]));
            open = end;
        }
        rows
    }
}

fn candle(open_time: u64, before: Option<&Traded>, trades: &[Traded]) -> KlineRow {
    let ticks = |trade: &Traded| trade.ticks;
    let price = |ticks: Option<u64>| {
        let shown = ticks.or(before.map(|before| before.ticks));
        Price::new(shown.expect("a trade in the candle or before it"))
    };
    let notional = |trade: &Traded| u128::from(trade.ticks) * u128::from(trade.lots);
    KlineRow {
        open_time: Timestamp(open_time),
        open: price(trades.first().map(ticks)),
        high: price(trades.iter().map(ticks).max()),
        low: price(trades.iter().map(ticks).min()),
        close: price(trades.last().map(ticks)),
        volume_lots: trades.iter().map(|trade| u128::from(trade.lots)).sum(),
        turnover: Amount::new(trades.iter().map(notional).sum()),
    }
}

/// Trades at times of all kinds: close together, days and months apart, and around the ends of
/// candles of every step.
fn next_time(random: &mut Random, calendar: &Calendar, time: u64) -> u64 {
    let longest_ms = match random.below(100) {
        0..40 => 30_000,
        40..65 => 10 * MINUTE_MS,
        65..80 => 5 * HOUR_MS,
        80..86 => 10 * DAY_MS,
        86..88 => 75 * DAY_MS,
        _ => {
            let step = Step::ALL[random.below(13) as usize];
            let end = calendar.around(step, time).1;
            return (end - 1 + random.below(3)).max(time);
        }
    };
    time + random.below(longest_ms)
}

/// A time to ask from, to, or at: around the ends of candles, or anywhere near the trades.
fn asked_time(random: &mut Random, calendar: &Calendar, step: Step, trades: &[Traded]) -> u64 {
    let near = trades[random.below(trades.len() as u64) as usize].time;
    let (open, end) = calendar.around(step, near);
    match random.below(10) {
        0 => 0,
        1 => open.saturating_sub(1),
        2 | 3 => open,
        4 => open + 1,
        5 => end - 1,
        6 => end,
        7 => near.saturating_sub(random.below(40 * DAY_MS)),
        8 => near,
        _ => near + random.below(40 * DAY_MS),
    }
}

fn klines(
    market: &Market,
    step: Step,
    (from, to): (u64, u64),
    now: u64,
    rows_max: usize,
) -> Klines {
    let range = Timestamp(from)..=Timestamp(to);
    market.feed().klines(step, range, Timestamp(now), rows_max)
}

#[test]
fn every_step_is_what_the_trades_say() {
    let calendar = Calendar::new();
    let mut rows_seen = 0;
    for seed in 300..330 {
        let mut random = Random::new(seed);
        let mut market = Market::new();
        let mut trades: Vec<Traded> = Vec::new();
        let mut time = STARTS[seed as usize % STARTS.len()] + random.below(3 * DAY_MS);
        for n in 0..160 {
            time = next_time(&mut random, &calendar, time);
            let (ticks, lots) = (1 + random.below(50), 1 + random.below(1_000));
            market.trade(time, ticks, lots);
            trades.push(Traded { time, ticks, lots });
            if n % 16 != 0 {
                continue;
            }
            if random.chance(30) {
                market.data = restored(&bytes_of(&market.data));
            }
            for step in Step::ALL {
                let mut asked = || asked_time(&mut random, &calendar, step, &trades);
                let (from, to, now) = (asked(), asked(), asked().max(time));
                let rows_max = [0, 7, ROWS_MAX][random.below(10).min(2) as usize];
                let what = format!("seed {seed}, trade {n}, {step:?}, {from} to {to} at {now}");
                for range in [(from, to), (0, u64::MAX), (from, now), (from, from), (0, to)] {
                    let found = klines(&market, step, range, now, rows_max);
                    let expected = calendar.klines(step, &trades, range, now, rows_max);
                    assert_eq!(found.known_from, Timestamp(0), "{what}");
                    assert_eq!(found.rows, expected, "{what}: {range:?}");
                    rows_seen += expected.len();
                }
                let (open, _) = calendar.around(step, now);
                let running = calendar.klines(step, &trades, (open, open), now, 1).pop();
                let found = market.feed().running_kline(step, Timestamp(now));
                assert_eq!(found, running, "{what}");
            }
        }
    }
    assert!(rows_seen > 100_000, "{rows_seen} candles");
}

/// Open time, then open, high, low, close, lots, units of quote.
type Plain = (u64, [u64; 4], u128, u128);

fn plain(rows: &[KlineRow]) -> Vec<Plain> {
    let row = |row: &KlineRow| {
        let prices = [row.open, row.high, row.low, row.close].map(Price::ticks);
        (row.open_time.0, prices, row.volume_lots, row.turnover.units())
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_month_of_february_29_days_and_a_week_from_monday() {
    let mut market = Market::new();
    let (friday, monday) = (1_582_848_000_000, 1_583_107_200_000);
    market.trade(friday + 5, 100, 3);
    market.trade(friday + 6, 130, 1);
    market.trade(friday + 7, 90, 2);
    // Saturday the 29th, one millisecond before March, and Monday's first one.
    market.trade(friday + 2 * DAY_MS - 1, 110, 1);
    market.trade(monday, 120, 5);
    let now = monday + 9 * DAY_MS;
    let all = |step| plain(&klines(&market, step, (0, u64::MAX), now, ROWS_MAX).rows);
    let (february, march) = (1_580_515_200_000, 1_583_020_800_000);
    let before = [100, 130, 90, 110];
    assert_eq!(
        all(Step::Month),
        [(february, before, 7, 720), (march, [120, 120, 120, 120], 5, 600)]
    );
    assert_eq!(
        all(Step::Week),
        [
            (monday - 7 * DAY_MS, before, 7, 720),
            (monday, [120; 4], 5, 600),
            (monday + 7 * DAY_MS, [120; 4], 0, 0),
        ]
    );
    assert_eq!(all(Step::Day)[..3].iter().map(|row| row.2).collect::<Vec<_>>(), [6, 1, 0]);
}

#[test]
fn bounds_are_included_and_the_first_candles_are_shown() {
    let mut market = Market::new();
    let open = |n: u64| 1_600_000_020_000 + n * MINUTE_MS;
    let empty = klines(&market, Step::Minute, (0, u64::MAX), open(0), ROWS_MAX);
    assert_eq!(empty, Klines { rows: Vec::new(), known_from: Timestamp(0) });
    assert_eq!(market.feed().running_kline(Step::Minute, Timestamp(open(0))), None);
    market.trade(open(0) + 1, 10, 1);
    let shown = |from: u64, to: u64, now: u64| {
        let rows = klines(&market, Step::Minute, (from, to), now, ROWS_MAX).rows;
        let place = |row: &KlineRow| (row.open_time.0 - open(0)) / MINUTE_MS;
        (rows.first().map(place), rows.last().map(place), rows.len())
    };
    let now = open(20_000) + 59_999;
    assert_eq!(shown(open(3), open(5), now), (Some(3), Some(5), 3));
    assert_eq!(shown(open(3) + 1, open(5) - 1, now), (Some(4), Some(4), 1));
    assert_eq!(shown(open(5), open(5), now), (Some(5), Some(5), 1));
    assert_eq!(shown(open(5), open(3), now), (None, None, 0));
    assert_eq!(shown(open(5), open(5) - 1, now), (None, None, 0));
    assert_eq!(shown(0, open(0) - 1, now), (None, None, 0));
    assert_eq!(shown(0, open(0), now), (Some(0), Some(0), 1));
    assert_eq!(shown(0, u64::MAX, open(7) - 1), (Some(0), Some(6), 7));
    assert_eq!(shown(open(9), u64::MAX, open(7)), (None, None, 0));
    assert_eq!(shown(open(19_999), u64::MAX, now), (Some(19_999), Some(20_000), 2));
    assert_eq!(shown(0, u64::MAX, now), (Some(0), Some(4_999), 5_000));
    assert_eq!(shown(open(70), u64::MAX, now), (Some(70), Some(5_069), 5_000));
    assert_eq!(shown(u64::MAX, u64::MAX, now), (None, None, 0));
    // A clock that is behind the last trade.
    assert_eq!(shown(0, u64::MAX, 0), (Some(0), Some(0), 1));
    let running =
        market.feed().running_kline(Step::Minute, Timestamp(0)).map(|row| row.volume_lots);
    assert_eq!(running, Some(1));
}

#[test]
fn the_oldest_candles_are_dropped_and_can_be_put_before() {
    let mut market = Market::new();
    let kept = CANDLES_KEPT as u64;
    let mut all = Vec::new();
    // Every other minute, so that there are as many flat candles.
    for n in 0..kept + 100 {
        let time = 2 * n * MINUTE_MS;
        market.trade(time, 1 + n % 7, 1);
        let newest = market.feed().running_kline(Step::Minute, Timestamp(time));
        all.extend(newest);
    }
    let now = 2 * (kept + 99) * MINUTE_MS;
    let from_then = klines(&market, Step::Minute, (0, u64::MAX), now, usize::MAX);
    assert_eq!(from_then.known_from, Timestamp(200 * MINUTE_MS));
    assert_eq!(from_then.rows.len() as u64, 2 * kept - 1);
    assert_eq!(from_then.rows[0], all[100]);
    let later = klines(&market, Step::Minutes3, (0, u64::MAX), now, usize::MAX);
    assert_eq!(later.known_from, Timestamp(0), "fewer candles, and none dropped");

    let range = Timestamp(0)..=Timestamp(now);
    let whole = fill_gaps(Step::Minute, all.iter().copied(), range.clone(), usize::MAX);
    let joined = all[..100].iter().copied().chain(from_then.rows.iter().copied());
    assert_eq!(fill_gaps(Step::Minute, joined, range, usize::MAX), whole);
    assert_eq!(whole.len() as u64, 2 * (kept + 99) + 1);

    let copy = restored(&bytes_of(&market.data));
    assert_eq!(bytes_of(&copy), bytes_of(&market.data));
    market.data = copy;
    assert_eq!(klines(&market, Step::Minute, (0, u64::MAX), now, usize::MAX), from_then);
}
