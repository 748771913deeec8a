//! Readers, snapshots and the preparing thread beside the writer.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use openmart_journal::{FileStorage, Journal, MemoryStorage, Options, Reader, Space, Storage};
use small::{append, payload, time_ms};

const ENTRIES: u64 = 3_000;

fn on_each(check: impl Fn(Arc<dyn Storage>)) {
    check(Arc::new(MemoryStorage::new()));
    let folder = tempfile::tempdir().unwrap();
    check(Arc::new(FileStorage::create(folder.path()).unwrap()));
}

fn options() -> Options {
    Options { background: true, segment_bytes: 16_384, ..small::covering() }
}

/// Reads everything behind `durable` until the end, checking each entry.
fn follow(storage: Arc<dyn Storage>, durable: &AtomicU64) {
    let mut reader = Reader::open(storage, 1).unwrap();
    let mut next = 1;
    while next <= ENTRIES {
        let until = durable.load(Ordering::Acquire);
        while let Some(entry) = reader.next_entry(until).unwrap() {
            assert_eq!((entry.sequence, entry.time_ms), (next, time_ms(next)));
            assert_eq!(entry.payload, payload(next));
            next += 1;
        }
        thread::yield_now();
    }
}

#[test]
fn readers_follow_the_writer() {
    on_each(|storage| {
        let options = Options { retention: Default::default(), ..options() };
        let (mut journal, _) = Journal::open(storage.clone(), options).unwrap();
        let durable = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| follow(storage.clone(), &durable));
            }
            while journal.last_sequence() < ENTRIES {
                for _ in 0..(journal.last_sequence() % 7 + 1).min(ENTRIES - journal.last_sequence())
                {
                    if journal.staged() < 4 {
                        append(&mut journal);
                    }
                }
                journal.commit().unwrap();
                durable.store(journal.last_sequence(), Ordering::Release);
            }
        });
    });
}

/// A thread builds the state by reading behind the writer and writes snapshots of it, while
/// retention removes what they cover.
#[test]
fn snapshots_are_written_beside_appends() {
    on_each(|storage| {
        let (mut journal, _) = Journal::open(storage.clone(), options()).unwrap();
        let writer = journal.snapshot_writer();
        let durable = AtomicU64::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut reader = Reader::open(storage.clone(), 1).unwrap();
                let mut state = Vec::new();
                while reader.sequence() < ENTRIES {
                    let until = durable.load(Ordering::Acquire);
                    reader.for_each(until, |entry| state.extend_from_slice(entry.payload)).unwrap();
                    let sequence = reader.sequence();
                    writer.write(sequence, &reader.chain(), !sequence, &state).unwrap();
                    thread::yield_now();
                }
            });
            while journal.last_sequence() < ENTRIES {
                for _ in 0..4.min(ENTRIES - journal.last_sequence()) {
                    append(&mut journal);
                }
                journal.commit().unwrap();
                durable.store(journal.last_sequence(), Ordering::Release);
            }
        });
        assert_eq!(journal.space(), Space::Ample);
        drop((journal, writer));
        let (_journal, recovery) = Journal::open(storage, options()).unwrap();
        let snapshot = recovery.snapshot.unwrap();
        assert_eq!((snapshot.sequence, recovery.last_sequence), (ENTRIES, ENTRIES));
        assert_eq!(snapshot.bytes, small::state(ENTRIES));
    });
}

/// A copy in the order that `docs/journal-format.md` gives is a journal of its own, whatever was
/// written between any two of its files.
#[test]
fn a_copy_made_while_writing_opens() {
    let kept = Options { retention: Default::default(), ..small::options() };
    for pause in 1..6 {
        let storage = MemoryStorage::new();
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let (mut journal, _) = Journal::open(shared, kept.clone()).unwrap();
        small::fill(&mut journal, 40);
        small::snapshot(&journal);
        small::fill(&mut journal, 50);
        let names = |start: &str| {
            let found = storage.files().into_keys().filter(|name| name.starts_with(start));
            found.collect::<Vec<_>>()
        };
        let segments = names("segment-0");
        let mut copy = Vec::new();
        for name in names("snapshot-").into_iter().chain(segments.into_iter().rev()) {
            copy.push((name.clone(), storage.files()[&name].clone()));
            let last = journal.last_sequence();
            small::fill(&mut journal, last + pause);
        }
        let opened = small::open_exact(&MemoryStorage::with_files(copy), kept.clone()).unwrap();
        assert!(opened.last_sequence >= 50, "{}", opened.last_sequence);
    }
}

/// The thread notices a full disk and, asked to, that it is no longer full; the writer waits for
/// neither.
#[test]
fn the_preparing_thread_meets_a_full_disk() {
    let storage = MemoryStorage::new();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (mut journal, _) = Journal::open(shared, options()).unwrap();
    small::fill(&mut journal, 2);
    storage.set_capacity(Some(16_384 * 5));
    let refused = loop {
        let next = journal.last_sequence() + 1;
        match journal.append(time_ms(next), &payload(next)) {
            Ok(_) => match journal.commit() {
                Ok(()) => {}
                Err(error) => break error.to_string(),
            },
            Err(error) => break error.to_string(),
        }
    };
    assert!(refused.contains("disk is full"), "{refused}");
    assert!(journal.poisoned().is_none());
    assert_eq!(journal.space(), Space::Exhausted);
    storage.set_capacity(None);
    journal.retry_space();
    while journal.space() != Space::Ample {
        thread::yield_now();
    }
    let last = journal.last_sequence();
    small::fill(&mut journal, last + 50);
    drop(journal);
    let opened = small::open_exact(&storage, small::options()).unwrap();
    assert_eq!(opened.last_sequence, last + 50);
}
