//! The demo's markets on an engine alone, and a source of commands let loose on it in its own time.

use std::collections::BTreeMap;

use openmart_engine::Engine;
use openmart_liquidity::{Batch, Source};
use openmart_marketdata::MarketData;
use openmart_model::{
    Amount, Asset, AssetId, Command, CommandResult, Event, FeeRate, FeeSchedule, MarketId,
    MarketSpec, Quantity, SelfTradePolicy, Timestamp,
};

/// When the flow begins.
const BEGIN_MS: u64 = 1_767_225_600_000;

pub(crate) const BTC_USDT: MarketId = MarketId(0);

/// An exchange without a journal.
pub(crate) struct Venue {
    pub(crate) engine: Engine,
    pub(crate) market_data: MarketData,
    /// Commands carried out, with their times in microseconds after the begin.
    pub(crate) commands: u64,
    pub(crate) refused: u64,
}

impl Venue {
    pub(crate) fn new() -> Self {
        let mut venue =
            Self { engine: Engine::new(), market_data: MarketData::new(), commands: 0, refused: 0 };
        for code in ["BTC", "ETH", "USDT"] {
            let asset = Asset { code: code.into(), name: code.into(), decimals: 10 };
            venue.apply(0, &Command::AddAsset(asset)).0.expect("a venue");
        }
        for (base, quote, price_decimals, quantity_decimals) in
            [(0, 2, 2, 5), (1, 2, 2, 4), (1, 0, 6, 4)]
        {
            let spec = market(AssetId(base), AssetId(quote), price_decimals, quantity_decimals);
            venue.apply(0, &Command::AddMarket(spec)).0.expect("a venue");
        }
        venue
    }

    pub(crate) fn values() -> BTreeMap<String, u128> {
        let one = 10_000_000_000;
        [("BTC", 60_000 * one), ("ETH", 3_000 * one), ("USDT", one)]
            .map(|(code, value)| (code.to_owned(), value))
            .into()
    }

    pub(crate) fn apply(&mut self, due_us: u64, command: &Command) -> (CommandResult, Vec<Event>) {
        let sequence = self.engine.sequence() + 1;
        let mut events = Vec::new();
        let time = Timestamp(BEGIN_MS + due_us / 1_000);
        let result = self.engine.apply(sequence, time, command, &mut events);
        self.market_data.apply(sequence, self.engine.time(), &events);
        self.commands += 1;
        self.refused += u64::from(result.is_err());
        (result, events)
    }

    /// Carries out the next batch of a source. What it was, and what it led to.
    pub(crate) fn step(&mut self, source: &mut impl Source) -> Option<(Batch, Vec<Event>)> {
        let batch = source.next(&self.engine)?;
        let mut all = Vec::new();
        let answers = batch.commands.iter().map(|command| {
            let (result, events) = self.apply(batch.due_us, command);
            all.extend(events);
            Some(result)
        });
        let answers: Vec<Option<CommandResult>> = answers.collect();
        source.answered(&answers);
        Some((batch, all))
    }
}

fn market(base: AssetId, quote: AssetId, price_decimals: u8, quantity_decimals: u8) -> MarketSpec {
    let rate = |ppm| FeeRate::from_ppm(ppm).expect("a venue");
    MarketSpec {
        base,
        quote,
        price_decimals,
        quantity_decimals,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(10_000_000_000_000),
        notional_min_buy: Amount::new(100_000),
        notional_min_sell: Amount::new(100_000),
        fees: FeeSchedule { maker: rate(1_000), taker: rate(2_000) },
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: 5,
    }
}
