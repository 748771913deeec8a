//! A real exchange for every test: in process, on a port of its own, with known keys.
//!
//! What enters: what a test wants listed, who is to trade, what is to go wrong. What leaves: a
//! [`Venue`] that speaks HTTP and WebSocket as `openmart demo` does, in a temporary folder that goes
//! with it. What it must not know: how orders match, what an answer looks like.
//!
//! ```
//! use openmart_test::Venue;
//! use openmart_test::client::{NewOrder, Side};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let venue = Venue::start().await?;
//! let alice = venue.client("alice")?;
//! let order = NewOrder::named("BTC_USDT", Side::Buy, "0.5".parse()?, "20000".parse()?);
//! let placed = alice.place_order(&order).await?;
//! alice.cancel_order(placed.order_id).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Without further wishes a venue is the demo: its four markets, `alice` and `bob` with their keys
//! and balances, empty books, no rate limits. [`Venue::builder`] takes wishes. Bots in other languages
//! get [`Venue::url`] and [`Venue::key`].
//!
//! All venues of a process share the two threads that serve their sockets, so a test may block its own
//! thread. Each has four more of its own, for its sequencer, snapshots and history. Hundreds can run in
//! one test process; `docs/testing-your-bot.md` says what each takes.

mod builder;
mod contents;
mod error;
mod runtime;
mod venue;

pub use builder::Builder;
pub use contents::{Account, Key, Market};
pub use error::StartError;
pub use openmart_client as client;
pub use openmart_exchange::Exchange;
pub use openmart_gateway::{Controls, FaultsError};
pub use openmart_wire::admin::{faults, races};
pub use venue::Venue;
