//! Makes the flow: a reference book that knows what every record will meet.
//!
//! It follows the Python definition draw by draw; a draw more or less changes everything after it.

use std::collections::{BTreeMap, VecDeque};

use super::{ASK, Action, BID, Profile, Record, SideIndex, Totals, TradeDigest};
use crate::workload::mersenne::Mersenne;

/// Where the reference price starts, in ticks.
const MID_START: i64 = 100_000;

#[derive(Clone, Copy, Debug)]
struct Live {
    market: u16,
    side: SideIndex,
    price: i64,
    open: u32,
    /// Where it stands in the pool that cancels draw from.
    slot: usize,
}

/// One market: what rests on each side, and the reference price. Ids of orders that are gone stay
/// in the queues until they come to the front.
struct Book {
    sides: [BTreeMap<i64, VecDeque<u64>>; 2],
    mid: i64,
}

pub(super) struct Generator {
    profile: Profile,
    random: Mersenne,
    distance_factor: f64,
    books: Vec<Book>,
    /// By order id minus one.
    orders: Vec<Option<Live>>,
    pool: Vec<u64>,
    pub(super) records: Vec<Record>,
    totals: Totals,
    digest: TradeDigest,
}

impl Generator {
    pub(super) fn new(profile: Profile, seed: u64) -> Self {
        let book = |_| Book { sides: [BTreeMap::new(), BTreeMap::new()], mid: MID_START };
        Self {
            profile,
            random: Mersenne::from_text(&format!("{seed}/{}", profile.name)),
            distance_factor: 1.0 / (1.0 - 1.0 / f64::from(profile.distance_mean)).ln(),
            books: (0..profile.markets).map(book).collect(),
            orders: Vec::new(),
            pool: Vec::new(),
            records: Vec::new(),
            totals: Totals::default(),
            digest: TradeDigest::new(),
        }
    }

    /// A whole number below a bound, as the generator's definition draws it.
    fn below(&mut self, bound: usize) -> usize {
        (self.random.fraction() * bound as f64) as usize
    }

    fn side(&mut self) -> SideIndex {
        if self.random.fraction() < 0.5 { BID } else { ASK }
    }

    pub(super) fn command(&mut self) {
        if self.random.fraction() < 0.10 {
            return self.take();
        }
        let aim = self.profile.live as f64;
        let gap = (self.pool.len() as f64 - aim) / aim;
        if self.random.fraction() < 0.5 - 10.0 * gap {
            let market = self.place();
            self.totals.places += 1;
            self.step_mid(market);
        } else {
            self.cancel();
        }
    }

    /// Places an order that rests, and tells its market.
    pub(super) fn place(&mut self) -> usize {
        let market = self.below(usize::from(self.profile.markets));
        let side = self.side();
        let draw = (1.0 - self.random.fraction()).ln() * self.distance_factor;
        let distance = 1 + draw as i64;
        let opposite = self.best(market, 1 - side);
        let mid = self.books[market].mid;
        let price = match (side, opposite) {
            (BID, Some(ask)) => (mid - distance).min(ask - 1),
            (BID, None) => mid - distance,
            (_, Some(bid)) => (mid + distance).max(bid + 1),
            (_, None) => mid + distance,
        };
        let quantity = 1 + self.below(100) as u32;
        let order = self.record(Action::Place, market, side, price, quantity);
        let slot = self.pool.len();
        self.orders.push(Some(Live { market: market as u16, side, price, open: quantity, slot }));
        self.pool.push(order);
        self.books[market].sides[side].entry(price).or_default().push_back(order);
        market
    }

    /// Records an order under the next id.
    fn record(
        &mut self,
        action: Action,
        market: usize,
        side: SideIndex,
        price: i64,
        quantity: u32,
    ) -> u64 {
        let (order, market) = (self.orders.len() as u64 + 1, market as u16);
        self.records.push(Record { action, side, market, quantity, price, order });
        order
    }

    /// Lets the reference price step at times, kept inside the spread.
    fn step_mid(&mut self, market: usize) {
        let draw = self.random.fraction();
        if draw >= 0.1 {
            return;
        }
        let mut mid = self.books[market].mid + if draw < 0.05 { 1 } else { -1 };
        let (bid, ask) = (self.best(market, BID), self.best(market, ASK));
        if let Some(ask) = ask {
            mid = mid.min(ask - 1);
        }
        if let Some(bid) = bid {
            mid = mid.max(bid + 1);
        }
        self.books[market].mid = mid;
    }

    fn cancel(&mut self) {
        let at = self.below(self.pool.len());
        let order = self.pool[at];
        let live = self.orders[order as usize - 1].expect("orders of the pool are live");
        self.records.push(Record {
            action: Action::Cancel,
            side: live.side,
            market: live.market,
            quantity: live.open,
            price: live.price,
            order,
        });
        self.drop_order(order);
        self.totals.cancels += 1;
    }

    fn take(&mut self) {
        let market = self.below(usize::from(self.profile.markets));
        let side = self.side();
        let quantity = 1 + self.below(20) as u32;
        let Some(opposite) = self.best(market, 1 - side) else {
            self.place();
            self.totals.places += 1;
            return;
        };
        let price = if side == BID { opposite + 2 } else { opposite - 2 };
        let taker = self.record(Action::Take, market, side, price, quantity);
        self.orders.push(None);
        self.totals.takes += 1;
        self.match_taker(taker, market, side, price, quantity);
    }

    fn match_taker(
        &mut self,
        taker: u64,
        market: usize,
        side: SideIndex,
        limit: i64,
        quantity: u32,
    ) {
        let mut left = quantity;
        while left > 0 {
            let Some(price) = self.best(market, 1 - side) else { return };
            if if side == BID { price > limit } else { price < limit } {
                return;
            }
            let maker = self.books[market].sides[1 - side][&price][0];
            let live = self.orders[maker as usize - 1].as_mut().expect("the front is live");
            let traded = live.open.min(left);
            live.open -= traded;
            left -= traded;
            let filled = live.open == 0;
            self.totals.trades += 1;
            self.totals.quantity += u64::from(traded);
            self.totals.notional += u64::from(traded) * price as u64;
            self.digest.trade(maker, taker, price as u64, u64::from(traded));
            if filled {
                self.drop_order(maker);
            }
        }
    }

    /// The best price of a side, after clearing away what is gone in front of it.
    fn best(&mut self, market: usize, side: SideIndex) -> Option<i64> {
        let levels = &mut self.books[market].sides[side];
        loop {
            let mut level =
                if side == BID { levels.last_entry()? } else { levels.first_entry()? };
            while let Some(order) = level.get().front() {
                if self.orders[*order as usize - 1].is_some() {
                    return Some(*level.key());
                }
                level.get_mut().pop_front();
            }
            level.remove();
        }
    }

    /// Takes an order out of the live ones; the last of the pool takes its place there.
    fn drop_order(&mut self, order: u64) {
        let live = self.orders[order as usize - 1].take().expect("it is live");
        self.pool.swap_remove(live.slot);
        if let Some(moved) = self.pool.get(live.slot) {
            let moved = self.orders[*moved as usize - 1].as_mut();
            moved.expect("orders of the pool are live").slot = live.slot;
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let live = || self.orders.iter().flatten();
        let mut levels: Vec<_> = live().map(|o| (o.market, o.side, o.price)).collect();
        levels.sort_unstable();
        levels.dedup();
        Totals {
            live: self.pool.len() as u64,
            live_quantity: live().map(|order| u64::from(order.open)).sum(),
            levels: levels.len() as u64,
            trade_digest: self.digest.value(),
            ..self.totals
        }
    }
}
