//! Unguessable texts for generated keys and secrets.

use anyhow::Context;

/// Bytes of a key or secret: 128 bits cannot be guessed, and the text has the length that the API's
/// own keys had.
const BYTES: usize = 16;

/// A new text of 32 lower-case hex characters from the system's random source.
pub(crate) fn hex_text() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
