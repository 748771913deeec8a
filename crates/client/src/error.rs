//! What can go wrong with a request, told apart by what the caller can do about it.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::credentials::CredentialsError;

/// Why there is no answer to a request.
///
/// The question that matters about a write is whether it may have taken effect. Only
/// [`Error::OutcomeUnknown`] leaves that open; after every other error it did not.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The exchange understood and said no.
    #[error("the exchange refused: {0}")]
    Refused(Refusal),
    /// The exchange does not accept the key, its secret and memo, or, after one renewal, the token.
    #[error("the exchange does not accept the key: {message}")]
    Unauthorized {
        /// The exchange's own words.
        message: String,
    },
    /// Too many requests, and waiting would have taken longer than the policy allows.
    #[error("too many requests: {}", RetryAfter(*retry_after))]
    RateLimited {
        /// After which time the exchange wants to be asked again, if it said so.
        retry_after: Option<Duration>,
    },
    /// The exchange has a fault, or is too busy. For a write this means that nothing happened.
    #[error("the exchange failed: {message} (status {status})")]
    Failed {
        /// The HTTP status, 500 or above.
        status: u16,
        /// The exchange's own words.
        message: String,
    },
    /// A write whose answer did not arrive, and which could not be repeated, or not with success:
    /// it may have taken effect or not. Look the order up.
    #[error("it is unknown whether {action}: {cause}")]
    OutcomeUnknown {
        /// What may have happened, as half a sentence.
        action: &'static str,
        /// Why there is no answer.
        cause: Box<Error>,
    },
    /// No connection, or no answer in time.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// The base URL.
        url: String,
        /// What happened.
        reason: String,
    },
    /// An answer that is not as documented.
    #[error("the answer to {request} is not as documented: {reason}")]
    Malformed {
        /// Method and path.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The caller asked for something that cannot be sent.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl Error {
    /// Whether it may be that what was asked for has taken effect nevertheless.
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown { .. })
    }

    /// Whether in the end no answer arrived at all.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::OutcomeUnknown { cause, .. } => cause.is_unreachable(),
            _ => false,
        }
    }
}

/// A refusal in the exchange's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The exchange's own words, such as `Minimum amount is 0.1000000000`.
    pub message: String,
    /// Of a refused cancel: why, if the exchange says so (Openmart does).
    pub reason: Option<CancelReason>,
    /// Where the refusal stands in the exchange's journal, if it got there (Openmart).
    pub sequence: Option<u64>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// Why an order could not be canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReason {
    /// There is no such order, or it is somebody else's.
    Unknown,
    /// It was filled before.
    Filled,
    /// It was canceled before.
    Canceled,
}

impl CancelReason {
    /// Reads the value of `X-Openmart-Reason`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "unknown" => Some(Self::Unknown),
            "filled" => Some(Self::Filled),
            "canceled" => Some(Self::Canceled),
            _ => None,
        }
    }
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such order of this account",
            Self::Filled => "the order was filled before",
            Self::Canceled => "the order was canceled before",
        })
    }
}

/// What the caller has to put right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UsageError {
    /// The base URL is none.
    #[error("{url:?} is not a base URL such as http://127.0.0.1:8470: {reason}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A private request of a client without credentials.
    #[error("this needs a key, secret and memo")]
    NoCredentials,
    /// See [`CredentialsError`].
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A text that no symbol can be.
    #[error("{symbol:?} is not a symbol such as BTC_USDT")]
    Symbol {
        /// As given.
        symbol: String,
    },
    /// A text that no client order id can be.
    #[error("{id:?} is not a client order id: 1 to 32 letters, digits, _ and -")]
    ClientOrderId {
        /// As given.
        id: String,
    },
    /// What should be certificates of authorities is not.
    #[error("these are no certificates of authorities in PEM: {reason}")]
    Authorities {
        /// What is wrong with them.
        reason: String,
    },
    /// The system's certificates could not be loaded.
    #[error("cannot load the certificates of this system: {reason}")]
    Certificates {
        /// What happened.
        reason: String,
    },
}

struct RetryAfter(Option<Duration>);

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, "the exchange asks to wait {} s", wait.as_secs()),
            None => f.write_str("the exchange does not say for how long to wait"),
        }
    }
}
