//! The file against plain lists: pages, totals, repeats, and readers beside the writer.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

use openmart_history::{
    Batch, Fill, FinishedOrder, FollowerLimits, History, Location, OrderIds, Reading, Statuses,
    Store, Tail, Traded, dump,
};
use openmart_model::{
    AccountId, Amount, ClientOrderId, CloseReason, Event, MarketId, Order, OrderId, OrderKind,
    Price, Quantity, Side, TimeInForce, Timestamp, Trade, TradeId,
};

const ACCOUNTS: u32 = 3;
const MARKETS: u16 = 2;

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

    /// Any size up to 128 bits, so that both forms of numbers are written.
    fn amount(&mut self) -> Amount {
        let wide = (u128::from(self.word()) << 64) | u128::from(self.word());
        Amount::new(wide >> self.below(128))
    }

    fn order(&mut self, id: u64) -> Order {
        let price = Price::new(self.word() >> self.below(64));
        let quantity = Quantity::new(self.word() >> self.below(64));
        let kind = match self.below(6) {
            0 => OrderKind::Market { quantity },
            1 => OrderKind::MarketNotional { notional: self.amount() },
            n => {
                let time_in_force = [
                    TimeInForce::GTC,
                    TimeInForce::GoodTillCanceled { post_only: true },
                    TimeInForce::ImmediateOrCancel,
                    TimeInForce::FillOrKill,
                ][n as usize - 2];
                OrderKind::Limit { price, quantity, time_in_force }
            }
        };
        Order {
            id: OrderId(id),
            account: AccountId(self.below(u64::from(ACCOUNTS)) as u32),
            market: MarketId(self.below(u64::from(MARKETS)) as u16),
            side: if self.below(2) == 0 { Side::Buy } else { Side::Sell },
            kind,
            client_id: (self.below(3) == 0)
                .then(|| ClientOrderId::new(&format!("n-{id}")).unwrap()),
            time: Timestamp(self.word() >> self.below(64)),
            filled: Quantity::new(self.word() >> self.below(64)),
            notional: self.amount(),
            fees: self.amount(),
        }
    }

    fn trade(&mut self, id: u64) -> Trade {
        Trade {
            id: TradeId(id),
            market: MarketId(self.below(u64::from(MARKETS)) as u16),
            price: Price::new(self.word()),
            quantity: Quantity::new(self.word()),
            notional: self.amount(),
            taker_side: if self.below(2) == 0 { Side::Buy } else { Side::Sell },
            taker_order: OrderId(1 + self.below(40)),
            taker_account: AccountId(self.below(u64::from(ACCOUNTS)) as u32),
            taker_fee: self.amount(),
            maker_order: OrderId(41 + self.below(40)),
            maker_account: AccountId(self.below(u64::from(ACCOUNTS)) as u32),
            maker_fee: self.amount(),
        }
    }
}

/// Everything that happened, in plain lists.
#[derive(Default)]
struct Plain {
    sequence: u64,
    /// Never goes back.
    time_ms: u64,
    ids: Vec<u64>,
    orders: Vec<FinishedOrder>,
    trades: Vec<Traded>,
}

impl Plain {
    /// Ids far apart, in no order, so that lists reach over many blocks and grow in their middle.
    fn new(dice: &mut Dice) -> Self {
        let mut ids: Vec<u64> = (1..=400).map(|n| n * 9_973).collect();
        for at in (1..ids.len()).rev() {
            ids.swap(at, dice.below(at as u64 + 1) as usize);
        }
        Self { ids, ..Self::default() }
    }

    /// One more batch.
    fn batch(&mut self, dice: &mut Dice) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..=dice.below(12) {
            self.sequence += 1;
            self.time_ms += dice.below(100_000_000);
            let (time, mut events) = (Timestamp(self.time_ms), Vec::new());
            for _ in 0..dice.below(3) {
                let trade = dice.trade(self.trades.len() as u64 + 1);
                self.trades.push(Traded { trade, time, sequence: self.sequence });
                events.push(Event::Traded(trade));
            }
            for _ in 0..dice.below(3) {
                let Some(id) = self.ids.pop() else {
                    break;
                };
                let order = dice.order(id);
                let reason = [
                    CloseReason::Filled,
                    CloseReason::Canceled,
                    CloseReason::Expired,
                    CloseReason::SelfTrade,
                ][dice.below(4) as usize];
                let sequence = self.sequence;
                self.orders.push(FinishedOrder { order, reason, time, sequence });
                events.push(Event::Closed { order, reason, rested: true });
            }
            batch.add(self.sequence, time, &events);
        }
        batch
    }

    fn orders(&self, account: AccountId, market: MarketId, statuses: Statuses) -> Vec<OrderId> {
        let mine = |finished: &&FinishedOrder| {
            let order = &finished.order;
            (order.account, order.market) == (account, market) && statuses.shows(finished.status())
        };
        let mut ids: Vec<OrderId> =
            self.orders.iter().filter(mine).map(|finished| finished.order.id).collect();
        ids.sort_unstable();
        ids.reverse();
        ids
    }

    fn fills(&self, account: AccountId, market: MarketId, order: Option<OrderId>) -> Vec<Fill> {
        let both = self.trades.iter().flat_map(|traded| Fill::both(traded.time, &traded.trade));
        let mine = |fill: &Fill| {
            (fill.account, fill.market) == (account, market)
                && order.is_none_or(|order| fill.order == order)
        };
        let mut fills: Vec<Fill> = both.filter(mine).collect();
        fills.reverse();
        fills
    }
}

fn statuses() -> [Statuses; 4] {
    let statuses = |filled, canceled| Statuses { filled, canceled };
    [(false, false), (true, false), (false, true), (true, true)].map(|(f, c)| statuses(f, c))
}

fn places() -> impl Iterator<Item = (AccountId, MarketId)> {
    (0..ACCOUNTS).flat_map(|a| (0..MARKETS).map(move |m| (AccountId(a), MarketId(m))))
}

fn compare(reading: &Reading<'_>, plain: &Plain, context: &str) {
    assert_eq!(reading.applied(), plain.sequence, "{context}");
    for finished in &plain.orders {
        assert_eq!(reading.order(finished.order.id).unwrap().as_ref(), Some(finished), "{context}");
    }
    assert_eq!(reading.order(OrderId(u64::MAX)), Ok(None));
    for (account, market) in places() {
        for statuses in statuses() {
            let expected = plain.orders(account, market, statuses);
            let total = reading.orders_total(account, market, statuses).unwrap();
            assert_eq!(total, expected.len() as u64, "{context}");
            for skipped in 0..expected.len() + 2 {
                let mut found = Vec::new();
                let ids = OrderIds { account, market, statuses, skipped: skipped as u64 };
                let mut take = |id| {
                    found.push(id);
                    found.len() < 7
                };
                reading.order_ids(ids, &mut take).unwrap();
                let part: Vec<_> = expected.iter().skip(skipped).take(7).copied().collect();
                assert_eq!(found, part, "{context} after {skipped}");
            }
        }
        let of_orders = [1, 7, 41, 80, u64::MAX].map(|id| Some(OrderId(id)));
        for order in [None].into_iter().chain(of_orders) {
            let expected = plain.fills(account, market, order);
            let total = reading.fills_total(account, market, order).unwrap();
            assert_eq!(total, expected.len() as u64, "{context}");
            for skipped in 0..expected.len() + 2 {
                let found = reading.fills(account, market, order, skipped as u64, 5).unwrap();
                let part: Vec<_> = expected.iter().skip(skipped).take(5).copied().collect();
                assert_eq!(found, part, "{context} {order:?} after {skipped}");
            }
        }
    }
}

#[test]
fn the_file_has_what_plain_lists_have() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut plain = Plain::new(&mut dice);
        let mut store = Store::open(Location::Temporary).unwrap();
        let mut batches = Vec::new();
        for _ in 0..25 {
            let batch = plain.batch(&mut dice);
            store.apply(&batch).unwrap();
            batches.push(batch);
        }
        assert!(plain.orders.len() > 50 && plain.trades.len() > 50, "seed {seed}");
        let path = store.path().to_owned();
        let rows = |context: &str| {
            let mut rows = Vec::new();
            dump(&path, |row| rows.push(row)).unwrap();
            assert!(rows.len() > 200, "seed {seed} {context}");
            rows
        };
        let once = rows("once");
        batches.iter().for_each(|batch| store.apply(batch).unwrap());
        assert_eq!(rows("twice"), once, "seed {seed}");
        let history = History::start(store, FollowerLimits::default()).unwrap();
        compare(&history.read().unwrap(), &plain, &format!("seed {seed}"));
    }
}

#[test]
fn file_and_tail_together_have_every_row_once_at_every_moment() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut plain = Plain::new(&mut dice);
        let store = Store::open(Location::Temporary).unwrap();
        // One row may wait: every second push has to wait for the thread.
        let history = History::start(store, FollowerLimits { lag_rows_max: 1 }).unwrap();
        let mut tail = Tail::default();
        for round in 0..60 {
            let batch = plain.batch(&mut dice);
            tail.trim(history.trim_through(), dice.below(20) as usize);
            tail.add(&batch);
            history.push(batch).unwrap();
            let reading = history.read().unwrap();
            let after = reading.applied();
            assert!(tail.trimmed_through() <= after, "seed {seed} round {round}");
            let all = Statuses { filled: true, canceled: true };
            for (account, market) in places() {
                let place = (account, market);
                let written = reading.orders_total(account, market, all).unwrap() as usize;
                let recent = tail.orders(place, all, after);
                let expected = plain.orders(account, market, all).len();
                assert_eq!(written + recent.len(), expected, "seed {seed} round {round}");
                let mut fills = tail.fills(place, None, after);
                fills.extend(reading.fills(account, market, None, 0, 10_000).unwrap());
                assert_eq!(fills, plain.fills(account, market, None), "seed {seed} round {round}");
            }
        }
        history.flush(plain.sequence).unwrap();
        tail.trim(history.trim_through(), usize::MAX);
        compare(&history.read().unwrap(), &plain, &format!("seed {seed} flushed"));
        history.close();
        assert!(history.flush(plain.sequence + 1).is_err(), "closed");
        compare(&history.read().unwrap(), &plain, &format!("seed {seed} closed"));
    }
}

#[test]
fn a_reading_stays_what_it_was_while_more_is_written() {
    let mut dice = Dice(5);
    let mut plain = Plain::new(&mut dice);
    let store = Store::open(Location::Temporary).unwrap();
    let history = History::start(store, FollowerLimits::default()).unwrap();
    history.push(plain.batch(&mut dice)).unwrap();
    history.flush(plain.sequence).unwrap();
    let reading = history.read().unwrap();
    let mut later = Plain::default();
    std::mem::swap(&mut later.ids, &mut plain.ids);
    (later.sequence, later.time_ms) = (plain.sequence, plain.time_ms);
    for _ in 0..10 {
        history.push(later.batch(&mut dice)).unwrap();
        history.flush(later.sequence).unwrap();
    }
    compare(&reading, &plain, "the old one");
    drop(reading);
    assert_eq!(history.read().unwrap().applied(), later.sequence);
}

/// Gives a file the layout that it had before there were tables of lists.
const SECOND_LAYOUT: &str = "
DROP VIEW listed;
DROP TABLE order_lists;
DROP TABLE order_lists_recent;
CREATE INDEX orders_listed ON orders (account, market, status, id);
PRAGMA user_version = 2;
";

#[test]
fn a_file_without_lists_gets_them_from_its_orders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let mut dice = Dice(9);
    let mut plain = Plain::new(&mut dice);
    let open = || Store::open(Location::File(path.clone())).unwrap();
    let mut store = open();
    (0..25).for_each(|_| store.apply(&plain.batch(&mut dice)).unwrap());
    drop(store);
    let rows = || {
        let mut rows = Vec::new();
        dump(&path, |row| rows.push(row)).unwrap();
        rows
    };
    let written = rows();
    assert!(written.iter().filter(|row| row.starts_with("listed ")).count() > 50);

    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch(SECOND_LAYOUT).unwrap();
    drop(other);
    let mut store = open();
    assert_eq!(rows(), written);
    store.apply(&plain.batch(&mut dice)).unwrap();
    let history = History::start(store, FollowerLimits::default()).unwrap();
    compare(&history.read().unwrap(), &plain, "brought up to date, and written to");
}

#[test]
fn another_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (n INTEGER)").unwrap();
    drop(other);
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(Location::File(path.clone())).unwrap_err().to_string();
    assert!(error.contains("another program wrote it"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, b"not a database, but long enough to be taken for one at first").unwrap();
    assert!(Store::open(Location::File(path)).is_err());
}
