//! The same seed and the same recording lead to the same journal, and what is taken from a recording stays taken.

mod recordings;
mod seeds;

use std::collections::BTreeMap;
use std::sync::Arc;

use openmart_exchange::Location;
use openmart_journal::{MemoryStorage, Reader, Storage};
use openmart_model::{Command, Timestamp};

use super::offline::Offline;
use crate::demo;

const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

/// An exchange in memory with the demo's markets.
fn offline(storage: &Arc<MemoryStorage>) -> Offline {
    let nowhere = Location::Nowhere { applied: 0 };
    Offline::open(storage.clone(), nowhere, demo::venue(), BEGIN).unwrap()
}

/// The journal's own files, byte for byte.
fn segments(storage: &MemoryStorage) -> BTreeMap<String, Vec<u8>> {
    let mut files = storage.files();
    files.retain(|name, _| name.starts_with("segment-"));
    files
}

/// Every command of a journal from a sequence on, with its time.
fn commands(storage: Arc<dyn Storage>, from: u64, until: u64) -> Vec<(Timestamp, Command)> {
    let mut reader = Reader::open(storage, from).unwrap();
    let mut commands = Vec::new();
    while let Some(entry) = reader.next_entry(until).unwrap() {
        commands.push((Timestamp(entry.time_ms), Command::decode(entry.payload).unwrap()));
    }
    commands
}
