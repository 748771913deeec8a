//! A plain, slow exchange: `docs/rules.md` in code, to be read beside it.
//!
//! Commands enter, results and events leave, as with the engine. There is no book, no index and no
//! cache here: open orders are one map by id, and whoever wants the best of them sorts. It must not
//! know how the engine does anything; the tests hold the two against each other.

mod cancels;
mod digest;
mod listing;
mod matching;
mod money;
mod orders;
mod reads;

use std::collections::{BTreeMap, VecDeque};

use openmart_model::{
    Amount, ApiKey, Asset, AssetId, Balance, ClientOrderId, Command, CommandResult, Event,
    FeeSchedule, Market, MarketId, Order, OrderId, OrderKind, Outcome, Price, Reject, Side,
    Timestamp,
};

/// The one version of the rules there is.
const RULES_VERSION: u32 = 1;

/// The whole state, as the rules name its parts.
#[derive(Clone, Debug)]
pub struct Oracle {
    rules: u32,
    order_next: u64,
    trade_next: u64,
    assets: Vec<ListedAsset>,
    markets: Vec<ListedMarket>,
    accounts: Vec<Account>,
    keys: Vec<ApiKey>,
    open: BTreeMap<OrderId, Order>,
    /// Of the log, not of the state: the time of the last command.
    time: Timestamp,
}

#[derive(Clone, Debug)]
struct ListedAsset {
    asset: Asset,
    supply: Amount,
    fees: Amount,
}

#[derive(Clone, Debug)]
struct ListedMarket {
    market: Market,
    last_price: Option<Price>,
}

#[derive(Clone, Debug, Default)]
struct Account {
    name: String,
    balances: BTreeMap<AssetId, Balance>,
    fees: BTreeMap<MarketId, FeeSchedule>,
    client_ids: BTreeMap<ClientOrderId, Remembered>,
    /// The remembered ones of closed orders, in order of closing.
    closed: VecDeque<ClientOrderId>,
}

/// What stays known of an order under its client order id.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    order: OrderId,
    market: MarketId,
    side: Side,
    kind: OrderKind,
}

impl Default for Oracle {
    fn default() -> Self {
        Self::new()
    }
}

impl Oracle {
    /// An exchange without anything in it.
    pub fn new() -> Self {
        Self {
            rules: RULES_VERSION,
            order_next: 1,
            trade_next: 1,
            assets: Vec::new(),
            markets: Vec::new(),
            accounts: Vec::new(),
            keys: Vec::new(),
            open: BTreeMap::new(),
            time: Timestamp(0),
        }
    }

    /// Carries out a command and appends its events, or refuses it and changes nothing.
    ///
    /// The sequence number is taken for the sake of the engine's signature; no rule depends on it.
    pub fn apply(
        &mut self,
        _sequence: u64,
        time: Timestamp,
        command: &Command,
        events: &mut Vec<Event>,
    ) -> CommandResult {
        self.time = self.time.max(time);
        match command {
            Command::Place(wish) => self.place(wish, events),
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
                self.market_listed(*market)?;
                self.markets[market.index()].market.status = *status;
                events.push(Event::MarketStatusSet(*market, *status));
                Ok(Outcome::Done)
            }
            Command::SetMarketFees { market, fees } => {
                self.market_listed(*market)?;
                self.markets[market.index()].market.spec.fees = *fees;
                events.push(Event::FeesSet(*market, None));
                Ok(Outcome::Done)
            }
            Command::SetAccountFees { account, market, fees } => {
                self.set_account_fees(*account, *market, *fees, events)
            }
            Command::AddAccount(new) => self.add_account(new, events),
            Command::AddKey { account, key } => self.add_key(*account, key, events),
            Command::RevokeKey { key } => self.revoke_key(*key, events),
            Command::SetRules { version } => {
                if *version != RULES_VERSION || *version < self.rules {
                    return Err(Reject::UnknownRules);
                }
                self.rules = *version;
                Ok(Outcome::Done)
            }
        }
    }
}
