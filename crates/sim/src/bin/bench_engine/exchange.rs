//! An engine with listed markets and funded accounts, fed with the flow.
//!
//! Records enter, commands are made of them; what leaves the engine is counted and folded.

use anyhow::{Result, bail, ensure};
use openmart_engine::Engine;
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, Event, FeeRate, FeeSchedule, MarketId, MarketSpec,
    NewAccount, NewOrder, OrderId, OrderKind, Price, Quantity, SelfTradePolicy, Side, TimeInForce,
    Timestamp,
};
use openmart_sim::workload::flow::{Action, Flow, Profile, Record, TradeDigest};

const NOW: Timestamp = Timestamp(1_600_000_000_000);
/// The quote asset; the base asset of market n is number n + 1.
const QUOTE: AssetId = AssetId(0);
const DECIMALS: u8 = 10;
/// Ten to the eighth whole units of each asset, more than the holds of one account ever come to.
const DEPOSIT: Amount = Amount::new(1_000_000_000_000_000_000);
const MAKER_FEE_PPM: u32 = 1_000;
const TAKER_FEE_PPM: u32 = 2_000;

/// How many accounts trade: more orders, more accounts.
pub(crate) fn accounts(profile: Profile) -> u32 {
    if profile.live > 100_000 { 10_000 } else { 1_024 }
}

/// The timed commands of a flow, ready to be applied.
pub(crate) fn commands(flow: &Flow) -> Vec<Command> {
    let accounts = accounts(flow.profile);
    flow.records[flow.prefill..].iter().map(|record| command(record, accounts)).collect()
}

/// Of a cancel only the order id is used, as of a client that has nothing else.
fn command(record: &Record, accounts: u32) -> Command {
    let account = owner(record.order, accounts);
    let time_in_force = match record.action {
        Action::Cancel => return Command::Cancel { account, order: OrderId(record.order) },
        Action::Place => TimeInForce::GTC,
        Action::Take => TimeInForce::ImmediateOrCancel,
    };
    let price = Price::new(record.price.unsigned_abs());
    let quantity = Quantity::new(u64::from(record.quantity));
    Command::Place(NewOrder {
        account,
        market: MarketId(record.market),
        side: if record.side == 0 { Side::Buy } else { Side::Sell },
        kind: OrderKind::Limit { price, quantity, time_in_force },
        client_id: None,
    })
}

/// The account of an order, spread evenly and without a pattern.
fn owner(order: u64, accounts: u32) -> AccountId {
    let mixed = order.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    AccountId(((mixed * u64::from(accounts)) >> 32) as u32)
}

/// The engine under measurement and what came out of it.
pub(crate) struct Exchange {
    engine: Engine,
    sequence: u64,
    events: Vec<Event>,
    seen: Seen,
}

/// What the flow's definition says must come out.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Seen {
    refused: u64,
    trades: u64,
    quantity: u64,
    notional: u64,
    digest: TradeDigest,
}

impl Exchange {
    /// Lists, funds and fills the books; none of it is timed.
    pub(crate) fn with_prefill(flow: &Flow) -> Result<Self> {
        let (engine, events) = (Engine::new(), Vec::new());
        let mut exchange = Self { engine, sequence: 0, events, seen: Seen::default() };
        let accounts = accounts(flow.profile);
        for command in opening(flow.profile.markets, accounts) {
            exchange.apply(&command);
        }
        for record in &flow.records[..flow.prefill] {
            exchange.apply(&command(record, accounts));
            exchange.fold_events();
        }
        ensure!(exchange.seen == Seen::default(), "the prefill does not rest as a whole");
        Ok(exchange)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Fetches what the next commands will touch.
    #[inline]
    pub(crate) fn look_ahead(&self, commands: &[Command]) {
        self.engine.look_ahead(commands.iter());
    }

    /// Applies a command; its events stay until they are folded.
    #[inline]
    pub(crate) fn apply(&mut self, command: &Command) {
        self.sequence += 1;
        let result = self.engine.apply(self.sequence, NOW, command, &mut self.events);
        self.seen.refused += u64::from(result.is_err());
    }

    /// Reads the events since the last time, as the stage behind the engine does, and drops them.
    #[inline]
    pub(crate) fn fold_events(&mut self) {
        for event in self.events.drain(..) {
            let Event::Traded(trade) = event else { continue };
            let (price, quantity) = (trade.price.ticks(), trade.quantity.lots());
            self.seen.trades += 1;
            self.seen.quantity += quantity;
            self.seen.notional += price * quantity;
            self.seen.digest.trade(trade.maker_order.0, trade.taker_order.0, price, quantity);
        }
    }

    /// Compares what came out with what the flow says, and lets the engine check itself.
    pub(crate) fn verify(&self, flow: &Flow) -> Result<()> {
        let totals = &flow.totals;
        let found = (self.seen.trades, self.seen.quantity, self.seen.notional);
        let expected = (totals.trades, totals.quantity, totals.notional);
        ensure!(self.seen.refused == 0, "{} commands were refused", self.seen.refused);
        ensure!(found == expected, "trades, lots, notional: {found:?}, not {expected:?}");
        ensure!(self.engine.orders_open() as u64 == totals.live, "another number of live orders");
        let digest = self.seen.digest.value();
        ensure!(digest == totals.trade_digest, "trade digest {digest:016x}");
        match self.engine.check() {
            Ok(()) => Ok(()),
            Err(violation) => bail!("the engine is broken: {violation}"),
        }
    }
}

/// An engine with so many markets and two accounts, and nothing in the books.
pub(crate) fn listed(markets: u16) -> Engine {
    let (mut engine, mut events) = (Engine::new(), Vec::new());
    for (sequence, command) in (1..).zip(opening(markets, 2)) {
        engine.apply(sequence, NOW, &command, &mut events).expect("the opening is accepted");
    }
    engine
}

/// Assets, markets and funded accounts.
fn opening(markets: u16, accounts: u32) -> Vec<Command> {
    let asset =
        |code: String| Command::AddAsset(Asset { code, name: String::new(), decimals: DECIMALS });
    let mut commands = vec![asset("QUOTE".into())];
    commands.extend((0..markets).map(|number| asset(format!("BASE{number}"))));
    commands.extend((0..markets).map(|number| Command::AddMarket(market(number))));
    let deposits: Vec<_> = (0..=markets).map(|asset| (AssetId(asset), DEPOSIT)).collect();
    commands.extend((0..accounts).map(|number| {
        let (name, deposits) = (format!("account {number}"), deposits.clone());
        Command::AddAccount(NewAccount { name, deposits, keys: Vec::new() })
    }));
    commands
}

/// A market whose ticks and lots are the whole numbers of the flow.
fn market(number: u16) -> MarketSpec {
    let rate = |ppm| FeeRate::from_ppm(ppm).expect("at most a million");
    MarketSpec {
        base: AssetId(number + 1),
        quote: QUOTE,
        price_decimals: 2,
        quantity_decimals: 2,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(1_000_000),
        notional_min_buy: Amount::new(1),
        notional_min_sell: Amount::new(1),
        fees: FeeSchedule { maker: rate(MAKER_FEE_PPM), taker: rate(TAKER_FEE_PPM) },
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 1_000,
    }
}
