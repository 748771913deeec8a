//! A venue with one market and a few funded accounts, driven in a trader's words.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "shared by test programs")]

use openmart_engine::Engine;
use openmart_model::*;

pub const ALICE: AccountId = AccountId(0);
pub const BOB: AccountId = AccountId(1);
pub const CAROL: AccountId = AccountId(2);
pub const BASE: AssetId = AssetId(0);
pub const QUOTE: AssetId = AssetId(1);
pub const MARKET: MarketId = MarketId(0);

/// Units of quote asset for one tick times one lot.
pub const TICK_LOT: u128 = 10_000;
/// Units of base asset for one lot.
pub const LOT: u128 = 100;
/// Every account starts with so many units of each asset.
pub const FUNDS: u128 = 1_000_000_000_000;

pub struct Venue {
    pub engine: Engine,
    pub events: Vec<Event>,
}

pub fn spec() -> MarketSpec {
    MarketSpec {
        base: BASE,
        quote: QUOTE,
        price_decimals: 2,
        quantity_decimals: 2,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(2),
        quantity_max: Quantity::new(1_000_000),
        notional_min_buy: Amount::new(100 * TICK_LOT),
        notional_min_sell: Amount::new(200 * TICK_LOT),
        fees: FeeSchedule { maker: ppm(1_000), taker: ppm(2_000) },
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 5,
    }
}

pub fn ppm(rate: u32) -> FeeRate {
    FeeRate::from_ppm(rate).unwrap()
}

pub fn limit(price: u64, quantity: u64) -> OrderKind {
    limit_for(price, quantity, TimeInForce::GTC)
}

pub fn limit_for(price: u64, quantity: u64, time_in_force: TimeInForce) -> OrderKind {
    OrderKind::Limit { price: Price::new(price), quantity: Quantity::new(quantity), time_in_force }
}

impl Venue {
    pub fn new() -> Self {
        Self::with(spec())
    }

    pub fn with_policy(self_trade: SelfTradePolicy) -> Self {
        Self::with(MarketSpec { self_trade, ..spec() })
    }

    pub fn with(spec: MarketSpec) -> Self {
        let mut venue = Self { engine: Engine::new(), events: Vec::new() };
        for (code, decimals) in [("BASE", 4), ("QUOTE", 8)] {
            let asset = Asset { code: code.into(), name: code.into(), decimals };
            venue.apply(Command::AddAsset(asset)).unwrap();
        }
        venue.apply(Command::AddMarket(spec)).unwrap();
        for name in ["alice", "bob", "carol"] {
            let deposits = vec![(BASE, Amount::new(FUNDS)), (QUOTE, Amount::new(FUNDS))];
            let account = NewAccount { name: name.into(), deposits, keys: vec![] };
            venue.apply(Command::AddAccount(account)).unwrap();
        }
        venue
    }

    /// Applies a command; whatever it does, every invariant must hold afterwards, and a refusal must
    /// change nothing.
    pub fn apply(&mut self, command: Command) -> CommandResult {
        let before = self.engine.digest();
        self.events.clear();
        let sequence = self.engine.sequence() + 1;
        let result =
            self.engine.apply(sequence, Timestamp(sequence * 10), &command, &mut self.events);
        self.engine.check().unwrap();
        if result.is_err() {
            assert_eq!(
                self.engine.digest(),
                before,
                "{command:?} was refused but changed the state"
            );
            assert_eq!(self.events, [], "{command:?} was refused but told events");
        }
        result
    }

    pub fn place(&mut self, account: AccountId, side: Side, kind: OrderKind) -> CommandResult {
        self.apply(Command::Place(NewOrder {
            account,
            market: MARKET,
            side,
            kind,
            client_id: None,
        }))
    }

    pub fn place_named(
        &mut self,
        account: AccountId,
        side: Side,
        kind: OrderKind,
        id: &str,
    ) -> CommandResult {
        let client_id = Some(ClientOrderId::new(id).unwrap());
        self.apply(Command::Place(NewOrder { account, market: MARKET, side, kind, client_id }))
    }

    /// Places a good-till-canceled order that must be accepted.
    pub fn rest(&mut self, account: AccountId, side: Side, price: u64, quantity: u64) -> OrderId {
        match self.place(account, side, limit(price, quantity)) {
            Ok(Outcome::Placed { order, duplicate: false }) => order,
            other => panic!("{other:?}"),
        }
    }

    pub fn cancel(&mut self, account: AccountId, order: OrderId) -> CommandResult {
        self.apply(Command::Cancel { account, order })
    }

    /// The last command's trades as maker, price and quantity.
    pub fn trades(&self) -> Vec<(u64, u64, u64)> {
        let trade = |event: &Event| match event {
            Event::Traded(t) => Some((t.maker_order.0, t.price.ticks(), t.quantity.lots())),
            _ => None,
        };
        self.events.iter().filter_map(trade).collect()
    }

    /// The orders that the last command closed, with what was left of them.
    pub fn closed(&self) -> Vec<(u64, CloseReason, u64)> {
        let closed = |event: &Event| match event {
            Event::Closed { order, reason, .. } => {
                Some((order.id.0, *reason, order.remaining().lots()))
            }
            _ => None,
        };
        self.events.iter().filter_map(closed).collect()
    }

    pub fn available(&self, account: AccountId, asset: AssetId) -> u128 {
        self.engine.balance(account, asset).available.units()
    }

    pub fn held(&self, account: AccountId, asset: AssetId) -> u128 {
        self.engine.balance(account, asset).hold.units()
    }
}
