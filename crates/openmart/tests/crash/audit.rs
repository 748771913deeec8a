//! After a restart: what the API says against what the clients were told, and every balance anew.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use openmart_wire::bitmart_v2::{Order, OrderBody, OrderStatus, OwnTrade, Side};

use crate::ledger::{Doubt, Ledger, Ledgers};
use crate::support::account::{Account, Key, placed};
use crate::venue::{DEPOSITS, FEE_MAKER, FEE_TAKER, SYMBOLS, units};

/// Answers of the last round that are asked for again.
const REPEATS: usize = 5;

/// Compares everything. Requests without an answer are settled on the way.
pub(crate) fn audit(address: SocketAddr, ledgers: &mut Ledgers) {
    for (key, ledger) in ledgers.of() {
        let mut account = Account::log_in(address, key).expect("the server is there");
        let orders = all_orders(&mut account);
        compare_with_answers(key, ledger, &orders);
        settle_doubts(key, &mut account, ledger, &orders);
        repeat_answered(&mut account, ledger);
    }
    // Settling may have placed orders, so that everything is read anew.
    let pictures = ledgers.of().map(|(key, ledger)| {
        let mut account = Account::log_in(address, key).expect("the server is there");
        let picture = Picture::of(&mut account);
        picture.compare_trades(key, ledger);
        for order in picture.orders.values().filter(|order| !is_open(order)) {
            ledger.finish(order.clone());
        }
        picture
    });
    let [alice, bob] = &pictures;
    alice.check_fills();
    bob.check_fills();
    alice.check_counterpart(bob);
    let fees = alice.check_balances().into_iter().zip(bob.check_balances());
    for ((asset, deposited), (fees_alice, fees_bob)) in DEPOSITS.iter().zip(fees) {
        let held = alice.total(asset) + bob.total(asset);
        assert_eq!(held + fees_alice + fees_bob, 2 * deposited, "{asset} is not conserved");
    }
}

fn all_orders(account: &mut Account) -> BTreeMap<u64, Order> {
    let mut orders = BTreeMap::new();
    for symbol in SYMBOLS {
        for order in account.orders(symbol).expect("the server is there") {
            let id = order.entrust_id;
            assert!(orders.insert(id, order).is_none(), "order {id} is listed twice");
        }
    }
    orders
}

fn is_open(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Open | OrderStatus::PartiallyFilled)
}

/// Everything that was in an answer is there and still true.
fn compare_with_answers(key: Key, ledger: &Ledger, orders: &BTreeMap<u64, Order>) {
    let name = key.name;
    for (id, asked) in &ledger.placed {
        let order = orders.get(id).unwrap_or_else(|| panic!("{name}: order {id} is lost"));
        let terms = |symbol: &str, side, amount: &str, price: &str| {
            (symbol.to_owned(), side, units(amount), units(price))
        };
        let found = terms(&order.symbol, order.side, &order.original_amount, &order.price);
        let OrderBody { symbol, side, amount, price, .. } = asked;
        assert_eq!(found, terms(symbol, *side, amount, price), "{name}: order {id}");
    }
    for id in &ledger.canceled {
        assert_eq!(orders[id].status, OrderStatus::Canceled, "{name}: order {id} came back");
    }
    for id in &ledger.filled {
        assert_eq!(orders[id].status, OrderStatus::Filled, "{name}: order {id} came back");
    }
    for id in &ledger.swept {
        assert!(!is_open(&orders[id]), "{name}: order {id} came back");
    }
    for (id, order) in &ledger.finished {
        assert_eq!(orders.get(id), Some(order), "{name}: a finished order changed");
    }
}

/// Requests without an answer were carried out wholly or not at all.
fn settle_doubts(
    key: Key,
    account: &mut Account,
    ledger: &mut Ledger,
    orders: &BTreeMap<u64, Order>,
) {
    let name = key.name;
    let known = |id: &&u64| !ledger.placed.contains_key(id);
    let mut unexplained: BTreeSet<u64> = orders.keys().filter(known).copied().collect();
    for doubt in std::mem::take(&mut ledger.doubts) {
        match doubt {
            Doubt::Place(asked) => {
                let answer = account.place(&asked).expect("the server is there");
                if answer.status == 400 && answer.body.contains("Place order error") {
                    ledger.resolved.not_placed += 1;
                    continue;
                }
                // The same client order id leads to the same order, whoever was told.
                let id = placed(&answer);
                match unexplained.remove(&id) {
                    true => ledger.resolved.placed += 1,
                    false => {
                        assert!(!orders.contains_key(&id), "{name}: order {id} for {asked:?}");
                        ledger.resolved.not_placed += 1;
                    }
                }
                ledger.placed.insert(id, asked);
            }
            Doubt::CancelAll { open } => {
                let left = open.iter().filter(|id| is_open(&orders[id])).count();
                assert!(left == 0 || left == open.len(), "{name}: half of a cancel-all");
                match left {
                    0 => ledger.resolved.swept += 1,
                    _ => ledger.resolved.not_swept += 1,
                }
            }
            Doubt::Other => {}
        }
    }
    assert!(unexplained.is_empty(), "{name}: nobody placed {unexplained:?}");
}

/// Asking again changes nothing: a cancel is refused, an order is the one of before.
fn repeat_answered(account: &mut Account, ledger: &Ledger) {
    for id in ledger.canceled.iter().rev().take(REPEATS) {
        let answer = account.cancel(*id).expect("the server is there");
        let reason = answer.header("X-Openmart-Reason");
        assert_eq!((answer.status, reason), (404, Some("canceled")), "order {id}");
    }
    for (id, asked) in ledger.placed.iter().rev().take(REPEATS) {
        let answer = account.place(asked).expect("the server is there");
        assert_eq!(placed(&answer), *id, "{asked:?}");
    }
}

/// All that one account sees.
struct Picture {
    orders: BTreeMap<u64, Order>,
    trades: BTreeMap<u64, OwnTrade>,
    /// Available and hold by asset.
    balances: BTreeMap<String, (u128, u128)>,
}

impl Picture {
    fn of(account: &mut Account) -> Self {
        let mut trades = BTreeMap::new();
        for symbol in SYMBOLS {
            for trade in account.trades(symbol).expect("the server is there") {
                let id = trade.trade_id;
                assert!(trades.insert(id, trade).is_none(), "trade {id} is listed twice");
            }
        }
        let wallet = account.wallet().expect("the server is there").into_iter();
        let balances = wallet
            .map(|entry| (entry.id, (units(&entry.available), units(&entry.frozen))))
            .collect();
        Self { orders: all_orders(account), trades, balances }
    }

    fn total(&self, asset: &str) -> u128 {
        let (available, hold) = self.balances[asset];
        available + hold
    }

    /// Trades that were shown before are there.
    fn compare_trades(&self, key: Key, ledger: &Ledger) {
        for (id, trade) in &ledger.trades {
            assert_eq!(self.trades.get(id), Some(trade), "{}: trade {id}", key.name);
        }
    }

    /// Every order has traded what its trades say.
    fn check_fills(&self) {
        let mut sums: BTreeMap<u64, (u128, u128)> = BTreeMap::new();
        for trade in self.trades.values() {
            let sum = sums.entry(trade.entrust_id).or_default();
            sum.0 += units(&trade.amount);
            sum.1 += units(&trade.fees);
        }
        for (id, order) in &self.orders {
            let found = (units(&order.executed_amount), units(&order.fees));
            assert_eq!(found, sums.remove(id).unwrap_or_default(), "order {id} and its trades");
            let (executed, quantity) = (found.0, units(&order.original_amount));
            assert_eq!(executed + units(&order.remaining_amount), quantity, "order {id}");
            let is_filled = order.status == OrderStatus::Filled;
            assert_eq!(is_filled, executed == quantity, "order {id}: {order:?}");
        }
        assert!(sums.is_empty(), "trades without an order: {sums:?}");
    }

    /// Every trade is the other account's as well.
    fn check_counterpart(&self, other: &Self) {
        let ids = |picture: &Self| picture.trades.keys().copied().collect::<Vec<u64>>();
        assert_eq!(ids(self), ids(other), "a trade has two sides");
        for (mine, theirs) in self.trades.values().zip(other.trades.values()) {
            assert_eq!((&mine.price, &mine.amount), (&theirs.price, &theirs.amount), "{mine:?}");
            assert_ne!(mine.entrust_type, theirs.entrust_type, "{mine:?}");
            assert_ne!(mine.active, theirs.active, "{mine:?}");
        }
    }

    /// Balances are deposits, trades and holds of open orders. Returns the fees paid by asset.
    fn check_balances(&self) -> Vec<u128> {
        let mut book: BTreeMap<&str, Expected> = BTreeMap::new();
        for (asset, deposited) in DEPOSITS {
            book.insert(asset, Expected { received: deposited, ..Expected::default() });
        }
        let mut entry = |asset: &str, change: &dyn Fn(&mut Expected)| {
            change(book.get_mut(asset).expect("a known asset"));
        };
        for trade in self.trades.values() {
            let quantity = units(&trade.amount);
            let notional = product(&trade.price, &trade.amount);
            let (base, quote) = trade.symbol.split_once('_').expect("a symbol");
            let ((got, received), (gave, given)) = match trade.entrust_type {
                Side::Buy => ((base, quantity), (quote, notional)),
                Side::Sell => ((quote, notional), (base, quantity)),
            };
            let rate = if trade.active { FEE_TAKER } else { FEE_MAKER };
            let fee = received * rate / 1_000_000;
            assert_eq!(units(&trade.fees), fee, "{trade:?}");
            entry(got, &|book| {
                (book.received, book.fees) = (book.received + received, book.fees + fee)
            });
            entry(gave, &|book| book.given += given);
        }
        for order in self.orders.values().filter(|order| is_open(order)) {
            let (base, quote) = order.symbol.split_once('_').expect("a symbol");
            let (asset, hold) = match order.side {
                Side::Buy => (quote, product(&order.price, &order.remaining_amount)),
                Side::Sell => (base, units(&order.remaining_amount)),
            };
            entry(asset, &|book| book.hold += hold);
        }
        for (asset, Expected { received, given, fees, hold }) in &book {
            let available = received - given - fees - hold;
            assert_eq!(self.balances[*asset], (available, *hold), "available and hold of {asset}");
        }
        DEPOSITS.iter().map(|(asset, _)| book[asset].fees).collect()
    }
}

/// What a balance is made of, in units.
#[derive(Default)]
struct Expected {
    received: u128,
    given: u128,
    fees: u128,
    hold: u128,
}

/// Price times amount in units of the quote asset; exact for the decimals of these markets.
fn product(price: &str, amount: &str) -> u128 {
    let product = units(price) * units(amount);
    assert_eq!(product % 10_000_000_000, 0, "{price} x {amount}");
    product / 10_000_000_000
}
