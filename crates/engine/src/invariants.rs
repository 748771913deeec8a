//! What must be true of every state, checked on demand from the state alone.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt;

use openmart_model::{AccountId, Amount, AssetId, MarketId, OrderId, Side};

use crate::Engine;
use crate::orders::NONE;
use crate::settlement::held;

/// An invariant that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation(String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Violation {}

type Check = Result<(), Violation>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Violation(what())) }
}

impl Engine {
    /// Checks that money is conserved, that holds are those of the open orders, and that books and
    /// indexes agree. Takes time proportional to the state.
    pub fn check(&self) -> Result<(), Violation> {
        self.check_conservation()?;
        self.check_holds()?;
        self.check_books()?;
        self.check_indexes()
    }

    /// For every asset: available + hold over all accounts + fees collected = deposits -
    /// withdrawals.
    pub fn check_conservation(&self) -> Result<(), Violation> {
        for at in 0..self.assets.all().len() {
            let asset = AssetId(at as u16);
            let balances = self.accounts.ids().map(|id| self.accounts.balance(id, asset));
            let total = balances
                .flat_map(|balance| [balance.available, balance.hold])
                .try_fold(self.fees_collected(asset), |total, amount| total.checked_add(amount));
            let supply = self.supply(asset);
            ensure(total == Some(supply), || {
                format!("asset {asset}: {total:?} units in balances and fees, {supply:?} supplied")
            })?;
        }
        Ok(())
    }

    fn check_holds(&self) -> Check {
        let mut holds: BTreeMap<(AccountId, AssetId), Amount> = BTreeMap::new();
        for at in self.orders.ascending() {
            let slot = self.orders.slot(at);
            let level = self.listings.levels.get(slot.level);
            let market = &self.listings.all()[level.market.index()].market;
            let (asset, amount) = held(market, level.side, level.price, slot.remaining);
            let hold = holds.entry((slot.account, asset)).or_default();
            let sum = hold.checked_add(amount);
            *hold = sum.ok_or_else(|| Violation(format!("holds of {asset} overflow")))?;
        }
        for account in self.accounts.ids() {
            for (at, balance) in self.accounts.balances(account).iter().enumerate() {
                let key = (account, AssetId(at as u16));
                let expected = holds.remove(&key).unwrap_or_default();
                ensure(balance.hold == expected, || {
                    let hold = balance.hold;
                    format!("account {account} holds {hold:?} of asset {at}, orders {expected:?}")
                })?;
            }
        }
        ensure(holds.values().all(|hold| hold.is_zero()), || {
            "an order holds an asset that its account does not have".into()
        })
    }

    fn check_books(&self) -> Check {
        for (at, listing) in self.listings.all().iter().enumerate() {
            let market = MarketId(at as u16);
            let best = |side| self.listings.best_price(market, side);
            if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
                ensure(bid < ask, || format!("the book of market {market} is crossed"))?;
            }
            for ladder in &listing.ladders {
                for level in ladder.best_first() {
                    self.check_level(market, level)?;
                }
            }
        }
        Ok(())
    }

    fn check_level(&self, market: MarketId, level: u32) -> Check {
        let facts = self.listings.levels.get(level);
        let (mut previous, mut last) = (NONE, OrderId(0));
        for at in self.listings.levels.orders(&self.orders, level) {
            let slot = self.orders.slot(at);
            let linked = slot.level == level && slot.previous == previous && slot.id > last;
            ensure(linked && !slot.remaining.is_zero() && facts.market == market, || {
                format!("order {} does not belong where it stands in its book", slot.id)
            })?;
            ensure(self.orders.find(slot.id) == Some(at), || {
                format!("order {} is in the book but not in the index", slot.id)
            })?;
            (previous, last) = (at, slot.id);
        }
        ensure(facts.tail == previous && previous != NONE, || {
            format!("a price level of market {market} does not end with its newest order")
        })
    }

    fn check_indexes(&self) -> Check {
        let mut in_books = 0;
        for listing in self.listings.all() {
            for level in listing.ladders.iter().flat_map(|ladder| ladder.best_first()) {
                in_books += self.listings.levels.orders(&self.orders, level).count();
            }
        }
        let indexed = self.orders.ascending().count();
        let open = self.orders.len();
        ensure(in_books == open && indexed == open, || {
            format!("{open} orders are open, {in_books} in books, {indexed} in the index")
        })?;
        for account in self.accounts.ids() {
            let (listed, counted) =
                (self.open_orders(account).count(), self.open_orders_len(account));
            let own = self.open_orders(account).all(|order| order.account == account);
            ensure(listed == counted && own, || {
                format!("account {account} lists {listed} open orders and counts {counted}")
            })?;
        }
        Ok(())
    }
}
