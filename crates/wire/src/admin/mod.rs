//! The operator's API: what travels between `openmart admin` and the operator's listener.
//!
//! JSON both ways, every request with `Authorization: Bearer <token>`. A noun is a file here, one in
//! the gateway and one in the program. Nothing here is part of a published exchange API.

pub mod accounts;
pub mod assets;
pub mod faults;
pub mod keys;
pub mod markets;
pub mod races;
pub mod state;
pub mod status;
pub mod time;

use serde::{Deserialize, Serialize};

/// Longest body of a request in bytes: all rules that there may be, with room.
pub const BODY_BYTES_MAX: usize = 256 * 1_024;

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// One sentence.
    pub message: String,
}
