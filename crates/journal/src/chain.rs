//! The hash chain over entries: one running SHA-256 over all of them, as stored, one after another.
//!
//! It depends on the entries alone, not on how they were grouped into batches and segments, and costs
//! no more than the bytes that are added to it. A segment header holds the state of the hash, so that
//! a reader can go on from there; everything else holds the hash.

use std::fmt;

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

/// What [`Chain::hash`] tells of all entries up to one.
pub(crate) type ChainHash = [u8; 32];

/// Length of [`Chain::state`].
pub(crate) const CHAIN_STATE_BYTES: usize = 104;

/// Whole blocks of 64 bytes that a journal can have gone through, so that its length in bits fits the
/// 64 that SHA-256 has for it.
const BLOCKS_MAX: u64 = 1 << 54;

/// The chain after some entry.
#[derive(Clone)]
pub(crate) struct Chain(Sha256);

impl Chain {
    /// Before the first entry.
    pub(crate) fn start() -> Self {
        Self(Sha256::new())
    }

    /// Goes on over entries as stored.
    pub(crate) fn add(&mut self, entries: &[u8]) {
        self.0.update(entries);
    }

    /// The chain after more entries.
    pub(crate) fn after(&self, entries: &[u8]) -> Self {
        let mut after = self.clone();
        after.add(entries);
        after
    }

    /// SHA-256 of all entries so far.
    pub(crate) fn hash(&self) -> ChainHash {
        self.0.clone().finalize().into()
    }

    /// The state of the hash, from which [`Chain::from_state`] goes on: eight words of 4 bytes, the number of whole
    /// blocks in 8, then how many bytes wait for their block to be full, and those in 63.
    pub(crate) fn state(&self) -> [u8; CHAIN_STATE_BYTES] {
        self.0.serialize().into()
    }

    /// `None` when no entries lead to such a state.
    pub(crate) fn from_state(state: [u8; CHAIN_STATE_BYTES]) -> Option<Self> {
        if crate::format::u64_at(&state, 32) >= BLOCKS_MAX {
            return None;
        }
        Sha256::deserialize(&SerializedState::<Sha256>::from(state)).ok().map(Self)
    }
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        self.state() == other.state()
    }
}

impl Eq for Chain {}

impl fmt::Debug for Chain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Chain(")?;
        self.hash().iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
        out.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_goes_on_from_anywhere() {
        let entries: Vec<u8> = (0..=255).collect();
        for at in 0..=entries.len() {
            let before = Chain::start().after(&entries[..at]);
            let mut resumed = Chain::from_state(before.state()).unwrap();
            assert_eq!(resumed, before);
            resumed.add(&entries[at..]);
            assert_eq!(resumed.hash(), <[u8; 32]>::from(Sha256::digest(&entries)));
        }
    }

    #[test]
    fn a_state_that_cannot_be_is_none() {
        let state = Chain::start().after(b"abc").state();
        for (at, value) in [(40, 64), (40, 2), (103, 1), (39, 1)] {
            let mut changed = state;
            changed[at] = value;
            assert!(Chain::from_state(changed).is_none(), "byte {at}");
        }
        // The largest that is taken can still be finished.
        let mut large = state;
        large[32..40].copy_from_slice(&(BLOCKS_MAX - 1).to_le_bytes());
        Chain::from_state(large).unwrap().hash();
    }
}
