//! The state of an exchange that lives no longer than a test: points in its order of entries, copies that
//! run apart, and the way back.

use serde::{Deserialize, Serialize};

/// `GET` answers [`State`].
pub const STATE: &str = "/admin/state";
/// `POST` takes [`MarkPoint`] and answers the [`Point`].
pub const SNAPSHOT: &str = "/admin/state/snapshot";
/// `POST` takes an [`Origin`] and answers the [`Fork`].
pub const FORKS: &str = "/admin/state/fork";
/// `DELETE` ends a fork and answers the [`State`] left.
pub const FORK: &str = "/admin/state/fork/{id}";
/// `POST` takes an [`Origin`] and answers [`Rewound`].
pub const REWIND: &str = "/admin/state/rewind";

/// Forks at a time, those of forks included. Each is an exchange with threads, files and ports.
pub const FORKS_MAX: usize = 16;
/// Points that are remembered.
pub const POINTS_MAX: usize = 1_024;
/// Characters in the name of a point.
pub const NAME_MAX: usize = 64;

/// Gives the last entry a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkPoint {
    /// Up to 64 of letters, digits, `.`, `_` and `-`. A name that is there already moves.
    pub name: String,
}

/// A place in the order of entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// What it is called.
    pub name: String,
    /// The last entry before it.
    pub sequence: u64,
    /// The time of that entry.
    pub time_ms: u64,
}

/// Where a fork or a rewind starts from: a sequence, the name of a point, or neither for the last entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The last entry that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The name of a point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
}

/// A copy that runs apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// Its number.
    pub id: u64,
    /// Where it began.
    pub sequence: u64,
    /// Its API.
    pub url: String,
    /// Its operator's API; the token is the same.
    pub admin_url: String,
    /// Its data folder, removed when it ends.
    pub folder: String,
}

/// The exchange, its points and its forks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last entry.
    pub sequence: u64,
    /// In the order in which they were given.
    pub points: Vec<Point>,
    /// By number.
    pub forks: Vec<Fork>,
    /// The data folder.
    pub folder: String,
}

/// What a rewind did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewound {
    /// The last entry that is left.
    pub sequence: u64,
    /// Its time.
    pub time_ms: u64,
    /// Entries that are gone.
    pub discarded: u64,
}
