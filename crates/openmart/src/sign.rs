//! `openmart sign`: the signature of a message, as the documented `openssl` line gives it.
//!
//! What enters: a message and the text of a secret. What leaves: 64 hex characters on standard
//! output and nothing else, so that a shell can take it as it is.

use std::io::Write;

use openmart_wire::bitmart_v2::SigningKey;

use crate::arguments::Sign;
use crate::printing::print;

/// Prints the signature.
pub(crate) fn run(arguments: &Sign) -> anyhow::Result<()> {
    let signature = SigningKey::new(&arguments.secret).sign(&arguments.message);
    print(|out| writeln!(out, "{signature}"))
}
