//! A tiny exchange that makes plausible runs of events from a seed. It knows no balances and no
//! fees; its book is a list of orders. What it must get right is the order and content of events.

use openmart_model::{
    AccountId, Amount, AssetId, CloseReason, Event, MarketId, Order, OrderId, OrderKind, Price,
    Quantity, Side, TimeInForce, Timestamp, Trade, TradeId,
};

/// The events of one command.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) sequence: u64,
    pub(crate) time: Timestamp,
    pub(crate) events: Vec<Event>,
}

/// Numbers from a seed (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// One of `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Where prices of a market start; the last one lies at the end of what 64 bits hold.
const PRICES_FROM: [u64; 3] = [3, 1_000_000, u64::MAX - 60];
const PRICES: u64 = 60;
const ACCOUNTS: u64 = 4;

pub(crate) struct Venue {
    pub(crate) random: Random,
    sequence: u64,
    time: u64,
    orders: u64,
    trades: u64,
    /// Resting orders of each market, in order of id.
    books: Vec<Vec<Order>>,
    events: Vec<Event>,
}

impl Venue {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            sequence: 0,
            time: 1_600_000_000_000,
            orders: 0,
            trades: 0,
            books: Vec::new(),
            events: Vec::new(),
        }
    }

    /// The next command that was not refused.
    pub(crate) fn step(&mut self) -> Batch {
        self.sequence += 1 + self.random.below(3);
        self.time += self.pause();
        let full = self.books.len() == PRICES_FROM.len();
        if self.books.is_empty() || !full && self.random.chance(5) {
            self.events.push(Event::MarketAdded(MarketId(self.books.len() as u16)));
            self.books.push(Vec::new());
        } else {
            let market = self.random.below(self.books.len() as u64) as usize;
            match self.random.below(100) {
                0..70 => self.place(market),
                70..94 => self.cancel_one(market),
                94..96 => self.cancel_all(market),
                _ => self.deposit(),
            }
        }
        let events = std::mem::take(&mut self.events);
        Batch { sequence: self.sequence, time: Timestamp(self.time), events }
    }

    pub(crate) fn pause(&mut self) -> u64 {
        let longest_ms = match self.random.below(100) {
            0..60 => 3_000,
            60..90 => 10 * 60_000,
            90..98 => 3 * 3_600_000,
            _ => 40 * 3_600_000,
        };
        self.random.below(longest_ms)
    }

    fn place(&mut self, market: usize) {
        let mut order = self.new_order(market);
        self.events.push(Event::Placed(order));
        while !order.remaining().is_zero() {
            let Some(at) = best_match(&self.books[market], &order) else {
                break;
            };
            if self.books[market][at].account == order.account {
                self.close(market, at, CloseReason::SelfTrade);
            } else {
                self.trade(market, at, &mut order);
            }
        }
        match (order.remaining(), order.kind) {
            (Quantity::ZERO, _) => self.close_arriving(order, CloseReason::Filled),
            (remaining, OrderKind::Limit { price, time_in_force: TimeInForce::GTC, .. }) => {
                let Order { id, market, side, .. } = order;
                self.events.push(Event::Rested { order: id, market, side, price, remaining });
                self.books[market.index()].push(order);
            }
            _ => self.close_arriving(order, CloseReason::Expired),
        }
    }

    fn new_order(&mut self, market: usize) -> Order {
        self.orders += 1;
        let random = &mut self.random;
        let lots = if random.chance(3) { u64::MAX } else { 1 + random.below(30) };
        let quantity = Quantity::new(lots);
        let price = Price::new(PRICES_FROM[market] + random.below(PRICES));
        let time_in_force = match random.chance(10) {
            true => TimeInForce::ImmediateOrCancel,
            false => TimeInForce::GTC,
        };
        let kind = match random.chance(5) {
            true => OrderKind::Market { quantity },
            false => OrderKind::Limit { price, quantity, time_in_force },
        };
        Order {
            id: OrderId(self.orders),
            account: AccountId(random.below(ACCOUNTS) as u32),
            market: MarketId(market as u16),
            side: if random.chance(50) { Side::Buy } else { Side::Sell },
            kind,
            client_id: None,
            time: Timestamp(self.time),
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fees: Amount::ZERO,
        }
    }

    fn trade(&mut self, market: usize, at: usize, taker: &mut Order) {
        self.trades += 1;
        let maker = &mut self.books[market][at];
        let price = maker.kind.price().expect("resting orders have a price");
        let quantity = maker.remaining().min(taker.remaining());
        let notional = Amount::new(u128::from(price.ticks()) * u128::from(quantity.lots()));
        for order in [&mut *maker, &mut *taker] {
            order.filled = order.filled.checked_add(quantity).expect("within its quantity");
            order.notional = order.notional.checked_add(notional).expect("within its notional");
        }
        self.events.push(Event::Traded(Trade {
            id: TradeId(self.trades),
            market: taker.market,
            price,
            quantity,
            notional,
            taker_side: taker.side,
            taker_order: taker.id,
            taker_account: taker.account,
            taker_fee: Amount::ZERO,
            maker_order: maker.id,
            maker_account: maker.account,
            maker_fee: Amount::ZERO,
        }));
        if maker.remaining().is_zero() {
            self.close(market, at, CloseReason::Filled);
        }
    }

    fn cancel_one(&mut self, market: usize) {
        if !self.books[market].is_empty() {
            let at = self.random.below(self.books[market].len() as u64) as usize;
            self.close(market, at, CloseReason::Canceled);
        }
    }

    fn cancel_all(&mut self, market: usize) {
        let account = AccountId(self.random.below(ACCOUNTS) as u32);
        while let Some(at) = self.books[market].iter().position(|o| o.account == account) {
            self.close(market, at, CloseReason::Canceled);
        }
    }

    fn deposit(&mut self) {
        let (account, asset, amount) = (AccountId(0), AssetId(0), Amount::new(1));
        self.events.push(Event::Deposited { account, asset, amount });
    }

    fn close(&mut self, market: usize, at: usize, reason: CloseReason) {
        let order = self.books[market].remove(at);
        self.events.push(Event::Closed { order, reason, rested: true });
    }

    fn close_arriving(&mut self, order: Order, reason: CloseReason) {
        self.events.push(Event::Closed { order, reason, rested: false });
    }
}

/// The best, then oldest order that an arriving one may trade with.
fn best_match(book: &[Order], taker: &Order) -> Option<usize> {
    let limit = taker.kind.price();
    let crosses = |price: Price| match taker.side {
        Side::Buy => limit.is_none_or(|limit| price <= limit),
        Side::Sell => limit.is_none_or(|limit| price >= limit),
    };
    let rank = |price: Price| match taker.side {
        Side::Buy => price.ticks(),
        Side::Sell => u64::MAX - price.ticks(),
    };
    let makers = book.iter().enumerate().filter(|(_, order)| order.side != taker.side);
    let priced = makers.filter_map(|(at, order)| order.kind.price().map(|price| (at, price)));
    priced
        .filter(|(_, price)| crosses(*price))
        .min_by_key(|(at, price)| (rank(*price), *at))
        .map(|(at, _)| at)
}
