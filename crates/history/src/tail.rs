//! What is finished and not yet known to be in the file: the latest orders, fills and trades, in memory.
//!
//! Grows as batches are added, shrinks as the file catches up. Holds nothing for ever.

mod orders;

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use openmart_marketdata::{KlineRow, PublicTrade, Step};
use openmart_model::{MarketId, OrderId, Timestamp, TradeId};

use crate::facts::{Batch, Fill, FinishedOrder, Role};
use crate::klines;
use crate::listing::Statuses;
use crate::queue::Queue;
use orders::{Orders, Place};

/// The latest finished orders and fills.
#[derive(Default, Debug)]
pub struct Tail {
    orders: Orders,
    /// In order of trading, each with its sequence.
    fills: Queue<(u64, Fill)>,
    fills_trimmed: u64,
    /// Numbers of the fills of one account on one market, ascending.
    lists: HashMap<Place, VecDeque<u64>>,
    /// Numbers of the makers' fills of a market, ascending: one for each trade.
    trades: HashMap<MarketId, VecDeque<u64>>,
    trimmed_through: u64,
}

impl Tail {
    /// A tail that begins after a sequence, up to which the file has everything.
    pub fn after(sequence: u64) -> Self {
        Self { trimmed_through: sequence, ..Self::default() }
    }

    /// Adds what happened next.
    pub fn add(&mut self, batch: &Batch) {
        batch.orders.iter().for_each(|finished| self.orders.add(finished));
        for traded in batch.trades.iter() {
            for fill in Fill::both(traded.time, &traded.trade) {
                let number = self.fills_trimmed + self.fills.len() as u64;
                let list = self.lists.entry((fill.account, fill.market)).or_default();
                list.push_back(number);
                if fill.role == Role::Maker {
                    self.trades.entry(fill.market).or_default().push_back(number);
                }
                self.fills.push_back((traded.sequence, fill));
            }
        }
    }

    /// Drops the oldest of what came up to a sequence that the file has, at most so many rows at once:
    /// whoever trims keeps others waiting.
    pub fn trim(&mut self, through: u64, rows_max: usize) {
        let mut rows_left = rows_max;
        while rows_left > 0
            && let Some(sequence) = self.orders.trim_first(through)
        {
            rows_left -= 1;
            self.trimmed_through = self.trimmed_through.max(sequence);
        }
        while let Some((sequence, fill)) = self.fills.front().copied()
            && sequence <= through
            && rows_left > 0
        {
            rows_left -= 1;
            self.fills.drop_front();
            self.fills_trimmed += 1;
            self.trimmed_through = self.trimmed_through.max(sequence);
            drop_first(&mut self.lists, (fill.account, fill.market));
            if fill.role == Role::Maker {
                drop_first(&mut self.trades, fill.market);
            }
        }
    }

    /// The highest sequence of which something was dropped: who reads a file that is older than this
    /// would miss rows.
    pub fn trimmed_through(&self) -> u64 {
        self.trimmed_through
    }

    /// Orders and fills.
    pub fn rows(&self) -> usize {
        self.orders.len() + self.fills.len()
    }

    /// A finished order, whoever owns it.
    pub fn order(&self, order: OrderId) -> Option<&FinishedOrder> {
        self.orders.find(order)
    }

    /// Orders of an account on a market that were finished after a sequence, the highest id first.
    pub fn orders(&self, place: Place, statuses: Statuses, after: u64) -> Vec<FinishedOrder> {
        let from_newest = self.orders.of(place).take_while(|finished| finished.sequence > after);
        let shown = from_newest.filter(|finished| statuses.shows(finished.status()));
        let mut orders: Vec<FinishedOrder> = shown.copied().collect();
        orders.sort_unstable_by_key(|finished| Reverse(finished.order.id));
        orders
    }

    /// Fills of an account on a market, of one order if it is named, that came after a sequence, the
    /// latest first.
    pub fn fills(&self, place: Place, order: Option<OrderId>, after: u64) -> Vec<Fill> {
        let from_newest = self.lists.get(&place).into_iter().flatten().rev();
        from_newest
            .map(|number| &self.fills[(number - self.fills_trimmed) as usize])
            .take_while(|(sequence, _)| *sequence > after)
            .map(|(_, fill)| *fill)
            .filter(|fill| order.is_none_or(|order| fill.order == order))
            .collect()
    }

    /// Trades of a market that came after a sequence, below an id if one is given, the oldest first.
    pub fn trades(
        &self,
        market: MarketId,
        after: u64,
        before: Option<TradeId>,
    ) -> impl DoubleEndedIterator<Item = PublicTrade> {
        let numbers = self.trades.get(&market);
        let fill = |number: &u64| &self.fills[(number - self.fills_trimmed) as usize];
        let range = numbers.map(|numbers| {
            let begin = numbers.partition_point(|number| fill(number).0 <= after);
            let end = before.map_or(numbers.len(), |before| {
                numbers.partition_point(|number| fill(number).1.trade < before)
            });
            numbers.range(begin.min(end)..end)
        });
        range.into_iter().flatten().map(move |number| public(&fill(number).1))
    }

    /// The candles of trades that came after a sequence and before a time: what is to be added to
    /// those in the file. Each trade is looked at.
    pub fn klines(
        &self,
        market: MarketId,
        step: Step,
        after: u64,
        before: Timestamp,
    ) -> Vec<KlineRow> {
        let trades = self.trades(market, after, None);
        klines::fold(step, trades.take_while(|trade| trade.time < before))
    }
}

/// Takes the first number from a list, which is that of the oldest of all.
fn drop_first<K: Eq + Hash>(lists: &mut HashMap<K, VecDeque<u64>>, key: K) {
    if let Some(numbers) = lists.get_mut(&key) {
        numbers.pop_front();
        if numbers.is_empty() {
            lists.remove(&key);
        }
    }
}

/// A trade as its maker's half tells it.
fn public(maker: &Fill) -> PublicTrade {
    let Fill { trade, side, price, quantity, notional, time, .. } = *maker;
    PublicTrade { id: trade, time, price, quantity, notional, taker_side: side.opposite() }
}
