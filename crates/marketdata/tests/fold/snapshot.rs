//! Snapshots that were damaged or made up: an error or a sound state, never a panic.

use openmart_marketdata::{MarketData, Step};
use openmart_model::{Reader, Side, Timestamp};

use crate::property::{bytes_of, crosses, restored};
use crate::scenarios::Market;
use crate::venue::{Random, Venue};

#[test]
fn damaged_bytes_never_panic_and_never_give_an_unsound_state() {
    let (mut refused, mut taken) = (0, 0);
    for seed in 200..240 {
        let mut venue = Venue::new(seed);
        let mut data = MarketData::new();
        for _ in 0..150 {
            let batch = venue.step();
            data.apply(batch.sequence, batch.time, &batch.events);
        }
        let whole = bytes_of(&data);
        for round in 0..300 {
            let bytes = damaged(&whole, &mut venue.random);
            match MarketData::restore(&mut Reader::new(&bytes)) {
                Ok(state) => {
                    check_sound(&state, &format!("seed {seed}, round {round}"));
                    assert!(bytes.starts_with(&bytes_of(&state)), "seed {seed}, round {round}");
                    taken += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    // Damage to a quantity cannot be told, damage to a price or a count mostly can.
    assert!(refused > 1_000 && taken > 100, "{refused} refused, {taken} taken");
}

fn damaged(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    match random.below(4) {
        0 => bytes.truncate(random.below(whole.len() as u64) as usize),
        1 => {
            let at = random.below(whole.len() as u64 - 8) as usize;
            bytes[at..at + 8].fill(0xff);
        }
        2 => {
            let at = random.below(whole.len() as u64) as usize;
            bytes.splice(at..at, [random.below(256) as u8]);
        }
        _ => {
            for _ in 0..=random.below(3) {
                let at = random.below(whole.len() as u64) as usize;
                bytes[at] ^= 1 << random.below(8);
            }
        }
    }
    bytes
}

fn check_sound(state: &MarketData, what: &str) {
    for (_, feed) in state.markets() {
        for digits_dropped in [0, 3, 19] {
            assert!(!crosses(&feed.depth(digits_dropped, usize::MAX)), "{what}");
        }
        let ids: Vec<_> = feed.trades().map(|trade| trade.id).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older), "{what}");
        for now in [0, 1_600_000_000_000, u64::MAX] {
            let ticker = feed.ticker(Timestamp(now));
            assert_eq!(ticker.open.is_some(), ticker.last.is_some(), "{what}");
            assert!(ticker.low <= ticker.high, "{what}");
            assert_eq!(ticker.change_basis_points().is_some(), ticker.last.is_some(), "{what}");
            for step in Step::ALL {
                let any = Timestamp(0)..=Timestamp(u64::MAX);
                let rows = feed.klines(step, any, Timestamp(now), 50).rows;
                assert!(rows.is_sorted_by_key(|row| row.open_time), "{what}");
                assert!(rows.iter().all(|row| row.low <= row.high), "{what}");
                assert_eq!(rows.is_empty(), ticker.last.is_none(), "{what}");
                let running = feed.running_kline(step, Timestamp(now));
                assert_eq!(running.map(|row| row.close), ticker.last, "{what}");
            }
        }
    }
}

const BID: u64 = 0x1111_2222_3333_0001;
const EARLIER: u64 = 0x1111_2222_3333_0002;
const TRADED: u64 = 0x1111_2222_3333_0003;
const ASK: u64 = 0x1111_2222_3333_0004;
const ASK_FAR: u64 = 0x1111_2222_3333_0005;
const VOLUME: u64 = 0x0777_8888_9999_aaaa;
const LOTS: u64 = 0x0aaa_bbbb_cccc_dddd;
const MINUTE: u64 = 0x0012_3456_789a;
const MINUTE_MS: u64 = 60_000;

/// A market whose numbers can be found in its bytes.
fn marked() -> Vec<u8> {
    let mut market = Market::new();
    market.trade(MINUTE * MINUTE_MS, EARLIER, 3);
    market.trade(MINUTE * MINUTE_MS, EARLIER, VOLUME - 3);
    let time_ms = (MINUTE + 5) * MINUTE_MS;
    market.trade(time_ms, TRADED, 3);
    market.rest(time_ms, Side::Buy, BID, 1);
    market.rest(time_ms, Side::Sell, ASK, LOTS);
    market.rest(time_ms, Side::Sell, ASK_FAR, 1);
    bytes_of(&market.data)
}

/// Puts `new` in the place of the n-th `old`.
fn replaced(bytes: &[u8], old: u64, nth: usize, new: u64) -> Vec<u8> {
    let old = old.to_le_bytes();
    let places = bytes.windows(8).enumerate().filter(|(_, window)| *window == old);
    let (at, _) = places.into_iter().nth(nth).expect("the number is in the bytes");
    let mut bytes = bytes.to_vec();
    bytes[at..at + 8].copy_from_slice(&new.to_le_bytes());
    bytes
}

#[test]
fn nonsense_is_refused_by_name() {
    let whole = marked();
    let spared = restored(&whole);
    assert_eq!(bytes_of(&spared), whole);
    let error = |bytes: Vec<u8>| match MarketData::restore(&mut Reader::new(&bytes)) {
        Ok(_) => "nothing",
        Err(error) => error.expected,
    };
    // A price traded stands in the list of trades, then as high and low, then, if another minute
    // follows, as its reference. That of the first minute is its own.
    for (old, nth, new, expected) in [
        (BID, 0, ASK, "a book that is not crossed"),
        (BID, 0, 0, "ascending prices above 0"),
        (ASK_FAR, 0, ASK, "ascending prices above 0"),
        (LOTS, 0, 0, "a level with orders and the lots of so many"),
        (TRADED, 0, 0, "a trade of something"),
        (TRADED, 0, TRADED + 1, "a window that spans the last trade price"),
        (TRADED, 1, TRADED - 1, "prices above 0, the low not above the high"),
        (TRADED, 2, TRADED + 1, "prices above 0, the low not above the high"),
        (TRADED, 2, 0, "prices above 0, the low not above the high"),
        (EARLIER, 2, 0, "prices above 0, the low not above the high"),
        (EARLIER, 5, EARLIER - 1, "a price of the minute before"),
        (MINUTE, 0, MINUTE + 5, "ascending minutes"),
        (MINUTE, 0, MINUTE + 5 - 1_441, "minutes within 24 hours"),
        (MINUTE + 5, 0, MINUTE + 6, "a window that ends with the last trade"),
        (MINUTE * MINUTE_MS, 0, (MINUTE + 6) * MINUTE_MS, "trades in their order"),
    ] {
        assert_eq!(error(replaced(&whole, old, nth, new)), expected, "{old:x} {nth} {new:x}");
    }
    assert_eq!(error(replaced(&whole, VOLUME, 0, 0)), "a minute with a trade");
    let mut other_form = whole.clone();
    other_form[0] = 1;
    assert_eq!(error(other_form), "market data of form 2");
    let mut earlier = whole.clone();
    earlier[1..9].copy_from_slice(&2u64.to_le_bytes());
    assert_eq!(error(earlier), "a market that did not change later than the snapshot");
    let mut younger = whole.clone();
    younger[9..17].copy_from_slice(&2u64.to_le_bytes());
    assert_eq!(error(younger), "trades no later than the snapshot");
}

/// Bytes of a candle, of its count before it, and of the same for all steps.
const CANDLE: usize = 5 * 8 + 2 * 16;
const SERIES: usize = 4 + CANDLE;
const ALL_SERIES: usize = Step::ALL.len() * SERIES;

#[test]
fn candles_that_cannot_be_are_refused_by_name() {
    let mut market = Market::new();
    for ticks in [10, 30, 20] {
        market.trade(MINUTE * MINUTE_MS, ticks, 1);
    }
    let whole = bytes_of(&market.data);
    // One candle for each step stands at the end, behind the time of the first trade.
    let first_trade = whole.len() - ALL_SERIES - 8;
    let series = |step: Step| whole.len() - ALL_SERIES + step as usize * SERIES;
    let error = |at: usize, new: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        match MarketData::restore(&mut Reader::new(&bytes)) {
            Ok(_) => "nothing",
            Err(error) => error.expected,
        }
    };
    for step in [Step::Minute, Step::Minutes45, Step::Week, Step::Month] {
        let (count, candle) = (series(step), series(step) + 4);
        let (open, high, low, close) = (candle + 8, candle + 16, candle + 24, candle + 32);
        let open_time = step.open_time(Timestamp(MINUTE * MINUTE_MS));
        let next = step.next_open_time(open_time).expect("not the end of time").0;
        for (at, new, expected) in [
            (candle, open_time.0 + 1, "a candle that begins with its step"),
            (candle, next, "candles from the first trade on"),
            (
                candle,
                step.open_time(Timestamp(open_time.0 - 1)).0,
                "candles from the first trade on",
            ),
            (open, 31, "a candle of prices above 0, between its low and its high"),
            (high, 19, "a candle of prices above 0, between its low and its high"),
            (low, 0, "a candle of prices above 0, between its low and its high"),
            (low, 11, "a candle of prices above 0, between its low and its high"),
            (close, 9, "a candle of prices above 0, between its low and its high"),
            (close, 21, "candles that end with the last trade"),
            (candle + 40, 0, "a candle with a trade"),
        ] {
            assert_eq!(error(at, &u64::to_le_bytes(new)), expected, "{step:?} {new}");
        }
        assert_eq!(error(count, &[0]), "1 to 5000 candles", "{step:?}");
        assert_eq!(error(count, &5_001u32.to_le_bytes()), "1 to 5000 candles", "{step:?}");
    }
    let later = (MINUTE + 1) * MINUTE_MS;
    let expected = "candles from the first trade on";
    assert_eq!(error(first_trade, &later.to_le_bytes()), expected);
    assert_eq!(error(first_trade - 1, &[0]), "candles that end with the last trade");

    market.trade(later, 20, 1);
    let mut bytes = bytes_of(&market.data);
    let last = later.to_le_bytes();
    // The last candles begin where the trade was; of minutes it is the second one.
    let places = bytes.windows(8).enumerate().filter(|(_, window)| *window == last);
    let at = places.map(|(at, _)| at).find(|at| *at > first_trade).expect("its second candle");
    bytes[at..at + 8].copy_from_slice(&(MINUTE * MINUTE_MS).to_le_bytes());
    let error = MarketData::restore(&mut Reader::new(&bytes)).expect_err("two at one time");
    assert_eq!(error.expected, "ascending candles");
}

/// Sequences of a market and time of a snapshot do not matter to counts and sums of orders.
fn with_bids(markets: u32, levels: u32, orders: u32) -> Vec<u8> {
    let mut bytes = vec![2];
    bytes.extend([1; 8 + 8]);
    bytes.extend(markets.to_le_bytes());
    bytes.extend([0; 8 + 8]);
    bytes.extend(levels.to_le_bytes());
    for price in 1..=u64::from(levels) {
        bytes.extend(price.to_le_bytes());
        bytes.extend(u128::from(orders).to_le_bytes());
        bytes.extend(orders.to_le_bytes());
    }
    // No asks, no trades, no minutes, no candles.
    bytes.extend([0; 4 + 4 + 4 + 1]);
    bytes
}

#[test]
fn counts_beyond_the_limits_are_refused() {
    for (markets, levels, orders, expected) in [
        (1, 65_536, 256, None),
        (4_097, 1, 1, Some("at most 4096 markets")),
        (1, 65_537, 1, Some("at most 65536 levels")),
        (1, 65_536, 257, Some("at most 16777216 orders")),
        (1, 2, u32::MAX, Some("at most 16777216 orders")),
        (1, 1, 0, Some("a level with orders and the lots of so many")),
    ] {
        let bytes = with_bids(markets, levels, orders);
        let error = MarketData::restore(&mut Reader::new(&bytes)).err();
        let what = format!("{markets} markets, {levels} levels, {orders} orders");
        assert_eq!(error.map(|error| error.expected), expected, "{what}");
    }
}
