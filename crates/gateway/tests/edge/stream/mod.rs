//! The WebSocket over real sockets. Ticks are made by the tests, so nothing here waits for time.

mod channels;
pub(crate) mod client;
mod endings;
mod refusals;
mod replay;
