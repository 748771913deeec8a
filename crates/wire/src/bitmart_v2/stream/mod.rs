//! The WebSocket of this dialect: what clients send, and what the server says.
//!
//! What enters: the bytes of a client's frame. What leaves: a [`ClientMessage`] whose shape is
//! checked, or a [`StreamError`]; and [`Push`]es that serialise as documented. For a client, the
//! other way round: messages as texts, and a [`ServerMessage`] from the bytes of a server's frame. What it must not
//! know: connections, who subscribed to what, which symbols there are.

mod message;
mod push;
mod server_message;

pub use message::{Channel, ChannelRequest, ClientMessage, StreamError};
pub use push::{KlineData, PriceData, Push, StreamTrade, TradeData};
pub use server_message::ServerMessage;
