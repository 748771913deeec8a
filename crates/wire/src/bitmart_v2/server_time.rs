//! Answers about the server itself: its clock and the kline intervals it offers.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v2/time`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerTime {
    /// The server's clock, milliseconds since 1970 UTC.
    pub server_time: u64,
}

/// Kline intervals in minutes, the whole answer of `GET /v2/steps`. 10080 is a week from Monday,
/// 43200 a calendar month.
pub const STEPS_MINUTES: [u32; 13] = [1, 3, 5, 15, 30, 45, 60, 120, 180, 240, 1440, 10080, 43200];
