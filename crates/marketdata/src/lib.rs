//! Market data: what everybody may see of the markets, folded from events alone.
//!
//! The events of each command enter, in order; depth, the last trades, the 24 h ticker and klines of
//! each market leave. The crate knows no engine, no account, no clock and no wire name: "now" is told by
//! whoever asks. Same events, same state, same snapshot bytes, on any machine.
#![no_std]

extern crate alloc;

mod depth;
mod feed;
mod fold;
mod klines;
mod step;
mod ticker;
mod trades;
mod window;

pub use depth::{Best, DIGITS_DROPPED_MAX, Depth, DepthLevel, GroupedPrice};
pub use feed::MarketFeed;
pub use fold::MarketData;
pub use klines::{CANDLES_KEPT, KlineRow, Klines, fill_gaps};
pub use step::Step;
pub use ticker::Ticker;
pub use trades::{PublicTrade, TRADES_KEPT};
