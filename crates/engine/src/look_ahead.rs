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

use openmart_model::{Command, NewOrder, Side};

use crate::Engine;
use crate::accounts::Trading;
use crate::listing::Listing;
use crate::orders::{NONE, Slot};

/// Commands whose reads are under way together. The more, the less waiting at the end of each stage;
/// what many more would fetch would push each other out of the nearest cache.
pub const LOOK_AHEAD_MAX: usize = 64;

/// With fewer open orders than these, all that commands touch stays near anyway, and looking ahead
/// would cost more than it saves.
const ORDERS_OPEN_MIN: usize = 32_768;

/// Numbers of slots that the commands of a batch will touch.
struct Slots {
    all: [u32; LOOK_AHEAD_MAX],
    len: usize,
}

impl Engine {
    /// Reads what the next commands, up to [`LOOK_AHEAD_MAX`] of them, will touch, so that
    /// [`apply`](Self::apply) finds it in the cache. Changes nothing, and may be left out.
    pub fn look_ahead<'a>(&self, commands: impl Iterator<Item = &'a Command> + Clone) {
        if self.orders.len() < ORDERS_OPEN_MIN {
            return;
        }
        let commands = commands.take(LOOK_AHEAD_MAX);
        let (mut leaving, mut arriving) = (Slots::none(), Slots::none());
        let mut read = 0;
        for command in commands.clone() {
            match command {
                Command::Cancel { account, order } => {
                    leaving.push(self.orders.find(*order).unwrap_or(NONE));
                    read ^= self.accounts.trading(*account).map_or(0, |own| own.open.len());
                }
                Command::Place(order) => {
                    self.look_at_book(order, &mut leaving, &mut arriving);
                    read ^= self.accounts.trading(order.account).map_or(0, |own| own.open.len());
                }
                _ => {}
            }
        }
        for at in leaving.iter().chain(arriving.iter()) {
            read ^= self.slot_read(at);
        }
        for slot in leaving.iter().filter_map(|at| self.orders.get(at)) {
            read ^= self.look_around(slot);
        }
        for command in commands {
            let Command::Place(order) = command else { continue };
            let Some(own) = self.accounts.trading(order.account) else { continue };
            let Some(listing) = self.listings.get(order.market) else { continue };
            read ^= own.open.entry(own.open.first_hole()).unwrap_or(0) as usize;
            read ^= held_read(listing, order.side, own);
        }
        black_box(read);
    }

    /// Whom a new order would meet, or stand behind, and the slot it would get.
    #[inline(always)]
    fn look_at_book(&self, order: &NewOrder, leaving: &mut Slots, arriving: &mut Slots) {
        let Some(listing) = self.listings.get(order.market) else { return };
        let limit = order.kind.price();
        let opposite = &listing.ladders[order.side.opposite().index()];
        if let Some((_, level)) = opposite.best_within(limit) {
            leaving.push(self.listings.levels.get(level).head);
        } else if let Some(price) = limit {
            let hint = listing.ladders[order.side.index()].hint(price);
            arriving.push(hint.map_or(NONE, |level| self.listings.levels.get(level).tail));
        }
    }

    /// What an order is linked with: neighbours, its level, and its account's list and hold.
    #[inline(always)]
    fn look_around(&self, slot: &Slot) -> usize {
        let mut read = self.slot_read(slot.next) ^ self.slot_read(slot.previous);
        read ^= self.listings.levels.peek(slot.level).map_or(0, |level| level.head) as usize;
        if let (Some(own), Some(listing)) =
            (self.accounts.trading(slot.account), self.listings.get(slot.market))
        {
            read ^= own.open.entry(slot.place).unwrap_or(0) as usize;
            read ^= held_read(listing, slot.side, own);
        }
        read
    }

    #[inline(always)]
    fn slot_read(&self, at: u32) -> usize {
        self.orders.get(at).map_or(0, |slot| slot.place as usize)
    }
}

/// Reads the balance that orders of a side hold.
#[inline(always)]
fn held_read(listing: &Listing, side: Side, own: &Trading) -> usize {
    let spec = &listing.market.spec;
    let asset = if side == Side::Buy { spec.quote } else { spec.base };
    own.available(asset).units() as usize
}

impl Slots {
    fn none() -> Self {
        Self { all: [NONE; LOOK_AHEAD_MAX], len: 0 }
    }

    #[inline(always)]
    fn push(&mut self, at: u32) {
        self.all[self.len] = at;
        self.len += 1;
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.all[..self.len].iter().copied()
    }
}
