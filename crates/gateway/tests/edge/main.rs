//! The gateway over real sockets: every endpoint, and everything that must be refused.
//!
//! What enters: raw HTTP requests. What is checked: statuses, bodies and headers, byte for byte, and
//! that what is refused leaves the state's digest and sequence as they were.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod admin;
mod answers;
mod connections;
mod direct;
mod faults;
mod http;
mod klines;
mod limits;
mod malformed;
mod matrix;
mod operations;
mod precedence;
mod refusals;
mod stream;
mod strict;
mod venue;
