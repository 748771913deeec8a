//! Depth: the open orders of a market, summed by price level.
//!
//! Orders enter as they rest, trade and leave; levels leave, grouped as asked. Which orders make up
//! a level is not known here.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use openmart_model::limits::{ORDERS_OPEN_MAX, PRICE_LEVELS_PER_SIDE_MAX};
use openmart_model::{Codec, DecodeError, Price, Quantity, Reader, Side, Writer};

/// Most decimals that can be dropped: ten to that power is the largest that fits 64 bits. Asking
/// for more counts as this.
pub const DIGITS_DROPPED_MAX: u8 = 19;

/// A price in units of `10^digits_dropped` ticks: with `d` price decimals of the market, a number
/// of `d - digits_dropped` decimals. A unit of its own, since a price that is rounded up may be
/// more ticks than 64 bits hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupedPrice(u64);

impl GroupedPrice {
    /// The number of units. For bids below one unit it is 0.
    pub const fn units(self) -> u64 {
        self.0
    }
}

/// The levels of a book, best first. Every bid is below every ask, however they are grouped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Depth {
    /// Decimals of the price that were dropped; gives the unit of the prices.
    pub digits_dropped: u8,
    /// Buy orders, highest price first.
    pub bids: Vec<DepthLevel>,
    /// Sell orders, lowest price first.
    pub asks: Vec<DepthLevel>,
}

/// The orders of one side at one grouped price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DepthLevel {
    /// Their price: rounded down for bids, up for asks.
    pub price: GroupedPrice,
    /// Their remaining quantities together.
    pub lots: u128,
    /// The same with all better levels of the side.
    pub lots_total: u128,
    /// How many they are.
    pub orders: u32,
}

/// The best price of a side and what is to be had there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Best {
    /// The price.
    pub price: Price,
    /// The remaining quantities at that price together.
    pub lots: u128,
}

/// Both sides by price, as they are. A level has at least one order.
#[derive(Clone, Default, Debug)]
pub(crate) struct Levels {
    /// By [`Side::index`].
    sides: [BTreeMap<Price, Level>; 2],
}

#[derive(Clone, Copy, Default, Debug)]
struct Level {
    lots: u128,
    orders: u32,
}

impl Levels {
    /// An order enters the book.
    pub(crate) fn rest(&mut self, side: Side, price: Price, remaining: Quantity) {
        let level = self.sides[side.index()].entry(price).or_default();
        level.lots += u128::from(remaining.lots());
        level.orders += 1;
    }

    /// An order of the book trades; it stays until it is closed.
    pub(crate) fn trade(
        &mut self,
        side: Side,
        price: Price,
        quantity: Quantity,
    ) -> Result<(), &'static str> {
        let level = self.sides[side.index()].get_mut(&price).ok_or("no such level")?;
        level.take(quantity)
    }

    /// An order leaves the book with what remained of it.
    pub(crate) fn close(
        &mut self,
        side: Side,
        price: Price,
        remaining: Quantity,
    ) -> Result<(), &'static str> {
        let Entry::Occupied(mut entry) = self.sides[side.index()].entry(price) else {
            return Err("no such level");
        };
        let level = entry.get_mut();
        level.take(remaining)?;
        level.orders -= 1;
        if level.orders == 0 {
            let emptied = entry.remove();
            if emptied.lots != 0 {
                return Err("a quantity without an order");
            }
        }
        Ok(())
    }

    pub(crate) fn best(&self, side: Side) -> Option<Best> {
        let levels = &self.sides[side.index()];
        let (price, level) = match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        }?;
        Some(Best { price: *price, lots: level.lots })
    }

    pub(crate) fn depth(&self, digits_dropped: u8, levels_max: usize) -> Depth {
        let digits_dropped = digits_dropped.min(DIGITS_DROPPED_MAX);
        let step = 10u64.pow(u32::from(digits_dropped));
        let [bids, asks] = &self.sides;
        let down = |(price, level): (&Price, _)| (price.ticks() / step, level);
        let up = |(price, level): (&Price, _)| (price.ticks().div_ceil(step), level);
        Depth {
            digits_dropped,
            bids: group(bids.iter().rev().map(down), levels_max),
            asks: group(asks.iter().map(up), levels_max),
        }
    }
}

impl Level {
    fn take(&mut self, quantity: Quantity) -> Result<(), &'static str> {
        let left = self.lots.checked_sub(u128::from(quantity.lots()));
        self.lots = left.ok_or("more than is at the level")?;
        Ok(())
    }
}

/// Merges neighbours of the same grouped price.
fn group<'a>(levels: impl Iterator<Item = (u64, &'a Level)>, levels_max: usize) -> Vec<DepthLevel> {
    let mut groups: Vec<DepthLevel> = Vec::new();
    let mut lots_total = 0;
    for (units, level) in levels {
        let price = GroupedPrice(units);
        if groups.last().is_none_or(|group| group.price != price) {
            if groups.len() == levels_max {
                break;
            }
            groups.push(DepthLevel { price, lots: 0, lots_total, orders: 0 });
        }
        lots_total += level.lots;
        if let Some(group) = groups.last_mut() {
            group.lots += level.lots;
            group.lots_total = lots_total;
            group.orders += level.orders;
        }
    }
    groups
}

impl Codec for Levels {
    fn write(&self, writer: &mut Writer<'_>) {
        for levels in &self.sides {
            writer.put(&(levels.len() as u32));
            for (price, level) in levels {
                writer.put(price);
                writer.put(&level.lots);
                writer.put(&level.orders);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let levels = Self { sides: [read_side(reader)?, read_side(reader)?] };
        let (bid, ask) = (levels.best(Side::Buy), levels.best(Side::Sell));
        if bid.zip(ask).is_some_and(|(bid, ask)| bid.price >= ask.price) {
            return Err(reader.error("a book that is not crossed"));
        }
        Ok(levels)
    }
}

fn read_side(reader: &mut Reader<'_>) -> Result<BTreeMap<Price, Level>, DecodeError> {
    let count: u32 = reader.get()?;
    if count as usize > PRICE_LEVELS_PER_SIDE_MAX {
        return Err(reader.error("at most 65536 levels"));
    }
    let mut levels = BTreeMap::new();
    let mut price_before = Price::new(0);
    let mut orders_total = 0;
    for _ in 0..count {
        let price: Price = reader.get()?;
        if price <= price_before {
            return Err(reader.error("ascending prices above 0"));
        }
        price_before = price;
        let level = Level { lots: reader.get()?, orders: reader.get()? };
        let orders = u128::from(level.orders);
        // Each order has at least one lot left and at most what 64 bits hold.
        if level.orders == 0 || level.lots < orders || level.lots > orders * u128::from(u64::MAX) {
            return Err(reader.error("a level with orders and the lots of so many"));
        }
        orders_total += orders;
        levels.insert(price, level);
    }
    if orders_total > ORDERS_OPEN_MAX as u128 {
        return Err(reader.error("at most 16777216 orders"));
    }
    Ok(levels)
}
