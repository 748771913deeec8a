//! Guesses at the level of a price, so that it seldom has to be searched.
//!
//! A price with its level enters; a level that the price may have leaves. Whether it has, whoever
//! asks must look: hints are never taken back, and levels are given to other prices.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::orders::NONE;

/// Large enough that prices side by side are mostly on one page, small enough for a book of few
/// levels.
const PAGE_HINTS: usize = 256;

/// By the last digits of a price, the level that was entered last for such a price. Prices of one
/// book lie side by side, so that a hint is seldom wrong.
///
/// The table grows without being filled anew: a price whose digits became more has no hint until it
/// is searched once, so that no single level pays for all.
#[derive(Debug, Default)]
pub(crate) struct PriceHints {
    /// As many as a power of two, or none.
    pages: Vec<Option<Box<[u32; PAGE_HINTS]>>>,
}

impl PriceHints {
    #[inline]
    pub(crate) fn get(&self, ticks: u64) -> Option<u32> {
        let (page, place) = self.place_of(ticks);
        let level = self.pages.get(page)?.as_ref()?[place];
        (level != NONE).then_some(level)
    }

    /// Enters a hint into a table that has room for any.
    #[inline]
    pub(crate) fn set(&mut self, ticks: u64, level: u32) {
        let (page, place) = self.place_of(ticks);
        self.pages[page].get_or_insert_with(empty_page)[place] = level;
    }

    /// Makes room for so many hints at least.
    #[inline]
    pub(crate) fn reserve(&mut self, hints: usize) {
        if self.pages.len() * PAGE_HINTS < hints {
            let pages = hints.div_ceil(PAGE_HINTS).next_power_of_two();
            self.pages.resize_with(pages, || None);
        }
    }

    #[inline]
    fn place_of(&self, ticks: u64) -> (usize, usize) {
        let page = (ticks as usize / PAGE_HINTS) & self.pages.len().wrapping_sub(1);
        (page, ticks as usize % PAGE_HINTS)
    }
}

#[cold]
fn empty_page() -> Box<[u32; PAGE_HINTS]> {
    Box::new([NONE; PAGE_HINTS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_grew_has_the_hints_of_short_digits_still() {
        let mut hints = PriceHints::default();
        assert_eq!((hints.get(0), hints.get(u64::MAX)), (None, None));
        hints.reserve(PAGE_HINTS);
        hints.set(7, 1);
        hints.set(PAGE_HINTS as u64 + 8, 2);
        assert_eq!((hints.get(8), hints.get(9)), (Some(2), None), "both share the digits");
        hints.reserve(PAGE_HINTS * 3);
        assert_eq!(hints.pages.len(), 4);
        assert_eq!((hints.get(7), hints.get(PAGE_HINTS as u64 + 8)), (Some(1), None));
        hints.set(u64::MAX, 3);
        assert_eq!(hints.get(u64::MAX), Some(3));
        let made = hints.pages.iter().filter(|page| page.is_some());
        assert_eq!(made.count(), 2, "pages come when they are needed");
    }
}
