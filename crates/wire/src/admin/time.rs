//! The clock of an exchange that lives no longer than a test: shown, held, moved, hurried.

use serde::{Deserialize, Serialize};

/// `GET` answers [`Clock`]; `POST` takes [`SetClock`] and answers the [`Clock`].
pub const TIME: &str = "/admin/time";

/// What the clock is told: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetClock {
    /// `true`: stand still now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<bool>,
    /// Stand still at this time, in ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Go ahead by so many ms, and then on as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_ms: Option<u64>,
    /// Go ahead to this time, in ms since 1970, and then on as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jump_to_ms: Option<u64>,
    /// Run so many times as fast as the machine's clock, in steps of 0.001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// `true`: follow the machine's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real: Option<bool>,
}

/// What the clock shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// The time, in ms since 1970.
    pub now_ms: u64,
    /// How it goes.
    pub pace: Pace,
    /// How many times as fast as the machine's clock; 0 while it is frozen.
    pub rate: f64,
    /// The time of the last entry, before which the clock cannot be set.
    pub last_entry_ms: u64,
}

/// How a clock goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// With the machine's.
    Real,
    /// Not at all.
    Frozen,
    /// At a rate of its own.
    Rate,
}
