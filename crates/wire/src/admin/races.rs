//! Races on demand: what people lose money on, made to happen to the next order of a key.

use serde::{Deserialize, Serialize};

/// `GET` answers [`RaceList`]; `POST` takes [`ArmRace`] and answers the [`Race`]; `DELETE` forgets
/// all of them and answers the empty [`RaceList`].
pub const RACES: &str = "/admin/races";

/// Races that wait for their order at a time.
pub const WAITING_MAX: usize = 64;
/// Races that are over and still listed.
pub const OVER_MAX: usize = 64;

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RaceKind {
    /// The order is filled just before its cancel arrives.
    FillBeforeCancel,
    /// A part of the order is filled just before its cancel arrives; the cancel takes the rest.
    PartialBeforeCancel,
    /// The cancel arrives just before somebody wants to take the order.
    CancelBeforeFill,
    /// The order is filled, and the stream tells of it, before the answer to placing it is sent.
    EventBeforeResponse,
}

/// Arms a race for the next order that a key places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmRace {
    /// The API key.
    pub key: String,
    /// What is to happen.
    pub race: RaceKind,
    /// How much of what remains is filled, in percent from 1; at most 99 for a partial fill. Nothing:
    /// 50 for a partial fill, all otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
}

/// A race and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Race {
    /// Its number, from 1.
    pub id: u64,
    /// The API key.
    pub key: String,
    /// What is to happen.
    pub race: RaceKind,
    /// How much of what remains is filled.
    pub percent: u8,
    /// How far it is.
    pub state: RaceState,
    /// The order that it is about, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u64>,
    /// The orders of the house account, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub house_orders: Vec<u64>,
    /// Why it did not happen, if it is [`RaceState::Missed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far a race is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RaceState {
    /// It waits for an order.
    Armed,
    /// It has its order, and waits for the cancel.
    Placed,
    /// It is under way.
    Running,
    /// It happened.
    Done,
    /// It could not happen.
    Missed,
}

/// Races that wait, and the last ones that are over, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaceList {
    /// By number.
    pub races: Vec<Race>,
}
