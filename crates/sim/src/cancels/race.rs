//! Orders that meet each other and cancels that come too late, or just in time, on an engine alone.

use openmart_engine::Engine;
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, Event, Market, MarketId, MarketSpec, MarketStatus,
    NewAccount, NewOrder, OrderId, OrderKind, Price, Quantity, SelfTradePolicy, Side, TimeInForce,
    Timestamp,
};

use super::{Ledger, Tally, Truth};
use crate::random::Random;
use crate::venue::open_market;

/// Accounts that trade.
pub const ACCOUNTS: u32 = 12;

const ASSETS: [&str; 3] = ["A", "B", "C"];
/// A market for each way to meet one's own orders without being refused.
const MARKETS: [(u16, u16, SelfTradePolicy); 4] = [
    (0, 1, SelfTradePolicy::Allow),
    (1, 0, SelfTradePolicy::CancelMaker),
    (0, 2, SelfTradePolicy::CancelBoth),
    (2, 1, SelfTradePolicy::CancelTaker),
];
/// Every account's share of each asset: no order is ever refused for want of it.
const FUNDS: Amount = Amount::new(1 << 90);
/// Open orders above which nothing but cancels comes.
const ORDERS_OPEN_MAX: usize = 600;
/// The lowest price; few levels above it, so that orders meet.
const PRICE_MIN: u64 = 100;
/// Orders that something just happened to, which cancels like.
const TOUCHED_KEPT: usize = 64;
/// Commands between two comparisons of all holds.
const HOLDS_EVERY: u64 = 997;

/// An engine, what cancels should find in it, and a source of commands.
#[derive(Debug)]
pub struct Race {
    engine: Engine,
    ledger: Ledger,
    random: Random,
    touched: [u64; TOUCHED_KEPT],
    touched_next: usize,
    sequence: u64,
    events: Vec<Event>,
}

/// The assets and markets of a race.
fn specs() -> (Vec<Asset>, Vec<MarketSpec>) {
    let asset = |code: &str| Asset { code: code.into(), name: code.into(), decimals: 10 };
    let spec = |(base, quote, self_trade)| MarketSpec {
        self_trade,
        ..open_market(AssetId(base), AssetId(quote))
    };
    (ASSETS.into_iter().map(asset).collect(), MARKETS.into_iter().map(spec).collect())
}

/// The markets as the listing makes them.
pub fn markets() -> Vec<Market> {
    let (assets, specs) = specs();
    let market = |spec: MarketSpec| {
        let (base, quote) = (&assets[spec.base.index()], &assets[spec.quote.index()]);
        Market::new(spec.clone(), base, quote).expect("it can be listed")
    };
    specs.into_iter().map(market).collect()
}

/// Lists everything and gives the accounts their funds.
pub fn listing() -> Vec<Command> {
    let (assets, specs) = specs();
    let deposits: Vec<_> = (0..ASSETS.len() as u16).map(|asset| (AssetId(asset), FUNDS)).collect();
    let account = |number: u32| {
        let (name, deposits) = (format!("account-{number}"), deposits.clone());
        Command::AddAccount(NewAccount { name, deposits, keys: vec![] })
    };
    let listed = assets.into_iter().map(Command::AddAsset);
    let listed = listed.chain(specs.into_iter().map(Command::AddMarket));
    listed.chain((0..ACCOUNTS).map(account)).collect()
}

/// An order that meets others as often as not.
pub fn order(random: &mut Random, account: AccountId) -> Command {
    let market = MarketId(random.below(MARKETS.len() as u64) as u16);
    let side = random.pick(&[Side::Buy, Side::Sell]);
    let price = Price::new(PRICE_MIN + random.below(8));
    let quantity = Quantity::new(1 + random.below(12));
    let limit = |time_in_force| OrderKind::Limit { price, quantity, time_in_force };
    let kind = match random.below(20) {
        0 => limit(TimeInForce::ImmediateOrCancel),
        1 => OrderKind::Market { quantity },
        _ => limit(TimeInForce::GTC),
    };
    Command::Place(NewOrder { account, market, side, kind, client_id: None })
}

impl Race {
    /// Everything listed, no order yet.
    ///
    /// # Panics
    ///
    /// If the engine refuses the listing.
    pub fn new(seed: u64) -> Self {
        let mut race = Self {
            engine: Engine::new(),
            ledger: Ledger::new(markets(), ACCOUNTS),
            random: Random::new(seed),
            touched: [0; TOUCHED_KEPT],
            touched_next: 0,
            sequence: 0,
            events: Vec::new(),
        };
        for command in listing() {
            race.apply(&command).expect("the listing is sound");
        }
        race
    }

    /// Lets so many cancels race, then takes every order off the books and looks for what is left.
    ///
    /// # Errors
    ///
    /// What was not true, and after which command.
    pub fn run(mut self, cancels: u64) -> Result<Tally, String> {
        while self.ledger.tally().cancels() < cancels {
            let command = self.command();
            self.apply(&command).map_err(|what| {
                let step = self.sequence;
                format!("command {step}, {command:?}: {what}\nits events: {:?}", self.events)
            })?;
        }
        self.drain()?;
        Ok(*self.ledger.tally())
    }

    fn command(&mut self) -> Command {
        if self.ledger.open().len() > ORDERS_OPEN_MAX {
            return self.cancel();
        }
        match self.random.below(1_000) {
            0..=449 => {
                let account = self.account();
                order(&mut self.random, account)
            }
            450..=451 => self.cancel_all(),
            452..=453 => {
                let market = MarketId(self.random.below(MARKETS.len() as u64) as u16);
                let status = self.random.pick(&[MarketStatus::Trading, MarketStatus::Halted]);
                Command::SetMarketStatus { market, status }
            }
            454..=459 => self.resume(),
            _ => self.cancel(),
        }
    }

    fn resume(&mut self) -> Command {
        let market = MarketId(self.random.below(MARKETS.len() as u64) as u16);
        Command::SetMarketStatus { market, status: MarketStatus::Trading }
    }

    fn account(&mut self) -> AccountId {
        AccountId(self.random.below(u64::from(ACCOUNTS)) as u32)
    }

    /// Mostly the owner's wish, and mostly about an order that something just happened to.
    fn cancel(&mut self) -> Command {
        let orders = self.ledger.orders();
        let id = match self.random.below(100) {
            0..=49 => self.random.pick(&self.touched),
            50..=84 if !self.ledger.open().is_empty() => self.random.pick(self.ledger.open()),
            85..=92 => 1 + self.random.below(orders.max(1)),
            93..=95 => orders + 1 + self.random.below(3),
            96 => self.random.pick(&[0, u64::MAX, 1 << 32, 1 << 53]),
            _ => orders,
        };
        let owner = self.ledger.owner(id);
        let account = match (owner, self.random.below(100)) {
            (_, 0) => AccountId(self.random.pick(&[ACCOUNTS, u32::MAX])),
            (Some(owner), 1..=94) => owner,
            _ => self.account(),
        };
        Command::Cancel { account, order: OrderId(id) }
    }

    fn cancel_all(&mut self) -> Command {
        let market = self.random.percent(50).then(|| MarketId(self.random.below(5) as u16));
        let side = self.random.percent(50).then(|| self.random.pick(&[Side::Buy, Side::Sell]));
        Command::CancelAll { account: self.account(), market, side }
    }

    fn apply(&mut self, command: &Command) -> Result<(), String> {
        self.sequence += 1;
        self.events.clear();
        let time = Timestamp(self.sequence);
        let result = self.engine.apply(self.sequence, time, command, &mut self.events);
        self.ledger.apply(command, &result, &self.events)?;
        for event in &self.events {
            let happened = match event {
                Event::Traded(trade) => trade.maker_order,
                Event::Rested { order, .. } => *order,
                Event::Closed { order, .. } => order.id,
                _ => continue,
            };
            self.touched[self.touched_next] = happened.0;
            self.touched_next = (self.touched_next + 1) % TOUCHED_KEPT;
        }
        match *command {
            Command::Cancel { account, order } => self.check_cancel(account, order)?,
            Command::CancelAll { account, .. } => self.check_holds(account)?,
            _ => {}
        }
        if self.sequence.is_multiple_of(HOLDS_EVERY) {
            self.check_all()?;
        }
        Ok(())
    }

    /// What can be read after a cancel: the order is as the ledger has it, and so are the holds.
    fn check_cancel(&self, account: AccountId, order: OrderId) -> Result<(), String> {
        let shown = self.engine.order(order);
        match self.ledger.truth(account, order) {
            Truth::Foreign | Truth::UnknownAccount => {}
            _ if shown.is_none() => {}
            truth => return Err(format!("{truth:?}, yet it is shown as {shown:?}")),
        }
        if account.0 < ACCOUNTS { self.check_holds(account) } else { Ok(()) }
    }

    fn check_holds(&self, account: AccountId) -> Result<(), String> {
        for asset in (0..ASSETS.len() as u16).map(AssetId) {
            let hold = self.engine.balance(account, asset).hold;
            let expected = self.ledger.hold(account, asset);
            if hold != expected {
                return Err(format!("{account:?} holds {hold:?} of {asset:?}, not {expected:?}"));
            }
        }
        Ok(())
    }

    fn check_all(&self) -> Result<(), String> {
        self.engine.check().map_err(|violation| violation.to_string())?;
        let (open, expected) = (self.engine.orders_open(), self.ledger.open().len());
        if open != expected {
            return Err(format!("{open} orders are open, not {expected}"));
        }
        (0..ACCOUNTS).try_for_each(|account| self.check_holds(AccountId(account)))
    }

    /// Takes every order off the books: nothing may be held any more.
    fn drain(&mut self) -> Result<(), String> {
        for account in 0..ACCOUNTS {
            let account = AccountId(account);
            self.apply(&Command::CancelAll { account, market: None, side: None })?;
        }
        self.check_all()?;
        let held = |account| {
            let balance = |asset| self.engine.balance(AccountId(account), AssetId(asset));
            (0..ASSETS.len() as u16).any(|asset| !balance(asset).hold.is_zero())
        };
        if self.engine.orders_open() > 0 || (0..ACCOUNTS).any(held) {
            return Err("something is held although no order is open".into());
        }
        Ok(())
    }
}
