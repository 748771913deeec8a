//! Snapshots beside the running pipeline.

use std::sync::Arc;

use openmart_exchange::{Exchange, Options, SnapshotError};
use openmart_journal::{Access, CrashPolicy, MemoryStorage, Storage};

use crate::venue::{
    ACCOUNTS, Dice, deposit, listed, listing, open, options, portrait, run, without_snapshots,
};
use openmart_journal::{Gate, GatedStorage};

#[test]
fn snapshots_under_load_lead_to_the_same_state_after_a_crash() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let (threads, each) = (4, 400);
    std::thread::scope(|scope| {
        for seed in 0..threads {
            let exchange = &exchange;
            scope.spawn(move || {
                let mut dice = Dice(seed);
                run(exchange, (0..each).map(|_| dice.command(seed as u32 % ACCOUNTS)));
            });
        }
        let mut last = 0;
        for _ in 0..10 {
            let sequence = exchange.snapshot().wait().unwrap();
            assert!(sequence >= last);
            last = sequence;
        }
    });
    let kept = portrait(&exchange);
    let status = exchange.status();
    assert!(status.snapshot_sequence > 0 && status.counters.snapshots > 0);
    assert_eq!(status.counters.snapshots_failed, 0);

    let image = storage.crash_image(CrashPolicy::Drop);
    let scratch = without_snapshots(&image);
    let (recovered, report) = Exchange::open(Arc::new(image), options()).unwrap();
    assert_eq!(report.snapshot_sequence, Some(status.snapshot_sequence));
    assert_eq!(report.entries_replayed, kept.sequence - status.snapshot_sequence);
    assert_eq!(portrait(&recovered), kept);
    assert_eq!(portrait(&open(&scratch)), kept);
}

#[test]
fn the_bytes_of_a_snapshot_depend_on_the_state_alone() {
    for seed in 0..10 {
        let storage = MemoryStorage::new();
        let exchange = listed(&storage);
        let mut dice = Dice(seed);
        run(&exchange, (0..100).map(|_| dice.command(0)));
        // One way: from the snapshot before. Another: the live state. A third: from the entries.
        let first = exchange.snapshot().wait().unwrap();
        run(&exchange, (0..100).map(|_| dice.command(1)));
        let scratch = without_snapshots(&storage);
        let second = exchange.snapshot().wait().unwrap();
        assert!(first < second);
        let live = open(&scratch);
        live.close().unwrap();
        let name = format!("snapshot-{second:020}");
        assert_eq!(storage.files()[&name], scratch.files()[&name], "seed {seed}");
    }
}

#[test]
fn nothing_is_built_upon_a_snapshot_that_got_damaged() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let mut dice = Dice(1);
    run(&exchange, (0..100).map(|_| dice.command(0)));
    let first = exchange.snapshot().wait().unwrap();
    let file = storage.open(&format!("snapshot-{first:020}"), Access::Write).unwrap();
    file.write_at(b"?", 150).unwrap();
    run(&exchange, (0..100).map(|_| dice.command(1)));
    let scratch = without_snapshots(&storage);
    let second = exchange.snapshot().wait().unwrap();
    open(&scratch).close().unwrap();
    let name = format!("snapshot-{second:020}");
    assert_eq!(storage.files()[&name], scratch.files()[&name]);
}

#[test]
fn a_snapshot_is_made_by_itself_and_nobody_waits_for_it() {
    let (inner, gate) = (MemoryStorage::new(), Gate::default());
    let storage = GatedStorage { inner, gate: gate.clone(), gated: "snapshot-" };
    let settings = Options { snapshot_entries: 20, ..options() };
    let (exchange, _) = Exchange::open(Arc::new(storage), settings).unwrap();
    gate.shut();
    run(&exchange, listing());
    run(&exchange, (exchange.status().sequence..20).map(|_| deposit(0, 1)));
    // Returns only because the twentieth entry asked for a snapshot.
    gate.wait_for_sync();
    let requested = exchange.snapshot();
    run(&exchange, (0..100).map(|_| deposit(0, 1)));
    let status = exchange.status();
    assert_eq!((status.sequence, status.snapshot_sequence), (120, 0));
    gate.open();
    assert_eq!(requested.wait(), Ok(120), "asked for after the first had begun: one of its own");
    assert!(exchange.status().counters.snapshots >= 2);
}

#[test]
fn nothing_new_needs_no_snapshot() {
    let storage = MemoryStorage::new();
    let exchange = open(&storage);
    assert_eq!(exchange.snapshot().wait(), Ok(0));
    run(&exchange, listing());
    let sequence = exchange.status().sequence;
    assert_eq!(exchange.snapshot().wait(), Ok(sequence));
    assert_eq!(exchange.snapshot().wait(), Ok(sequence));
    assert_eq!(exchange.status().counters.snapshots, 1);
    exchange.close().unwrap();
    assert!(matches!(exchange.snapshot().wait(), Err(SnapshotError::Stopped { .. })));
}

#[test]
fn a_snapshot_that_cannot_be_written_harms_nothing_else() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    storage.fail_sync_after(0);
    let error = exchange.snapshot().wait().unwrap_err();
    assert!(error.to_string().contains("injected"), "{error}");
    run(&exchange, [deposit(0, 1)]);
    assert_eq!(exchange.status().counters.snapshots_failed, 1);
    let sequence = exchange.status().sequence;
    assert_eq!(exchange.snapshot().wait(), Ok(sequence));
    let kept = portrait(&exchange);
    drop(exchange);
    assert_eq!(portrait(&open(&storage)), kept);
}
