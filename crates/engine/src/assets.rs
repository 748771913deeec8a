//! The assets, how much of each there is, and what the exchange earned.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_model::{Amount, Asset, AssetId};

use crate::settlement::more;

#[derive(Debug, Default)]
pub(crate) struct Assets {
    all: Vec<Asset>,
    books: Vec<AssetBooks>,
    by_code: BTreeMap<String, AssetId>,
}

/// The exchange's own books on one asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AssetBooks {
    /// Deposits minus withdrawals.
    pub(crate) supply: Amount,
    /// Fees collected.
    pub(crate) fees: Amount,
}

impl Assets {
    pub(crate) fn add(&mut self, asset: Asset, books: AssetBooks) -> AssetId {
        let id = AssetId(self.all.len() as u16);
        self.by_code.insert(asset.code.clone(), id);
        self.all.push(asset);
        self.books.push(books);
        id
    }

    pub(crate) fn all(&self) -> &[Asset] {
        &self.all
    }

    pub(crate) fn get(&self, id: AssetId) -> Option<&Asset> {
        self.all.get(id.index())
    }

    pub(crate) fn by_code(&self, code: &str) -> Option<AssetId> {
        self.by_code.get(code).copied()
    }

    pub(crate) fn books(&self, id: AssetId) -> AssetBooks {
        self.books.get(id.index()).copied().unwrap_or_default()
    }

    /// Counts a fee that an account paid.
    #[inline]
    pub(crate) fn collect(&mut self, id: AssetId, fee: Amount) {
        let books = self.books_mut(id);
        books.fees = more(books.fees, fee);
    }

    #[inline]
    pub(crate) fn books_mut(&mut self, id: AssetId) -> &mut AssetBooks {
        &mut self.books[id.index()]
    }
}
