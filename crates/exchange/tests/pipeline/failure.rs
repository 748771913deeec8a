//! A disk that fails: nobody is told anything that might not be true.

use openmart_exchange::{CloseError, Condition, SubmitError};
use openmart_journal::{CrashPolicy, MemoryStorage};

use crate::venue::{base_units, deposit, open, options, portrait};
use crate::visibility::gated;

#[test]
fn a_failed_sync_stops_the_exchange_and_a_restart_tells_what_was_done() {
    let (exchange, storage, gate) = gated(options());
    let acknowledged = portrait(&exchange);
    let before = exchange.view(|state| base_units(state, 0));
    gate.shut();
    let first = exchange.submit(deposit(0, 1)).unwrap();
    gate.wait_for_sync();
    let batch: Vec<_> = (0..5).map(|_| exchange.submit(deposit(0, 10)).unwrap()).collect();
    storage.fail_sync_after(1);
    gate.open();
    // The first had its sync; the five shared the one that failed.
    let receipt = first.wait().unwrap();
    for pending in batch {
        let error = pending.wait().unwrap_err();
        assert!(
            matches!(&error, SubmitError::InDoubt { reason } if reason.contains("injected")),
            "{error}"
        );
    }
    assert_eq!(exchange.view(|state| base_units(state, 0)), before + 1);
    let Condition::Stopped { reason } = exchange.status().condition else {
        panic!("not stopped: {:?}", exchange.status());
    };
    let refused = exchange.submit(deposit(0, 1)).unwrap_err();
    assert_eq!(refused, SubmitError::Stopped { reason: reason.clone() });
    assert_eq!(exchange.close(), Err(CloseError::Stopped { reason }));
    assert_eq!(exchange.view(|state| base_units(state, 0)), before + 1, "reads still work");

    let lost = open(&storage.crash_image(CrashPolicy::Drop));
    assert_eq!(lost.status().sequence, receipt.sequence);
    assert_eq!(lost.view(|state| base_units(state, 0)), before + 1);
    assert!(lost.status().sequence > acknowledged.sequence);
    let kept = open(&MemoryStorage::with_files(storage.files()));
    assert_eq!(kept.status().sequence, receipt.sequence + 5);
    assert_eq!(kept.view(|state| base_units(state, 0)), before + 51);
}

#[test]
fn what_is_still_queued_when_the_disk_fails_is_not_carried_out() {
    let limits = openmart_exchange::Options { batch_entries_max: 1, ..options() };
    let (exchange, storage, gate) = gated(limits);
    gate.shut();
    let doubtful = exchange.submit(deposit(0, 1)).unwrap();
    gate.wait_for_sync();
    let queued: Vec<_> = (0..3).map(|_| exchange.submit(deposit(0, 10)).unwrap()).collect();
    storage.fail_sync_after(0);
    gate.open();
    assert!(matches!(doubtful.wait(), Err(SubmitError::InDoubt { .. })));
    for pending in queued {
        assert!(matches!(pending.wait(), Err(SubmitError::Stopped { .. })));
    }
    drop(exchange);
    let reopened = open(&MemoryStorage::with_files(storage.files()));
    let base = reopened.view(|state| base_units(state, 0));
    assert_eq!(base % 10, 1, "the doubtful one is there, the queued ones are not");
}
