//! The past in one SQLite file: finished orders, both halves of every trade, the public trades and
//! their candles, folded from events.
//!
//! What enters: the events of each command in order, as [`Batch`]es. What leaves: an order by its id,
//! pages of orders and fills with their totals, public trades, candles. What it must not know: the
//! engine, the journal, networks, wire formats. The schema is documented in `docs/history.md`; users open the file with
//! their own tools.
//!
//! Three parts work together:
//!
//! - a [`Store`] writes batches, each in one transaction together with the sequence it reaches. A
//!   batch that is applied twice counts once, so whoever does not know how far the file is sends
//!   everything again;
//! - a [`History`] has a thread that follows with a store, so that nobody waits for SQLite, and
//!   connections to read with;
//! - a [`Tail`] holds in memory what the thread has not written yet. It belongs to whoever applies
//!   events, and moves with his state.
//!
//! Readers first open a [`Reading`], which sees the file as of one sequence, then look at the tail for
//! what came after that sequence. So every row is seen once, wherever it is at that moment.

mod audit;
mod backlog;
mod checkpoints;
mod dump;
mod error;
mod facts;
mod fill_counts;
mod follower;
mod inserts;
mod klines;
mod listing;
mod lists;
mod numbers;
mod pile;
mod public;
mod queue;
mod readers;
mod reading;
mod rows;
mod schema;
mod store;
mod tail;
mod writer;

pub use audit::Audit;
pub use dump::dump;
pub use error::HistoryError;
pub use facts::{Batch, Fill, FinishedOrder, Role, Traded};
pub use follower::{FollowerLimits, History, HistoryStatus, LAG_ROWS_MAX};
pub use listing::{OrderIds, Statuses};
pub use reading::Reading;
pub use schema::{FILE_NAME, SCHEMA_VERSION};
pub use store::{Location, Store, TRANSACTION_ROWS_MAX};
pub use tail::Tail;
