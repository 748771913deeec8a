//! Power cuts at every boundary between two calls to the disk, with unsynced sectors dropped,
//! kept or torn: what is found afterwards is exactly what was acknowledged, or that and the
//! whole batch that was being committed.

#![allow(clippy::unwrap_used, reason = "a failed test may say so by panicking")]

mod small;

use std::sync::Arc;

use openmart_journal::{CrashPolicy, Journal, MemoryStorage};
use small::{append, covering, open_exact, options, payload, state, time_ms};

/// Seeds tried at each boundary.
const SEEDS: u64 = 100;

/// What the writer knew when the power went.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    acknowledged: u64,
    /// Acknowledged, and what was being committed.
    attempted: u64,
}

/// Commits batches and writes snapshots until a commit fails or the script ends.
fn run_script(storage: &MemoryStorage, options: openmart_journal::Options, known: &mut Known) {
    let Ok((mut journal, mut recovery)) = Journal::open(Arc::new(storage.clone()), options) else {
        return;
    };
    recovery.replay(|_| ()).unwrap();
    for step in 0..16 {
        for _ in 0..step % 3 + 1 {
            let next = journal.last_sequence() + journal.staged() as u64 + 1;
            let Ok(sequence) = journal.append(time_ms(next), &payload(next)) else {
                return;
            };
            known.attempted = sequence;
        }
        if journal.commit().is_err() {
            return;
        }
        known.acknowledged = journal.last_sequence();
        if step % 4 == 3 {
            let sequence = journal.last_sequence();
            let bytes = state(sequence);
            // For lack of space it may fail; after a power cut the next commit does too.
            let writer = journal.snapshot_writer();
            let _ = writer.write(sequence, &journal.chain(), !sequence, &bytes);
        }
    }
}

fn policies(boundary: u64) -> impl Iterator<Item = CrashPolicy> {
    let seeds = (0..SEEDS).map(move |seed| CrashPolicy::Mixed(boundary * SEEDS + seed));
    [CrashPolicy::Drop, CrashPolicy::Keep].into_iter().chain(seeds)
}

fn check(image: &MemoryStorage, options: openmart_journal::Options, known: Known, what: &str) {
    let mut opened = match open_exact(image, options.clone()) {
        Ok(opened) => opened,
        Err(damage) => panic!("{what}: a crash was taken for damage: {damage}"),
    };
    let found = opened.last_sequence;
    let whole = found == known.acknowledged || found == known.attempted;
    assert!(whole, "{what}: {known:?}, found {found}");
    append(&mut opened.journal);
    opened.journal.commit().unwrap();
    drop(opened);
    let settled = open_exact(&image.crash_image(CrashPolicy::Drop), options).unwrap();
    assert_eq!(settled.last_sequence, found + 1, "{what}");
    assert!(!settled.reported, "{what}");
}

#[test]
fn power_cut_at_every_boundary() {
    // The last of these runs into a full disk and uses the reserve.
    for (options, capacity) in [(options(), None), (covering(), None), (options(), Some(6 * 2560))]
    {
        let whole = MemoryStorage::new();
        whole.set_capacity(capacity);
        run_script(&whole, options.clone(), &mut Known::default());
        assert!(whole.operations() > 50);
        assert_eq!(capacity.is_some(), !whole.files().contains_key("segment-reserve"));
        for boundary in 0..whole.operations() {
            let storage = MemoryStorage::new();
            storage.set_capacity(capacity);
            storage.halt_after(boundary);
            let mut known = Known::default();
            run_script(&storage, options.clone(), &mut known);
            for policy in policies(boundary) {
                let what = format!("boundary {boundary}, {policy:?}, {:?}", options.retention);
                check(&storage.crash_image(policy), options.clone(), known, &what);
            }
        }
    }
}

/// The recovery from one power cut is cut short by another, at each of its own boundaries.
#[test]
fn power_cut_during_recovery() {
    let whole = MemoryStorage::new();
    run_script(&whole, covering(), &mut Known::default());
    for boundary in (0..whole.operations()).step_by(3) {
        let storage = MemoryStorage::new();
        storage.halt_after(boundary);
        let mut known = Known::default();
        run_script(&storage, covering(), &mut known);
        let first = storage.crash_image(CrashPolicy::Mixed(boundary));
        for second in 0..20 {
            let image = first.crash_image(CrashPolicy::Keep);
            image.halt_after(second);
            let finished = Journal::open(Arc::new(image.clone()), covering()).is_ok();
            for policy in [CrashPolicy::Drop, CrashPolicy::Mixed(boundary * 31 + second)] {
                let what = format!("boundary {boundary}, then {second}, {policy:?}");
                check(&image.crash_image(policy), covering(), known, &what);
            }
            if finished && image.operations() < second {
                break;
            }
        }
    }
}

/// First the process is killed, with the system's memory of the disk intact; its successor
/// commits; then the power goes. Nothing the successor built on may turn out to be unsynced.
#[test]
fn power_cut_after_a_killed_process() {
    let capacity = Some(6 * 2560);
    let whole = MemoryStorage::new();
    whole.set_capacity(capacity);
    run_script(&whole, options(), &mut Known::default());
    for boundary in 0..whole.operations() {
        let storage = MemoryStorage::new();
        storage.set_capacity(capacity);
        storage.halt_after(boundary);
        let mut known = Known::default();
        run_script(&storage, options(), &mut known);
        storage.clear_faults();
        storage.set_capacity(None);
        check(&storage, options(), known, &format!("boundary {boundary}"));
    }
}

/// A write or sync that fails while the machine stays up: the journal stops, and the next open
/// settles what became of the batch, durably.
#[test]
fn a_failed_write_or_sync_poisons_and_reopening_settles_it() {
    for fail_sync in [false, true] {
        for nth in 0..60 {
            let storage = MemoryStorage::new();
            if fail_sync {
                storage.fail_sync_after(nth);
            } else {
                storage.fail_write_after(nth);
            }
            let mut known = Known::default();
            run_script(&storage, options(), &mut known);
            let what = format!("sync {fail_sync}, number {nth}");
            storage.clear_faults();
            // The process restarts; its memory of the disk may be better than the disk.
            let reopened = open_exact(&storage, options()).unwrap();
            let found = reopened.last_sequence;
            drop(reopened);
            assert!(found == known.acknowledged || found == known.attempted, "{what}");
            let known = Known { acknowledged: found, attempted: found };
            check(&storage.crash_image(CrashPolicy::Drop), options(), known, &what);
        }
    }
}

#[test]
fn a_poisoned_journal_repeats_the_first_cause() {
    let storage = MemoryStorage::new();
    let mut journal = open_exact(&storage, options()).unwrap().journal;
    small::fill(&mut journal, 4);
    append(&mut journal);
    storage.fail_sync_after(0);
    let first = journal.commit().unwrap_err().to_string();
    assert!(first.contains("segment-") && first.contains("injected: sync failed"), "{first}");
    let cause = journal.poisoned().unwrap().to_owned();
    assert!(first.contains("injected") && cause == first);
    assert!(journal.append(0, b"x").unwrap_err().to_string().contains(&cause));
    assert!(journal.commit().unwrap_err().to_string().contains(&cause));
    let writer = journal.snapshot_writer();
    let refused = writer.write(4, &journal.chain(), 0, b"").unwrap_err().to_string();
    assert!(refused.contains(&cause), "{refused}");
}
