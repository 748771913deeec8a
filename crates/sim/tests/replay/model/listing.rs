//! What is listed.

use openmart_model::{Amount, AssetId, MarketId, Quantity};
use serde_json::{Value, json};

use super::{Model, decimal};

impl Model<'_> {
    pub(crate) fn currencies(self) -> Value {
        let mut currencies = Vec::new();
        for asset in self.assets() {
            currencies.push(json!({
                "id": asset.code, "name": asset.name,
                "withdraw_enabled": true, "deposit_enabled": true,
            }));
        }
        Value::Array(currencies)
    }

    pub(crate) fn symbols(self) -> Value {
        self.market_ids().map(|market| Value::from(self.symbol(market))).collect()
    }

    pub(crate) fn symbols_details(self) -> Value {
        self.market_ids().map(|market| self.symbol_details(market)).collect()
    }

    pub(crate) fn symbol_details(self, market: MarketId) -> Value {
        let (spec, assets) = (self.spec(market), self.assets());
        let size =
            |quantity: Quantity| decimal(u128::from(quantity.lots()), spec.quantity_decimals, 10);
        json!({
            "id": self.symbol(market),
            "base_currency": assets[spec.base.index()].code,
            "quote_currency": assets[spec.quote.index()].code,
            "quote_increment": self.lots_text(market, 1),
            "base_min_size": size(spec.quantity_min),
            "base_max_size": size(spec.quantity_max),
            "price_min_precision": spec.depth_decimals_min,
            "price_max_precision": spec.price_decimals,
            "expiration": "NA",
            "min_buy_amount": self.amount_text(spec.quote, spec.notional_min_buy),
            "min_sell_amount": self.amount_text(spec.quote, spec.notional_min_sell),
        })
    }

    /// An amount with ten decimals.
    pub(crate) fn amount_text(self, asset: AssetId, amount: Amount) -> String {
        decimal(amount.units(), self.assets()[asset.index()].decimals, 10)
    }
}
