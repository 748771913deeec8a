//! A typed, asynchronous client of the BitMart v2 API as Openmart speaks it.
//!
//! What enters: wishes with types. What leaves: requests over HTTP and a WebSocket, signed and
//! authenticated; answers with types, or an [`Error`] that says what the caller can do about it.
//! What it must not know: anything of the exchange that its API does not tell.
//!
//! ```no_run
//! use openmart_client::{Client, Credentials, NewOrder, Side};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! // The account `alice` of `openmart demo`.
//! let credentials = Credentials::new(
//!     "6591f7c2491db0a23a1d8ad6911c825e",
//!     "8c08d9d5c3d15b105dbddaf96e427ac6",
//!     "mymemo",
//! )?;
//! let client = Client::builder("http://127.0.0.1:8470").credentials(credentials).build()?;
//!
//! let order = NewOrder::named("BTC_USDT", Side::Buy, "0.5".parse()?, "20000".parse()?);
//! let placed = client.place_order(&order).await?;
//! println!("order {} rests in the book", placed.order_id);
//!
//! match client.cancel_order(placed.order_id).await {
//!     Ok(_) => println!("canceled: nothing can fill it any more"),
//!     Err(error) if error.is_outcome_unknown() => println!("look it up: {error}"),
//!     Err(error) => println!("not canceled: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is repeated, and what is not
//!
//! A request whose answer does not arrive may have been carried out or not. The client repeats
//! what can be repeated safely, with waits that [`RetryPolicy`] sets:
//!
//! | request | is repeated | because |
//! | :-- | :-- | :-- |
//! | reads, tokens | yes | they change nothing |
//! | [`Client::cancel_order`] | yes | an order can be canceled once; a repetition that finds it canceled is a success |
//! | [`Client::cancel_all`] | yes | what is wanted is that there are none |
//! | [`Client::place_order`] with a client order id | yes | the exchange gives the first order's id under the same name |
//! | [`Client::place_order`] without | no | there could be two orders |
//!
//! If no repetition settles it, the error of a write is [`Error::OutcomeUnknown`]. After any other
//! error it has not taken effect. A token that is refused is renewed once, for every request.
//!
//! # Numbers
//!
//! Prices and amounts in answers are the exact texts the exchange sent. [`Decimal`] reads them,
//! reckons with them exactly, and is what orders are made of. There are no floats anywhere.

mod authentication;
mod calls;
mod client;
mod credentials;
mod decimal;
mod error;
mod orders;
mod public;
mod request;
mod retry;
mod stream;
mod trades;
mod transport;
mod wallet;

pub use client::{Client, ClientBuilder};
pub use credentials::{Credentials, CredentialsError};
pub use decimal::{DECIMALS_MAX, Decimal, DecimalError};
pub use error::{CancelReason, Error, Refusal, UsageError};
pub use openmart_wire::bitmart_v2::stream::{
    Channel, ChannelRequest, KlineData, PriceData, Push, StreamTrade, TradeData,
};
pub use openmart_wire::bitmart_v2::{
    Currency, Depth, DepthLevel, Kline, ListKlines, ListOrders, ListTrades, Order, OrderPage,
    OrderStatus, OwnTrade, PublicTrade, Side, StatusFilter, SymbolDetails, Ticker, TradePage,
    WalletEntry, limits,
};
pub use orders::{Canceled, ClientOrderId, NewOrder, Placed};
pub use retry::RetryPolicy;
pub use stream::{EVENTS_WAITING_MAX, Event, Stream, StreamOptions};
