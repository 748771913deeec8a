//! Open orders: found by id without hashing, linked in their price level without searching.
//!
//! What matching and canceling touch fits a half cache line ([`Slot`]); what only a fill or the end
//! of an order needs lies apart ([`Detail`]).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use openmart_model::{AccountId, Amount, ClientOrderId, OrderId, Quantity, Timestamp};

/// No slot: the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct Orders {
    slots: Vec<Slot>,
    details: Vec<Detail>,
    free: Vec<u32>,
    index: Index,
}

/// The part of an order that matching and canceling touch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) id: OrderId,
    pub(crate) remaining: Quantity,
    pub(crate) account: AccountId,
    /// The price level, which knows market, side and price.
    pub(crate) level: u32,
    /// Neighbours in the level, newer and older.
    pub(crate) next: u32,
    pub(crate) previous: u32,
}

/// The rest of an order.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub(crate) notional: Amount,
    pub(crate) fees: Amount,
    pub(crate) quantity: Quantity,
    pub(crate) time: Timestamp,
    pub(crate) client_id: Option<Box<ClientOrderId>>,
    pub(crate) post_only: bool,
}

impl Orders {
    /// Open orders.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Where an open order is.
    #[inline]
    pub(crate) fn find(&self, id: OrderId) -> Option<u32> {
        self.index.get(id)
    }

    #[inline]
    pub(crate) fn slot(&self, at: u32) -> &Slot {
        &self.slots[at as usize]
    }

    #[inline]
    pub(crate) fn slot_mut(&mut self, at: u32) -> &mut Slot {
        &mut self.slots[at as usize]
    }

    #[inline]
    pub(crate) fn detail(&self, at: u32) -> &Detail {
        &self.details[at as usize]
    }

    #[inline]
    pub(crate) fn detail_mut(&mut self, at: u32) -> &mut Detail {
        &mut self.details[at as usize]
    }

    pub(crate) fn insert(&mut self, slot: Slot, detail: Detail) -> u32 {
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = slot;
                self.details[at as usize] = detail;
                at
            }
            None => {
                self.slots.push(slot);
                self.details.push(detail);
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(slot.id, at);
        at
    }

    /// Frees a slot that is already unlinked.
    pub(crate) fn remove(&mut self, at: u32) {
        let id = self.slots[at as usize].id;
        self.index.remove(id);
        self.details[at as usize].client_id = None;
        self.free.push(at);
    }

    /// Slots of all open orders by ascending id.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = u32> + '_ {
        self.index.ascending()
    }
}

/// Ids to slots. Ids are dense and ascending, so a table finds one without hashing. It is laid out
/// in pages, and pages in chunks; both are dropped when the last order on them is gone, so that
/// memory follows the open orders and not all that ever were.
#[derive(Debug, Default)]
struct Index {
    /// There are as many as 16 million ids go into those of the open orders: seldom more than one.
    chunks: BTreeMap<u64, Chunk>,
}

#[derive(Debug, Default)]
struct Chunk {
    pages: Vec<Page>,
    open: u32,
}

#[derive(Debug, Default)]
struct Page {
    slots: Option<Box<[u32]>>,
    open: u32,
}

const PAGE_IDS: u64 = 4_096;
const CHUNK_PAGES: u64 = 4_096;

fn place_of(id: OrderId) -> (u64, usize, usize) {
    let page = id.0 / PAGE_IDS;
    (page / CHUNK_PAGES, (page % CHUNK_PAGES) as usize, (id.0 % PAGE_IDS) as usize)
}

impl Index {
    #[inline]
    fn get(&self, id: OrderId) -> Option<u32> {
        let (chunk, page, place) = place_of(id);
        let slot = self.chunks.get(&chunk)?.pages.get(page)?.slots.as_ref()?[place];
        (slot != NONE).then_some(slot)
    }

    fn insert(&mut self, id: OrderId, slot: u32) {
        let (chunk, page, place) = place_of(id);
        if !self.chunks.contains_key(&chunk) {
            self.chunks.retain(|_, older| older.open > 0);
        }
        let chunk = self.chunks.entry(chunk).or_default();
        if page >= chunk.pages.len() {
            chunk.pages.resize_with(page + 1, Page::default);
        }
        chunk.open += 1;
        let page = &mut chunk.pages[page];
        let new = || vec![NONE; PAGE_IDS as usize].into_boxed_slice();
        page.slots.get_or_insert_with(new)[place] = slot;
        page.open += 1;
    }

    fn remove(&mut self, id: OrderId) {
        let (number, page_number, place) = place_of(id);
        let chunk = self.chunks.get_mut(&number).expect("an open order has a chunk");
        // The newest page is about to be used again.
        let newest = page_number + 1 == chunk.pages.len();
        let page = &mut chunk.pages[page_number];
        let slots = page.slots.as_mut().expect("an open order is on a page");
        slots[place] = NONE;
        page.open -= 1;
        if page.open == 0 && !newest {
            page.slots = None;
        }
        chunk.open -= 1;
        let emptied = chunk.open == 0;
        if emptied && self.chunks.last_key_value().is_some_and(|(last, _)| *last != number) {
            self.chunks.remove(&number);
        }
    }

    fn ascending(&self) -> impl Iterator<Item = u32> + '_ {
        let pages = self.chunks.values().flat_map(|chunk| &chunk.pages);
        let slots = pages.flat_map(|page| page.slots.iter().flat_map(|slots| slots.iter()));
        slots.copied().filter(|slot| *slot != NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hot_part_of_an_order_fits_half_a_cache_line() {
        assert_eq!(size_of::<Slot>(), 32);
        assert!(size_of::<Detail>() <= 64);
    }

    #[test]
    fn memory_follows_the_open_orders() {
        let mut index = Index::default();
        let ids = PAGE_IDS * 3;
        (1..ids).for_each(|id| index.insert(OrderId(id), id as u32));
        (1..ids).filter(|id| *id != 5_000).for_each(|id| index.remove(OrderId(id)));
        let pages = &index.chunks[&0].pages;
        let kept: Vec<bool> = pages.iter().map(|page| page.slots.is_some()).collect();
        assert_eq!(kept, [false, true, true]);
        assert_eq!(index.get(OrderId(5_000)), Some(5_000));
        assert_eq!(index.ascending().collect::<Vec<_>>(), [5_000]);
        for absent in [0, 1, 4_999, u64::MAX] {
            assert_eq!(index.get(OrderId(absent)), None);
        }
    }

    #[test]
    fn ids_far_apart_cost_no_memory_between_them() {
        let mut index = Index::default();
        let ids = [1, PAGE_IDS * CHUNK_PAGES - 1, 1 << 40, (1 << 53) - 1];
        ids.iter().zip(0..).for_each(|(id, slot)| index.insert(OrderId(*id), slot));
        assert_eq!(index.ascending().collect::<Vec<_>>(), [0, 1, 2, 3]);
        ids.iter().for_each(|id| index.remove(OrderId(*id)));
        let kept: Vec<u64> = index.chunks.keys().copied().collect();
        assert_eq!(kept, [((1 << 53) - 1) / PAGE_IDS / CHUNK_PAGES], "only the newest is kept");
    }
}
