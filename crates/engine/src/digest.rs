//! The digest of the state's content, independent of how it is laid out.

use alloc::vec::Vec;

use openmart_model::{Digest, Writer};

use crate::Engine;

impl Engine {
    /// A hash of the state's content as `docs/rules.md` lists it: two engines that applied the same
    /// commands have the same one. Takes time proportional to the state.
    pub fn digest(&self) -> u64 {
        let mut bytes = Vec::new();
        self.write_state(&mut Writer::new(&mut bytes));
        let mut digest = Digest::new();
        digest.bytes(&bytes);
        digest.value()
    }
}
