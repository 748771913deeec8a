//! The flow of a seed on an engine: what it keeps to, and what it looks like.

#![expect(clippy::unwrap_used, reason = "what surprises a test should stop it")]

#[path = "../../examples/facts/record.rs"]
mod record;
#[path = "../../examples/facts/statistics.rs"]
mod statistics;
#[path = "../../examples/facts/venue.rs"]
mod venue;

mod documents;
mod facts;
mod flow;
mod recording;
