//! Fills: the latest so many, listed by account and market, and by order.

use std::collections::{HashMap, VecDeque};

use openmart_model::{
    AccountId, Amount, MarketId, OrderId, Price, Quantity, Side, Timestamp, Trade, TradeId,
};

use crate::page::{Page, PageRequest};

/// What an order did in a trade.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// It rested in the book.
    Maker,
    /// It arrived.
    Taker,
}

/// One order's half of a trade. An account that traded with itself has both halves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// The trade.
    pub trade: TradeId,
    /// The order.
    pub order: OrderId,
    /// Its owner.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Whether the order bought or sold.
    pub side: Side,
    /// Whether it rested or arrived.
    pub role: Role,
    /// At what price.
    pub price: Price,
    /// How much base asset.
    pub quantity: Quantity,
    /// How much quote asset, before the fee.
    pub notional: Amount,
    /// What its owner paid, in the asset received: base for a buy, quote for a sell.
    pub fee: Amount,
    /// When.
    pub time: Timestamp,
}

impl Fill {
    /// Both halves of a trade, the maker's first.
    fn both(time: Timestamp, trade: &Trade) -> [Self; 2] {
        let maker = Self {
            trade: trade.id,
            order: trade.maker_order,
            account: trade.maker_account,
            market: trade.market,
            side: trade.taker_side.opposite(),
            role: Role::Maker,
            price: trade.price,
            quantity: trade.quantity,
            notional: trade.notional,
            fee: trade.maker_fee,
            time,
        };
        let taker = Self {
            order: trade.taker_order,
            account: trade.taker_account,
            side: trade.taker_side,
            role: Role::Taker,
            fee: trade.taker_fee,
            ..maker
        };
        [maker, taker]
    }
}

#[derive(Debug)]
pub(super) struct Fills {
    fills_max: usize,
    /// In order of trading.
    kept: VecDeque<Fill>,
    /// How many were dropped from the front: the number of the first one.
    dropped: u64,
    /// Numbers of the fills of one account on one market, ascending. The oldest fill of all is the
    /// first of its list, so dropping takes from the front of each.
    by_market: HashMap<(AccountId, MarketId), VecDeque<u64>>,
    by_order: HashMap<OrderId, VecDeque<u64>>,
}

impl Fills {
    pub(super) fn new(fills_max: usize) -> Self {
        Self {
            fills_max,
            kept: VecDeque::new(),
            dropped: 0,
            by_market: HashMap::new(),
            by_order: HashMap::new(),
        }
    }

    /// Adds both halves of a trade, dropping the oldest fills when there are too many.
    pub(super) fn add(&mut self, time: Timestamp, trade: &Trade) {
        for fill in Fill::both(time, trade) {
            self.add_one(fill);
        }
    }

    pub(super) fn add_one(&mut self, fill: Fill) {
        let number = self.dropped + self.kept.len() as u64;
        self.by_market.entry((fill.account, fill.market)).or_default().push_back(number);
        self.by_order.entry(fill.order).or_default().push_back(number);
        self.kept.push_back(fill);
        while self.kept.len() > self.fills_max {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else {
            return;
        };
        self.dropped += 1;
        drop_first(&mut self.by_market, &(oldest.account, oldest.market));
        drop_first(&mut self.by_order, &oldest.order);
    }

    pub(super) fn page(
        &self,
        account: AccountId,
        market: MarketId,
        order: Option<OrderId>,
        page: PageRequest,
    ) -> Page<Fill> {
        let listed = match order {
            None => self.by_market.get(&(account, market)),
            Some(order) => self.by_order.get(&order),
        };
        let Some(listed) = listed else {
            return Page::EMPTY;
        };
        let numbers = listed.iter().rev().skip(page.skipped()).take(page.size());
        let items: Vec<Fill> = numbers.map(|number| *self.fill(*number)).collect();
        // An order has one owner and one market: the first fill tells whether it is the asked one.
        let first = listed.front().map(|number| self.fill(*number));
        if first.is_none_or(|fill| fill.account != account || fill.market != market) {
            return Page::EMPTY;
        }
        Page { items, total: listed.len() }
    }

    /// All of them in order of trading.
    pub(super) fn all(&self) -> &VecDeque<Fill> {
        &self.kept
    }

    fn fill(&self, number: u64) -> &Fill {
        &self.kept[(number - self.dropped) as usize]
    }
}

/// Takes the first number from a list, and the list itself when it was the last.
fn drop_first<K: std::hash::Hash + Eq>(lists: &mut HashMap<K, VecDeque<u64>>, key: &K) {
    let Some(list) = lists.get_mut(key) else {
        return;
    };
    list.pop_front();
    if list.is_empty() {
        lists.remove(key);
    }
}
