//! How the exchange is doing, and snapshots of it.

use serde::{Deserialize, Serialize};

/// `GET` answers a [`Status`].
pub const STATUS: &str = "/admin/status";
/// `POST` has a snapshot written, waits for it, and answers [`Written`].
pub const SNAPSHOT: &str = "/admin/snapshot";

/// Which commands are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// All of them.
    Everything,
    /// Cancels only: the disk is full.
    Cancels,
    /// None; reads still work.
    Nothing,
}

/// How the exchange is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which commands are taken.
    pub takes: Takes,
    /// Why none are, if none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last entry that is durable and applied.
    pub sequence: u64,
    /// Its time, in milliseconds since 1970.
    pub time_ms: u64,
    /// The entry of the newest snapshot; 0 without one.
    pub snapshot_sequence: u64,
    /// The last entry written to history.
    pub history_sequence: u64,
    /// How many there are.
    pub assets: u64,
    /// How many there are.
    pub markets: u64,
    /// How many there are.
    pub accounts: u64,
    /// Orders in the books.
    pub orders_open: u64,
    /// Fault rules that are on.
    pub fault_rules: u64,
}

/// A snapshot that is on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The last entry in it.
    pub sequence: u64,
}
