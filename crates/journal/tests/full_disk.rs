//! A disk that fills up: new entries can be refused while there is still room for those that
//! cannot wait, and nothing acknowledged is lost.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use openmart_journal::{AppendError, MemoryStorage, Space};
use small::{append, open_exact, options};

#[test]
fn a_full_disk_leaves_a_reserve_and_recovers() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    small::fill(&mut journal, 3);
    assert_eq!(journal.space(), Space::Ample);
    assert_eq!(journal.space_cause(), None);

    // Current, next and reserve are there; nothing more will be.
    storage.set_capacity(Some(storage.used_bytes()));
    let mut until_reserve = 0;
    while journal.space() == Space::Ample {
        append(&mut journal);
        journal.commit().unwrap();
        until_reserve += 1;
    }
    assert!(until_reserve >= 1);
    assert_eq!(journal.space(), Space::Reserve);
    let cause = journal.space_cause().unwrap();
    assert!(cause.contains("segment-"), "{cause}");

    let mut in_reserve = 0;
    let refused = loop {
        let next = journal.last_sequence() + 1;
        match journal.append(small::time_ms(next), &small::payload(next)) {
            Ok(_) => journal.commit().unwrap(),
            Err(error) => break error,
        }
        in_reserve += 1;
    };
    assert!(matches!(refused, AppendError::Full), "{refused}");
    assert!(in_reserve >= 4, "{in_reserve}");
    assert_eq!(journal.space(), Space::Exhausted);
    assert!(journal.poisoned().is_none());

    // A restart on the full disk works, and still refuses.
    let last = journal.last_sequence();
    drop(journal);
    let mut opened = open_exact(&storage, options()).unwrap();
    assert_eq!((opened.last_sequence, opened.reported), (last, false));
    assert_eq!(opened.journal.space(), Space::Exhausted);

    storage.set_capacity(None);
    opened.journal.retry_space();
    assert_eq!(opened.journal.space(), Space::Ample);
    small::fill(&mut opened.journal, last + 20);
    drop(opened);
    assert_eq!(open_exact(&storage, options()).unwrap().last_sequence, last + 20);
}

#[test]
fn space_freed_is_noticed_by_a_commit() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    small::fill(&mut journal, 1);
    storage.set_capacity(Some(storage.used_bytes()));
    while journal.space() == Space::Ample {
        append(&mut journal);
        journal.commit().unwrap();
    }
    storage.set_capacity(None);
    append(&mut journal);
    journal.commit().unwrap();
    assert_eq!(journal.space(), Space::Ample);
}

#[test]
fn the_reserve_is_used_and_made_again() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    small::fill(&mut journal, 1);
    storage.set_capacity(Some(storage.used_bytes()));
    while storage.files().contains_key("segment-reserve") {
        append(&mut journal);
        journal.commit().unwrap();
    }
    assert_ne!(journal.space(), Space::Ample);
    storage.set_capacity(None);
    journal.retry_space();
    assert!(storage.files().contains_key("segment-reserve"));
    let last = journal.last_sequence();
    drop(journal);
    assert_eq!(open_exact(&storage, options()).unwrap().last_sequence, last);
}

#[test]
fn a_snapshot_that_does_not_fit_harms_nothing() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    small::fill(&mut journal, 5);
    small::snapshot(&journal);
    small::fill(&mut journal, 8);
    storage.set_capacity(Some(storage.used_bytes() + 10));
    let writer = journal.snapshot_writer();
    writer.write(8, &journal.chain(), !8, &small::state(8)).unwrap_err();
    assert!(!storage.files().keys().any(|name| name.ends_with(".tmp")));
    storage.set_capacity(None);
    small::fill(&mut journal, 12);
    drop((journal, writer));
    let opened = open_exact(&storage, options()).unwrap();
    assert_eq!((opened.last_sequence, opened.snapshot), (12, Some(5)));
}

#[test]
fn no_room_for_the_first_segment_is_an_error_with_a_cause() {
    let storage = MemoryStorage::new();
    storage.set_capacity(Some(100));
    let refused = openmart_journal::Journal::open(std::sync::Arc::new(storage), options());
    let text = refused.map(|_| ()).unwrap_err().to_string();
    assert!(text.contains("segment-000000000001"), "{text}");
}
