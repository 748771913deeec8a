//! Exit codes of the program for errors, as `docs/operations.md` lists them.

use openmart_client::{Error, UsageError};
use thiserror::Error;

/// The exchange refused, or something failed.
const REFUSED: u8 = 1;
/// The command cannot be meant like this.
const WRONG_USAGE: u8 = 2;
/// No connection, or no answer in time.
const UNREACHABLE: u8 = 3;

/// What the user has to put right. One whole sentence.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct WrongUsage(pub(super) String);

/// The exit code for an error of any command.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    let is_usage = error.is::<UsageError>()
        || error.is::<WrongUsage>()
        || matches!(error.downcast_ref(), Some(Error::Usage(_)));
    match error.downcast_ref::<Error>() {
        _ if is_usage => WRONG_USAGE,
        Some(error) if error.is_unreachable() => UNREACHABLE,
        _ => REFUSED,
    }
}
