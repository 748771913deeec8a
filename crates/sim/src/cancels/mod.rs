//! Whether cancels tell the truth: no fill after a cancel, one end for each order, every hold freed,
//! every refusal for the reason that is so.
//!
//! A [`Ledger`] knows every order from events alone and judges each result. The [`Race`] sends an
//! engine cancels of orders that were filled, canceled or expired a moment ago, or are somebody
//! else's, among orders that meet each other. The ledger must not know how the engine finds anything.

mod ledger;
mod race;
mod tally;

pub use ledger::{Ledger, Truth};
pub use race::{ACCOUNTS, Race, listing, markets, order};
pub use tally::Tally;
