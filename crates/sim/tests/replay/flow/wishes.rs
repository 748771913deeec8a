//! What a flow wants carried out besides random commands: keys to ask with, a market of uneven
//! decimals, orders that trade, a ladder of price levels.

use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, FeeRate, FeeSchedule, MarketId, MarketSpec,
    MarketStatus, NewKey, NewOrder, OrderKind, Price, Quantity, Scopes, SelfTradePolicy, Side,
    TimeInForce,
};

use super::{FIRST_ACCOUNTS, FIRST_MARKETS, Flow};
use crate::writes;

/// Price levels that a ladder adds: more than an answer shows.
const LADDER_LEVELS: u64 = 210;
/// About what a market begins to trade at.
const PRICE_FIRST: Price = Price::new(12_345);

impl Flow<'_> {
    /// Wants a market whose assets, prices and quantities all have decimals of their own: those of
    /// the random commands share them.
    pub(super) fn want_uneven_market(&mut self) {
        let first = self.oracle.assets_len() as u16;
        for (code, decimals) in [("SEVEN", 7), ("TWELVE", 12)] {
            let (code, name) = (code.to_owned(), format!("asset of {decimals} decimals"));
            self.wanted.push_back(Command::AddAsset(Asset { code, name, decimals }));
        }
        let rate = |ppm| FeeRate::from_ppm(ppm).unwrap();
        self.wanted.push_back(Command::AddMarket(MarketSpec {
            base: AssetId(first),
            quote: AssetId(first + 1),
            price_decimals: 4,
            quantity_decimals: 3,
            depth_decimals_min: 1,
            quantity_min: Quantity::new(5),
            quantity_max: Quantity::new(1_000_000),
            notional_min_buy: Amount::new(700),
            notional_min_sell: Amount::new(800),
            fees: FeeSchedule { maker: rate(1_000), taker: rate(2_500) },
            self_trade: SelfTradePolicy::Allow,
            price_band_multiple: 0,
        }));
    }

    /// Wants a key for an account that may do everything.
    pub(super) fn want_key(&mut self, account: AccountId) {
        self.keys_made += 1;
        let key = format!("replay-{}", self.keys_made);
        let key = NewKey {
            sealed_secret: self.vault.seal(writes::SECRET, &key),
            key,
            memo: "replay".into(),
            scopes: Scopes::ALL,
            ranges: Vec::new(),
        };
        self.wanted.push_back(Command::AddKey { account, key });
    }

    /// Wants an order that is paid for, close to where its market trades: the random commands alone
    /// are refused half of the time.
    pub(super) fn want_trade(&mut self) {
        let account = AccountId(self.random.below(FIRST_ACCOUNTS) as u32);
        let market = MarketId(self.random.below(FIRST_MARKETS) as u16);
        let side = self.random.pick(&[Side::Buy, Side::Sell]);
        let Some(listed) = self.oracle.market(market) else { return };
        let price = self.oracle.best_price(market, side.opposite());
        let price = price.or(self.oracle.last_price(market)).unwrap_or(PRICE_FIRST);
        let near = price.ticks().saturating_sub(2).saturating_add(self.random.below(5)).max(1);
        let spec = &listed.spec;
        let lots = spec.quantity_min.lots() + self.random.below(30);
        let (price, quantity) = (Price::new(near), Quantity::new(lots));
        let (asset, amount) = match side {
            Side::Buy => (spec.quote, listed.notional(price, quantity)),
            Side::Sell => (spec.base, Some(listed.base_amount(quantity))),
        };
        let Some(amount) = amount else { return };
        let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
        let order = NewOrder { account, market, side, kind, client_id: None };
        self.wanted.push_back(Command::Deposit { account, asset, amount });
        self.wanted.push_back(Command::Place(order));
    }

    /// Places orders at more price levels of a side than any answer shows, on a market that takes
    /// them.
    pub(crate) fn climb(&mut self) {
        let account = AccountId(0);
        for market in (0..FIRST_MARKETS).map(|market| MarketId(market as u16)) {
            let Some((base, price, quantity)) = self.rung(market) else { continue };
            for level in 0..LADDER_LEVELS {
                let amount = self.oracle.market(market).unwrap().base_amount(quantity);
                self.wanted.push_back(Command::Deposit { account, asset: base, amount });
                let price = Price::new(price + level);
                let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
                let (side, client_id) = (Side::Sell, None);
                let order = NewOrder { account, market, side, kind, client_id };
                self.wanted.push_back(Command::Place(order));
            }
        }
        while !self.wanted.is_empty() {
            self.step();
        }
    }

    /// The lowest price of a ladder and the quantity at each; nothing if the market refuses one.
    fn rung(&self, market: MarketId) -> Option<(AssetId, u64, Quantity)> {
        let listed = self.oracle.market(market)?;
        let spec = &listed.spec;
        let best = |side| self.oracle.best_price(market, side).map(Price::ticks);
        let last = self.oracle.last_price(market).map(Price::ticks);
        let price = best(Side::Sell).or(best(Side::Buy)).or(last)?;
        let quantity = Quantity::new(spec.quantity_min.lots().checked_add(1_000)?);
        let notional = listed.notional(Price::new(price), quantity)?;
        let takes = listed.status == MarketStatus::Trading
            && price < u64::MAX / 2
            && quantity <= spec.quantity_max
            && notional >= spec.notional_min_sell
            && spec.price_band_multiple == 0;
        takes.then(|| (spec.base, price + 1, quantity))
    }
}
