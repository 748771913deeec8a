//! The pipeline of the exchange without a network: submit a command, await its outcome, read the
//! state, subscribe to what happens.
//!
//! What enters: [`Command`](openmart_model::Command)s. What leaves: one [`Receipt`] each, and the
//! [`State`] that they led to. What it must not know: sockets, wire formats, signatures.
//!
//! A command is queued ([`intake`](Exchange::submit)), put into the one order by the sequencing
//! thread, made durable in the journal together with whatever else was waiting, applied to the
//! state, and only then answered. So when an answer arrives, the command is on disk, and every read
//! that begins afterwards shows what it did. Nothing is ever shown that could still be lost.
//!
//! ```
//! use openmart_exchange::{Exchange, Options};
//! use openmart_model::*;
//!
//! let folder = tempfile::tempdir()?;
//! let (exchange, _report) = Exchange::open_folder(folder.path(), Options::default())?;
//! let execute = |command| exchange.execute_blocking(command).unwrap().result.unwrap();
//!
//! for code in ["BTC", "USDT"] {
//!     execute(Command::AddAsset(Asset { code: code.into(), name: code.into(), decimals: 10 }));
//! }
//! let (base, quote) = (AssetId(0), AssetId(1));
//! execute(Command::AddMarket(MarketSpec {
//!     base, quote, price_decimals: 2, quantity_decimals: 5, depth_decimals_min: 0,
//!     quantity_min: Quantity::new(1), quantity_max: Quantity::new(1_000_000_000),
//!     notional_min_buy: Amount::ZERO, notional_min_sell: Amount::ZERO,
//!     fees: FeeSchedule::default(), self_trade: SelfTradePolicy::Allow, price_band_multiple: 0,
//! }));
//! let deposits = vec![(quote, Amount::new(1_000_000_000_000_000))];
//! execute(Command::AddAccount(NewAccount { name: "alice".into(), deposits, keys: vec![] }));
//! let account = AccountId(0);
//!
//! let kind = OrderKind::Limit {
//!     price: Price::new(20_000_00), quantity: Quantity::new(50_000), time_in_force: TimeInForce::GTC,
//! };
//! let order = NewOrder { account, market: MarketId(0), side: Side::Buy, kind, client_id: None };
//! let Outcome::Placed { order, .. } = execute(Command::Place(order)) else { panic!("not placed") };
//! let held = exchange.view(|state| state.engine().balance(account, quote).hold);
//! assert_eq!(held, Amount::new(100_000_000_000_000)); // 0.5 BTC at 20,000.00, ten decimals
//!
//! execute(Command::Cancel { account, order });
//! let held = exchange.view(|state| state.engine().balance(account, quote).hold);
//! assert_eq!(held, Amount::ZERO);
//! exchange.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod copying;
mod error;
mod exchange;
mod history;
mod image;
mod inbox;
mod intake;
mod open_orders;
mod options;
mod page;
mod parts;
mod pending;
mod pipeline;
mod public;
mod recovery;
mod rounds;
mod sequencer;
mod snapshots;
mod sorted_ids;
mod state;
mod status;
pub mod stepped;
mod subscription;

pub use clock::{
    CLOCK_MS_MAX, Clock, ClockError, ClockPace, ClockRate, ClockReading, ClockWish,
    ControlledClock, ManualClock, SystemClock,
};
pub use copying::{CopyError, copy_entries};
pub use error::{CloseError, OpenError, SnapshotError, SubmitError};
pub use exchange::Exchange;
pub use history::{check_history, rebuild_history};
pub use image::check_state_bytes;
pub use inbox::{Inbox, Numbered};
pub use intake::Lane;
pub use openmart_history::FILE_NAME as HISTORY_FILE_NAME;
pub use openmart_history::{
    Fill, FollowerLimits, HistoryError, HistoryStatus, LAG_ROWS_MAX, Location, Role,
};
pub use openmart_journal::Space;
pub use options::Options;
pub use page::{PAGE_SIZE_MAX, Page, PageRequest};
pub use pending::{Pending, PendingSnapshot, Receipt};
pub use public::{KLINES_MAX, KlineRequest};
pub use recovery::RecoveryReport;
pub use rounds::Attendant;
pub use state::{OrderFilter, OrderView, State};
pub use status::{Condition, Counters, Status};
pub use stepped::Stepped;
pub use subscription::{Subscription, SubscriptionEnd, Update};
