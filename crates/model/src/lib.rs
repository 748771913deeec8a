//! The vocabulary of the exchange: what is held, wished, refused and told.
//!
//! Everything that crosses a stage of the pipeline is a type of this crate: a [`Command`] goes in,
//! a [`Reject`] or an [`Outcome`] and a run of [`Event`]s come out. The crate knows no clock, no
//! socket, no file and no wire name; being `no_std`, it could not reach for one.
#![no_std]

extern crate alloc;

mod account;
mod codec;
mod command;
mod decimal;
mod digest;
mod event;
mod ids;
pub mod limits;
mod market;
mod order;
mod reject;
mod units;

pub use account::{AddressRange, ApiKey, Balance, NewAccount, NewKey, Scopes};
pub use codec::{Codec, DecodeError, Reader, Writer};
pub use command::{Command, CommandResult, Outcome};
pub use decimal::{DecimalError, DecimalText, parse_decimal, rescale_half_up};
pub use digest::Digest;
pub use event::{CloseReason, Event, Trade};
pub use ids::{AccountId, AssetId, ClientOrderId, KeyId, MarketId, OrderId, Timestamp, TradeId};
pub use market::{Asset, ListingError, Market, MarketSpec, MarketStatus, SelfTradePolicy};
pub use order::{NewOrder, Order, OrderKind, OrderStatus, Side, TimeInForce};
pub use reject::{FullReason, Reject};
pub use units::{Amount, FeeRate, FeeSchedule, Price, Quantity};
