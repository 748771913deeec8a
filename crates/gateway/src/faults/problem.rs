//! What is wrong with a rule or a race, in one sentence.

use openmart_wire::admin::faults::{
    ANSWER_BYTES_MAX, ANSWERS_BEHIND_MAX, DELAY_MS_MAX, DELAY_TICKS_MAX, NAME_CHARACTERS_MAX,
    RULES_MAX, SKEW_MS_MAX,
};
use openmart_wire::admin::races::WAITING_MAX;

/// A rule that was refused, and with it all that came along.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("fault rule {number} ({name:?}): {problem}")]
pub struct RuleError {
    number: usize,
    name: String,
    problem: Problem,
}

impl RuleError {
    /// About the rule at a place, from 0.
    pub(super) fn new(at: usize, name: &str, problem: Problem) -> Self {
        // Enough to recognise it by.
        let name = name.chars().take(NAME_CHARACTERS_MAX).collect();
        Self { number: at + 1, name, problem }
    }

    /// Which of the rules it is, from 1.
    pub fn number(&self) -> usize {
        self.number
    }
}

/// What is wrong with it.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("a name has 1 to {NAME_CHARACTERS_MAX} letters, digits, '-', '_' or '.'")]
    Name,
    #[error("there is a rule of this name already")]
    NameTaken,
    #[error("there may be at most {RULES_MAX} rules")]
    TooMany,
    #[error("there is no API key {0:?} that is not revoked")]
    UnknownKey(String),
    #[error("{0:?} is no method: it is GET, POST or DELETE")]
    Method(String),
    #[error("{0:?} is no path: it begins with '/', and '**' stands at its end only")]
    Path(String),
    #[error("no route has this method and path, so it would never strike")]
    NoRoute,
    #[error("{0:?} is no channel: it is price, kline, depth or trade")]
    Channel(String),
    #[error("there is no market {0:?}")]
    UnknownSymbol(String),
    #[error("only one of nth, every, first and burst can be given")]
    TwoChoices,
    #[error("{0} counts from 1")]
    Zero(&'static str),
    #[error("the length of a burst is at least 1 and at most its every")]
    Burst,
    #[error("probability {0} is not above 0 and at most 1, in steps of a millionth")]
    Probability(f64),
    #[error("min_ms is at most max_ms, and shape is above 0")]
    Delay,
    #[error("{ms} ms is longer than the longest delay, {DELAY_MS_MAX} ms")]
    TooLong { ms: u32 },
    #[error("status {0} is not between 400 and 599")]
    Status(u16),
    #[error("a body has at most {ANSWER_BYTES_MAX} bytes")]
    Body,
    #[error("chunk_bytes is at least 1")]
    Chunk,
    #[error("behind is 1 to {ANSWERS_BEHIND_MAX}")]
    Behind,
    #[error("only reads are stale: the method is GET or not given")]
    StaleWrite,
    #[error("a clock may be off by at most {SKEW_MS_MAX} ms")]
    Skew,
    #[error("ticks is 1 to {DELAY_TICKS_MAX}")]
    Ticks,
    #[error("{0} belongs to rules about requests, and this fault is about frames of the stream")]
    NotForFrames(&'static str),
    #[error("{0} belongs to rules about frames of the stream, and this fault is about requests")]
    NotForRequests(&'static str),
}

/// Why a race was not armed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaceError {
    /// Nobody could place its order.
    #[error("there is no API key {0:?} that is not revoked")]
    UnknownKey(String),
    /// Not a share that this race can have.
    #[error("percent is {} here", if *whole { "100".to_owned() } else { format!("1 to {max}") })]
    Percent {
        /// The most it can be.
        max: u8,
        /// Whether it can be nothing else.
        whole: bool,
    },
    /// Too many of them wait.
    #[error("{WAITING_MAX} races wait for their orders already")]
    TooMany,
}
