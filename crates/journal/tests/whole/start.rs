//! A start in a damaged folder, and what may come of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use openmart_journal::{Damage, Journal, MemoryStorage, OpenError, Options, ReadError};

use crate::folder::{Files, payload, time_ms};

/// What every entry should be; kept, since making them anew costs more than reading them.
pub(crate) struct Entries(Vec<(u64, Vec<u8>)>);

impl Entries {
    pub(crate) fn new(last: u64) -> Self {
        Self((0..=last).map(|sequence| (time_ms(sequence), payload(sequence))).collect())
    }
}

/// A start that served something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) last_sequence: u64,
    pub(crate) torn_tail: bool,
}

/// Starts as the exchange does. Every entry handed out, before a refusal as well, must be the one
/// that was written.
pub(crate) fn start(files: &Files, options: Options, entries: &Entries) -> Result<Served, Damage> {
    let storage = MemoryStorage::with_files(files.clone());
    let (journal, mut recovery) = match Journal::open(Arc::new(storage), options) {
        Ok(opened) => opened,
        Err(OpenError::Damage(damage)) => return Err(damage),
        Err(error) => panic!("{error}"),
    };
    assert!(recovery.damaged_snapshots.is_empty());
    let mut sequence = recovery.snapshot.as_ref().map_or(0, |snapshot| snapshot.sequence);
    let replayed = recovery.replay(|entry| {
        sequence += 1;
        let (time_ms, payload) = &entries.0[sequence as usize];
        let exact = (entry.sequence, entry.time_ms) == (sequence, *time_ms);
        assert!(exact && entry.payload == payload, "entry {sequence} is another: {entry:?}");
    });
    match replayed {
        Ok(_) => {
            assert_eq!(sequence, journal.last_sequence());
            Ok(Served { last_sequence: sequence, torn_tail: recovery.torn_tail.is_some() })
        }
        Err(ReadError::Damage(damage)) => {
            assert!(journal.poisoned().is_some(), "a refused replay must poison the journal");
            Err(damage)
        }
        Err(error) => panic!("{error}"),
    }
}

/// The last sequence of a sound folder.
pub(crate) fn last_sequence(files: &Files, options: Options) -> u64 {
    let storage = MemoryStorage::with_files(files.clone());
    Journal::open(Arc::new(storage), options).unwrap().1.last_sequence
}

/// How many starts refused, and for what reason.
#[derive(Default, Debug)]
pub(crate) struct Refusals {
    kinds: BTreeMap<String, u64>,
    /// Starts that lost nothing and said that something was cut behind the end.
    pub(crate) harmless: u64,
}

impl Refusals {
    pub(crate) fn count(&mut self, damage: &Damage) {
        let kind = format!("{:?}", damage.what);
        let name = kind.split(['(', ' ']).next().unwrap_or_default();
        *self.kinds.entry(name.to_owned()).or_default() += 1;
    }

    pub(crate) fn total(&self) -> u64 {
        self.kinds.values().sum()
    }
}
