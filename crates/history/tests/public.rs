//! Candles and public trades against plain lists: wherever the line between file and tail lies, however
//! the trades were cut into batches, and in files that had no candles before.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use openmart_history::{
    Batch, FollowerLimits, History, HistoryError, Location, Reading, SCHEMA_VERSION, Store,
    TRANSACTION_ROWS_MAX, Tail, dump,
};
use openmart_marketdata::{KlineRow, PublicTrade, Step};
use openmart_model::{
    AccountId, Amount, Event, MarketId, OrderId, Price, Quantity, Side, Timestamp, Trade, TradeId,
};

const MARKETS: [MarketId; 2] = [MarketId(0), MarketId(7)];
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 1_440 * MINUTE_MS;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.word() % limit
    }

    fn trade(&mut self, id: u64) -> Trade {
        // Small numbers, and such as fit into no integer of SQLite.
        let wide = self.below(5) == 0;
        let quantity = if wide { self.word() } else { 1 + self.below(100) };
        let notional = if wide { u128::MAX / 3 } else { u128::from(self.below(1_000)) };
        Trade {
            id: TradeId(id),
            market: MARKETS[self.below(2) as usize],
            price: Price::new(1 + if wide { self.word() >> 1 } else { self.below(50) }),
            quantity: Quantity::new(quantity),
            notional: Amount::new(notional),
            taker_side: if self.below(2) == 0 { Side::Buy } else { Side::Sell },
            taker_order: OrderId(2 * id),
            taker_account: AccountId(self.below(2) as u32),
            taker_fee: Amount::new(1),
            maker_order: OrderId(2 * id + 1),
            maker_account: AccountId(self.below(2) as u32),
            maker_fee: Amount::new(1),
        }
    }
}

/// What one command did: its time and its trades. The sequence is its place, from 1.
type Done = (Timestamp, Vec<Trade>);

fn commands(dice: &mut Dice, count: u64, gap_ms_max: u64) -> Vec<Done> {
    let (mut time_ms, mut id) = (1_600_000_000_000, 0);
    let command = |_| {
        let longest = [1, MINUTE_MS, 400 * MINUTE_MS, 40 * DAY_MS][dice.below(4) as usize];
        time_ms += dice.below(longest.min(gap_ms_max));
        let trades = (0..dice.below(4)).map(|_| {
            id += 1;
            dice.trade(id)
        });
        (Timestamp(time_ms), trades.collect())
    };
    (0..count).map(command).collect()
}

/// The commands of these sequences as one batch.
fn batch(commands: &[Done], sequences: RangeInclusive<usize>) -> Batch {
    let mut batch = Batch::default();
    for sequence in sequences {
        let (time, trades) = &commands[sequence - 1];
        let events: Vec<Event> = trades.iter().copied().map(Event::Traded).collect();
        batch.add(sequence as u64, *time, &events);
    }
    batch
}

/// All trades of a market, oldest first.
fn public(commands: &[Done], market: MarketId) -> Vec<PublicTrade> {
    let of_command = |(time, trades): &Done| {
        let time = *time;
        let mine = trades.clone().into_iter().filter(move |trade| trade.market == market);
        mine.map(move |trade| PublicTrade::new(time, &trade)).collect::<Vec<_>>()
    };
    commands.iter().flat_map(of_command).collect()
}

/// Candles as their definition says: trades sorted by the candle they are in.
fn candles(step: Step, trades: &[PublicTrade]) -> Vec<KlineRow> {
    let mut sorted: BTreeMap<Timestamp, Vec<&PublicTrade>> = BTreeMap::new();
    for trade in trades {
        sorted.entry(step.open_time(trade.time)).or_default().push(trade);
    }
    let candle = |(open_time, trades): (Timestamp, Vec<&PublicTrade>)| {
        let prices = || trades.iter().map(|trade| trade.price);
        let notional = |sum: u128, trade: &&PublicTrade| sum.wrapping_add(trade.notional.units());
        KlineRow {
            open_time,
            open: trades[0].price,
            high: prices().max().unwrap(),
            low: prices().min().unwrap(),
            close: trades[trades.len() - 1].price,
            volume_lots: trades.iter().map(|trade| u128::from(trade.quantity.lots())).sum(),
            turnover: Amount::new(trades.iter().fold(0, notional)),
        }
    };
    sorted.into_iter().map(candle).collect()
}

/// What a reading must show of these candles: one before the range, then the first of the range.
fn part(all: &[KlineRow], from: Timestamp, to: Timestamp, rows_max: usize) -> Vec<KlineRow> {
    let before = all.iter().rev().find(|row| row.open_time < from);
    let within = all.iter().filter(|row| (from..=to).contains(&row.open_time));
    before.into_iter().chain(within.take(rows_max)).copied().collect()
}

fn compare(reading: &Reading<'_>, tail: &Tail, commands: &[Done], dice: &mut Dice, context: &str) {
    let after = reading.applied();
    assert!(tail.trimmed_through() <= after, "{context}");
    let end = Timestamp(u64::MAX);
    for market in MARKETS {
        let trades = public(commands, market);
        for step in Step::ALL {
            let all = candles(step, &trades);
            let recent = tail.klines(market, step, after, end);
            let mut place = || {
                let near = &all[dice.below(all.len() as u64) as usize];
                Timestamp(near.open_time.0 - 1 + dice.below(3))
            };
            let (one, other) = (place(), place());
            let ranges = [(Timestamp(0), end), (one, other), (other, end), (end, end)];
            for ((from, to), rows_max) in ranges.into_iter().flat_map(|r| [(r, 1_000), (r, 3)]) {
                let found = reading.klines(market, step, from..=to, rows_max, &recent).unwrap();
                let what = format!("{context} {market} {step:?} {from:?} {to:?} {rows_max}");
                assert_eq!(found, part(&all, from, to, rows_max), "{what}");
            }
            // What memory has from a candle on need not be folded once more.
            let place = dice.below(all.len() as u64) as usize;
            let (known, until) = (all[place].open_time, Timestamp(all[place].open_time.0 - 1));
            let recent = tail.klines(market, step, after, known);
            let found = reading.klines(market, step, Timestamp(0)..=until, 1_000, &recent).unwrap();
            assert_eq!(found, all[..place], "{context} {market} {step:?} before {known:?}");
        }
        compare_trades(reading, tail, market, &trades, context);
    }
}

fn compare_trades(
    reading: &Reading<'_>,
    tail: &Tail,
    market: MarketId,
    trades: &[PublicTrade],
    context: &str,
) {
    let after = reading.applied();
    let ids = trades.iter().map(|trade| Some(trade.id));
    for before in [None, Some(TradeId(0)), Some(TradeId(u64::MAX))].into_iter().chain(ids) {
        let expected: Vec<PublicTrade> = trades
            .iter()
            .rev()
            .filter(|trade| before.is_none_or(|before| trade.id < before))
            .take(5)
            .copied()
            .collect();
        let mut found: Vec<_> = tail.trades(market, after, before).rev().take(5).collect();
        found.extend(reading.trades(market, before, 5 - found.len()).unwrap());
        assert_eq!(found, expected, "{context} {market} {before:?}");
    }
}

#[test]
fn file_and_tail_together_have_every_candle_and_trade_at_every_cut() {
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let commands = commands(&mut dice, 60, u64::MAX);
        let last = commands.len();
        let store = Store::open(Location::Temporary).unwrap();
        let history = History::start(store, FollowerLimits::default()).unwrap();
        for cut in 0..=last {
            if cut > 0 {
                history.push(batch(&commands, cut..=cut)).unwrap();
                history.flush(cut as u64).unwrap();
            }
            let mut tail = Tail::default();
            tail.add(&batch(&commands, 1..=last));
            // Trimmed anywhere, also between the halves of a trade.
            tail.trim(dice.below(cut as u64 + 1), dice.below(40) as usize);
            let reading = history.read().unwrap();
            assert_eq!(reading.applied(), cut as u64);
            compare(&reading, &tail, &commands, &mut dice, &format!("seed {seed} cut {cut}"));
        }
    }
}

fn rows(path: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    dump(path, |row| rows.push(row)).unwrap();
    rows
}

#[test]
fn batches_that_overlap_count_once() {
    for seed in 0..8 {
        let mut dice = Dice(100 + seed);
        let commands = commands(&mut dice, 80, u64::MAX);
        let last = commands.len();
        let mut whole = Store::open(Location::Temporary).unwrap();
        whole.apply(&batch(&commands, 1..=last)).unwrap();
        let mut parts = Store::open(Location::Temporary).unwrap();
        let mut applied = 0;
        while applied < last {
            // Begins anywhere before, ends anywhere after.
            let begin = 1 + dice.below(applied as u64 + 1) as usize;
            let end = (begin + dice.below(20) as usize).min(last);
            parts.apply(&batch(&commands, begin..=end)).unwrap();
            applied = applied.max(end);
        }
        let expected = rows(whole.path());
        assert!(expected.iter().filter(|row| row.starts_with("klines ")).count() > 100);
        assert_eq!(rows(parts.path()), expected, "seed {seed}");
    }
}

/// Gives a file the layout that it had before there were candles, and before there were tables of lists.
const FIRST_LAYOUT: &str = "
DROP TABLE klines;
DROP VIEW listed;
DROP TABLE order_lists;
DROP TABLE order_lists_recent;
CREATE INDEX orders_listed ON orders (account, market, status, id);
PRAGMA user_version = 1;
";

#[test]
fn a_file_without_candles_gets_them_from_its_trades() {
    for (seed, count, gap_ms_max) in [(1, 60, u64::MAX), (2, 20_000, 20 * MINUTE_MS)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let commands = commands(&mut Dice(seed), count, gap_ms_max);
        let open = || Store::open(Location::File(path.clone()));
        let mut store = open().unwrap();
        store.apply(&batch(&commands, 1..=commands.len() / 2)).unwrap();
        store.apply(&batch(&commands, 1..=commands.len())).unwrap();
        drop(store);
        let written = rows(&path);
        if seed == 2 {
            let trades = written.iter().filter(|row| row.starts_with("trades ")).count();
            assert!(trades > TRANSACTION_ROWS_MAX, "several turns, {trades} trades");
        }

        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch(FIRST_LAYOUT).unwrap();
        drop(other);
        let error = dump(&path, drop).unwrap_err();
        assert!(matches!(error, HistoryError::Foreign { .. }), "{error}");
        drop(open().unwrap());
        assert_eq!(rows(&path), written, "seed {seed}");

        let other = rusqlite::Connection::open(&path).unwrap();
        other.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
        drop(other);
        let error = open().unwrap_err().to_string();
        assert!(error.contains(&format!("it has version {}", SCHEMA_VERSION + 1)), "{error}");
    }
}
