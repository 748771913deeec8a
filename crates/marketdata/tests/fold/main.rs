//! Market data against what anybody could work out from the list of all events.

mod klines;
mod naive;
mod property;
mod scenarios;
mod snapshot;
mod venue;
