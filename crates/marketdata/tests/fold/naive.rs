//! The same answers, worked out anew from the list of all events, without any state in between.

use std::collections::BTreeMap;

use openmart_marketdata::PublicTrade;
use openmart_model::{Event, MarketId, OrderId, Price, Side, Timestamp, Trade};

use crate::venue::Batch;

/// Grouped price, lots, cumulative lots, orders.
pub(crate) type Row = (u64, u128, u128, u32);

struct Resting {
    side: Side,
    price: Price,
    lots: u128,
}

fn open_orders(log: &[Batch], of: MarketId) -> BTreeMap<OrderId, Resting> {
    let mut open = BTreeMap::new();
    for event in log.iter().flat_map(|batch| &batch.events) {
        match event {
            Event::Rested { order, market, side, price, remaining } if *market == of => {
                let lots = u128::from(remaining.lots());
                open.insert(*order, Resting { side: *side, price: *price, lots });
            }
            Event::Traded(trade) if trade.market == of => {
                let maker = open.get_mut(&trade.maker_order).expect("the maker rests");
                maker.lots -= u128::from(trade.quantity.lots());
            }
            Event::Closed { order, .. } => {
                open.remove(&order.id);
            }
            _ => {}
        }
    }
    open
}

/// All levels of a side, best first.
pub(crate) fn depth(log: &[Batch], market: MarketId, side: Side, digits_dropped: u8) -> Vec<Row> {
    let step = 10u128.pow(u32::from(digits_dropped));
    let mut levels: BTreeMap<u64, (u128, u32)> = BTreeMap::new();
    for order in open_orders(log, market).values().filter(|order| order.side == side) {
        let ticks = u128::from(order.price.ticks());
        let up = side == Side::Sell && !ticks.is_multiple_of(step);
        let price = (ticks / step) as u64 + u64::from(up);
        let level = levels.entry(price).or_default();
        *level = (level.0 + order.lots, level.1 + 1);
    }
    let mut rows: Vec<Row> = levels.into_iter().map(|(p, (lots, n))| (p, lots, 0, n)).collect();
    if side == Side::Buy {
        rows.reverse();
    }
    let mut total = 0;
    for row in &mut rows {
        total += row.1;
        row.2 = total;
    }
    rows
}

fn all_trades(log: &[Batch], market: MarketId) -> Vec<(Timestamp, Trade)> {
    let mut trades = Vec::new();
    for batch in log {
        for event in &batch.events {
            match event {
                Event::Traded(trade) if trade.market == market => {
                    trades.push((batch.time, *trade));
                }
                _ => {}
            }
        }
    }
    trades
}

/// Newest first.
pub(crate) fn trades(log: &[Batch], market: MarketId) -> Vec<PublicTrade> {
    let public = |(time, trade): (Timestamp, Trade)| PublicTrade {
        id: trade.id,
        time,
        price: trade.price,
        quantity: trade.quantity,
        notional: trade.notional,
        taker_side: trade.taker_side,
    };
    all_trades(log, market).into_iter().rev().map(public).take(50).collect()
}

#[derive(PartialEq, Debug)]
pub(crate) struct Day {
    pub(crate) last: Option<u64>,
    pub(crate) open: Option<u64>,
    pub(crate) high: Option<u64>,
    pub(crate) low: Option<u64>,
    pub(crate) volume: u128,
    pub(crate) turnover: u128,
}

/// A trade is in the window until the end of the minute in which it becomes 24 hours old.
pub(crate) fn day(log: &[Batch], market: MarketId, now: Timestamp) -> Day {
    let trades = all_trades(log, market);
    let is_in = |time: Timestamp| (time.0 + 24 * 3_600_000) / 60_000 >= now.0 / 60_000;
    let (within, before): (Vec<_>, Vec<_>) = trades.iter().partition(|(time, _)| is_in(*time));
    let price = |trade: &&(Timestamp, Trade)| trade.1.price.ticks();
    Day {
        last: trades.last().map(|trade| price(&trade)),
        open: before.last().or(within.first()).map(price),
        high: within.iter().map(price).max(),
        low: within.iter().map(price).min(),
        volume: within.iter().map(|trade| u128::from(trade.1.quantity.lots())).sum(),
        turnover: within.iter().fold(0, |sum, trade| sum.wrapping_add(trade.1.notional.units())),
    }
}
