//! What an order would do if it were placed now, without changing anything.
//!
//! An order enters; what it would trade leaves, and whether it would meet one of its own account's.
//! Nobody pays for the walk along the book when the order is refused, so a long one goes by levels
//! wherever the sum of a level tells enough: everywhere but in the level where it meets the account's
//! own orders and has to stop at them.

use alloc::vec::Vec;

use openmart_model::{Amount, NewOrder, OrderKind, Price, Quantity, SelfTradePolicy};

use crate::Engine;
use crate::listing::Listing;

#[cfg(test)]
mod tests;

/// Most orders may be looked at one by one before it is worth finding out where the account's own
/// orders stand.
const ORDERS_WALKED_MAX: usize = 256;

/// What an order would do.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Preview {
    pub(crate) quantity: u64,
    pub(crate) notional: u128,
    pub(crate) meets_own: bool,
}

/// The levels that have orders of the account that asks, ascending, with the sum of what remains of them.
type OwnLevels = Vec<(u32, u128)>;

/// What comes of one level, or one order, on the way along the book.
#[derive(PartialEq, Eq)]
enum Step {
    /// All of it is taken, or passed over.
    Through,
    /// The order ends here.
    Ended,
    /// Too many orders were looked at.
    TooFar,
}

impl Engine {
    /// Walks the opposite side as matching would, up to the end of the order.
    pub(crate) fn preview(&self, listing: &Listing, order: &NewOrder) -> Preview {
        let policy = listing.market.spec.self_trade;
        let open = self.accounts.trading(order.account).map_or(0, |account| account.open.len());
        if policy == SelfTradePolicy::Allow || open == 0 {
            return self.preview_by_levels(listing, order, &OwnLevels::new());
        }
        let near = self.preview_by_orders(listing, order, ORDERS_WALKED_MAX);
        near.unwrap_or_else(|| self.preview_by_levels(listing, order, &self.own_levels(order)))
    }

    /// The walk by orders, unless it is a longer one.
    fn preview_by_orders(
        &self,
        listing: &Listing,
        order: &NewOrder,
        mut looks: usize,
    ) -> Option<Preview> {
        let mut preview = Preview::default();
        for (price, level) in self.listings.opposite(order) {
            match self.look_at_orders_of(listing, order, (price, level), &mut looks, &mut preview) {
                Step::Through => {}
                Step::Ended => break,
                Step::TooFar => return None,
            }
        }
        Some(preview)
    }

    /// The walk by levels, for who knows where the account's own orders stand.
    fn preview_by_levels(&self, listing: &Listing, order: &NewOrder, own: &OwnLevels) -> Preview {
        let mut preview = Preview::default();
        let passes_own = listing.market.spec.self_trade == SelfTradePolicy::CancelMaker;
        for (price, level) in self.listings.opposite(order) {
            let here = own.binary_search_by_key(&level, |(level, _)| *level).ok();
            let own_lots = here.map_or(0, |at| own[at].1);
            let step = if here.is_some() && !passes_own {
                // It ends at the first of its own at the latest.
                let mut looks = usize::MAX;
                self.look_at_orders_of(listing, order, (price, level), &mut looks, &mut preview)
            } else {
                let there = self.listings.levels.get(level).lots() - own_lots;
                preview.take(listing, order, price, there)
            };
            if step != Step::Through {
                break;
            }
        }
        preview
    }

    fn look_at_orders_of(
        &self,
        listing: &Listing,
        order: &NewOrder,
        (price, level): (Price, u32),
        looks: &mut usize,
        preview: &mut Preview,
    ) -> Step {
        for at in self.listings.levels.orders(&self.orders, level) {
            if *looks == 0 {
                return Step::TooFar;
            }
            *looks -= 1;
            let slot = self.orders.slot(at);
            let is_own = slot.account == order.account;
            let step = if is_own && listing.market.spec.self_trade != SelfTradePolicy::Allow {
                preview.meet_own(listing, order, price)
            } else {
                preview.take(listing, order, price, u128::from(slot.remaining.lots()))
            };
            if step != Step::Through {
                return step;
            }
        }
        Step::Through
    }

    /// Where the account's own orders stand on the opposite side.
    fn own_levels(&self, order: &NewOrder) -> OwnLevels {
        let account = self.accounts.trading(order.account);
        let slots = account.into_iter().flat_map(|own| own.open.slots());
        let slots = slots.map(|at| self.orders.slot(at));
        let opposite = (order.market, order.side.opposite());
        let met = slots.filter(|slot| (slot.market, slot.side) == opposite);
        let mut own: OwnLevels =
            met.map(|slot| (slot.level, u128::from(slot.remaining.lots()))).collect();
        own.sort_unstable();
        own.dedup_by(|one, kept| {
            let same = one.0 == kept.0;
            if same {
                kept.1 += one.1;
            }
            same
        });
        own
    }
}

impl Preview {
    /// Takes what it wants of the lots that there are at a price. Since notional grows in step with
    /// quantity, it is the same whether they are of one order or of many.
    fn take(&mut self, listing: &Listing, order: &NewOrder, price: Price, lots: u128) -> Step {
        let wanted = self.wanted(listing, order, price);
        if wanted == 0 {
            return Step::Ended;
        }
        let traded = u64::try_from(lots).map_or(wanted, |lots| wanted.min(lots));
        self.quantity += traded;
        // A sum beyond 128 bits is more than anybody has.
        let notional = listing.market.notional(price, Quantity::new(traded));
        let notional = notional.map_or(u128::MAX, Amount::units);
        self.notional = self.notional.saturating_add(notional);
        // Matching ends at an order that it takes in part, whatever a worse price would pay.
        if u128::from(traded) < lots { Step::Ended } else { Step::Through }
    }

    /// Comes to an order of its own account, as a policy sees it that knows such.
    fn meet_own(&mut self, listing: &Listing, order: &NewOrder, price: Price) -> Step {
        if self.wanted(listing, order, price) == 0 {
            return Step::Ended;
        }
        self.meets_own = true;
        match listing.market.spec.self_trade {
            SelfTradePolicy::Allow | SelfTradePolicy::CancelMaker => Step::Through,
            SelfTradePolicy::RefuseTaker
            | SelfTradePolicy::CancelTaker
            | SelfTradePolicy::CancelBoth => Step::Ended,
        }
    }

    /// Lots that it wants beyond what it has, at a price.
    fn wanted(&self, listing: &Listing, order: &NewOrder, price: Price) -> u64 {
        match order.kind {
            OrderKind::Limit { quantity, .. } | OrderKind::Market { quantity } => {
                quantity.lots() - self.quantity
            }
            OrderKind::MarketNotional { notional } => {
                let left = Amount::new(notional.units() - self.notional);
                listing.wanted_for(left, price, Quantity::new(self.quantity)).lots()
            }
        }
    }
}
