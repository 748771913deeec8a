//! The book of a market: two ladders of price levels, each level a list of orders, oldest first.

use alloc::vec;
use alloc::vec::Vec;

use openmart_model::{MarketId, Price, Side};

use crate::orders::{NONE, Orders};

/// The price levels of one side, worst first, so that the best one is changed at the end of the
/// list, where most changes are.
#[derive(Debug)]
pub(crate) struct Ladder {
    market: MarketId,
    side: Side,
    rungs: Vec<Rung>,
    /// By the last digits of a price, the level that was opened last at such a price. Prices of one
    /// book lie side by side, so that a hint is seldom wrong; what it names is looked at before it
    /// is believed, and without it the level is searched on the ladder.
    hints: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Rung {
    /// Ascends with how good the price is.
    rank: u64,
    level: u32,
}

/// Hints for each rung, at least.
const HINTS_PER_RUNG: usize = 2;

impl Ladder {
    pub(crate) fn new(market: MarketId, side: Side) -> Self {
        Self { market, side, rungs: Vec::new(), hints: Vec::new() }
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

    /// The level that a price most likely has, if it has one.
    #[inline]
    pub(crate) fn hint(&self, price: Price) -> Option<u32> {
        let digits = price.ticks() as usize & self.hints.len().wrapping_sub(1);
        self.hints.get(digits).copied().filter(|level| *level != NONE)
    }

    /// Enters a level at a price that has none.
    fn insert(&mut self, price: Price, level: u32) {
        let rank = self.rank(price);
        if self.rungs.last().is_none_or(|best| best.rank < rank) {
            self.rungs.push(Rung { rank, level });
        } else {
            let at = self.position(price).expect_err("a price has one level");
            self.rungs.insert(at, Rung { rank, level });
        }
        if self.hints.len() < self.rungs.len() * HINTS_PER_RUNG {
            self.hint_anew();
        } else {
            self.set_hint(price.ticks(), level);
        }
    }

    fn hint_anew(&mut self) {
        let hints = (self.rungs.len() * HINTS_PER_RUNG * 2).next_power_of_two();
        self.hints = vec![NONE; hints];
        for at in 0..self.rungs.len() {
            let Rung { rank, level } = self.rungs[at];
            self.set_hint(self.ranked(rank), level);
        }
    }

    fn set_hint(&mut self, ticks: u64, level: u32) {
        let digits = ticks as usize & (self.hints.len() - 1);
        self.hints[digits] = level;
    }

    fn remove(&mut self, price: Price, level: u32) {
        if self.best() == Some(level) {
            self.rungs.pop();
            return;
        }
        let at = self.position(price).expect("a level stands on its ladder");
        self.rungs.remove(at);
    }

    fn position(&self, price: Price) -> Result<usize, usize> {
        let rank = self.rank(price);
        self.rungs.binary_search_by_key(&rank, |rung| rung.rank)
    }

    fn rank(&self, price: Price) -> u64 {
        self.ranked(price.ticks())
    }

    /// From ticks to rank, and back.
    fn ranked(&self, number: u64) -> u64 {
        match self.side {
            Side::Buy => number,
            Side::Sell => !number,
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
    /// The oldest order; none in a level that is not in use.
    pub(crate) head: u32,
    /// The newest order.
    pub(crate) tail: u32,
    pub(crate) market: MarketId,
    pub(crate) side: Side,
}

impl Levels {
    #[inline]
    pub(crate) fn get(&self, at: u32) -> &Level {
        &self.all[at as usize]
    }

    /// How many there are, those not in use included.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The level of a price.
    #[inline]
    pub(crate) fn find(&self, ladder: &Ladder, price: Price) -> Option<u32> {
        if let Some(at) = ladder.hint(price) {
            let level = self.get(at);
            let meant = (price, ladder.market, ladder.side);
            if level.head != NONE && (level.price, level.market, level.side) == meant {
                return Some(at);
            }
        }
        ladder.position(price).ok().map(|at| ladder.rungs[at].level)
    }

    fn open(&mut self, ladder: &mut Ladder, price: Price) -> u32 {
        let Ladder { market, side, .. } = *ladder;
        let level = Level { price, head: NONE, tail: NONE, market, side };
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

    /// Puts an order behind the others at its price.
    #[inline]
    pub(crate) fn append(&mut self, ladder: &mut Ladder, orders: &mut Orders, at: u32) {
        let price = orders.slot(at).price;
        let number = match self.find(ladder, price) {
            Some(number) => number,
            None => self.open(ladder, price),
        };
        let level = &mut self.all[number as usize];
        let tail = core::mem::replace(&mut level.tail, at);
        let slot = orders.slot_mut(at);
        (slot.level, slot.previous, slot.next) = (number, tail, NONE);
        if tail == NONE {
            level.head = at;
        } else {
            orders.slot_mut(tail).next = at;
        }
    }

    /// Takes an order out of its level, and the level off its ladder when it was the last one.
    #[inline]
    pub(crate) fn unlink(&mut self, ladder: &mut Ladder, orders: &mut Orders, at: u32) {
        let slot = orders.slot(at);
        let (number, next, previous) = (slot.level, slot.next, slot.previous);
        if previous != NONE {
            orders.slot_mut(previous).next = next;
        }
        if next != NONE {
            orders.slot_mut(next).previous = previous;
        }
        if previous != NONE && next != NONE {
            return;
        }
        let level = &mut self.all[number as usize];
        if previous == NONE {
            level.head = next;
        }
        if next == NONE {
            level.tail = previous;
        }
        if level.head == NONE {
            ladder.remove(level.price, number);
            self.free.push(number);
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
