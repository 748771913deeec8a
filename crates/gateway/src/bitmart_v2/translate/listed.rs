//! Markets and assets as their texts: every number that leaves, with its decimals.

use openmart_engine::Engine;
use openmart_exchange::{Fill, OrderView, Role};
use openmart_marketdata as feed;
use openmart_model::{
    Amount, Asset, AssetId, Balance, DecimalText, Market, MarketId, MarketSpec, OrderStatus, Price,
    Quantity, Side, Timestamp, rescale_half_up,
};
use openmart_wire::bitmart_v2 as wire;
use openmart_wire::bitmart_v2::ApiError;
use openmart_wire::bitmart_v2::stream::{KlineData, PriceData, StreamTrade};

use super::side_to_wire;

/// Decimals of wallets, fees, sizes and smallest notionals.
const AMOUNT_DECIMALS: u8 = 10;

/// Decimals of the quote value of a public trade.
const TRADE_VALUE_DECIMALS: u8 = 8;

pub(in super::super) fn currency(asset: Asset) -> wire::Currency {
    // Money moves in and out by the operator alone, at any time: nothing here is ever closed.
    wire::Currency {
        id: asset.code,
        name: asset.name,
        withdraw_enabled: true,
        deposit_enabled: true,
    }
}

pub(in super::super) fn wallet_entry(asset: &Asset, balance: &Balance) -> wire::WalletEntry {
    let unit = Unit { decimals: asset.decimals };
    wire::WalletEntry {
        id: asset.code.clone(),
        name: asset.name.clone(),
        available: unit.shown(balance.available),
        frozen: unit.shown(balance.hold),
    }
}

/// The smallest unit of an asset.
#[derive(Clone, Copy, Debug)]
struct Unit {
    decimals: u8,
}

impl Unit {
    /// With ten decimals; further ones are cut off.
    fn shown(self, amount: Amount) -> String {
        DecimalText::new(amount.units(), self.decimals).shown(AMOUNT_DECIMALS).to_string()
    }
}

/// A quantity as a size: ten decimals.
pub(super) fn size(market: &Market, quantity: Quantity) -> String {
    let lots = u128::from(quantity.lots());
    DecimalText::new(lots, market.spec.quantity_decimals).shown(AMOUNT_DECIMALS).to_string()
}

/// A market with all that its texts need, copied out of the state.
#[derive(Clone, Debug)]
pub(in super::super) struct Listed {
    market: Market,
    base: Unit,
    quote: Unit,
}

impl Listed {
    /// The market of a symbol.
    pub(in super::super) fn find(
        engine: &Engine,
        symbol: &str,
    ) -> Result<(MarketId, Self), ApiError> {
        let id = engine.market_by_symbol(symbol).ok_or(ApiError::UnknownSymbol)?;
        let listed = Self::get(engine, id).ok_or(ApiError::UnknownSymbol)?;
        Ok((id, listed))
    }

    pub(in super::super) fn get(engine: &Engine, id: MarketId) -> Option<Self> {
        Self::of(engine, engine.market(id)?)
    }

    pub(in super::super) fn all(engine: &Engine) -> Vec<Self> {
        engine.markets().filter_map(|market| Self::of(engine, market)).collect()
    }

    fn of(engine: &Engine, market: &Market) -> Option<Self> {
        let decimals = |asset: AssetId| {
            engine.assets().get(asset.index()).map(|asset| Unit { decimals: asset.decimals })
        };
        let (base, quote) = (decimals(market.spec.base)?, decimals(market.spec.quote)?);
        Some(Self { market: market.clone(), base, quote })
    }

    /// Fewest and most decimals of a price in the order book.
    pub(in super::super) fn depth_precisions(&self) -> (u8, u8) {
        (self.market.spec.depth_decimals_min, self.market.spec.price_decimals)
    }

    pub(in super::super) fn symbol_details(&self) -> wire::SymbolDetails {
        let Market { spec, symbol, .. } = &self.market;
        let (base, quote) = symbol.split_once('_').unwrap_or_default();
        wire::SymbolDetails {
            id: symbol.clone(),
            base_currency: base.to_owned(),
            quote_currency: quote.to_owned(),
            quote_increment: DecimalText::new(1, spec.quantity_decimals).to_string(),
            base_min_size: size(&self.market, spec.quantity_min),
            base_max_size: size(&self.market, spec.quantity_max),
            price_min_precision: spec.depth_decimals_min,
            price_max_precision: spec.price_decimals,
            expiration: wire::SymbolDetails::EXPIRATION.to_owned(),
            min_buy_amount: self.quote.shown(spec.notional_min_buy),
            min_sell_amount: self.quote.shown(spec.notional_min_sell),
        }
    }

    pub(in super::super) fn ticker(&self, ticker: &feed::Ticker, url: &str) -> wire::Ticker {
        let symbol = &self.market.symbol;
        let quantity_decimals = self.market.spec.quantity_decimals;
        let turnover = DecimalText::new(ticker.turnover.units(), self.quote.decimals);
        let best_price = |best: Option<feed::Best>| self.price(best.map(|best| best.price));
        let best_lots = |best: Option<feed::Best>| self.lots(best.map_or(0, |best| best.lots));
        wire::Ticker {
            symbol_id: symbol.clone(),
            url: format!("{url}{symbol}"),
            volume: self.lots(ticker.volume_lots),
            base_volume: turnover.shown(quantity_decimals).to_string(),
            highest_price: self.price(ticker.high),
            lowest_price: self.price(ticker.low),
            current_price: self.price(ticker.last),
            ask_1: best_price(ticker.ask),
            ask_1_amount: best_lots(ticker.ask),
            bid_1: best_price(ticker.bid),
            bid_1_amount: best_lots(ticker.bid),
            fluctuation: fluctuation(ticker.change_basis_points().unwrap_or(0)),
        }
    }

    pub(in super::super) fn depth(&self, depth: &feed::Depth, precision: u8) -> wire::Depth {
        let level = |level: &feed::DepthLevel| wire::DepthLevel {
            amount: self.lots(level.lots),
            total: self.lots(level.lots_total),
            price: DecimalText::new(u128::from(level.price.units()), precision).to_string(),
            count: level.orders.to_string(),
        };
        wire::Depth {
            buys: depth.bids.iter().map(level).collect(),
            sells: depth.asks.iter().map(level).collect(),
        }
    }

    pub(in super::super) fn public_trade(&self, trade: &feed::PublicTrade) -> wire::PublicTrade {
        let units = trade.notional.units();
        let value = rescale_half_up(units, self.quote.decimals, TRADE_VALUE_DECIMALS);
        let amount = match value {
            Some(value) => DecimalText::new(value, TRADE_VALUE_DECIMALS),
            // Only an asset of less than eight decimals, near all that there can be of it.
            None => DecimalText::new(units, self.quote.decimals).shown(TRADE_VALUE_DECIMALS),
        };
        wire::PublicTrade {
            amount: amount.to_string(),
            order_time: trade.time.0,
            price: self.price(Some(trade.price)),
            count: self.quantity(trade.quantity),
            side: side_to_wire(trade.taker_side),
        }
    }

    pub(in super::super) fn stream_trade(&self, trade: &feed::PublicTrade) -> StreamTrade {
        let wire::PublicTrade { amount, order_time, price, count, side } = self.public_trade(trade);
        StreamTrade { side, amount, price, count, time: order_time }
    }

    /// The last 24 hours on the stream. Nobody here knows what a coin is worth in fiat money, so the
    /// rate is in the quote asset.
    pub(in super::super) fn price_data(&self, ticker: &feed::Ticker, now: Timestamp) -> PriceData {
        let turnover = DecimalText::new(ticker.turnover.units(), self.quote.decimals);
        let current_price = self.price(ticker.last);
        let (_, quote) = self.market.symbol.split_once('_').unwrap_or_default();
        PriceData {
            open_price: self.price(ticker.open),
            highest_price: self.price(ticker.high),
            lowest_price: self.price(ticker.low),
            volume: turnover.shown(self.market.spec.price_decimals).to_string(),
            rate: format!("{current_price} {quote}"),
            current_price,
            fluctuation: fluctuation(ticker.change_basis_points().unwrap_or(0)),
            timestamp: now.0,
        }
    }

    /// The running candle on the stream; zeros when there never was a trade.
    pub(in super::super) fn kline_data(
        &self,
        row: Option<&feed::KlineRow>,
        now: Timestamp,
    ) -> KlineData {
        let flat = || feed::KlineRow {
            open_time: now,
            open: Price::new(0),
            high: Price::new(0),
            low: Price::new(0),
            close: Price::new(0),
            volume_lots: 0,
            turnover: Amount::ZERO,
        };
        let wire::Kline { open_price, highest_price, lowest_price, current_price, volume, .. } =
            self.kline(&row.copied().unwrap_or_else(flat));
        let timestamp = now.0;
        KlineData { open_price, highest_price, lowest_price, volume, current_price, timestamp }
    }

    pub(in super::super) fn symbol(&self) -> &str {
        &self.market.symbol
    }

    pub(in super::super) fn kline(&self, row: &feed::KlineRow) -> wire::Kline {
        let MarketSpec { quantity_decimals, price_decimals, .. } = self.market.spec;
        let volume = DecimalText::new(row.volume_lots, quantity_decimals).shown(price_decimals);
        wire::Kline {
            timestamp: row.open_time.0,
            open_price: self.price(Some(row.open)),
            highest_price: self.price(Some(row.high)),
            lowest_price: self.price(Some(row.low)),
            current_price: self.price(Some(row.close)),
            volume: volume.to_string(),
        }
    }

    pub(in super::super) fn order(&self, view: &OrderView) -> wire::Order {
        let order = &view.order;
        wire::Order {
            entrust_id: order.id.0,
            symbol: self.market.symbol.clone(),
            timestamp: order.time.0,
            side: side_to_wire(order.side),
            price: self.price(order.kind.price()),
            fees: self.received(order.side).shown(order.fees),
            original_amount: self.quantity(order.quantity()),
            executed_amount: self.quantity(order.filled),
            remaining_amount: self.quantity(order.remaining()),
            status: match view.status {
                OrderStatus::Open => wire::OrderStatus::Open,
                OrderStatus::PartiallyFilled => wire::OrderStatus::PartiallyFilled,
                OrderStatus::Filled => wire::OrderStatus::Filled,
                OrderStatus::Canceled => wire::OrderStatus::Canceled,
            },
        }
    }

    pub(in super::super) fn own_trade(&self, fill: &Fill) -> wire::OwnTrade {
        wire::OwnTrade {
            symbol: self.market.symbol.clone(),
            amount: self.quantity(fill.quantity),
            fees: self.received(fill.side).shown(fill.fee),
            trade_id: fill.trade.0,
            price: self.price(Some(fill.price)),
            active: matches!(fill.role, Role::Taker),
            entrust_type: side_to_wire(fill.side),
            entrust_id: fill.order.0,
            timestamp: fill.time.0,
        }
    }

    /// A limit of quantities.
    pub(super) fn size(&self, quantity: Quantity) -> String {
        size(&self.market, quantity)
    }

    /// A limit of notionals.
    pub(super) fn smallest_notional(&self, notional: Amount) -> String {
        self.quote.shown(notional)
    }

    /// The unit of what a side receives, in which it pays its fees.
    fn received(&self, side: Side) -> Unit {
        match side {
            Side::Buy => self.base,
            Side::Sell => self.quote,
        }
    }

    /// A price with the decimals of the market; none is 0.
    pub(super) fn price(&self, price: Option<Price>) -> String {
        let ticks = u128::from(price.map_or(0, Price::ticks));
        DecimalText::new(ticks, self.market.spec.price_decimals).to_string()
    }

    fn quantity(&self, quantity: Quantity) -> String {
        self.lots(u128::from(quantity.lots()))
    }

    fn lots(&self, lots: u128) -> String {
        DecimalText::new(lots, self.market.spec.quantity_decimals).to_string()
    }
}

/// A change in parts of 10,000 as a fraction that always has a sign.
fn fluctuation(basis_points: i128) -> String {
    let sign = if basis_points < 0 { '-' } else { '+' };
    let size = DecimalText::new(basis_points.unsigned_abs(), 4);
    format!("{sign}{size}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fluctuation_always_has_a_sign_and_four_decimals() {
        for (basis_points, text) in
            [(121, "+0.0121"), (0, "+0.0000"), (-1, "-0.0001"), (-10_000, "-1.0000")]
        {
            assert_eq!(fluctuation(basis_points), text);
        }
    }
}
