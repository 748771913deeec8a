//! The client against a scripted server that answers badly, and against the real gateway.
//!
//! What is checked with the script: what is sent again and what is not, and which error the caller
//! gets. With the gateway: that every endpoint and channel is understood on both sides.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod cancels;
mod encryption;
mod examples;
mod fake;
mod orders;
mod reads;
mod stream;
mod tokens;
mod trading;
mod venue;
