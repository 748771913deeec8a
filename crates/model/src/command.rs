//! Commands: the only way to change the state of the exchange, and what comes back.

use crate::account::{NewAccount, NewKey};
use crate::ids::{AccountId, AssetId, KeyId, MarketId, OrderId};
use crate::market::{Asset, MarketSpec, MarketStatus};
use crate::order::{NewOrder, Side};
use crate::reject::Reject;
use crate::units::{Amount, FeeSchedule, Quantity};

/// A wish to change the state. Applied in one total order, each as a whole or not at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Place an order.
    Place(NewOrder),
    /// Take one order off the book and free its hold.
    Cancel {
        /// Who asks; only the owner's own order is found.
        account: AccountId,
        /// Which order.
        order: OrderId,
    },
    /// Take all orders of an account off the books in one step, oldest first.
    CancelAll {
        /// Whose orders.
        account: AccountId,
        /// Only this market.
        market: Option<MarketId>,
        /// Only this side.
        side: Option<Side>,
    },
    /// Credit an account from outside.
    Deposit {
        /// Who receives.
        account: AccountId,
        /// What.
        asset: AssetId,
        /// How much; not zero.
        amount: Amount,
    },
    /// Debit an account's available balance to the outside.
    Withdraw {
        /// Who pays.
        account: AccountId,
        /// What.
        asset: AssetId,
        /// How much; not zero.
        amount: Amount,
    },
    /// Add an asset.
    AddAsset(Asset),
    /// List a market.
    AddMarket(MarketSpec),
    /// Halt or resume a market.
    SetMarketStatus {
        /// Which market.
        market: MarketId,
        /// The new status.
        status: MarketStatus,
    },
    /// Change the fees of a market.
    SetMarketFees {
        /// Which market.
        market: MarketId,
        /// The new rates, for every account without rates of its own.
        fees: FeeSchedule,
    },
    /// Change the fees of one account on one market.
    SetAccountFees {
        /// Whose fees.
        account: AccountId,
        /// Which market.
        market: MarketId,
        /// The new rates; nothing returns the account to the market's rates.
        fees: Option<FeeSchedule>,
    },
    /// Open an account.
    AddAccount(NewAccount),
    /// Give an account a key.
    AddKey {
        /// Whose key.
        account: AccountId,
        /// The key.
        key: NewKey,
    },
    /// End a key and its tokens.
    RevokeKey {
        /// Which key.
        key: KeyId,
    },
    /// From here on, follow another version of the rules.
    SetRules {
        /// The version.
        version: u32,
    },
}

/// What a command did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was carried out, and there is nothing more to say.
    Done,
    /// An order was accepted.
    Placed {
        /// Its id.
        order: OrderId,
        /// Whether this is the outcome of an earlier command under the same client order id.
        duplicate: bool,
    },
    /// An order is off the book.
    Canceled {
        /// Its id.
        order: OrderId,
        /// What was not filled.
        remaining: Quantity,
    },
    /// Orders are off the books.
    CanceledAll {
        /// How many.
        orders: u32,
    },
    /// An asset was added.
    AssetAdded(AssetId),
    /// A market was listed.
    MarketAdded(MarketId),
    /// An account was opened.
    AccountAdded(AccountId),
    /// A key was added.
    KeyAdded(KeyId),
}

/// The one answer to a command.
pub type CommandResult = Result<Outcome, Reject>;
