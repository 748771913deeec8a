//! Finds where the journal ends, and tells a write cut short from damage.
//!
//! Only reads. A crash can leave one thing: of the last batch, some sectors written and others
//! still zero. Whatever else is found is damage, because segments are zero before they are used
//! and a batch is written only after the one before it was synced.

use std::sync::Arc;

use crate::chain::{Chain, ChainHash};
use crate::error::{Blame, DamageKind, ReadError};
use crate::format::{
    BATCH_BYTES_MAX, BatchHeader, SECTOR_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentStart,
};
use crate::segment::{BatchAt, SegmentFile, chain_within, segment_numbers};
use crate::storage::Storage;

/// Bytes of a batch that was not written completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Torn {
    pub(crate) file: String,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) cause: DamageKind,
}

/// The last segment in use and where its entries end.
pub(crate) struct Tail {
    pub(crate) segment: SegmentFile,
    pub(crate) header: SegmentHeader,
    /// Offset after the last sound batch.
    pub(crate) end: u64,
    /// Offset of the last sound batch in this segment, if it has one.
    pub(crate) last_batch: Option<u64>,
    pub(crate) last_sequence: u64,
    pub(crate) chain: Chain,
    /// The chain at the sequence asked for, if this segment tells it.
    pub(crate) chain_at_mark: Option<ChainHash>,
}

/// What the segment files add up to.
pub(crate) struct Survey {
    /// All segment numbers, ascending and dense.
    pub(crate) numbers: Vec<u64>,
    /// `None` while nothing was ever committed.
    pub(crate) tail: Option<Tail>,
    /// A last segment that holds nothing sound: prepared, or torn in its first write.
    pub(crate) unused: Option<u64>,
    pub(crate) torn: Option<Torn>,
    /// First sequence of the oldest segment.
    pub(crate) first_sequence: u64,
}

impl Survey {
    pub(crate) fn last_sequence(&self) -> u64 {
        self.tail.as_ref().map_or(0, |tail| tail.last_sequence)
    }

    pub(crate) fn chain(&self) -> Chain {
        self.tail.as_ref().map_or_else(Chain::start, |tail| tail.chain.clone())
    }
}

/// Looks at all names, the oldest header and all of the last segment. `mark` is a sequence whose
/// chain the caller wants to compare.
pub(crate) fn survey(
    storage: &Arc<dyn Storage>,
    names: &[String],
    mark: Option<u64>,
) -> Result<Survey, ReadError> {
    let numbers = segment_numbers(names);
    if let Some(pair) = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        let missing = pair[0] + 1;
        let file = crate::names::segment(missing);
        return Err(storage.damage(&file, 0, DamageKind::SegmentMissing(missing)).into());
    }
    let mut survey = Survey { numbers, tail: None, unused: None, torn: None, first_sequence: 1 };
    let Some(last) = survey.numbers.last().copied() else {
        return Ok(survey);
    };
    let mut used = survey.numbers.len();
    let mut segment = SegmentFile::open(storage, last)?;
    match segment.start()? {
        SegmentStart::Header(_) | SegmentStart::Version(_) => {}
        SegmentStart::Blank | SegmentStart::Broken => {
            survey.torn = torn_first_write(&mut segment)?;
            survey.unused = Some(last);
            used -= 1;
        }
    }
    let Some(last_used) = used.checked_sub(1).map(|index| survey.numbers[index]) else {
        return only_unused(storage, survey, last);
    };
    if last_used != last {
        segment = SegmentFile::open(storage, last_used)?;
    }
    survey.first_sequence = SegmentFile::open(storage, survey.numbers[0])?.header()?.first_sequence;
    let (tail, torn) = find_tail(segment, mark)?;
    if let Some(torn) = torn {
        if survey.torn.is_some() {
            // The later segment was begun, so this batch had been synced.
            return Err(storage.damage(&torn.file, torn.offset, torn.cause).into());
        }
        survey.torn = Some(torn);
    }
    survey.tail = Some(tail);
    Ok(survey)
}

/// A journal before its first commit: the first segment and nothing else.
fn only_unused(
    storage: &Arc<dyn Storage>,
    survey: Survey,
    number: u64,
) -> Result<Survey, ReadError> {
    if number == 1 {
        return Ok(survey);
    }
    let file = crate::names::segment(number);
    Err(storage.damage(&file, 0, DamageKind::SegmentMissing(number - 1)).into())
}

/// A segment without a sound header: blank (`None`), or torn in the one write that puts header
/// and first batch into it.
fn torn_first_write(segment: &mut SegmentFile) -> Result<Option<Torn>, ReadError> {
    if segment.last_mark(0)?.is_none() {
        return Ok(None);
    }
    let first = SEGMENT_HEADER_BYTES as u64;
    let cause = DamageKind::SegmentHeader;
    let torn = torn_or_damaged(segment, first, BATCH_BYTES_MAX as u32, cause.clone())?;
    let bytes = torn.map_or(first, |torn| torn.offset + torn.bytes);
    Ok(Some(Torn { file: segment.name.clone(), offset: 0, bytes, cause }))
}

/// Walks the last segment in use to its end.
fn find_tail(
    mut segment: SegmentFile,
    mark: Option<u64>,
) -> Result<(Tail, Option<Torn>), ReadError> {
    let header = segment.header()?;
    let mut offset = SEGMENT_HEADER_BYTES as u64;
    let mut sequence = header.first_sequence - 1;
    let mut chain = header.chain.clone();
    let mut last_batch = None;
    let mut chain_at_mark = (mark == Some(sequence)).then(|| chain.hash());
    let torn = loop {
        match segment.batch_at(offset, sequence, &chain, header.batch_bytes_max)? {
            BatchAt::Sound(batch, after) => {
                let last = sequence + u64::from(batch.entries);
                if let Some(mark) = mark.filter(|mark| (sequence + 1..=last).contains(mark)) {
                    let body = segment.body(offset, &batch)?;
                    chain_at_mark = Some(chain_within(body, &chain, mark));
                }
                last_batch = Some(offset);
                offset += batch.padded_bytes() as u64;
                sequence = last;
                chain = after;
            }
            BatchAt::Blank => {
                let cause = DamageKind::BatchHeader;
                break torn_or_damaged(&mut segment, offset, header.batch_bytes_max, cause)?;
            }
            BatchAt::Cut(cause) => {
                break torn_or_damaged(&mut segment, offset, header.batch_bytes_max, cause)?;
            }
            BatchAt::Wrong(what) => {
                return Err(segment.storage.damage(&segment.name, offset, what).into());
            }
        }
    };
    let tail = Tail {
        segment,
        header,
        end: offset,
        last_batch,
        last_sequence: sequence,
        chain,
        chain_at_mark,
    };
    Ok((tail, torn))
}

/// Decides about the bytes from `offset`, where no sound batch begins: nothing but zeros
/// (`None`), one batch cut short, or damage.
fn torn_or_damaged(
    segment: &mut SegmentFile,
    offset: u64,
    batch_bytes_max: u32,
    cause: DamageKind,
) -> Result<Option<Torn>, ReadError> {
    let Some(end) = segment.last_mark(offset)? else {
        return Ok(None);
    };
    let limit = (offset + u64::from(batch_bytes_max)).min(segment.bytes);
    let own = BatchHeader::decode(segment.bytes_at(offset, SECTOR_BYTES)?);
    // With a readable header the length of the torn batch is known. Without one, it is as long as
    // any batch may be, and no later batch may begin inside it.
    let reach = match &own {
        Some(batch) => (offset + batch.padded_bytes() as u64).min(limit),
        None => limit,
    };
    let mut followed = end > reach;
    let mut at = offset + SECTOR_BYTES as u64;
    while own.is_none() && !followed && at < reach {
        followed = BatchHeader::decode(segment.bytes_at(at, SECTOR_BYTES)?).is_some();
        at += SECTOR_BYTES as u64;
    }
    if followed {
        let what = DamageKind::DamageBeforeEnd;
        return Err(segment.storage.damage(&segment.name, offset, what).into());
    }
    Ok(Some(Torn { file: segment.name.clone(), offset, bytes: end - offset, cause }))
}
