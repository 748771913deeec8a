//! The exchange without threads: the same outcomes, and nothing happens by itself.

use std::sync::Arc;

use openmart_exchange::{CloseError, Location, Stepped, SubmitError};
use openmart_journal::{MemoryStorage, Storage};

use crate::venue::{Dice, deposit, listing, open, options, replayed, run};

const NOWHERE: Location = Location::Nowhere { applied: 0 };

fn stepped(storage: &MemoryStorage) -> Stepped {
    Stepped::open(Arc::new(storage.clone()), NOWHERE, options()).unwrap().0
}

#[test]
fn steps_come_to_what_threads_come_to() {
    let mut dice = Dice(3);
    let commands: Vec<_> = listing().into_iter().chain((0..200).map(|_| dice.command(1))).collect();
    let (threads, steps) = (MemoryStorage::new(), MemoryStorage::new());
    let with_threads = open(&threads);
    let results = run(&with_threads, commands.clone());
    with_threads.close().unwrap();

    let mut exchange = stepped(&steps);
    let mut subscription = exchange.subscribe(1_000);
    for (command, result) in commands.into_iter().zip(results) {
        let mut pending = exchange.submit(command).unwrap();
        assert_eq!(pending.try_take(), None, "nothing happens by itself");
        assert!(exchange.step_sequencer(5));
        assert_eq!(pending.try_take().unwrap().unwrap().result, result);
    }
    assert!(subscription.try_next().unwrap().is_some());
    assert_eq!(exchange.status().history.applied, 0);
    assert!(exchange.step_history() && !exchange.step_history());
    assert_eq!(exchange.status().history.applied, exchange.status().sequence);
    exchange.close().unwrap();
    drop(exchange);
    assert_eq!(steps.files(), threads.files(), "both left the same bytes");
}

#[test]
fn a_snapshot_is_made_in_its_step_and_takes_history_along() {
    let storage = MemoryStorage::new();
    let mut exchange = stepped(&storage);
    let pending: Vec<_> =
        listing().into_iter().map(|command| exchange.submit(command).unwrap()).collect();
    exchange.step_sequencer(pending.len());
    let mut snapshot = exchange.snapshot();
    assert_eq!(snapshot.try_take(), None);
    assert!(exchange.step_snapshot() && !exchange.step_snapshot());
    assert_eq!(snapshot.try_take(), Some(Ok(pending.len() as u64)));
    assert_eq!(exchange.status().history.flushed, pending.len() as u64);
}

#[test]
fn dropping_it_is_the_death_of_a_process() {
    let storage = MemoryStorage::new();
    let mut exchange = stepped(&storage);
    let done = exchange.submit(listing()[0].clone()).unwrap();
    exchange.step_sequencer(1);
    let mut waiting = exchange.submit(deposit(0, 1)).unwrap();
    drop((exchange, done));
    assert!(matches!(waiting.try_take(), Some(Err(SubmitError::InDoubt { .. }))));
    assert!(!storage.list().unwrap().iter().any(|name| name.starts_with("snapshot-")));
    assert_eq!(replayed(&storage, 1).results.len(), 1);
    assert_eq!(stepped(&storage).status().sequence, 1);
}

#[test]
fn a_failed_sync_stops_it() {
    let storage = MemoryStorage::new();
    let mut exchange = stepped(&storage);
    let mut doubtful = exchange.submit(listing()[0].clone()).unwrap();
    let mut waiting = exchange.submit(listing()[1].clone()).unwrap();
    storage.fail_sync_after(0);
    assert!(!exchange.step_sequencer(1) && !exchange.step_sequencer(1));
    assert!(matches!(doubtful.try_take(), Some(Err(SubmitError::InDoubt { .. }))));
    assert!(matches!(waiting.try_take(), Some(Err(SubmitError::Stopped { .. }))));
    assert!(matches!(exchange.close(), Err(CloseError::Stopped { .. })));
}
