//! Reads a whole folder and tells whether it is sound, without taking or changing it.

use std::sync::Arc;

use crate::error::{Blame, Damage, DamageKind, ReadError};
use crate::names;
use crate::reader::Reader;
use crate::recovery::{TornTail, inspect};
use crate::snapshot::{self, snapshot_sequences};
use crate::storage::Storage;

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Segment files, the prepared one included.
    pub segments: usize,
    /// Entries read and checked.
    pub entries: u64,
    /// First sequence kept.
    pub first_sequence: u64,
    /// Last sequence; 0 in an empty journal.
    pub last_sequence: u64,
    /// The chain hash at `last_sequence`.
    pub chain: [u8; 32],
    /// An incomplete batch at the end, which the next start will cut.
    pub torn_tail: Option<TornTail>,
    /// Every snapshot, oldest first.
    pub snapshots: Vec<SnapshotCheck>,
}

impl VerifyReport {
    /// Whether everything is sound. A torn tail is: it was never acknowledged.
    pub fn is_sound(&self) -> bool {
        self.snapshots.iter().all(|snapshot| snapshot.damage.is_none())
    }
}

/// What [`verify`] found about one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotCheck {
    /// The sequence in its name.
    pub sequence: u64,
    /// Length of its content, bytes; 0 if it could not be read.
    pub bytes: u64,
    /// The writer's digest of the state.
    pub digest: u64,
    /// What is wrong with it, if anything. A start would fall back to an older one.
    pub damage: Option<Damage>,
}

/// Checks every entry, the whole chain and every snapshot. Takes no lock and changes nothing;
/// while an exchange is writing to the folder, a batch in flight may show as a torn tail.
///
/// # Errors
/// [`ReadError::Damage`] with the first place at which the journal, or a snapshot against the
/// journal, is not sound.
pub fn verify(storage: Arc<dyn Storage>) -> Result<VerifyReport, ReadError> {
    let inspection = inspect(&storage)?;
    let survey = &inspection.survey;
    let last_sequence = survey.last_sequence();
    let sequences = snapshot_sequences(&inspection.names);
    let mut reader = Reader::open(storage.clone(), survey.first_sequence)?;
    let mut chains = Vec::new();
    let mut entries = 0;
    let mut boundaries = sequences.clone();
    boundaries.push(last_sequence);
    for until in boundaries {
        entries += reader.for_each(until.max(survey.first_sequence - 1), |_| ())?;
        chains.push((reader.sequence() == until).then(|| reader.chain()));
    }
    if reader.chain() != survey.chain().hash() {
        let file = names::segment(survey.numbers.last().copied().unwrap_or(1));
        return Err(storage.damage(&file, 0, DamageKind::ChainBreak(last_sequence + 1)).into());
    }
    let snapshots = sequences
        .iter()
        .zip(&chains)
        .map(|(sequence, chain)| check_snapshot(&*storage, *sequence, chain.as_ref()));
    Ok(VerifyReport {
        segments: survey.numbers.len(),
        entries,
        first_sequence: survey.first_sequence,
        last_sequence,
        chain: survey.chain().hash(),
        torn_tail: inspection.torn_tail(),
        snapshots: snapshots.collect::<Result<_, _>>()?,
    })
}

/// `chain` is the journal's at that sequence, unless the journal begins later.
fn check_snapshot(
    storage: &dyn Storage,
    sequence: u64,
    chain: Option<&[u8; 32]>,
) -> Result<SnapshotCheck, ReadError> {
    let failed = |damage| SnapshotCheck { sequence, bytes: 0, digest: 0, damage: Some(damage) };
    match snapshot::read(storage, sequence) {
        Ok(data) => {
            let differs = chain.is_some_and(|chain| *chain != data.chain);
            let damage = differs.then(|| {
                let what = DamageKind::SnapshotChain(sequence);
                storage.damage(&names::snapshot(sequence), 0, what)
            });
            let bytes = data.bytes.len() as u64;
            Ok(SnapshotCheck { sequence, bytes, digest: data.digest, damage })
        }
        Err(ReadError::Damage(damage)) => Ok(failed(damage)),
        Err(error) => Err(error),
    }
}
