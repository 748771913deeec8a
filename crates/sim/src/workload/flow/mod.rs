//! The benchmark flow: one fixed stream of orders in four sizes.
//!
//! Every record is known beforehand, trades included, so that a matching engine can be measured
//! without measuring the generator, and checked by a digest over its trades. Model: a prefill of
//! resting orders, then placing, cancelling and taking at 46, 44 and 10 percent around a reference
//! price that wanders inside the spread; cancels choose any live order evenly.

mod commands;
mod generator;
mod live;

pub use commands::opening;
use generator::Generator;
pub use live::LiveEngine;

/// The seed of the published digests.
pub const SEED: u64 = 20_260_101;

/// One size of the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// Markets that it trades on, drawn evenly.
    pub markets: u16,
    /// Orders that rest over all markets.
    pub live: usize,
    /// Mean distance of a resting order from the reference price, in ticks.
    pub distance_mean: u32,
}

/// The four sizes that are measured.
pub const PROFILES: [Profile; 4] = [
    Profile { name: "m1_10k", markets: 1, live: 10_000, distance_mean: 32 },
    Profile { name: "m1_1m", markets: 1, live: 1_000_000, distance_mean: 256 },
    Profile { name: "m16_10k", markets: 16, live: 10_000, distance_mean: 32 },
    Profile { name: "m16_1m", markets: 16, live: 1_000_000, distance_mean: 256 },
];

/// What a record asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// A limit order that does not cross; it rests.
    Place,
    /// A live order is canceled.
    Cancel,
    /// An immediate-or-cancel order through the opposite best price.
    Take,
}

/// Bid or ask, as an index into a pair.
pub type SideIndex = usize;

const BID: SideIndex = 0;
const ASK: SideIndex = 1;

/// One command of the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// What it asks for.
    pub action: Action,
    /// 0 for a bid, 1 for an ask; that of the order for a cancel.
    pub side: SideIndex,
    /// Number of the market, from 0.
    pub market: u16,
    /// Lots; what is still open for a cancel.
    pub quantity: u32,
    /// Ticks; that of the order for a cancel.
    pub price: i64,
    /// Id of the order, ascending from 1 over all markets in order of arrival.
    pub order: u64,
}

impl Record {
    /// Bytes of a record in a file.
    const BYTES: usize = 24;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&[self.action as u8, self.side as u8]);
        bytes.extend_from_slice(&self.market.to_le_bytes());
        bytes.extend_from_slice(&self.quantity.to_le_bytes());
        bytes.extend_from_slice(&self.price.to_le_bytes());
        bytes.extend_from_slice(&self.order.to_le_bytes());
    }
}

/// What an engine that keeps price and time priority reproduces over the timed commands.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Orders placed.
    pub places: u64,
    /// Orders canceled.
    pub cancels: u64,
    /// Orders that took.
    pub takes: u64,
    /// Trades.
    pub trades: u64,
    /// Lots traded.
    pub quantity: u64,
    /// Sum of lots times ticks.
    pub notional: u64,
    /// Live orders at the end.
    pub live: u64,
    /// Lots of the live orders at the end.
    pub live_quantity: u64,
    /// Price levels at the end, over all markets.
    pub levels: u64,
    /// [`TradeDigest`] over all trades.
    pub trade_digest: u64,
}

/// Folds maker id, taker id, price and quantity of each trade, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TradeDigest(u64);

impl TradeDigest {
    /// Nothing folded yet.
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Folds one trade.
    #[inline]
    pub fn trade(&mut self, maker: u64, taker: u64, price: u64, quantity: u64) {
        for word in [maker, taker, price, quantity] {
            self.0 = (self.0 ^ word).wrapping_mul(0x100_0000_01b3);
        }
    }

    /// The value.
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl Default for TradeDigest {
    fn default() -> Self {
        Self::new()
    }
}

/// A generated flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its size.
    pub profile: Profile,
    /// The prefill, then the timed commands.
    pub records: Vec<Record>,
    /// How many of the records are prefill.
    pub prefill: usize,
    /// What the timed commands come to.
    pub totals: Totals,
}

impl Flow {
    /// Generates a prefill and so many commands.
    pub fn generate(profile: Profile, commands: usize, seed: u64) -> Self {
        let mut generator = Generator::new(profile, seed);
        generator.records.reserve_exact(profile.live + commands);
        for _ in 0..profile.live {
            generator.place();
        }
        for _ in 0..commands {
            generator.command();
        }
        let totals = generator.totals();
        Self { profile, records: generator.records, prefill: profile.live, totals }
    }

    /// The flow as a file: what any other engine's benchmark reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.records.len() * Record::BYTES);
        bytes.extend_from_slice(b"OBWLOAD1");
        bytes.extend_from_slice(&1u32.to_le_bytes());
        bytes.extend_from_slice(&u32::from(self.profile.markets).to_le_bytes());
        bytes.extend_from_slice(&(self.prefill as u64).to_le_bytes());
        let commands = self.records.len() - self.prefill;
        bytes.extend_from_slice(&(commands as u64).to_le_bytes());
        self.records.iter().for_each(|record| record.write(&mut bytes));
        bytes
    }
}
