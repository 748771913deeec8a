//! Durable before visible, visible before answered.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use openmart_exchange::{Exchange, Options, Pending};
use openmart_journal::MemoryStorage;
use openmart_model::{AccountId, OrderStatus, Side};

use crate::venue::{
    QUOTE, base_units, cancel, deposit, listed, listing, options, placed, resting, run,
};
use openmart_journal::{Gate, GatedStorage};

/// An exchange with everything listed, over a disk with a gate.
pub(crate) fn gated(options: Options) -> (Exchange, MemoryStorage, Gate) {
    let (inner, gate) = (MemoryStorage::new(), Gate::default());
    let storage = GatedStorage { inner: inner.clone(), gate: gate.clone(), gated: "segment-" };
    let (exchange, _) = Exchange::open(Arc::new(storage), options).unwrap();
    run(&exchange, listing());
    (exchange, inner, gate)
}

fn is_answered(pending: &mut Pending) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    !matches!(Pin::new(pending).poll(&mut context), Poll::Pending)
}

#[test]
fn nothing_is_seen_before_the_sync_returns() {
    let (exchange, _, gate) = gated(options());
    let mut updates = exchange.subscribe(10);
    let before = exchange.view(|state| (state.sequence(), base_units(state, 0)));
    gate.shut();
    let mut pending = exchange.submit(deposit(0, 77)).unwrap();
    gate.wait_for_sync();
    assert!(!is_answered(&mut pending));
    assert_eq!(exchange.view(|state| (state.sequence(), base_units(state, 0))), before);
    assert_eq!(exchange.status().sequence, before.0);
    assert_eq!(updates.try_next(), Ok(None));
    gate.open();
    let receipt = pending.wait().unwrap();
    assert_eq!(receipt.sequence, before.0 + 1);
    assert_eq!(
        exchange.view(|state| (state.sequence(), base_units(state, 0))),
        (before.0 + 1, before.1 + 77)
    );
    assert_eq!(updates.next_blocking().unwrap().sequence, receipt.sequence);
}

#[test]
fn every_answer_can_be_read_back_at_once() {
    let exchange = listed(&MemoryStorage::new());
    let account = AccountId(0);
    let hold = || exchange.view(|state| state.engine().balance(account, QUOTE).hold);
    for _ in 0..50 {
        let free = hold();
        let receipt = exchange.execute_blocking(resting(0, Side::Buy)).unwrap();
        let order = placed(receipt.result);
        let view = exchange.find_order(account, order).unwrap().unwrap();
        assert_eq!((view.status, view.closed), (OrderStatus::Open, None));
        assert!(hold() > free);
        let receipt = exchange.execute_blocking(cancel(0, order)).unwrap();
        let view = exchange.find_order(account, order).unwrap().unwrap();
        assert_eq!(view.status, OrderStatus::Canceled);
        assert_eq!(view.closed.map(|(_, time)| time), Some(receipt.time));
        assert_eq!(hold(), free);
        assert_eq!(exchange.find_order(AccountId(1), order), Ok(None));
    }
    assert_eq!(exchange.status().orders_open, 0);
}
