//! Opening a folder: find the end, choose a snapshot, cut a torn tail, hand out the rest.
//!
//! [`inspect`] reads and judges, for `open` and `verify` alike; only [`open`] changes anything,
//! and only after all of it was judged sound.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use crate::acknowledged::{self, Mark};
use crate::error::{Blame, Damage, DamageKind, FileError, OpenError, ReadError};
use crate::format::{Entry, SECTOR_BYTES, SEGMENT_HEADER_BYTES};
use crate::names;
use crate::options::Options;
use crate::prepare::{Preparer, Spare, existing_reserve};
use crate::reader::Reader;
use crate::snapshot::{self, Shared, SnapshotData, snapshot_sequences};
use crate::storage::{Access, Storage};
use crate::tail::{Survey, Torn, survey};
use crate::writer::{Current, Journal};

/// An incomplete batch at the end of the journal. It was never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment file.
    pub file: String,
    /// Where the batch began.
    pub offset: u64,
    /// Bytes cut: up to the last one that was not zero.
    pub bytes: u64,
    /// Sequence its first entry would have had; it will be given out again.
    pub first_sequence: u64,
    /// Which check failed.
    pub cause: DamageKind,
}

impl fmt::Display for TornTail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, bytes, first_sequence, cause } = self;
        write!(
            out,
            "cut {bytes} bytes at byte {offset} of {file}: the write of sequence \
             {first_sequence} was not completed and not acknowledged ({cause})"
        )
    }
}

/// What [`Journal::open`] found: the newest usable snapshot, and the entries after it.
pub struct Recovery {
    /// State to begin with; `None` means begin empty and replay everything.
    pub snapshot: Option<SnapshotData>,
    /// First sequence of the oldest segment kept: 1 unless old segments were removed.
    pub first_sequence: u64,
    /// Last durable sequence; 0 in an empty journal.
    pub last_sequence: u64,
    /// The incomplete batch that was cut, if there was one.
    pub torn_tail: Option<TornTail>,
    /// Newer snapshots that failed their check. They were renamed to end in `.damaged`.
    pub damaged_snapshots: Vec<Damage>,
    reader: Reader,
    poison: Arc<OnceLock<String>>,
}

impl Recovery {
    /// The next entry after the snapshot, or `None` at the end.
    ///
    /// # Errors
    /// Damage in the middle of the journal is found here, before any entry of the damaged batch
    /// is handed out. The journal is then poisoned: the state built so far must be discarded.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, ReadError> {
        let next = self.reader.next_entry(self.last_sequence);
        if let Err(error) = &next {
            let _ = self.poison.set(error.to_string());
        }
        next
    }

    /// Hands all entries after the snapshot to `apply`; returns how many there were.
    ///
    /// # Errors
    /// As [`next_entry`](Self::next_entry).
    pub fn replay(&mut self, mut apply: impl FnMut(Entry<'_>)) -> Result<u64, ReadError> {
        let mut count = 0;
        while let Some(entry) = self.next_entry()? {
            apply(entry);
            count += 1;
        }
        Ok(count)
    }
}

impl fmt::Debug for Recovery {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recovery")
            .field("snapshot", &self.snapshot.as_ref().map(|snapshot| snapshot.sequence))
            .field("first_sequence", &self.first_sequence)
            .field("last_sequence", &self.last_sequence)
            .field("torn_tail", &self.torn_tail)
            .field("damaged_snapshots", &self.damaged_snapshots)
            .finish_non_exhaustive()
    }
}

/// A folder read and judged.
pub(crate) struct Inspection {
    pub(crate) names: Vec<String>,
    pub(crate) survey: Survey,
    pub(crate) mark: Option<Mark>,
    pub(crate) snapshot: Option<SnapshotData>,
    pub(crate) damaged_snapshots: Vec<Damage>,
    /// Stands before the first entry after the snapshot.
    pub(crate) reader: Reader,
}

impl Inspection {
    pub(crate) fn torn_tail(&self) -> Option<TornTail> {
        self.survey.torn.clone().map(|torn| TornTail {
            file: torn.file,
            offset: torn.offset,
            bytes: torn.bytes,
            first_sequence: self.survey.last_sequence() + 1,
            cause: torn.cause,
        })
    }
}

/// Reads what is needed to start: the last segment, the newest sound snapshot, and whether they
/// agree. Changes nothing.
pub(crate) fn inspect(storage: &Arc<dyn Storage>) -> Result<Inspection, ReadError> {
    let names = storage.list().map_err(|source| storage.failed("list", "the folder", source))?;
    let mark = acknowledged::read(&**storage)
        .map_err(|source| storage.failed("read", names::ACKNOWLEDGED, source))?;
    let survey = survey(storage, &names, mark.map(|mark| mark.sequence))?;
    check_mark(storage, &survey, mark)?;
    let mut damaged_snapshots = Vec::new();
    let mut chosen = None;
    for sequence in snapshot_sequences(&names).into_iter().rev() {
        let last = survey.last_sequence();
        if sequence > last {
            let what = DamageKind::SnapshotBeyondEnd { sequence, last };
            return Err(storage.damage(&names::snapshot(sequence), 0, what).into());
        }
        match snapshot::read(&**storage, sequence) {
            Ok(data) => {
                chosen = Some(data);
                break;
            }
            Err(ReadError::Damage(damage)) => damaged_snapshots.push(damage),
            Err(error) => return Err(error),
        }
    }
    let reader = reader_after(storage, &survey, chosen.as_ref())?;
    Ok(Inspection { names, survey, mark, snapshot: chosen, damaged_snapshots, reader })
}

/// Refuses a journal that has lost, or holds other, entries than those acknowledged.
fn check_mark(
    storage: &Arc<dyn Storage>,
    survey: &Survey,
    mark: Option<Mark>,
) -> Result<(), ReadError> {
    let Some(mark) = mark else {
        return Ok(());
    };
    let last = survey.last_sequence();
    let (file, end) = match (&survey.torn, &survey.tail) {
        (Some(Torn { file, offset, .. }), _) => (file.clone(), *offset),
        (None, Some(tail)) => (tail.segment.name.clone(), tail.end),
        (None, None) => (names::segment(1), 0),
    };
    let what = if mark.sequence > last {
        DamageKind::AcknowledgedLost { acknowledged: mark.sequence, last }
    } else if survey
        .tail
        .as_ref()
        .and_then(|tail| tail.chain_at_mark)
        .is_some_and(|chain| chain != mark.chain)
    {
        DamageKind::AcknowledgedDiffers(mark.sequence)
    } else {
        return Ok(());
    };
    Err(storage.damage(&file, end, what).into())
}

/// A reader placed after the snapshot, which must fit the journal there.
fn reader_after(
    storage: &Arc<dyn Storage>,
    survey: &Survey,
    snapshot: Option<&SnapshotData>,
) -> Result<Reader, ReadError> {
    let sequence = snapshot.map_or(0, |snapshot| snapshot.sequence);
    if survey.first_sequence > sequence + 1 {
        let file = names::segment(survey.numbers.first().copied().unwrap_or(1));
        let what = DamageKind::NoStart(survey.first_sequence);
        return Err(storage.damage(&file, 0, what).into());
    }
    let reader = Reader::open(storage.clone(), sequence + 1)?;
    if snapshot.is_some_and(|snapshot| snapshot.chain != reader.chain()) {
        let what = DamageKind::SnapshotChain(sequence);
        return Err(storage.damage(&names::snapshot(sequence), 0, what).into());
    }
    Ok(reader)
}

/// Takes the folder, judges it, repairs what a crash may leave, and makes it ready for writing.
pub(crate) fn open(
    storage: Arc<dyn Storage>,
    options: Options,
) -> Result<(Journal, Recovery), OpenError> {
    options.check()?;
    let lock = storage.lock()?;
    let inspection = inspect(&storage)?;
    let torn_tail = inspection.torn_tail();
    clean_folder(&*storage, &inspection)?;
    if let Some(torn) = &inspection.survey.torn {
        erase(&*storage, torn)?;
    }
    let current = reopen_last(&*storage, &inspection)?;
    storage.sync_folder().map_err(|source| storage.failed("sync", "the folder", source))?;

    let number = current.as_ref().map_or(1, |current| current.number + 1);
    let next = match inspection.survey.unused {
        Some(number) => reuse_unused(&*storage, number, &options)?,
        None => None,
    };
    let reserve = existing_reserve(&*storage, options.segment_bytes_min());
    let wanted = next.is_none().then_some(number);
    let preparer = Arc::new(Preparer::new(storage.clone(), options.clone(), wanted, next, reserve));
    if current.is_none() && !preparer.ready() {
        preparer.prepare_first(number)?;
    }

    let Inspection { survey, mark: _, snapshot, damaged_snapshots, reader, .. } = inspection;
    let shared = Arc::new(Shared {
        storage,
        options,
        durable: AtomicU64::new(survey.last_sequence()),
        poison: Arc::new(OnceLock::new()),
        sound: Mutex::new(snapshot.iter().map(|snapshot| snapshot.sequence).collect()),
        preparer,
        _lock: lock,
    });
    let recovery = Recovery {
        snapshot,
        first_sequence: survey.first_sequence,
        last_sequence: survey.last_sequence(),
        torn_tail,
        damaged_snapshots,
        reader,
        poison: shared.poison.clone(),
    };
    let journal = Journal::start(shared, current, survey.last_sequence(), survey.chain())?;
    Ok((journal, recovery))
}

/// Removes half-written files and moves damaged snapshots aside.
fn clean_folder(storage: &dyn Storage, inspection: &Inspection) -> Result<(), FileError> {
    for name in inspection.names.iter().filter(|name| names::is_temporary(name)) {
        storage.remove(name).map_err(|source| storage.failed("remove", name, source))?;
    }
    for damage in &inspection.damaged_snapshots {
        let aside = format!("{}{}", damage.file, names::DAMAGED);
        storage
            .rename(&damage.file, &aside)
            .map_err(|source| storage.failed("rename", &damage.file, source))?;
    }
    Ok(())
}

/// Zeroes a torn batch, so that nothing of it can ever be taken for an entry.
fn erase(storage: &dyn Storage, torn: &Torn) -> Result<(), FileError> {
    let failed = |source| storage.failed("cut the torn end of", &torn.file, source);
    let file = storage.open(&torn.file, Access::Write).map_err(failed)?;
    file.write_at(&vec![0; torn.bytes as usize], torn.offset).map_err(failed)?;
    file.sync().map_err(failed)
}

/// Opens the last segment for writing. Its last batch may be in memory only, if the sync that
/// should have made it durable failed or never ran: it is written again and synced before anybody
/// is told about it.
fn reopen_last(
    storage: &dyn Storage,
    inspection: &Inspection,
) -> Result<Option<Current>, FileError> {
    let Some(tail) = &inspection.survey.tail else {
        return Ok(None);
    };
    let name = &tail.segment.name;
    let failed = |source| storage.failed("sync", name, source);
    let file = storage.open(name, Access::Write).map_err(failed)?;
    let acknowledged = inspection.mark.is_some_and(|mark| mark.sequence == tail.last_sequence);
    // The first batch shares its write with the segment header, so both go together.
    let first = SEGMENT_HEADER_BYTES as u64;
    let start = tail.last_batch.filter(|offset| *offset > first).unwrap_or(0);
    if !acknowledged || tail.last_batch.is_none() {
        let mut bytes = vec![0; (tail.end - start) as usize];
        file.read_at(&mut bytes, start).map_err(failed)?;
        file.write_at(&bytes, start).map_err(failed)?;
    }
    file.sync().map_err(failed)?;
    Ok(Some(Current {
        file,
        name: name.clone(),
        number: tail.segment.number,
        bytes: tail.segment.bytes,
        batch_bytes_max: tail.header.batch_bytes_max as usize,
        offset: tail.end,
    }))
}

/// A prepared segment from an earlier run, if it suits the options; otherwise it is removed.
fn reuse_unused(
    storage: &dyn Storage,
    number: u64,
    options: &Options,
) -> Result<Option<Spare>, FileError> {
    let name = names::segment(number);
    let failed = |source| storage.failed("open", &name, source);
    let file = storage.open(&name, Access::Write).map_err(failed)?;
    let bytes = file.size().map_err(failed)?;
    if bytes >= options.segment_bytes_min() && bytes.is_multiple_of(SECTOR_BYTES as u64) {
        return Ok(Some(Spare { file, number, bytes }));
    }
    storage.remove(&name).map_err(|source| storage.failed("remove", &name, source))?;
    Ok(None)
}
