//! What must be true of every state, checked on demand from the state alone.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use openmart_model::{Amount, AssetId, MarketId, OrderId, Side};

use crate::Engine;
use crate::orders::NONE;
use crate::settlement::held;

#[cfg(test)]
mod tests;

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
        let mut holds: Vec<Vec<Amount>> = Vec::new();
        for account in self.accounts.ids() {
            holds.push(vec![Amount::ZERO; self.accounts.balances(account).len()]);
        }
        for at in self.orders.ascending() {
            let slot = self.orders.slot(at);
            let market = &self.listings.all()[slot.market.index()].market;
            let (asset, amount) = held(market, slot.side, slot.price, slot.remaining);
            let hold = holds.get_mut(slot.account.index()).and_then(|h| h.get_mut(asset.index()));
            let Some(hold) = hold else {
                return Err(Violation(format!("account {} never had what it holds", slot.account)));
            };
            let sum = hold.checked_add(amount);
            *hold = sum.ok_or_else(|| Violation(format!("holds of {asset} overflow")))?;
        }
        for (account, holds) in self.accounts.ids().zip(&holds) {
            let balances = self.accounts.balances(account);
            for (at, (balance, expected)) in balances.iter().zip(holds).enumerate() {
                ensure(balance.hold == *expected, || {
                    let hold = balance.hold;
                    format!("account {account} holds {hold:?} of asset {at}, orders {expected:?}")
                })?;
            }
        }
        Ok(())
    }

    fn check_books(&self) -> Check {
        let mut on_ladder = vec![false; self.listings.levels.len()];
        let mut lots = vec![0; self.listings.levels.len()];
        for market in (0..self.listings.all().len()).map(|at| MarketId(at as u16)) {
            let best = |side| self.listings.best_price(market, side);
            if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
                ensure(bid < ask, || format!("the book of market {market} is crossed"))?;
            }
            for side in [Side::Buy, Side::Sell] {
                self.check_ladder(market, side, &mut on_ladder)?;
            }
        }
        // Each order agrees with its neighbours, and only the ends of a level's list have none on one
        // side. So the lists hold all open orders, each once, without following any of them.
        for at in self.orders.ascending() {
            self.check_links(at, &on_ladder)?;
            let slot = self.orders.slot(at);
            lots[slot.level as usize] += u128::from(slot.remaining.lots());
        }
        for (number, lots) in lots.iter().enumerate().filter(|(number, _)| on_ladder[*number]) {
            let level = self.listings.levels.get(number as u32);
            ensure(level.lots() == *lots, || {
                let (market, counted) = (level.market, level.lots());
                format!("a price of market {market} counts {counted} lots, its orders have {lots}")
            })?;
        }
        Ok(())
    }

    /// Levels stand in order of their prices, are found by them, have orders and are counted.
    fn check_ladder(&self, market: MarketId, side: Side, on_ladder: &mut [bool]) -> Check {
        let levels = &self.listings.levels;
        let ladder = &self.listings.all()[market.index()].ladders[side.index()];
        let (mut better, mut met) = (None, 0);
        for (price, number) in ladder.best_first() {
            let level = levels.get(number);
            let in_order = better.is_none_or(|better| match side {
                Side::Buy => price < better,
                Side::Sell => price > better,
            });
            let found = ladder.search(price).ok() == Some(number);
            let meant = (level.market, level.side, level.price) == (market, side, price);
            let of_level = |end| self.orders.open_slot(end).is_some_and(|o| o.level == number);
            let ends = of_level(level.head) && of_level(level.tail);
            ensure(in_order && found && meant && ends, || {
                format!("a price level of market {market} is not where it belongs")
            })?;
            (better, met) = (Some(price), met + 1);
            on_ladder[number as usize] = true;
        }
        let best = ladder.best_first().next();
        ensure(ladder.best() == best && ladder.len() == met, || {
            format!("a side of market {market} miscounts its price levels")
        })
    }

    fn check_links(&self, at: u32, on_ladder: &[bool]) -> Check {
        let slot = self.orders.slot(at);
        let level = self.listings.levels.get(slot.level);
        let of_level = (level.market, level.side, level.price);
        let behind = match slot.next {
            NONE => level.tail == at,
            next => self.orders.open_slot(next).is_some_and(|next| {
                next.previous == at && next.level == slot.level && next.id > slot.id
            }),
        };
        let before = match slot.previous {
            NONE => level.head == at,
            previous => self.orders.open_slot(previous).is_some_and(|previous| previous.next == at),
        };
        let right = on_ladder[slot.level as usize]
            && of_level == (slot.market, slot.side, slot.price)
            && !slot.remaining.is_zero();
        ensure(behind && before && right, || {
            format!("order {} does not belong where it stands in its book", slot.id)
        })
    }

    /// The index by id and the lists of the accounts have every open order once.
    fn check_indexes(&self) -> Check {
        let (mut indexed, mut last) = (0, OrderId(0));
        for at in self.orders.ascending() {
            let slot = self.orders.slot(at);
            let listed = self.accounts.trading(slot.account).map(|own| own.open.entry(slot.place));
            ensure(slot.id > last && listed == Some(Some(at)), || {
                format!("order {} is not listed with account {}", slot.id, slot.account)
            })?;
            (indexed, last) = (indexed + 1, slot.id);
        }
        let mut listed = 0;
        for account in self.accounts.ids() {
            let Some(own) = self.accounts.trading(account) else { continue };
            ensure(own.open.slots().count() == own.open.len(), || {
                format!("account {account} miscounts its open orders")
            })?;
            listed += own.open.len();
        }
        let open = self.orders.len();
        ensure(indexed == open && listed == open, || {
            format!("{open} orders are open, {indexed} in the index, {listed} with accounts")
        })
    }
}
