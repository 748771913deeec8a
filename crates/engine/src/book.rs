//! The price levels of all books: each a list of orders, oldest first, and the sum of what remains.
//!
//! Orders that rest, trade or leave enter; levels and their orders leave. In which order levels
//! stand is the ladder's to know.

use alloc::vec::Vec;

use openmart_model::{MarketId, Price, Quantity, Side};

use crate::ladder::{Ladder, Place};
use crate::orders::{NONE, Orders, Slot};

/// The price levels of all books.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    all: Vec<Level>,
    free: Vec<u32>,
}

/// The orders at one price, as a list through their slots. Half a cache line, since a cancel comes here
/// only to count.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct Level {
    pub(crate) price: Price,
    /// The oldest order; none in a level that is not in use.
    pub(crate) head: u32,
    /// The newest order.
    pub(crate) tail: u32,
    /// Lots that remain of all its orders together, in two parts: as many orders as there may be of
    /// the largest quantity need more than 64 bits, and fewer than 96.
    lots_high: u32,
    lots_low: u64,
    pub(crate) market: MarketId,
    pub(crate) side: Side,
}

impl Level {
    /// Lots that remain of all its orders together.
    pub(crate) fn lots(&self) -> u128 {
        u128::from(self.lots_high) << 64 | u128::from(self.lots_low)
    }

    #[inline]
    fn count(&mut self, quantity: Quantity) {
        let (low, carry) = self.lots_low.overflowing_add(quantity.lots());
        (self.lots_low, self.lots_high) = (low, self.lots_high + u32::from(carry));
    }

    #[inline]
    fn discount(&mut self, quantity: Quantity) {
        let (low, borrow) = self.lots_low.overflowing_sub(quantity.lots());
        (self.lots_low, self.lots_high) = (low, self.lots_high - u32::from(borrow));
    }
}

impl Levels {
    #[inline]
    pub(crate) fn get(&self, at: u32) -> &Level {
        &self.all[at as usize]
    }

    /// A level by a number that might name none.
    #[inline]
    pub(crate) fn peek(&self, at: u32) -> Option<&Level> {
        self.all.get(at as usize)
    }

    /// How many there are, those not in use included.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The level of a price.
    #[inline]
    pub(crate) fn find(&self, ladder: &Ladder, price: Price) -> Option<u32> {
        self.hinted(ladder, price).or_else(|| ladder.search(price).ok())
    }

    /// The level of a price, if a hint tells it. What a hint names is looked at before it is believed.
    #[inline]
    fn hinted(&self, ladder: &Ladder, price: Price) -> Option<u32> {
        let at = ladder.hint(price)?;
        let level = self.get(at);
        let meant = (price, ladder.market(), ladder.side());
        (level.head != NONE && (level.price, level.market, level.side) == meant).then_some(at)
    }

    /// The level of a price that no hint told.
    #[inline(never)]
    fn find_or_open(&mut self, ladder: &mut Ladder, price: Price) -> u32 {
        match ladder.search(price) {
            Ok(number) => {
                ladder.set_hint(price, number);
                number
            }
            Err(place) => self.open(ladder, price, place),
        }
    }

    fn open(&mut self, ladder: &mut Ladder, price: Price, place: Place) -> u32 {
        let (market, side) = (ladder.market(), ladder.side());
        let level =
            Level { price, head: NONE, tail: NONE, lots_high: 0, lots_low: 0, market, side };
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
        ladder.insert(price, at, place);
        at
    }

    /// Puts an order that is about to be in a slot behind the others at its price. Tells the level, and
    /// the order before it.
    #[inline(always)]
    pub(crate) fn append(
        &mut self,
        ladder: &mut Ladder,
        orders: &mut Orders,
        at: u32,
        price: Price,
        remaining: Quantity,
    ) -> (u32, u32) {
        let number = match self.hinted(ladder, price) {
            Some(number) => number,
            None => self.find_or_open(ladder, price),
        };
        let level = &mut self.all[number as usize];
        let tail = core::mem::replace(&mut level.tail, at);
        level.count(remaining);
        if tail == NONE {
            level.head = at;
        } else {
            orders.slot_mut(tail).next = at;
        }
        (number, tail)
    }

    /// Counts a fill of one of a level's orders.
    #[inline]
    pub(crate) fn fill(&mut self, number: u32, quantity: Quantity) {
        self.all[number as usize].discount(quantity);
    }

    /// Takes an order out of its level, and the level off its ladder when it was the last one.
    #[inline]
    pub(crate) fn unlink(&mut self, ladder: &mut Ladder, orders: &mut Orders, slot: &Slot) {
        let Slot { level: number, next, previous, remaining, .. } = *slot;
        if previous != NONE {
            orders.slot_mut(previous).next = next;
        }
        if next != NONE {
            orders.slot_mut(next).previous = previous;
        }
        let level = &mut self.all[number as usize];
        level.discount(remaining);
        if previous != NONE && next != NONE {
            return;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_half_a_cache_line() {
        assert_eq!(size_of::<Level>(), 32);
    }

    #[test]
    fn sums_beyond_64_bits_are_counted() {
        let (price, market, side) = (Price::new(1), MarketId(0), Side::Buy);
        let (head, tail, lots_high, lots_low) = (NONE, NONE, 0, 0);
        let mut level = Level { price, head, tail, lots_high, lots_low, market, side };
        let most = Quantity::new(u64::MAX);
        (0..3).for_each(|_| level.count(most));
        assert_eq!(level.lots(), 3 * u128::from(u64::MAX));
        level.discount(Quantity::new(u64::MAX - 1));
        level.discount(most);
        assert_eq!(level.lots(), 1 << 64);
    }
}
