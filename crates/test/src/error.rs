//! Why there is no venue.

use openmart_gateway::{BindError, FaultsError};
use openmart_model::{DecimalError, Reject};

/// Why a venue did not start. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no temporary folder to be had.
    #[error("cannot make a temporary folder: {0}")]
    Folder(#[source] std::io::Error),
    /// The system gives no threads for the sockets.
    #[error("cannot start the threads that serve venues: {0}")]
    Threads(#[source] std::io::Error),
    /// The system gives no random key.
    #[error("cannot make a key for secrets: {0}")]
    Random(#[source] getrandom::Error),
    /// The exchange does not open.
    #[error(transparent)]
    Open(#[from] openmart_exchange::OpenError),
    /// The exchange stopped.
    #[error(transparent)]
    Submit(#[from] openmart_exchange::SubmitError),
    /// There is no port.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The faults make no sense.
    #[error(transparent)]
    Faults(#[from] FaultsError),
    /// A text that no symbol can be.
    #[error("{symbol:?} is not a symbol such as BTC_USDT")]
    Symbol {
        /// As given.
        symbol: String,
    },
    /// A market has too many decimals to be reckoned exactly.
    #[error("{symbol} cannot have {decimals} decimals of quantity")]
    Decimals {
        /// The market.
        symbol: String,
        /// As given.
        decimals: u8,
    },
    /// An amount that is none.
    #[error("{name} cannot have {amount:?} {asset}: {source}")]
    Amount {
        /// The account.
        name: String,
        /// The asset's code.
        asset: String,
        /// As given.
        amount: String,
        /// What is wrong with it.
        source: DecimalError,
    },
    /// The exchange does not want it.
    #[error("the exchange refuses to {what}: {reject}")]
    Refused {
        /// What was to be done.
        what: String,
        /// In the exchange's words.
        reject: Reject,
    },
    /// The thread that was starting it is gone.
    #[error("the start of the venue was broken off")]
    BrokenOff,
}
