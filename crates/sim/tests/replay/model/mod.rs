//! Every answer of the API, recomputed from the list of all events by vectors and loops.
//!
//! Written from `docs/api.md` and `docs/rules.md` alone. Nothing is kept between two answers, so
//! nothing here can be stale; and it must not use what it is held against: no engine, no market
//! data, no history, no texts of the wire.

mod account;
mod book;
mod candles;
mod decimal;
mod listing;
mod orders;
mod ticker;
mod trades;

use openmart_model::{Asset, Event, MarketId, MarketSpec, Side, Trade};

pub(crate) use decimal::decimal;

/// What one command made true. Commands without events have none.
pub(crate) struct Record {
    pub(crate) time_ms: u64,
    pub(crate) events: Vec<Event>,
    /// What a listing is about: its event has the number only.
    pub(crate) listed: Option<Listing>,
}

/// An asset or market, as it was asked for.
pub(crate) enum Listing {
    Asset(Asset),
    Market(MarketSpec),
}

/// The list of all events, and the time at which somebody asks.
#[derive(Clone, Copy)]
pub(crate) struct Model<'a> {
    pub(crate) records: &'a [Record],
    pub(crate) now_ms: u64,
    /// What the address of a page about a symbol begins with.
    pub(crate) trade_page_url: &'a str,
}

impl<'a> Model<'a> {
    pub(crate) fn assets(self) -> Vec<&'a Asset> {
        let mut assets = Vec::new();
        for record in self.records {
            if let Some(Listing::Asset(asset)) = &record.listed {
                assets.push(asset);
            }
        }
        assets
    }

    pub(crate) fn markets(self) -> Vec<&'a MarketSpec> {
        let mut markets = Vec::new();
        for record in self.records {
            if let Some(Listing::Market(spec)) = &record.listed {
                markets.push(spec);
            }
        }
        markets
    }

    pub(crate) fn market_ids(self) -> impl Iterator<Item = MarketId> {
        (0..self.markets().len()).map(|market| MarketId(market as u16))
    }

    pub(crate) fn spec(self, market: MarketId) -> &'a MarketSpec {
        self.markets()[market.index()]
    }

    pub(crate) fn symbol(self, market: MarketId) -> String {
        let (spec, assets) = (self.spec(market), self.assets());
        format!("{}_{}", assets[spec.base.index()].code, assets[spec.quote.index()].code)
    }

    /// All trades of a market with their times, oldest first.
    pub(crate) fn trades_of(self, market: MarketId) -> Vec<(u64, Trade)> {
        let mut trades = Vec::new();
        for record in self.records {
            for event in &record.events {
                if let Event::Traded(trade) = event
                    && trade.market == market
                {
                    trades.push((record.time_ms, *trade));
                }
            }
        }
        trades
    }

    fn price_text(self, market: MarketId, ticks: u64) -> String {
        let decimals = self.spec(market).price_decimals;
        decimal(u128::from(ticks), decimals, decimals)
    }

    fn lots_text(self, market: MarketId, lots: u128) -> String {
        let decimals = self.spec(market).quantity_decimals;
        decimal(lots, decimals, decimals)
    }

    /// An amount of the quote asset that is a sum of ticks times lots, cut to so many decimals.
    fn value_text(self, market: MarketId, tick_lots: u128, shown: u8) -> String {
        let spec = self.spec(market);
        decimal(tick_lots, spec.price_decimals + spec.quantity_decimals, shown)
    }
}

pub(crate) fn side_text(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn tick_lots(trade: &Trade) -> u128 {
    u128::from(trade.price.ticks()) * u128::from(trade.quantity.lots())
}
