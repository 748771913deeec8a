//! The dialect of BitMart's OpenAPI v2 (2018 to 2020), the way its published clients speak it.
//!
//! What enters: header values, query strings, form and JSON bodies of v2 requests, and the JSON of
//! v2 responses. What leaves: requests with their shape checked, response types, the catalogue of
//! error texts, and signatures. What it must not know: which symbols, accounts or orders exist.
//!
//! Fields of the JSON types carry the names of the API, although its words differ from ours
//! (`amount` of an order is a quantity, `frozen` is a hold); the gateway translates.

pub mod headers;
pub mod limits;
pub mod messages;
pub mod number;
pub mod paths;
pub mod query;
pub mod signing;
pub mod stream;

mod cancel_request;
mod depth;
mod klines;
mod markets;
mod members;
mod order_request;
mod orders;
mod page;
mod server_time;
mod side;
mod ticker;
mod token;
mod trades;
mod wallet;

pub use cancel_request::{CancelAll, CancelOrder, parse_entrust_id};
pub use depth::{Depth, DepthLevel};
pub use klines::{Kline, ListKlines};
pub use markets::{Currency, SymbolDetails};
pub use messages::{ApiError, ErrorBody, ParameterType, RequestFault};
pub use number::NumberText;
pub use order_request::{OrderBody, PlaceOrder, is_client_order_id, is_symbol};
pub use orders::{Empty, ListOrders, Order, OrderPage, OrderStatus, PlacedOrder, StatusFilter};
pub use query::Query;
pub use server_time::{STEPS_MINUTES, ServerTime};
pub use side::Side;
pub use signing::{Signature, SigningKey, TokenProof};
pub use ticker::Ticker;
pub use token::{Token, TokenRequest};
pub use trades::{ListTrades, OwnTrade, PublicTrade, TradePage};
pub use wallet::WalletEntry;

/// The body of a successful answer that says nothing else, exactly two bytes: at least one client
/// compares the text of the body, so neither a blank nor a line end may follow.
pub const EMPTY_BODY: &str = "{}";
