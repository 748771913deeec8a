//! What an account has, and what it got.

use openmart_model::{AccountId, Amount, AssetId, Event, MarketId, Side, Trade};
use serde_json::{Value, json};

use super::orders::{page_of, pages};
use super::{Model, decimal};

/// Rows for one order, whatever `limit` says.
const ORDER_FILLS_MAX: u64 = 1_000;

impl Model<'_> {
    pub(crate) fn wallet(self, account: AccountId) -> Value {
        let mut rows = Vec::new();
        for (place, asset) in self.assets().into_iter().enumerate() {
            let id = AssetId(place as u16);
            let hold = self.hold(account, id);
            let available = self.total(account, id) - hold;
            let text = |units| decimal(units, asset.decimals, 10);
            rows.push(json!({
                "id": asset.code, "name": asset.name,
                "available": text(available), "frozen": text(hold),
            }));
        }
        Value::Array(rows)
    }

    /// Everything that came minus everything that went.
    fn total(self, account: AccountId, asset: AssetId) -> u128 {
        let (mut came, mut went) = (0, 0);
        for event in self.records.iter().flat_map(|record| &record.events) {
            match event {
                Event::Deposited { account: to, asset: what, amount }
                    if (*to, *what) == (account, asset) =>
                {
                    came += amount.units();
                }
                Event::Withdrawn { account: from, asset: what, amount }
                    if (*from, *what) == (account, asset) =>
                {
                    went += amount.units();
                }
                Event::Traded(trade) => {
                    let spec = self.spec(trade.market);
                    let base = self.base_units(trade.market, trade.quantity.lots());
                    let ticks = trade.price.ticks();
                    let quote = self.quote_units(trade.market, ticks, trade.quantity.lots());
                    for (side, fee) in sides_of(trade, account) {
                        let (gets, gives) = match side {
                            Side::Buy => ((spec.base, base), (spec.quote, quote)),
                            Side::Sell => ((spec.quote, quote), (spec.base, base)),
                        };
                        if gets.0 == asset {
                            came += gets.1 - fee.units();
                        }
                        if gives.0 == asset {
                            went += gives.1;
                        }
                    }
                }
                _ => {}
            }
        }
        came - went
    }

    /// What open orders reserve.
    fn hold(self, account: AccountId, asset: AssetId) -> u128 {
        let mut hold = 0;
        for life in self.lives() {
            let order = life.placed;
            if order.account != account || !life.in_book() {
                continue;
            }
            let spec = self.spec(order.market);
            let ticks = order.kind.price().unwrap().ticks();
            match order.side {
                Side::Buy if spec.quote == asset => {
                    hold += self.quote_units(order.market, ticks, life.remaining());
                }
                Side::Sell if spec.base == asset => {
                    hold += self.base_units(order.market, life.remaining());
                }
                _ => {}
            }
        }
        hold
    }

    fn base_units(self, market: MarketId, lots: u64) -> u128 {
        let spec = self.spec(market);
        let spare = self.assets()[spec.base.index()].decimals - spec.quantity_decimals;
        u128::from(lots) * 10u128.pow(spare.into())
    }

    fn quote_units(self, market: MarketId, ticks: u64, lots: u64) -> u128 {
        let spec = self.spec(market);
        let decimals = self.assets()[spec.quote.index()].decimals;
        let spare = decimals - spec.price_decimals - spec.quantity_decimals;
        u128::from(ticks) * u128::from(lots) * 10u128.pow(spare.into())
    }

    /// How many fills there are, of one order or of all.
    pub(crate) fn fills_total(
        self,
        account: AccountId,
        market: MarketId,
        order: Option<u64>,
    ) -> usize {
        self.fills(account, market, order).len()
    }

    pub(crate) fn fill_page(
        self,
        (account, market): (AccountId, MarketId),
        order: Option<u64>,
        offset: u64,
        limit: u64,
    ) -> Value {
        let rows = self.fills(account, market, order);
        let total = rows.len() as u64;
        let (first, limit) = if order.is_some() { (0, ORDER_FILLS_MAX) } else { (offset, limit) };
        json!({
            "total_trades": total, "total_pages": pages(total, limit), "current_page": offset,
            "trades": page_of(rows, first, limit),
        })
    }

    /// Newest first. Of a trade with itself an account has both halves, the taker's being the newer.
    fn fills(self, account: AccountId, market: MarketId, order: Option<u64>) -> Vec<Value> {
        let spec = self.spec(market);
        let mut rows = Vec::new();
        for (time_ms, trade) in self.trades_of(market).into_iter().rev() {
            let taken = (trade.taker_account, trade.taker_order, trade.taker_fee, true);
            let made = (trade.maker_account, trade.maker_order, trade.maker_fee, false);
            for (owner, own_order, fee, active) in [taken, made] {
                if owner != account || order.is_some_and(|order| order != own_order.0) {
                    continue;
                }
                let bought = (trade.taker_side == Side::Buy) == active;
                let received = if bought { spec.base } else { spec.quote };
                rows.push(json!({
                    "symbol": self.symbol(market),
                    "amount": self.lots_text(market, u128::from(trade.quantity.lots())),
                    "fees": self.amount_text(received, fee),
                    "trade_id": trade.id.0,
                    "price": self.price_text(market, trade.price.ticks()),
                    "active": active, "entrustType": if bought { 0 } else { 1 },
                    "entrust_id": own_order.0, "timestamp": time_ms,
                }));
            }
        }
        rows
    }
}

/// The sides of a trade that were this account's, with its fees.
fn sides_of(trade: &Trade, account: AccountId) -> Vec<(Side, Amount)> {
    let mut sides = Vec::new();
    if trade.taker_account == account {
        sides.push((trade.taker_side, trade.taker_fee));
    }
    if trade.maker_account == account {
        let side = if trade.taker_side == Side::Buy { Side::Sell } else { Side::Buy };
        sides.push((side, trade.maker_fee));
    }
    sides
}
