//! Listed markets, each with its rules, its book and its last price.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_model::{Amount, Market, MarketId, NewOrder, Price, Quantity, Side};

use crate::book::Levels;
use crate::ladder::Ladder;
use crate::orders::{Orders, Slot};

#[derive(Debug, Default)]
pub(crate) struct Listings {
    all: Vec<Listing>,
    by_symbol: BTreeMap<String, MarketId>,
    /// Shared by all books, so that one number names a level.
    pub(crate) levels: Levels,
}

#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) market: Market,
    pub(crate) ladders: [Ladder; 2],
    pub(crate) last_price: Option<Price>,
}

impl Listings {
    pub(crate) fn add(&mut self, market: Market, last_price: Option<Price>) -> MarketId {
        let id = MarketId(self.all.len() as u16);
        self.by_symbol.insert(market.symbol.clone(), id);
        let ladders = [Side::Buy, Side::Sell].map(|side| Ladder::new(id, side));
        self.all.push(Listing { market, ladders, last_price });
        id
    }

    pub(crate) fn all(&self) -> &[Listing] {
        &self.all
    }

    pub(crate) fn get(&self, id: MarketId) -> Option<&Listing> {
        self.all.get(id.index())
    }

    pub(crate) fn get_mut(&mut self, id: MarketId) -> &mut Listing {
        &mut self.all[id.index()]
    }

    pub(crate) fn by_symbol(&self, symbol: &str) -> Option<MarketId> {
        self.by_symbol.get(symbol).copied()
    }

    /// The best price of one side of a book.
    #[inline]
    pub(crate) fn best_price(&self, id: MarketId, side: Side) -> Option<Price> {
        self.get(id)?.ladders[side.index()].best().map(|(price, _)| price)
    }

    /// Puts an order that is about to be in a slot into its book, behind the others at its price.
    #[inline(always)]
    pub(crate) fn link(&mut self, orders: &mut Orders, at: u32, slot: &mut Slot) {
        let ladder = &mut self.all[slot.market.index()].ladders[slot.side.index()];
        (slot.level, slot.previous) =
            self.levels.append(ladder, orders, at, slot.price, slot.remaining);
    }

    /// Takes an order out of its book.
    #[inline]
    pub(crate) fn unlink(&mut self, orders: &mut Orders, slot: &Slot) {
        let ladder = &mut self.all[slot.market.index()].ladders[slot.side.index()];
        self.levels.unlink(ladder, orders, slot);
    }

    /// The price levels that an arriving order could meet, in the order it would meet them.
    pub(crate) fn opposite<'a>(
        &'a self,
        order: &NewOrder,
    ) -> impl Iterator<Item = (Price, u32)> + use<'a> {
        let (side, limit) = (order.side, order.kind.price());
        let ladder = &self.all[order.market.index()].ladders[side.opposite().index()];
        ladder.best_first().take_while(move |(price, _)| crosses(side, limit, *price))
    }
}

/// Whether an arriving order of a side may trade at a resting price.
fn crosses(side: Side, limit: Option<Price>, resting: Price) -> bool {
    match (side, limit) {
        (_, None) => true,
        (Side::Buy, Some(limit)) => resting <= limit,
        (Side::Sell, Some(limit)) => resting >= limit,
    }
}

impl Listing {
    /// The notional of what is, or will be, in the book; such orders passed the check that their
    /// notional can be counted.
    #[inline]
    pub(crate) fn notional(&self, price: Price, quantity: Quantity) -> Amount {
        self.market.notional(price, quantity).expect("the notional of an accepted order fits")
    }

    /// What an order by notional still wants at a price: the whole lots that the rest of its
    /// notional pays, within the market's largest quantity.
    pub(crate) fn wanted_for(&self, left: Amount, price: Price, filled: Quantity) -> Quantity {
        let max = self.market.spec.quantity_max;
        let room = max.checked_sub(filled).expect("an order fills at most the largest quantity");
        self.market.quantity_for(left, price).min(room)
    }
}
