//! Fetching what commands will touch, some of them ahead.
//!
//! In a large book most of a command's time is waiting for memory: the index, the order, its
//! neighbours, the account, its balance, one after another. Commands that wait together need not
//! wait in turn. Before a batch is applied, it is walked through in a few stages, each of which
//! reads one thing for every command, and no read of a stage depends on another; the processor has
//! them all under way at once, and applying finds its memory near.
//!
//! Nothing is changed and nothing is decided here: what was read may be out of date by the time its
//! command is applied, and is not used for anything.

use core::hint::black_box;

use openmart_model::{AccountId, AssetId, Command, MarketId, NewOrder, OrderId, Side};

use crate::Engine;
use crate::listing::crosses;
use crate::orders::NONE;

/// Commands whose reads are under way together. The more, the less waiting at the end of each stage;
/// what many more would fetch would push each other out of the nearest cache.
pub const LOOK_AHEAD_MAX: usize = 64;

/// With fewer open orders than these, all that commands touch stays near anyway, and looking ahead
/// would cost more than it saves.
const ORDERS_OPEN_MIN: usize = 32_768;

/// An order that is likely to leave the book: to be canceled, or first to be traded with.
#[derive(Clone, Copy)]
struct Leaving {
    order: OrderId,
    account: AccountId,
    slot: u32,
    next: u32,
    previous: u32,
    place: u32,
    level: u32,
    held: AssetId,
}

/// An order that is likely to come into the book.
#[derive(Clone, Copy)]
struct Arriving {
    account: AccountId,
    market: MarketId,
    /// The order that it will stand behind.
    last: u32,
    /// The slot that it will get.
    vacant: u32,
}

/// What a batch of commands will touch, as far as the stages have come.
struct Ahead {
    leaving: [Leaving; LOOK_AHEAD_MAX],
    leaving_len: usize,
    arriving: [Arriving; LOOK_AHEAD_MAX],
    arriving_len: usize,
    /// Something of all that was read, so that it is read.
    read: u64,
}

const NOBODY: AccountId = AccountId(u32::MAX);

impl Engine {
    /// Reads what the next commands, up to [`LOOK_AHEAD_MAX`] of them, will touch, so that
    /// [`apply`](Self::apply) finds it in the cache. Changes nothing, and may be left out.
    pub fn look_ahead<'a>(&self, commands: impl Iterator<Item = &'a Command>) {
        if self.orders.len() < ORDERS_OPEN_MIN {
            return;
        }
        let mut ahead = Ahead::nothing();
        for command in commands.take(LOOK_AHEAD_MAX) {
            match command {
                Command::Cancel { account, order } => ahead.leaves(*order, *account, NONE),
                Command::Place(order) => self.look_at_book(order, &mut ahead),
                _ => {}
            }
        }
        self.look_at_index(&mut ahead);
        self.look_at_orders(&mut ahead);
        self.look_around_leaving(&mut ahead);
        self.look_around_arriving(&mut ahead);
        black_box(ahead.read);
    }

    /// Whom a new order would meet, or stand behind.
    #[inline(always)]
    fn look_at_book(&self, order: &NewOrder, ahead: &mut Ahead) {
        let Some(listing) = self.listings.get(order.market) else { return };
        let (account, market, limit) = (order.account, order.market, order.kind.price());
        let (mut last, mut vacant) = (NONE, NONE);
        let opposite = &listing.ladders[order.side.opposite().index()];
        if let Some((price, level)) = opposite.best()
            && crosses(order.side, limit, price)
        {
            ahead.leaves(OrderId(0), NOBODY, self.listings.levels.get(level).head);
        } else if let Some(price) = limit {
            vacant = self.orders.slot_to_come(ahead.arriving_len).unwrap_or(NONE);
            if let Some(level) = listing.ladders[order.side.index()].hint(price) {
                last = self.listings.levels.get(level).tail;
            }
        }
        ahead.arriving[ahead.arriving_len] = Arriving { account, market, last, vacant };
        ahead.arriving_len += 1;
    }

    /// Where the orders are, and the accounts of who cancels.
    #[inline(always)]
    fn look_at_index(&self, ahead: &mut Ahead) {
        for leaving in &mut ahead.leaving[..ahead.leaving_len] {
            if leaving.slot == NONE {
                leaving.slot = self.orders.find(leaving.order).unwrap_or(NONE);
            }
        }
    }

    /// The orders themselves, and the accounts.
    #[inline(always)]
    fn look_at_orders(&self, ahead: &mut Ahead) {
        let mut read = 0;
        for leaving in &mut ahead.leaving[..ahead.leaving_len] {
            let Some(slot) = self.orders.get(leaving.slot) else { continue };
            read ^= self.open_orders_len(leaving.account) as u64;
            (leaving.next, leaving.previous, leaving.place, leaving.level) =
                (slot.next, slot.previous, slot.place, slot.level);
            let spec = &self.listings.all()[slot.market.index()].market.spec;
            leaving.held = if slot.side == Side::Buy { spec.quote } else { spec.base };
            (leaving.order, leaving.account) = (slot.id, slot.account);
        }
        for arriving in &ahead.arriving[..ahead.arriving_len] {
            read ^= self.orders.get(arriving.last).map_or(0, |slot| slot.id.0);
            read ^= self.orders.get(arriving.vacant).map_or(0, |slot| slot.id.0);
            read ^= self.open_orders_len(arriving.account) as u64;
        }
        ahead.read ^= read;
    }

    /// Neighbours, places, levels and holds of the orders that leave.
    #[inline(always)]
    fn look_around_leaving(&self, ahead: &mut Ahead) {
        let mut read = 0;
        for leaving in &ahead.leaving[..ahead.leaving_len] {
            read ^= self.orders.get(leaving.next).map_or(0, |slot| slot.id.0);
            read ^= self.orders.get(leaving.previous).map_or(0, |slot| slot.id.0);
            let Some(own) = self.accounts.trading(leaving.account) else { continue };
            read ^= own.open.entry(leaving.place).map_or(0, u64::from);
            read ^= own.available(leaving.held).units() as u64;
            read ^= self.orders.find(leaving.order).map_or(0, u64::from);
            read ^= self.listings.levels.peek(leaving.level).map_or(0, |level| level.price.ticks());
        }
        ahead.read ^= read;
    }

    /// Balances and the next places of the accounts that place.
    #[inline(always)]
    fn look_around_arriving(&self, ahead: &mut Ahead) {
        let mut read = 0;
        for arriving in &ahead.arriving[..ahead.arriving_len] {
            let Some(own) = self.accounts.trading(arriving.account) else { continue };
            let spec = &self.listings.all()[arriving.market.index()].market.spec;
            read ^= own.open.entry(own.open.first_hole()).map_or(0, u64::from);
            read ^= own.available(spec.base).units() as u64;
            read ^= own.available(spec.quote).units() as u64;
        }
        ahead.read ^= read;
    }
}

impl Ahead {
    fn nothing() -> Self {
        let (next, previous, place, level, held) = (NONE, NONE, NONE, NONE, AssetId(0));
        let (order, account, slot) = (OrderId(0), NOBODY, NONE);
        let leaving = Leaving { order, account, slot, next, previous, place, level, held };
        let arriving = Arriving { account, market: MarketId(0), last: NONE, vacant: NONE };
        Self {
            leaving: [leaving; LOOK_AHEAD_MAX],
            leaving_len: 0,
            arriving: [arriving; LOOK_AHEAD_MAX],
            arriving_len: 0,
            read: 0,
        }
    }

    #[inline(always)]
    fn leaves(&mut self, order: OrderId, account: AccountId, slot: u32) {
        let leaving = &mut self.leaving[self.leaving_len];
        (leaving.order, leaving.account, leaving.slot) = (order, account, slot);
        self.leaving_len += 1;
    }
}
