//! The open orders of one account: a table of slot numbers with holes.
//!
//! An order knows its place in the table, so that one that goes leaves a hole without a search, and
//! the next one to come fills the hole. The table is in no order; who wants one sorts by order id.

use alloc::vec::Vec;

use crate::orders::{NONE, Orders};

#[derive(Debug)]
pub(crate) struct OpenOrders {
    /// Slot numbers, and in a hole the next hole, marked as such.
    places: Vec<u32>,
    /// The first hole.
    hole: u32,
    open: u32,
}

/// Marks a hole. Slot numbers stay far below it.
const HOLE: u32 = 1 << 31;

/// Shorter tables are not worth closing up.
const CLOSE_UP_LENGTH_MIN: usize = 1_024;

/// A table is closed up when only one place in so many is taken: rarely enough that it costs
/// nothing by the order, often enough that memory follows the open orders.
const CLOSE_UP_SHARE: usize = 8;

impl Default for OpenOrders {
    fn default() -> Self {
        Self { places: Vec::new(), hole: NONE, open: 0 }
    }
}

impl OpenOrders {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.open as usize
    }

    /// Takes in an order and tells its place.
    #[inline]
    pub(crate) fn add(&mut self, slot: u32) -> u32 {
        debug_assert!(slot < HOLE);
        self.open += 1;
        if self.hole == NONE {
            self.places.push(slot);
            return (self.places.len() - 1) as u32;
        }
        let place = self.hole;
        let next = core::mem::replace(&mut self.places[place as usize], slot);
        self.hole = if next == NONE { NONE } else { next & !HOLE };
        place
    }

    /// Lets go of the order at a place.
    #[inline]
    pub(crate) fn remove(&mut self, place: u32, orders: &mut Orders) {
        let next = if self.hole == NONE { NONE } else { self.hole | HOLE };
        self.places[place as usize] = next;
        self.hole = place;
        self.open -= 1;
        if self.places.len() >= CLOSE_UP_LENGTH_MIN
            && self.len() * CLOSE_UP_SHARE <= self.places.len()
        {
            self.close_up(orders);
        }
    }

    #[cold]
    fn close_up(&mut self, orders: &mut Orders) {
        self.places.retain(|place| place & HOLE == 0);
        self.places.shrink_to_fit();
        self.hole = NONE;
        for (at, slot) in self.places.iter().enumerate() {
            orders.slot_mut(*slot).place = at as u32;
        }
    }

    /// The slot number at a place, or what a hole has there.
    #[inline]
    pub(crate) fn entry(&self, place: u32) -> Option<u32> {
        self.places.get(place as usize).copied()
    }

    /// The place that the next order will get, if it is a hole.
    #[inline]
    pub(crate) fn first_hole(&self) -> u32 {
        self.hole
    }

    /// Slot numbers, in no order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.places.iter().copied().filter(|place| place & HOLE == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(open: &OpenOrders) -> Vec<u32> {
        let mut slots: Vec<u32> = open.slots().collect();
        slots.sort_unstable();
        assert_eq!(slots.len(), open.len());
        slots
    }

    #[test]
    fn holes_are_filled_again_last_one_first() {
        let (mut open, mut orders) = (OpenOrders::default(), Orders::default());
        let places: Vec<u32> = (10..15).map(|slot| open.add(slot)).collect();
        assert_eq!(places, [0, 1, 2, 3, 4]);
        open.remove(1, &mut orders);
        open.remove(3, &mut orders);
        assert_eq!(listed(&open), [10, 12, 14]);
        assert_eq!([20, 21, 22].map(|slot| open.add(slot)), [3, 1, 5]);
        assert_eq!(listed(&open), [10, 12, 14, 20, 21, 22]);
        assert_eq!((open.entry(3), open.entry(1), open.entry(6)), (Some(20), Some(21), None));
        (0..6).for_each(|place| open.remove(place, &mut orders));
        assert_eq!(listed(&open), []);
    }
}
