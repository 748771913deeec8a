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

use openmart_model::{AccountId, Command, MarketId, NewOrder, Side};

use crate::Engine;
use crate::listing::crosses;
use crate::orders::NONE;

/// Commands whose reads are under way together. The processor bounds how many reads can be; more
/// commands would push out of the nearest cache what the first ones fetched.
pub const LOOK_AHEAD_MAX: usize = 32;

/// With fewer open orders than these, all that commands touch stays near anyway, and looking ahead
/// would cost more than it saves.
const ORDERS_OPEN_MIN: usize = 32_768;

/// What one command will touch, as far as the stages have come.
#[derive(Clone, Copy)]
struct Ahead {
    account: AccountId,
    /// The market of a new order.
    market: Option<MarketId>,
    /// The order that is likely to leave the book: to be canceled, or first to be traded with.
    leaving: u32,
    /// The order that a new one is likely to stand behind.
    last: u32,
    /// The slot that a new order is likely to get.
    vacant: u32,
}

const NOTHING: Ahead =
    Ahead { account: AccountId(u32::MAX), market: None, leaving: NONE, last: NONE, vacant: NONE };

impl Engine {
    /// Reads what the next commands, up to [`LOOK_AHEAD_MAX`] of them, will touch, so that
    /// [`apply`](Self::apply) finds it in the cache. Changes nothing, and may be left out.
    pub fn look_ahead<'a>(&self, commands: impl Iterator<Item = &'a Command>) {
        if self.orders.len() < ORDERS_OPEN_MIN {
            return;
        }
        let mut ahead = [NOTHING; LOOK_AHEAD_MAX];
        let (mut length, mut resting) = (0, 0);
        for (entry, command) in ahead.iter_mut().zip(commands) {
            length += 1;
            match command {
                Command::Cancel { account, order } => {
                    entry.account = *account;
                    entry.leaving = self.orders.find(*order).unwrap_or(NONE);
                }
                Command::Place(order) => self.look_at_book(order, &mut resting, entry),
                _ => {}
            }
        }
        let ahead = &ahead[..length];
        let mut read = 0;
        for entry in ahead {
            read ^= self.look_at_orders(entry);
        }
        for entry in ahead {
            read ^= self.look_around(entry);
        }
        black_box(read);
    }

    #[inline]
    fn look_at_book(&self, order: &NewOrder, resting: &mut usize, entry: &mut Ahead) {
        let Some(listing) = self.listings.get(order.market) else { return };
        (entry.account, entry.market) = (order.account, Some(order.market));
        let limit = order.kind.price();
        let opposite = listing.ladders[order.side.opposite().index()].best();
        if let Some(best) = opposite.map(|best| self.listings.levels.get(best))
            && crosses(order.side, limit, best.price)
        {
            entry.leaving = best.head;
        } else if let Some(price) = limit {
            entry.vacant = self.orders.slot_to_come(*resting).unwrap_or(NONE);
            *resting += 1;
            if let Some(level) = listing.ladders[order.side.index()].hint(price) {
                entry.last = self.listings.levels.get(level).tail;
            }
        }
    }

    /// Reads the orders, and the account.
    #[inline]
    fn look_at_orders(&self, entry: &Ahead) -> u64 {
        let orders = [entry.leaving, entry.last, entry.vacant].into_iter();
        let ids = orders.filter(|at| *at != NONE).map(|at| self.orders.slot(at).id.0);
        let own = self.accounts.trading(entry.account).map_or(0, |own| own.open.len() as u64);
        ids.fold(own, |read, id| read ^ id)
    }

    /// Reads what belongs to the orders and the account: neighbours, places, balances.
    #[inline]
    fn look_around(&self, entry: &Ahead) -> u64 {
        let mut read = 0;
        if entry.leaving != NONE {
            let slot = self.orders.slot(entry.leaving);
            for neighbour in [slot.next, slot.previous] {
                if neighbour != NONE {
                    read ^= self.orders.slot(neighbour).id.0;
                }
            }
            if let Some(own) = self.accounts.trading(slot.account) {
                read ^= own.open.entry(slot.place).map_or(0, u64::from);
            }
            let spec = &self.listings.all()[slot.market.index()].market.spec;
            let held = if slot.side == Side::Buy { spec.quote } else { spec.base };
            read ^= self.accounts.available(slot.account, held).units() as u64;
            if entry.market.is_none() {
                return read;
            }
            // It is traded with: both accounts get something.
            read ^= self.orders.find(slot.id).map_or(0, u64::from);
            for asset in [spec.base, spec.quote] {
                read ^= self.accounts.available(slot.account, asset).units() as u64;
                read ^= self.accounts.available(entry.account, asset).units() as u64;
            }
            return read;
        }
        let Some(listing) = entry.market.and_then(|market| self.listings.get(market)) else {
            return read;
        };
        if let Some(own) = self.accounts.trading(entry.account) {
            read ^= own.open.entry(own.open.first_hole()).map_or(0, u64::from);
        }
        for asset in [listing.market.spec.base, listing.market.spec.quote] {
            read ^= self.accounts.available(entry.account, asset).units() as u64;
        }
        read
    }
}
