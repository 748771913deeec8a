//! Pages: a part of a long list, newest first.

/// Longest page. Bounds what one reader copies while it keeps the state from changing.
pub const PAGE_SIZE_MAX: usize = 1_000;

/// Which part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageRequest {
    /// Number of the page, from 0.
    pub index: usize,
    /// Items of a page; more than [`PAGE_SIZE_MAX`] counts as that.
    pub size: usize,
}

impl PageRequest {
    /// Items of a page, within the limit.
    pub(crate) fn size(self) -> usize {
        self.size.min(PAGE_SIZE_MAX)
    }

    /// Items before the page.
    pub(crate) fn skipped(self) -> usize {
        self.index.saturating_mul(self.size())
    }
}

/// A part of a list, newest first. A page past the end has no items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Items of the whole list.
    pub total: usize,
}
