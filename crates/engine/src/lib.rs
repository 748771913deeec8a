//! The deterministic core: accounts, balances, books and matching as one state machine.
//!
//! What enters is a [`Command`] with the sequence number and time of its journal entry; what leaves
//! is its [`CommandResult`] and the [`Event`]s it made true. `docs/rules.md` says what each command
//! does. Nothing else has any influence: being `no_std`, the crate has no clock, file, socket,
//! thread or randomly seeded map to look at, so the same journal gives the same state on any
//! machine.
//!
//! A broken invariant panics: an engine that is wrong about money must stop.
#![no_std]

extern crate alloc;

mod accounts;
mod administration;
mod assets;
mod book;
mod canceling;
mod client_ids;
mod digest;
mod invariants;
mod keys;
mod ladder;
mod listing;
mod look_ahead;
mod matching;
mod open_orders;
mod order_index;
mod orders;
mod placing;
mod previewing;
mod price_hints;
mod queries;
mod settlement;
mod snapshot;

use alloc::vec::Vec;

use openmart_model::{Command, CommandResult, Event, OrderId, Outcome, Reject, Timestamp, TradeId};

use accounts::Accounts;
use assets::Assets;
use keys::Keys;
use listing::Listings;
use orders::Orders;

pub use invariants::Violation;
pub use look_ahead::LOOK_AHEAD_MAX;

/// The newest version of the rules that this engine knows.
pub const RULES_VERSION: u32 = 1;

/// The whole state of an exchange.
///
/// ```
/// use openmart_engine::Engine;
/// use openmart_model::{Asset, AssetId, Command, Outcome, Timestamp};
///
/// let mut engine = Engine::new();
/// let mut events = Vec::new();
/// let add = Command::AddAsset(Asset { code: "BTC".into(), name: "Bitcoin".into(), decimals: 10 });
/// let outcome = engine.apply(1, Timestamp(1_600_000_000_000), &add, &mut events);
/// assert_eq!(outcome, Ok(Outcome::AssetAdded(AssetId(0))));
/// assert_eq!(events.len(), 1);
/// ```
#[derive(Debug)]
pub struct Engine {
    sequence: u64,
    time: Timestamp,
    rules: u32,
    next_order: OrderId,
    next_trade: TradeId,
    assets: Assets,
    listings: Listings,
    accounts: Accounts,
    keys: Keys,
    orders: Orders,
}

impl Engine {
    /// An exchange without assets, markets or accounts, before its first entry.
    pub fn new() -> Self {
        Self {
            sequence: 0,
            time: Timestamp(0),
            rules: RULES_VERSION,
            next_order: OrderId(1),
            next_trade: TradeId(1),
            assets: Assets::default(),
            listings: Listings::default(),
            accounts: Accounts::default(),
            keys: Keys::default(),
            orders: Orders::default(),
        }
    }

    /// Applies one journal entry and appends what it made true to `events`.
    ///
    /// A refused command appends nothing and changes nothing but the position in the journal. A time
    /// earlier than that of the entry before counts as that time.
    ///
    /// # Panics
    ///
    /// If `sequence` does not follow the last one, or an invariant is broken.
    pub fn apply(
        &mut self,
        sequence: u64,
        time: Timestamp,
        command: &Command,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        assert_eq!(sequence, self.sequence + 1, "journal entries must be applied without a gap");
        self.sequence = sequence;
        self.time = self.time.max(time);
        match command {
            Command::Place(order) => self.place(order, events),
            Command::Cancel { account, order } => self.cancel(*account, *order, events),
            Command::CancelAll { account, market, side } => {
                self.cancel_all(*account, *market, *side, events)
            }
            Command::Deposit { account, asset, amount } => {
                self.deposit(*account, *asset, *amount, events)
            }
            Command::Withdraw { account, asset, amount } => {
                self.withdraw(*account, *asset, *amount, events)
            }
            Command::AddAsset(asset) => self.add_asset(asset, events),
            Command::AddMarket(spec) => self.add_market(spec, events),
            Command::SetMarketStatus { market, status } => {
                self.set_market_status(*market, *status, events)
            }
            Command::SetMarketFees { market, fees } => self.set_market_fees(*market, *fees, events),
            Command::SetAccountFees { account, market, fees } => {
                self.set_account_fees(*account, *market, *fees, events)
            }
            Command::AddAccount(account) => self.add_account(account, events),
            Command::AddKey { account, key } => self.add_key(*account, key, events),
            Command::RevokeKey { key } => self.revoke_key(*key, events),
            Command::SetRules { version } => self.set_rules(*version),
        }
    }

    fn set_rules(&mut self, version: u32) -> CommandResult {
        if version < self.rules || version > RULES_VERSION {
            return Err(Reject::UnknownRules);
        }
        self.rules = version;
        Ok(Outcome::Done)
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}
