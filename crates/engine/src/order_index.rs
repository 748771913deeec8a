//! From order ids to slots. Ids are dense and ascending, so a table finds one without hashing.
//!
//! The table is laid out in pages, and pages in chunks; both are dropped when the last order on them
//! is gone, so that memory follows the open orders and not all that ever were.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use openmart_model::OrderId;

use crate::orders::NONE;

const PAGE_IDS: usize = 4_096;
const CHUNK_PAGES: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct OrderIndex {
    /// Ascending. There are as many as 16 million ids go into those of the open orders: seldom more
    /// than one.
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    number: u64,
    pages: Vec<Page>,
}

#[derive(Debug, Default)]
struct Page {
    slots: Option<Box<[u32; PAGE_IDS]>>,
    open: u32,
}

#[inline]
fn place_of(id: OrderId) -> (u64, usize, usize) {
    let page = id.0 / PAGE_IDS as u64;
    let chunk = page / CHUNK_PAGES as u64;
    (chunk, page as usize % CHUNK_PAGES, id.0 as usize % PAGE_IDS)
}

impl OrderIndex {
    #[inline]
    pub(crate) fn get(&self, id: OrderId) -> Option<u32> {
        let (number, page, place) = place_of(id);
        let chunk = &self.chunks[self.position(number)?];
        let slot = chunk.pages.get(page)?.slots.as_ref()?[place];
        (slot != NONE).then_some(slot)
    }

    /// Where a chunk is; most often it is the last.
    #[inline]
    fn position(&self, number: u64) -> Option<usize> {
        let last = self.chunks.len().checked_sub(1)?;
        if self.chunks[last].number == number {
            return Some(last);
        }
        self.chunks.binary_search_by_key(&number, |chunk| chunk.number).ok()
    }

    /// Enters an id above all that are or were in the table.
    #[inline]
    pub(crate) fn insert(&mut self, id: OrderId, slot: u32) {
        let (number, page, place) = place_of(id);
        // Most often it is on the page of the id before.
        let newest = self.chunks.last_mut().filter(|chunk| chunk.number == number);
        let newest = newest.and_then(|chunk| chunk.pages.get_mut(page));
        if let Some(Page { slots: Some(slots), open }) = newest {
            slots[place] = slot;
            *open += 1;
        } else {
            self.insert_on_new_page(id, slot);
        }
    }

    #[cold]
    fn insert_on_new_page(&mut self, id: OrderId, slot: u32) {
        let (number, page, place) = place_of(id);
        let before = self.chunks.last_mut().and_then(|chunk| chunk.pages.last_mut());
        if let Some(before) = before.filter(|page| page.open == 0) {
            before.slots = None;
        }
        if self.chunks.last().is_none_or(|last| last.number < number) {
            self.chunks.retain(Chunk::has_pages);
            self.chunks.push(Chunk { number, pages: Vec::new() });
        }
        let chunk = self.chunks.last_mut().expect("there is at least the one just made");
        debug_assert_eq!(chunk.number, number, "ids ascend");
        chunk.pages.resize_with(page + 1, Page::default);
        let page = &mut chunk.pages[page];
        page.slots.get_or_insert_with(empty_page)[place] = slot;
        page.open += 1;
    }

    #[inline]
    pub(crate) fn remove(&mut self, id: OrderId) {
        let (number, page_number, place) = place_of(id);
        let at = self.position(number).expect("an open order has a chunk");
        let chunk = &mut self.chunks[at];
        // The newest page is about to be used again.
        let newest = page_number + 1 == chunk.pages.len();
        let page = &mut chunk.pages[page_number];
        let slots = page.slots.as_mut().expect("an open order is on a page");
        slots[place] = NONE;
        page.open -= 1;
        if page.open == 0 && !(newest && at + 1 == self.chunks.len()) {
            self.drop_page(at, page_number);
        }
    }

    /// Drops a page without open orders, and its chunk when it was the last one of an older chunk.
    #[cold]
    fn drop_page(&mut self, at: usize, page: usize) {
        self.chunks[at].pages[page].slots = None;
        if at + 1 < self.chunks.len() && !self.chunks[at].has_pages() {
            self.chunks.remove(at);
        }
    }

    pub(crate) fn ascending(&self) -> impl Iterator<Item = u32> + '_ {
        let pages = self.chunks.iter().flat_map(|chunk| &chunk.pages);
        let slots = pages.flat_map(|page| page.slots.iter().flat_map(|slots| slots.iter()));
        slots.copied().filter(|slot| *slot != NONE)
    }
}

impl Chunk {
    fn has_pages(&self) -> bool {
        self.pages.iter().any(|page| page.slots.is_some())
    }
}

fn empty_page() -> Box<[u32; PAGE_IDS]> {
    let slots = vec![NONE; PAGE_IDS].into_boxed_slice();
    slots.try_into().expect("a page has so many slots")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_open_orders() {
        let mut index = OrderIndex::default();
        let ids = PAGE_IDS as u64 * 3;
        (1..ids).for_each(|id| index.insert(OrderId(id), id as u32));
        (1..ids).filter(|id| *id != 5_000).for_each(|id| index.remove(OrderId(id)));
        let pages = &index.chunks[0].pages;
        let kept: Vec<bool> = pages.iter().map(|page| page.slots.is_some()).collect();
        assert_eq!(kept, [false, true, true]);
        assert_eq!(index.get(OrderId(5_000)), Some(5_000));
        assert_eq!(index.ascending().collect::<Vec<_>>(), [5_000]);
        for absent in [0, 1, 4_999, u64::MAX] {
            assert_eq!(index.get(OrderId(absent)), None);
        }
    }

    #[test]
    fn orders_that_never_stay_leave_nothing_behind() {
        let mut index = OrderIndex::default();
        for id in 1..PAGE_IDS as u64 * 8 {
            index.insert(OrderId(id), 0);
            index.remove(OrderId(id));
        }
        let kept = index.chunks[0].pages.iter().filter(|page| page.slots.is_some());
        assert_eq!(kept.count(), 1, "the newest page alone is kept");
    }

    #[test]
    fn ids_far_apart_cost_no_memory_between_them() {
        let mut index = OrderIndex::default();
        let chunk_ids = (PAGE_IDS * CHUNK_PAGES) as u64;
        let ids = [1, chunk_ids - 1, 1 << 40, (1 << 53) - 1];
        ids.iter().zip(0..).for_each(|(id, slot)| index.insert(OrderId(*id), slot));
        assert_eq!(index.ascending().collect::<Vec<_>>(), [0, 1, 2, 3]);
        ids.iter().zip(0..).for_each(|(id, slot)| assert_eq!(index.get(OrderId(*id)), Some(slot)));
        ids.iter().for_each(|id| index.remove(OrderId(*id)));
        let kept: Vec<u64> = index.chunks.iter().map(|chunk| chunk.number).collect();
        assert_eq!(kept, [((1 << 53) - 1) / chunk_ids], "only the newest is kept");
    }
}
