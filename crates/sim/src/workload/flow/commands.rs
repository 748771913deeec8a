//! The flow as commands for an exchange: what is listed before it, and who sends which record.
//!
//! Records enter, commands leave. What comes of them is not known here.

use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, FeeRate, FeeSchedule, MarketId, MarketSpec,
    NewAccount, NewOrder, OrderId, OrderKind, Price, Quantity, SelfTradePolicy, Side, TimeInForce,
};

use super::{Action, Flow, Profile, Record};

/// The quote asset; the base asset of market n is number n + 1.
const QUOTE: AssetId = AssetId(0);
const DECIMALS: u8 = 10;
/// Ten to the eighth whole units of each asset, more than the holds of one account ever come to.
const DEPOSIT: Amount = Amount::new(1_000_000_000_000_000_000);
const MAKER_FEE_PPM: u32 = 1_000;
const TAKER_FEE_PPM: u32 = 2_000;

impl Profile {
    /// How many accounts trade: more orders, more accounts.
    pub fn accounts(&self) -> u32 {
        if self.live > 100_000 { 10_000 } else { 1_024 }
    }

    /// Assets, markets and funded accounts.
    pub fn opening(&self) -> Vec<Command> {
        opening(self.markets, self.accounts())
    }
}

/// So many markets, their assets, and so many funded accounts.
pub fn opening(markets: u16, accounts: u32) -> Vec<Command> {
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

impl Flow {
    /// Every record as a command, the prefill first. Of a cancel only the order id is used, as of a
    /// client that has nothing else.
    pub fn commands(&self) -> impl Iterator<Item = Command> + '_ {
        let accounts = self.profile.accounts();
        self.records.iter().map(move |record| command(record, accounts))
    }
}

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
