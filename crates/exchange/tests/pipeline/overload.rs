//! Full queues, and who goes first.

use openmart_exchange::{Lane, Options, SubmitError};
use openmart_model::{Command, NewAccount, OrderId, Reject};

use crate::venue::{cancel, deposit, options};
use crate::visibility::gated;

#[test]
fn full_queues_refuse_and_cancels_go_first() {
    let limits = Options { queue_orders_max: 3, queue_cancels_max: 5, ..options() };
    let (exchange, _, gate) = gated(limits);
    let first = exchange.status().sequence + 1;
    gate.shut();
    let running = exchange.submit(deposit(0, 1)).unwrap();
    gate.wait_for_sync();
    let orders: Vec<_> = (0..3).map(|_| exchange.submit(deposit(0, 1)).unwrap()).collect();
    let refused = exchange.submit(deposit(0, 1)).unwrap_err();
    assert_eq!(refused, SubmitError::Overloaded { lane: Lane::Orders, limit: 3 });
    let cancels: Vec<_> =
        (1..=5).map(|id| exchange.submit(cancel(0, OrderId(id))).unwrap()).collect();
    let refused = exchange.submit(cancel(0, OrderId(6))).unwrap_err();
    assert_eq!(refused, SubmitError::Overloaded { lane: Lane::Cancels, limit: 5 });
    let status = exchange.status();
    assert_eq!((status.queued_orders, status.queued_cancels), (3, 5));
    assert_eq!(status.counters.overloaded, 2);

    gate.open();
    assert_eq!(running.wait().unwrap().sequence, first);
    for (at, pending) in cancels.into_iter().enumerate() {
        let receipt = pending.wait().unwrap();
        assert_eq!(receipt.sequence, first + 1 + at as u64);
        assert_eq!(receipt.result, Err(Reject::OrderNotOpen));
    }
    for (at, pending) in orders.into_iter().enumerate() {
        assert_eq!(pending.wait().unwrap().sequence, first + 6 + at as u64);
    }
    let status = exchange.status();
    assert_eq!((status.queued_orders, status.queued_cancels), (0, 0));
}

#[test]
fn what_waited_shares_one_sync() {
    let (exchange, storage, gate) = gated(options());
    gate.shut();
    let running = exchange.submit(deposit(0, 1)).unwrap();
    gate.wait_for_sync();
    let waiting: Vec<_> = (0..20).map(|_| exchange.submit(deposit(0, 1)).unwrap()).collect();
    let (syncs, batches) = (storage.syncs(), exchange.status().counters.batches);
    gate.open();
    drop(running);
    for pending in waiting {
        let _ = pending.wait().unwrap();
    }
    assert_eq!(storage.syncs() - syncs, 2);
    assert_eq!(exchange.status().counters.batches - batches, 2);
}

#[test]
fn a_command_too_long_for_an_entry_is_refused_alone() {
    let (exchange, _, gate) = gated(options());
    let name = "long".repeat(3_000);
    let long = Command::AddAccount(NewAccount { name, deposits: vec![], keys: vec![] });
    gate.shut();
    let running = exchange.submit(deposit(0, 1)).unwrap();
    gate.wait_for_sync();
    let before = exchange.submit(deposit(0, 1)).unwrap();
    let long = exchange.submit(long).unwrap();
    let after = exchange.submit(deposit(0, 1)).unwrap();
    gate.open();
    let first = running.wait().unwrap().sequence;
    assert_eq!(before.wait().unwrap().sequence, first + 1);
    assert_eq!(after.wait().unwrap().sequence, first + 2);
    let refused = long.wait().unwrap_err();
    assert!(matches!(refused, SubmitError::TooLong { bytes: 12_000.., .. }), "{refused}");
}
