//! What every storage must give: the same suite over real files and over memory.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use openmart_journal::{
    Access, AppendError, BATCH_BYTES_MAX, FileStorage, Journal, LockError, MemoryStorage,
    OpenError, Options, PAYLOAD_BYTES_MAX, ReadError, Reader, Storage, verify,
};
use sha2::{Digest, Sha256};
use small::{options, payload, time_ms};

/// Runs `check` on a fresh folder of each kind.
fn on_each(check: impl Fn(Arc<dyn Storage>)) {
    check(Arc::new(MemoryStorage::new()));
    let folder = tempfile::tempdir().unwrap();
    check(Arc::new(FileStorage::create(folder.path().join("data")).unwrap()));
}

fn open(storage: &Arc<dyn Storage>, options: Options) -> Journal {
    let (journal, mut recovery) = Journal::open(storage.clone(), options).unwrap();
    recovery.replay(|_| ()).unwrap();
    journal
}

#[test]
fn files_behave_as_the_journal_expects() {
    on_each(|storage| {
        assert!(storage.open("none", Access::Read).is_err());
        let file = storage.create("a").unwrap();
        file.write_at(b"12345", 3).unwrap();
        file.sync().unwrap();
        assert_eq!(file.size().unwrap(), 8);
        let mut bytes = [9; 6];
        assert_eq!(file.read_at(&mut bytes, 4).unwrap(), 4);
        assert_eq!(&bytes[..4], b"2345");
        assert_eq!(file.read_at(&mut bytes, 100).unwrap(), 0);
        let reader = storage.open("a", Access::Read).unwrap();
        assert!(reader.write_at(b"x", 0).is_err());
        storage.create("b").unwrap();
        storage.rename("a", "b").unwrap();
        storage.sync_folder().unwrap();
        assert_eq!(storage.list().unwrap(), ["b"]);
        assert_eq!(storage.open("b", Access::Write).unwrap().size().unwrap(), 8);
        storage.create("b").unwrap();
        assert_eq!(storage.open("b", Access::Read).unwrap().size().unwrap(), 0);
        storage.remove("b").unwrap();
        assert!(storage.list().unwrap().is_empty());
        assert!(storage.remove("b").is_err());
    });
}

#[test]
fn entries_come_back_as_they_went_in() {
    for background in [false, true] {
        on_each(|storage| {
            let options = Options { background, ..options() };
            let mut journal = open(&storage, options.clone());
            assert_eq!((journal.last_sequence(), journal.chain()), (0, Sha256::digest(b"").into()));
            small::fill(&mut journal, 100);
            let chain = journal.chain();
            drop(journal);
            let (journal, mut recovery) = Journal::open(storage.clone(), options).unwrap();
            assert_eq!((recovery.first_sequence, recovery.last_sequence), (1, 100));
            assert_eq!((journal.last_sequence(), journal.chain()), (100, chain));
            let mut next = 1;
            let count = recovery.replay(|entry| {
                assert_eq!((entry.sequence, entry.time_ms), (next, time_ms(next)));
                assert_eq!(entry.payload, payload(next));
                next += 1;
            });
            assert_eq!(count.unwrap(), 100);
            assert_eq!(verify(storage.clone()).unwrap().chain, chain);
        });
    }
}

#[test]
fn the_chain_does_not_depend_on_batches() {
    let chain = |batch: u64| {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let mut journal = open(&storage, options());
        while journal.last_sequence() < 12 {
            for _ in 0..batch {
                small::append(&mut journal);
            }
            journal.commit().unwrap();
        }
        journal.chain()
    };
    assert_eq!(chain(1), chain(2));
    assert_eq!(chain(1), chain(3));
}

#[test]
fn a_reader_starts_anywhere() {
    on_each(|storage| {
        let mut journal = open(&storage, options());
        let mut chains = vec![<[u8; 32]>::from(Sha256::digest(b""))];
        while journal.last_sequence() < 40 {
            small::append(&mut journal);
            small::append(&mut journal);
            journal.commit().unwrap();
            let mut reader = journal.reader(journal.last_sequence() - 1).unwrap();
            reader.next_entry(u64::MAX).unwrap().unwrap();
            chains.push(reader.chain());
            reader.next_entry(u64::MAX).unwrap().unwrap();
            chains.push(reader.chain());
        }
        for from in 1..=41 {
            let mut reader = Reader::open(storage.clone(), from).unwrap();
            assert_eq!(reader.sequence(), from - 1);
            assert_eq!(reader.chain(), chains[from as usize - 1], "from {from}");
            for sequence in from..=40 {
                let entry = reader.next_entry(40).unwrap().unwrap();
                assert_eq!((entry.sequence, entry.payload), (sequence, &payload(sequence)[..]));
                assert_eq!(reader.chain(), chains[sequence as usize]);
            }
            assert!(reader.next_entry(40).unwrap().is_none());
        }
        let beyond = Reader::open(storage.clone(), 42).unwrap_err();
        assert!(matches!(beyond, ReadError::BeyondEnd { sequence: 41, .. }), "{beyond}");
    });
}

#[test]
fn nothing_staged_is_nothing_written() {
    on_each(|storage| {
        let mut journal = open(&storage, options());
        journal.commit().unwrap();
        small::append(&mut journal);
        assert_eq!((journal.last_sequence(), journal.staged()), (0, 1));
        drop(journal);
        let journal = open(&storage, options());
        assert_eq!(journal.last_sequence(), 0);
    });
}

#[test]
fn a_full_batch_asks_for_a_commit() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let mut journal = open(&storage, options());
    let long = vec![7; 600];
    journal.append(0, &long).unwrap();
    journal.append(0, &long).unwrap();
    let full = journal.append(0, &long).unwrap_err();
    assert!(matches!(full, AppendError::BatchFull), "{full}");
    assert_eq!(journal.staged(), 2);
    journal.commit().unwrap();
    assert_eq!(journal.append(0, &long).unwrap(), 3);
    let (bytes, bytes_max) = (1536 - 92 + 1, 1536 - 92);
    let refused = journal.append(0, &vec![0; bytes]).unwrap_err();
    assert!(matches!(refused, AppendError::PayloadTooLong { bytes: b, bytes_max: m }
        if b == bytes && m == bytes_max));
    let refused = journal.append_with(0, |buffer| buffer.resize(buffer.len() + bytes, 1));
    assert!(matches!(refused, Err(AppendError::PayloadTooLong { .. })));
    journal.commit().unwrap();
    assert_eq!(journal.append(0, &vec![1; bytes_max]).unwrap(), 4);
    journal.commit().unwrap();
    assert_eq!(verify(storage).unwrap().last_sequence, 4);
}

#[test]
fn the_longest_payload_fits_the_default_settings() {
    on_each(|storage| {
        let mut journal = open(&storage, Options::default());
        let longest = vec![0xEE; PAYLOAD_BYTES_MAX];
        for _ in 0..4 {
            journal.append(1, &longest).unwrap();
            assert!(matches!(journal.append(1, &longest), Err(AppendError::BatchFull)));
            journal.commit().unwrap();
        }
        let refused = journal.append(1, &vec![0; PAYLOAD_BYTES_MAX + 1]);
        assert!(matches!(refused, Err(AppendError::PayloadTooLong { .. })));
        const { assert!(BATCH_BYTES_MAX > PAYLOAD_BYTES_MAX) };
        drop(journal);
        let mut reader = Reader::open(storage.clone(), 4).unwrap();
        assert_eq!(reader.next_entry(4).unwrap().unwrap().payload, longest);
    });
}

#[test]
fn an_encoder_that_panics_leaves_no_trace() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let mut journal = open(&storage, options());
    small::append(&mut journal);
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = journal.append_with(0, |buffer| {
            buffer.push(1);
            panic!("the encoder gave up");
        });
    }));
    assert!(panics.is_err());
    small::append(&mut journal);
    journal.commit().unwrap();
    let mut reader = journal.reader(1).unwrap();
    for sequence in 1..=2 {
        assert_eq!(reader.next_entry(2).unwrap().unwrap().payload, payload(sequence));
    }
}

#[test]
fn settings_may_change_between_runs() {
    on_each(|storage| {
        let sizes = [(2560, 1536), (8192, 4096), (1536, 1024), (65536, 32768), (2048, 512)];
        let mut last = 0;
        for (segment_bytes, batch_bytes_max) in sizes {
            let options = Options {
                segment_bytes,
                segment_bytes_first: segment_bytes,
                reserve_bytes: segment_bytes,
                batch_bytes_max,
                background: false,
                ..Options::default()
            };
            let mut journal = open(&storage, options);
            assert_eq!(journal.last_sequence(), last);
            last += 12;
            while journal.last_sequence() < last {
                small::append(&mut journal);
                journal.commit().unwrap();
            }
        }
        assert_eq!(verify(storage).unwrap().entries, 60);
    });
}

#[test]
fn one_owner_at_a_time() {
    on_each(|storage| {
        let journal = open(&storage, options());
        let writer = journal.snapshot_writer();
        let refused = Journal::open(storage.clone(), options()).map(|_| ()).unwrap_err();
        let OpenError::Lock(LockError::InUse { folder, process }) = &refused else {
            panic!("{refused}");
        };
        assert_eq!(process, &std::process::id().to_string());
        let text = refused.to_string();
        let start = format!("data folder {folder} is in use by process {process}; ");
        assert!(text.starts_with(&start), "{text}");
        drop(journal);
        // A snapshot may still be on its way.
        assert!(matches!(Journal::open(storage.clone(), options()), Err(OpenError::Lock(_))));
        drop(writer);
        open(&storage, options());
    });
}

#[test]
fn only_the_owner_can_read_the_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/data");
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::create(&folder).unwrap());
    let mut journal = open(&storage, options());
    small::fill(&mut journal, 30);
    small::snapshot(&journal);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
        files += 1;
    }
    assert!(files > 5);
    assert!(FileStorage::existing(parent.path().join("none")).is_err());
    assert!(FileStorage::existing(folder.join("lock")).is_err());
}

#[test]
fn foreign_files_are_left_alone() {
    on_each(|storage| {
        let names = ["history.sqlite", "admin-token", "notes.tmp", "segment-1", "snapshot-x"];
        for name in names {
            storage.create(name).unwrap().write_at(b"theirs", 0).unwrap();
        }
        let mut journal = open(&storage, small::covering());
        small::fill(&mut journal, 40);
        small::snapshot(&journal);
        drop(journal);
        open(&storage, options());
        for name in names {
            assert_eq!(storage.open(name, Access::Read).unwrap().size().unwrap(), 6, "{name}");
        }
    });
}

#[test]
fn an_idle_folder_is_small() {
    let storage = MemoryStorage::new();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let mut journal = open(&shared, Options { background: false, ..Options::default() });
    assert!(storage.used_bytes() < 5 << 20, "{}", storage.used_bytes());
    journal.append(1, b"first").unwrap();
    journal.commit().unwrap();
    assert!(storage.used_bytes() < 7 << 20, "{}", storage.used_bytes());
}
