//! What cannot be trusted is refused, and named.

use std::sync::Arc;

use openmart_exchange::{Exchange, OpenError, Options};
use openmart_journal::{CrashPolicy, Journal, MemoryStorage, SnapshotData};
use openmart_model::{Command, NewAccount};

use crate::venue::{ACCOUNTS, Dice, deposit, listed, options, portrait, run, without_snapshots};

fn refusal(storage: &MemoryStorage) -> OpenError {
    Exchange::open(Arc::new(storage.clone()), options()).map(|_| ()).unwrap_err()
}

/// A folder without a snapshot, and the one that would belong into it.
fn folder_and_snapshot() -> (MemoryStorage, SnapshotData) {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    exchange.close().unwrap();
    let (_, mut recovery) = Journal::open(Arc::new(storage.clone()), options().journal).unwrap();
    let snapshot = recovery.snapshot.take().unwrap();
    drop(recovery);
    (without_snapshots(&storage), snapshot)
}

fn write(storage: &MemoryStorage, snapshot: &SnapshotData) {
    let (journal, _) = Journal::open(Arc::new(storage.clone()), options().journal).unwrap();
    let SnapshotData { sequence, chain, digest, bytes } = snapshot;
    journal.snapshot_writer().write(*sequence, chain, *digest, bytes).unwrap();
}

#[test]
fn a_snapshot_of_another_digest_is_refused() {
    let (storage, snapshot) = folder_and_snapshot();
    write(&storage, &SnapshotData { digest: snapshot.digest ^ 1, ..snapshot.clone() });
    let error = refusal(&storage);
    let OpenError::SnapshotDigest { sequence, expected, found } = error else {
        panic!("{error}");
    };
    assert_eq!(
        (sequence, expected, found),
        (snapshot.sequence, snapshot.digest ^ 1, snapshot.digest)
    );
}

#[test]
fn a_snapshot_of_another_sequence_is_refused() {
    let (storage, snapshot) = folder_and_snapshot();
    let (mut journal, _) = Journal::open(Arc::new(storage.clone()), options().journal).unwrap();
    let mut payload = Vec::new();
    deposit(0, 1).encode(&mut payload);
    journal.append(1, &payload).unwrap();
    journal.commit().unwrap();
    let (sequence, chain) = (journal.last_sequence(), journal.chain());
    drop(journal);
    write(&storage, &SnapshotData { sequence, chain, ..snapshot.clone() });
    let error = refusal(&storage);
    let OpenError::SnapshotSequence { sequence: named, found } = error else {
        panic!("{error}");
    };
    assert_eq!((named, found), (sequence, snapshot.sequence));
}

#[test]
fn a_snapshot_that_is_no_state_is_refused() {
    let (storage, snapshot) = folder_and_snapshot();
    for cut in [0, 3, 4, 20, snapshot.bytes.len() / 2, snapshot.bytes.len() - 1] {
        let storage = MemoryStorage::with_files(storage.files());
        write(
            &storage,
            &SnapshotData { bytes: snapshot.bytes[..cut].to_vec(), ..snapshot.clone() },
        );
        let error = refusal(&storage);
        assert!(matches!(error, OpenError::SnapshotForm { .. }), "cut at {cut}: {error}");
    }
}

#[test]
fn changed_snapshot_bytes_are_refused_or_hold_the_same_state() {
    let (storage, snapshot) = folder_and_snapshot();
    for byte in 0..snapshot.bytes.len() {
        let storage = MemoryStorage::with_files(storage.files());
        let mut bytes = snapshot.bytes.clone();
        bytes[byte] ^= 1 << (byte % 8);
        write(&storage, &SnapshotData { bytes, ..snapshot.clone() });
        // The journal would have found it: here its checksum vouches for changed bytes. What the
        // digest covers is still found; time and market data are not part of it.
        if let Ok((exchange, _)) = Exchange::open(Arc::new(storage), options()) {
            exchange.view(|state| assert_eq!(state.engine().digest(), snapshot.digest));
        }
    }
}

#[test]
fn an_entry_that_is_no_command_is_refused() {
    let (storage, snapshot) = folder_and_snapshot();
    let (mut journal, _) = Journal::open(Arc::new(storage.clone()), options().journal).unwrap();
    journal.append(1, b"\xff no command").unwrap();
    journal.commit().unwrap();
    drop(journal);
    let error = refusal(&storage);
    let OpenError::Entry { sequence, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(sequence, snapshot.sequence + 1);
    // The folder was left alone and is free.
    assert!(matches!(refusal(&storage), OpenError::Entry { .. }));
}

#[test]
fn a_torn_end_and_a_damaged_snapshot_are_reported() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    exchange.close().unwrap();
    let kept = portrait(&exchange);
    let sequence = kept.sequence;
    let mut files = storage.files();
    let name = format!("snapshot-{sequence:020}");
    *files.get_mut(&name).unwrap().last_mut().unwrap() ^= 1;
    let storage = MemoryStorage::with_files(files);
    let (exchange, report) = Exchange::open(Arc::new(storage.clone()), options()).unwrap();
    assert_eq!((report.snapshot_sequence, report.entries_replayed), (None, sequence));
    assert_eq!(report.damaged_snapshots.len(), 1);
    assert_eq!(portrait(&exchange), kept);

    // A write cut short: half of the next batch reaches the disk. It must be longer than a sector.
    let name = "long".repeat(1_000);
    let long = Command::AddAccount(NewAccount { name, deposits: vec![], keys: vec![] });
    storage.fail_write_after(0);
    let _ = exchange.execute_blocking(long).unwrap_err();
    let image = storage.crash_image(CrashPolicy::Keep);
    let (exchange, report) = Exchange::open(Arc::new(image), options()).unwrap();
    assert_eq!(report.torn_tail.as_ref().unwrap().first_sequence, sequence + 1);
    assert!(report.to_string().contains("cut"), "{report}");
    assert_eq!(portrait(&exchange), kept);
    run(&exchange, [deposit(0, 1)]);
    assert_eq!(exchange.status().sequence, sequence + 1);
}

/// So many entries are read by a thread beside the one that applies them.
#[test]
fn a_long_journal_leads_to_the_same_state_and_what_is_wrong_in_it_is_found() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let mut dice = Dice(7);
    for _ in 0..20 {
        let submit = |at| exchange.submit(dice.command(at % ACCOUNTS)).unwrap();
        let submitted: Vec<_> = (0..1_000).map(submit).collect();
        for pending in submitted {
            pending.wait().unwrap();
        }
    }
    let kept = portrait(&exchange);
    drop(exchange);
    let (exchange, report) = Exchange::open(Arc::new(storage.clone()), options()).unwrap();
    assert_eq!((report.snapshot_sequence, report.entries_replayed), (None, kept.sequence));
    assert_eq!(portrait(&exchange), kept);
    drop(exchange);

    let mut files = storage.files();
    let segments = files.keys().filter(|name| name.starts_with("segment-0"));
    let middle = segments.clone().nth(segments.count() / 2).unwrap().clone();
    files.get_mut(&middle).unwrap()[20_000] ^= 1;
    let error = refusal(&MemoryStorage::with_files(files)).to_string();
    assert!(error.contains(&middle), "{error}");

    let (mut journal, _) = Journal::open(Arc::new(storage.clone()), options().journal).unwrap();
    journal.append(1, b"\xff no command").unwrap();
    journal.commit().unwrap();
    drop(journal);
    let error = refusal(&storage);
    assert!(matches!(error, OpenError::Entry { sequence, .. } if sequence == kept.sequence + 1));
}

#[test]
fn limits_of_zero_are_refused() {
    for settings in [
        Options { queue_cancels_max: 0, ..options() },
        Options { queue_orders_max: 0, ..options() },
        Options { batch_entries_max: 0, ..options() },
    ] {
        let storage = Arc::new(MemoryStorage::new());
        let error = Exchange::open(storage, settings).map(|_| ()).unwrap_err();
        assert!(matches!(error, OpenError::Options(_)), "{error}");
    }
}
