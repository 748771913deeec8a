//! The book of a market: two ladders of price levels, each level a list of orders, oldest first.

use alloc::vec::Vec;

use openmart_model::{MarketId, Price, Side};

use crate::orders::{NONE, Orders};

/// The price levels of one side, worst first, so that the best one is changed at the end of the
/// list, where most changes are.
#[derive(Debug)]
pub(crate) struct Ladder {
    side: Side,
    rungs: Vec<Rung>,
}

#[derive(Clone, Copy, Debug)]
struct Rung {
    /// Ascends with how good the price is.
    rank: u64,
    level: u32,
}

impl Ladder {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, rungs: Vec::new() }
    }

    /// Number of price levels.
    pub(crate) fn len(&self) -> usize {
        self.rungs.len()
    }

    /// The level of the best price.
    #[inline]
    pub(crate) fn best(&self) -> Option<u32> {
        self.rungs.last().map(|rung| rung.level)
    }

    /// Levels, best price first.
    pub(crate) fn best_first(&self) -> impl Iterator<Item = u32> + '_ {
        self.rungs.iter().rev().map(|rung| rung.level)
    }

    /// The level of a price.
    #[inline]
    pub(crate) fn find(&self, price: Price) -> Option<u32> {
        self.position(price).ok().map(|at| self.rungs[at].level)
    }

    fn insert(&mut self, price: Price, level: u32) {
        let at = self.position(price).expect_err("a price has one level");
        self.rungs.insert(at, Rung { rank: self.rank(price), level });
    }

    fn remove(&mut self, price: Price) {
        let at = self.position(price).expect("a level stands on its ladder");
        self.rungs.remove(at);
    }

    fn position(&self, price: Price) -> Result<usize, usize> {
        let rank = self.rank(price);
        self.rungs.binary_search_by_key(&rank, |rung| rung.rank)
    }

    fn rank(&self, price: Price) -> u64 {
        match self.side {
            Side::Buy => price.ticks(),
            Side::Sell => !price.ticks(),
        }
    }
}

/// The price levels of all books.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    all: Vec<Level>,
    free: Vec<u32>,
}

/// The orders at one price, as a list through their slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) price: Price,
    pub(crate) market: MarketId,
    pub(crate) side: Side,
    /// The oldest order.
    pub(crate) head: u32,
    /// The newest order.
    pub(crate) tail: u32,
}

impl Levels {
    #[inline]
    pub(crate) fn get(&self, at: u32) -> &Level {
        &self.all[at as usize]
    }

    /// The level of a price, new if need be.
    pub(crate) fn find_or_open(
        &mut self,
        ladder: &mut Ladder,
        market: MarketId,
        price: Price,
    ) -> u32 {
        if let Some(at) = ladder.find(price) {
            return at;
        }
        let level = Level { price, market, side: ladder.side, head: NONE, tail: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                self.all[at as usize] = level;
                at
            }
            None => {
                self.all.push(level);
                (self.all.len() - 1) as u32
            }
        };
        ladder.insert(price, at);
        at
    }

    /// Puts an order behind the others of its level.
    pub(crate) fn append(&mut self, orders: &mut Orders, at: u32) {
        let level = &mut self.all[orders.slot(at).level as usize];
        let slot = orders.slot_mut(at);
        slot.previous = level.tail;
        slot.next = NONE;
        let tail = core::mem::replace(&mut level.tail, at);
        if tail == NONE {
            level.head = at;
        } else {
            orders.slot_mut(tail).next = at;
        }
    }

    /// Takes an order out of its level, and the level off its ladder when it was the last one.
    pub(crate) fn unlink(&mut self, ladder: &mut Ladder, orders: &mut Orders, at: u32) {
        let slot = *orders.slot(at);
        let level = &mut self.all[slot.level as usize];
        match slot.previous {
            NONE => level.head = slot.next,
            previous => orders.slot_mut(previous).next = slot.next,
        }
        match slot.next {
            NONE => level.tail = slot.previous,
            next => orders.slot_mut(next).previous = slot.previous,
        }
        if level.head == NONE {
            ladder.remove(level.price);
            self.free.push(slot.level);
        }
    }

    /// The slots of a level's orders, oldest first.
    pub(crate) fn orders<'a>(
        &self,
        orders: &'a Orders,
        level: u32,
    ) -> impl Iterator<Item = u32> + use<'a> {
        let head = self.get(level).head;
        core::iter::successors(some(head), |at| some(orders.slot(*at).next))
    }
}

fn some(at: u32) -> Option<u32> {
    (at != NONE).then_some(at)
}
