//! What small venues for tests and benchmarks have in common.

use std::sync::Arc;

use openmart_exchange::{Exchange, Options};
use openmart_journal::{Gate, GatedStorage, MemoryStorage};
use openmart_model::{
    Amount, AssetId, Command, FeeRate, FeeSchedule, MarketSpec, Quantity, SelfTradePolicy,
};

/// A market that refuses no sensible order: two decimals each, no least notional, no price band. Fees are
/// a thousandth for makers and twice that for takers.
pub fn open_market(base: AssetId, quote: AssetId) -> MarketSpec {
    let rate = |ppm| FeeRate::from_ppm(ppm).expect("at most a million");
    MarketSpec {
        base,
        quote,
        price_decimals: 2,
        quantity_decimals: 2,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(1_000_000),
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        fees: FeeSchedule { maker: rate(1_000), taker: rate(2_000) },
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 0,
    }
}

/// An exchange with short queues over a disk with a gate, after these commands.
///
/// # Panics
///
/// If one of them is refused.
pub fn gated(
    queue_orders_max: usize,
    queue_cancels_max: usize,
    listing: impl IntoIterator<Item = Command>,
) -> (Exchange, Gate) {
    let gate = Gate::default();
    let (inner, gated) = (MemoryStorage::new(), "segment-");
    let storage = GatedStorage { inner, gate: gate.clone(), gated };
    let mut options = Options {
        queue_orders_max,
        queue_cancels_max,
        batch_entries_max: 16,
        snapshot_entries: 0,
        ..Options::default()
    };
    options.journal.background = false;
    let (exchange, _) = Exchange::open(Arc::new(storage), options).expect("an empty folder opens");
    for command in listing {
        let receipt = exchange.execute_blocking(command).expect("the exchange runs");
        receipt.result.expect("it can be listed");
    }
    (exchange, gate)
}
