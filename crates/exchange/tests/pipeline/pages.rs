//! Lists of orders and fills, against a plain fold over all events.

use std::collections::BTreeMap;
use std::sync::Arc;

use openmart_exchange::{Exchange, Fill, OrderFilter, OrderView, PageRequest, Role};
use openmart_journal::MemoryStorage;
use openmart_model::{AccountId, Event, MarketId, OrderId, OrderStatus, Trade};

use crate::venue::{ACCOUNTS, Dice, Replayed, listing, options, replayed, run};

/// All finished orders in order of closing and all fills in order of trading, without limits.
#[derive(Default)]
struct Plain {
    finished: Vec<OrderView>,
    fills: Vec<Fill>,
}

impl Plain {
    fn of(replayed: &Replayed) -> Self {
        let mut plain = Self::default();
        for (events, time) in replayed.events.iter().zip(&replayed.times) {
            for event in events {
                match event {
                    Event::Closed { order, reason, .. } => {
                        let filled = *reason == openmart_model::CloseReason::Filled;
                        let status =
                            if filled { OrderStatus::Filled } else { OrderStatus::Canceled };
                        let closed = Some((*reason, *time));
                        plain.finished.push(OrderView { order: *order, status, closed });
                    }
                    Event::Traded(trade) => {
                        plain.fills.push(fill(trade, *time, Role::Maker));
                        plain.fills.push(fill(trade, *time, Role::Taker));
                    }
                    _ => {}
                }
            }
        }
        plain
    }
}

fn fill(trade: &Trade, time: openmart_model::Timestamp, role: Role) -> Fill {
    let (order, account, side, fee) = match role {
        Role::Maker => {
            (trade.maker_order, trade.maker_account, trade.taker_side.opposite(), trade.maker_fee)
        }
        Role::Taker => (trade.taker_order, trade.taker_account, trade.taker_side, trade.taker_fee),
    };
    Fill {
        trade: trade.id,
        order,
        account,
        market: trade.market,
        side,
        role,
        price: trade.price,
        quantity: trade.quantity,
        notional: trade.notional,
        fee,
        time,
    }
}

fn filters() -> impl Iterator<Item = OrderFilter> {
    (0..16).map(|bits| OrderFilter {
        open_untouched: bits & 1 > 0,
        open_partial: bits & 2 > 0,
        filled: bits & 4 > 0,
        canceled: bits & 8 > 0,
    })
}

fn takes(filter: OrderFilter, view: &OrderView) -> bool {
    match view.status {
        OrderStatus::Open => filter.open_untouched,
        OrderStatus::PartiallyFilled => filter.open_partial,
        OrderStatus::Filled => filter.filled,
        OrderStatus::Canceled => filter.canceled,
    }
}

/// Every page of every list must be that part of the plain list.
fn compare(exchange: &Exchange, plain: &Plain, context: &str) {
    for account in (0..ACCOUNTS).map(AccountId) {
        for market in [MarketId(0), MarketId(1), MarketId(2)] {
            for filter in filters() {
                compare_orders(exchange, plain, (account, market), filter, context);
            }
            compare_fills(exchange, plain, (account, market), None, context);
        }
    }
    for order in (1..200).map(OrderId) {
        for market in [MarketId(0), MarketId(1)] {
            compare_fills(exchange, plain, (AccountId(0), market), Some(order), context);
        }
    }
}

fn compare_orders(
    exchange: &Exchange,
    plain: &Plain,
    (account, market): (AccountId, MarketId),
    filter: OrderFilter,
    context: &str,
) {
    let mut expected: BTreeMap<OrderId, OrderView> =
        plain.finished.iter().map(|view| (view.order.id, *view)).collect();
    exchange.view(|state| {
        for order in state.engine().open_orders(account) {
            let untouched = order.filled.is_zero();
            let status = if untouched { OrderStatus::Open } else { OrderStatus::PartiallyFilled };
            expected.insert(order.id, OrderView { order, status, closed: None });
        }
    });
    let expected: Vec<OrderView> = expected
        .into_values()
        .rev()
        .filter(|view| view.order.account == account && view.order.market == market)
        .filter(|view| takes(filter, view))
        .collect();
    for size in [1_000, 3] {
        for index in 0..=expected.len() / size + 1 {
            let page = PageRequest { index, size };
            let found = exchange.orders(account, market, filter, page).unwrap();
            let part: Vec<_> = expected.iter().skip(index * size).take(size).copied().collect();
            assert_eq!(found.total, expected.len(), "{context} {account} {market} {filter:?}");
            assert_eq!(found.items, part, "{context} {account} {market} {filter:?} {page:?}");
        }
    }
    for view in &expected {
        let found = exchange.find_order(account, view.order.id).unwrap();
        assert_eq!(found.as_ref(), Some(view), "{context}");
        let other = AccountId(account.0 + 1);
        assert_eq!(exchange.find_order(other, view.order.id), Ok(None));
    }
}

fn compare_fills(
    exchange: &Exchange,
    plain: &Plain,
    (account, market): (AccountId, MarketId),
    order: Option<OrderId>,
    context: &str,
) {
    let mine = |fill: &&Fill| fill.account == account && fill.market == market;
    let asked = |fill: &&Fill| order.is_none_or(|order| fill.order == order);
    let expected: Vec<Fill> =
        plain.fills.iter().rev().filter(mine).filter(asked).copied().collect();
    for size in [1_000, 7] {
        for index in 0..=expected.len() / size + 1 {
            let page = PageRequest { index, size };
            let found = exchange.fills(account, market, order, page).unwrap();
            let part: Vec<_> = expected.iter().skip(index * size).take(size).copied().collect();
            assert_eq!(found.total, expected.len(), "{context} {account} {market} {order:?}");
            assert_eq!(found.items, part, "{context} {account} {market} {order:?} {page:?}");
        }
    }
}

/// Rows move from the tail into the file while this compares, at whatever moment.
#[test]
fn pages_are_those_of_a_plain_list_wherever_the_rows_are() {
    for seed in 0..6 {
        let storage = MemoryStorage::new();
        let open = || Exchange::open(Arc::new(storage.clone()), options()).unwrap().0;
        let exchange = open();
        run(&exchange, listing());
        let mut dice = Dice(seed);
        for round in 0..3 {
            let commands: Vec<_> = (0..150)
                .map(|_| {
                    let account = dice.below(u64::from(ACCOUNTS)) as u32;
                    dice.command(account)
                })
                .collect();
            run(&exchange, commands);
            // Every second round, everything so far is in the file.
            if round % 2 == 1 {
                exchange.snapshot().wait().unwrap();
            }
            let until = exchange.status().sequence;
            let plain = Plain::of(&replayed(&storage, until));
            assert!(plain.fills.len() >= 3, "seed {seed} trades");
            compare(&exchange, &plain, &format!("seed {seed} round {round}"));
        }
        let plain = Plain::of(&replayed(&storage, exchange.status().sequence));
        exchange.close().unwrap();
        compare(&exchange, &plain, &format!("seed {seed} closed"));
        compare(&open(), &plain, &format!("seed {seed} restored"));
    }
}

#[test]
fn an_order_without_a_fill_is_kept_too() {
    let storage = MemoryStorage::new();
    let exchange = crate::venue::listed(&storage);
    let results = run(&exchange, [crate::venue::resting(0, openmart_model::Side::Buy)]);
    let order = crate::venue::placed(results[0]);
    run(&exchange, [crate::venue::cancel(0, order)]);
    let view = exchange.find_order(AccountId(0), order).unwrap().unwrap();
    assert_eq!(view.status, OrderStatus::Canceled);
    assert!(view.order.filled.is_zero());
}
