//! A disk without space: orders are refused, cancels go on while the reserve lasts, nothing is lost.

use openmart_exchange::{Condition, Space, SubmitError};
use openmart_journal::MemoryStorage;
use openmart_model::{OrderId, Outcome, Side};

use crate::venue::{base_units, cancel, deposit, listed, open, placed, portrait, resting, run};

#[test]
fn orders_are_refused_while_cancels_go_on_until_nothing_is_left() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let results = run(&exchange, (0..5).map(|_| resting(0, Side::Buy)));
    let orders: Vec<OrderId> = results.into_iter().map(placed).collect();

    storage.set_capacity(Some(storage.used_bytes()));
    let before = exchange.view(|state| base_units(state, 0));
    let mut deposited = 0;
    let refused = loop {
        match exchange.execute_blocking(deposit(0, 1)) {
            Ok(_) => deposited += 1,
            Err(error) => break error,
        }
        assert!(deposited < 10_000, "the disk is never full");
    };
    assert_eq!(refused, SubmitError::DiskFull);
    let status = exchange.status();
    assert_eq!((status.condition, status.journal_space), (Condition::DiskFull, Space::Reserve));
    assert_eq!(exchange.view(|state| base_units(state, 0)), before + deposited);

    for order in orders {
        let receipt = exchange.execute_blocking(cancel(0, order)).unwrap();
        assert!(matches!(receipt.result, Ok(Outcome::Canceled { .. })));
        assert_eq!(exchange.execute_blocking(resting(0, Side::Buy)), Err(SubmitError::DiskFull));
    }
    let mut cancels = 0;
    while exchange.execute_blocking(cancel(0, OrderId(1))).is_ok() {
        cancels += 1;
        assert!(cancels < 10_000, "the reserve never ends");
    }
    assert_eq!(exchange.status().journal_space, Space::Exhausted);
    assert_eq!(exchange.status().counters.disk_full, 7);

    storage.set_capacity(None);
    run(&exchange, [deposit(0, 1)]);
    assert_eq!(exchange.status().condition, Condition::Running);
    let kept = portrait(&exchange);
    drop(exchange);
    assert_eq!(portrait(&open(&storage)), kept);
}
