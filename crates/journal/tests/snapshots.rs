//! Snapshots: kept, checked, fallen back from, and what retention removes because of them.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use std::sync::Arc;

use openmart_journal::{
    Access, DamageKind, Journal, MemoryStorage, OpenError, ReadError, Reader, Remedy,
    SnapshotError, Storage,
};
use small::{append, covering, files, fill, open_exact, options, snapshot, state};

fn names(storage: &MemoryStorage, start: &str) -> Vec<String> {
    storage.files().into_keys().filter(|name| name.starts_with(start)).collect()
}

#[test]
fn the_newest_snapshot_and_the_rest_is_replayed() {
    let storage = MemoryStorage::with_files(files(22, &[5, 11]));
    let (_journal, mut recovery) = Journal::open(Arc::new(storage), options()).unwrap();
    let data = recovery.snapshot.clone().unwrap();
    assert_eq!((data.sequence, data.digest, data.bytes), (11, !11, state(11)));
    let first = recovery.next_entry().unwrap().unwrap().sequence;
    assert_eq!(first, 12);
    assert_eq!(recovery.replay(|_| ()).unwrap(), 10);
}

#[test]
fn only_so_many_snapshots_are_kept() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    for sequence in [2, 4, 6, 8] {
        fill(&mut journal, sequence);
        snapshot(&journal);
        snapshot(&journal);
    }
    assert_eq!(names(&storage, "snapshot-").len(), 2);
    drop(journal);
    assert_eq!(open_exact(&storage, options()).unwrap().snapshot, Some(8));
    assert!(names(&storage, "segment-").contains(&"segment-000000000001".to_owned()));
}

#[test]
fn a_damaged_snapshot_is_passed_over_reported_and_moved_aside() {
    for damaged in [vec![11], vec![5, 11]] {
        let mut bytes = files(22, &[5, 11]);
        for sequence in &damaged {
            bytes.get_mut(&format!("snapshot-{sequence:020}")).unwrap()[150] ^= 1;
        }
        let storage = MemoryStorage::with_files(bytes);
        let (journal, recovery) = Journal::open(Arc::new(storage.clone()), options()).unwrap();
        assert_eq!(recovery.damaged_snapshots.len(), damaged.len());
        let told = recovery.damaged_snapshots[0].to_string();
        assert!(told.contains("snapshot-00000000000000000011"), "{told}");
        drop((journal, recovery));
        assert!(names(&storage, "snapshot-").iter().any(|name| name.ends_with("11.damaged")));
        let mut opened = open_exact(&storage, options()).unwrap();
        assert_eq!(opened.snapshot, (damaged.len() == 1).then_some(5));
        assert!(!opened.reported);
        fill(&mut opened.journal, 25);
        snapshot(&opened.journal);
        drop(opened);
        assert_eq!(open_exact(&storage, options()).unwrap().snapshot, Some(25));
    }
}

#[test]
fn a_snapshot_that_contradicts_the_journal_is_refused() {
    let ours = files(22, &[5]);
    let name = "snapshot-00000000000000000005".to_owned();

    // Of another journal: same sequence, other entries.
    let storage = MemoryStorage::new();
    let mut other = open_exact(&storage, options()).unwrap().journal;
    for _ in 0..5 {
        other.append(0, b"another").unwrap();
    }
    other.commit().unwrap();
    other.snapshot_writer().write(5, &other.chain(), 0, b"theirs").unwrap();
    let mut mixed = ours.clone();
    mixed.insert(name.clone(), storage.files()[&name].clone());
    let damage = open_exact(&MemoryStorage::with_files(mixed), options()).unwrap_err();
    assert_eq!(damage.what, DamageKind::SnapshotChain(5));
    assert_eq!((damage.file.as_str(), damage.what.remedy()), (&*name, Remedy::MoveSnapshotAside));

    // Of a later state than the journal has.
    let mut ahead = files(3, &[]);
    ahead.remove("acknowledged");
    ahead.insert(name.clone(), ours[&name].clone());
    let damage = open_exact(&MemoryStorage::with_files(ahead), options()).unwrap_err();
    assert_eq!(damage.what, DamageKind::SnapshotBeyondEnd { sequence: 5, last: 3 });

    // Without any journal.
    let alone = MemoryStorage::with_files([(name, ours["snapshot-00000000000000000005"].clone())]);
    open_exact(&alone, options()).unwrap_err();
}

#[test]
fn wrong_snapshots_are_not_written() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    fill(&mut journal, 9);
    let writer = journal.snapshot_writer();
    let chain = journal.chain();
    let ahead = writer.write(10, &chain, 0, b"").unwrap_err();
    assert!(matches!(ahead, SnapshotError::AheadOfJournal { sequence: 10, last: 9 }));
    let differs = writer.write(8, &chain, 0, b"").unwrap_err();
    assert!(matches!(differs, SnapshotError::ChainDiffers(8)));
    writer.write(9, &chain, !9, &state(9)).unwrap();
    let older = writer.write(8, &chain, 0, b"").unwrap_err();
    assert!(matches!(older, SnapshotError::Older { sequence: 8, newest: 9 }));
    assert_eq!(names(&storage, "snapshot-").len(), 1);
}

#[test]
fn a_snapshot_may_stand_inside_a_batch() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    for _ in 0..5 {
        append(&mut journal);
    }
    journal.commit().unwrap();
    let mut reader = journal.reader(1).unwrap();
    reader.for_each(3, |_| ()).unwrap();
    journal.snapshot_writer().write(3, &reader.chain(), !3, &state(3)).unwrap();
    drop(journal);
    let opened = open_exact(&storage, options()).unwrap();
    assert_eq!((opened.snapshot, opened.last_sequence), (Some(3), 5));
}

#[test]
fn retention_removes_what_the_older_snapshot_covers() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, covering()).unwrap().journal;
    fill(&mut journal, 30);
    snapshot(&journal);
    assert!(names(&storage, "segment-").contains(&"segment-000000000001".to_owned()));
    let behind = journal.reader(1).unwrap();
    fill(&mut journal, 60);
    snapshot(&journal);
    let kept = names(&storage, "segment-");
    assert!(!kept.contains(&"segment-000000000001".to_owned()), "{kept:?}");

    // Segments before 30 are gone, and what both snapshots need is still there.
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let gone = Reader::open(shared.clone(), 1).unwrap_err();
    assert!(matches!(gone, ReadError::Gone { sequence: 1, .. }), "{gone}");
    Reader::open(shared.clone(), 31).unwrap();
    // A reader that was left behind is told so; it has the file of its segment still open.
    let mut behind = behind;
    let gone = behind.for_each(60, |_| ()).unwrap_err();
    assert!(matches!(gone, ReadError::Gone { .. }), "{gone}");
    drop(journal);

    let report = openmart_journal::verify(shared.clone()).unwrap();
    assert!(report.first_sequence > 1 && report.first_sequence <= 31 && report.is_sound());
    let mut bytes = storage.files();
    bytes.get_mut("snapshot-00000000000000000060").unwrap()[0] ^= 1;
    let fallen = open_exact(&MemoryStorage::with_files(bytes.clone()), covering()).unwrap();
    assert_eq!((fallen.snapshot, fallen.last_sequence), (Some(30), 60));
    bytes.get_mut("snapshot-00000000000000000030").unwrap()[0] ^= 1;
    let damage = open_exact(&MemoryStorage::with_files(bytes), covering()).unwrap_err();
    assert!(matches!(damage.what, DamageKind::NoStart(_)), "{damage}");
}

#[test]
fn a_snapshot_is_kept_though_what_it_replaces_cannot_be_removed() {
    // The sync of the snapshot, of its name, and of the removals.
    for (skip, kept) in [(0, false), (1, false), (2, true)] {
        let storage = MemoryStorage::new();
        let mut journal = open_exact(&storage, covering()).unwrap().journal;
        fill(&mut journal, 30);
        snapshot(&journal);
        fill(&mut journal, 60);
        storage.fail_sync_after(skip);
        let writer = journal.snapshot_writer();
        let written = writer.write(60, &journal.chain(), !60, &state(60));
        assert_eq!(written.is_ok(), kept, "{written:?}");
        fill(&mut journal, 70);
        snapshot(&journal);
    }
}

#[test]
fn retention_trusts_no_snapshot_it_has_not_read() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    for sequence in [20, 40] {
        fill(&mut journal, sequence);
        snapshot(&journal);
    }
    drop(journal);
    let mut bytes = storage.files();
    bytes.get_mut("snapshot-00000000000000000040").unwrap()[200] ^= 1;
    let storage = MemoryStorage::with_files(bytes);
    let mut journal = open_exact(&storage, covering()).unwrap().journal;
    fill(&mut journal, 60);
    snapshot(&journal);
    // 20 and 60 are sound: nothing after 20 may go.
    Reader::open(Arc::new(storage.clone()), 21).unwrap();
    drop(journal);
    open_exact(&storage, covering()).unwrap();
}

#[test]
fn damage_before_the_snapshot_is_found_by_verify_and_after_it_by_the_replay() {
    let mut bytes = files(40, &[5]);
    bytes.get_mut("segment-000000000003").unwrap()[700] ^= 1;
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::with_files(bytes));
    match Journal::open(storage, options()) {
        Err(OpenError::Damage(_)) => {}
        Err(error) => panic!("{error}"),
        Ok((mut journal, mut recovery)) => {
            let error = recovery.replay(|_| ()).unwrap_err();
            assert!(error.to_string().contains("segment-000000000003"), "{error}");
            assert_eq!(journal.poisoned(), Some(error.to_string().as_str()));
            journal.append(0, b"").unwrap_err();
        }
    }
}

#[test]
fn the_newest_snapshot_is_read_back_and_a_damaged_one_passed_over() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    let writer = journal.snapshot_writer();
    assert!(writer.newest().is_none());
    for sequence in [5, 11] {
        fill(&mut journal, sequence);
        snapshot(&journal);
        let newest = writer.newest().unwrap();
        assert_eq!((newest.sequence, newest.digest), (sequence, !sequence));
        assert_eq!((newest.chain, newest.bytes), (journal.chain(), state(sequence)));
    }
    let name = format!("snapshot-{:020}", 11);
    let file = storage.open(&name, Access::Write).unwrap();
    file.write_at(b"?", 150).unwrap();
    assert_eq!(writer.newest().unwrap().sequence, 5);
    storage.remove(&format!("snapshot-{:020}", 5)).unwrap();
    assert!(writer.newest().is_none());
    // Neither keeps the next one from being written.
    fill(&mut journal, 13);
    snapshot(&journal);
    assert_eq!(writer.newest().unwrap().bytes, state(13));
}
