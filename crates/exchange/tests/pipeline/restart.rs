//! A restart changes nothing, with or without a snapshot, on a disk or in memory.

use openmart_exchange::{Exchange, Options};
use openmart_journal::MemoryStorage;
use openmart_model::{
    AccountId, ClientOrderId, Command, NewOrder, OrderKind, Outcome, Price, Quantity, Side,
    TimeInForce,
};

use crate::venue::{
    ACCOUNTS, Dice, MARKET, listed, listing, open, options, portrait, run, without_snapshots,
};

fn random_commands(seed: u64, count: u64) -> Vec<Command> {
    let mut dice = Dice(seed);
    (0..count)
        .map(|_| {
            let account = dice.below(u64::from(ACCOUNTS)) as u32;
            dice.command(account)
        })
        .collect()
}

#[test]
fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Options { snapshot_entries: 0, ..Options::default() };
    let (exchange, report) = Exchange::open_folder(folder.path(), settings.clone()).unwrap();
    assert_eq!((report.last_sequence, report.snapshot_sequence), (0, None));
    run(&exchange, listing());
    run(&exchange, random_commands(1, 300));
    let kept = portrait(&exchange);
    drop(exchange);

    // Dropped: no snapshot. Everything comes from the entries.
    let (exchange, report) = Exchange::open_folder(folder.path(), settings.clone()).unwrap();
    assert_eq!((report.snapshot_sequence, report.entries_replayed), (None, kept.sequence));
    assert_eq!(portrait(&exchange), kept);
    run(&exchange, random_commands(2, 100));
    let kept = portrait(&exchange);
    exchange.close().unwrap();

    // Closed: everything comes from the snapshot.
    let (exchange, report) = Exchange::open_folder(folder.path(), settings).unwrap();
    assert_eq!((report.snapshot_sequence, report.entries_replayed), (Some(kept.sequence), 0));
    assert_eq!(portrait(&exchange), kept);
}

#[test]
fn a_client_order_id_is_remembered_over_restarts() {
    let storage = MemoryStorage::new();
    let (price, quantity) = (Price::new(50), Quantity::new(2));
    let order = Command::Place(NewOrder {
        account: AccountId(1),
        market: MARKET,
        side: Side::Buy,
        kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
        client_id: ClientOrderId::new("once"),
    });
    let first = run(&listed(&storage), [order.clone()]);
    let Ok(Outcome::Placed { order: id, duplicate: false }) = first[0] else {
        panic!("{first:?}");
    };
    let again = open(&storage);
    assert_eq!(run(&again, [order.clone()]), [Ok(Outcome::Placed { order: id, duplicate: true })]);
    again.close().unwrap();
    assert_eq!(run(&open(&storage), [order]), [Ok(Outcome::Placed { order: id, duplicate: true })]);
}

#[test]
fn a_snapshot_and_the_entries_lead_to_the_same_state() {
    for seed in 0..20 {
        let storage = MemoryStorage::new();
        let exchange = listed(&storage);
        run(&exchange, random_commands(seed, 200));
        exchange.close().unwrap();
        let exchange = open(&storage);
        run(&exchange, random_commands(seed + 1_000, 100));
        let kept = portrait(&exchange);
        drop(exchange);
        assert_eq!(portrait(&open(&storage)), kept, "seed {seed}, with the snapshot");
        assert_eq!(portrait(&open(&without_snapshots(&storage))), kept, "seed {seed}, without");
    }
}

#[test]
fn only_one_exchange_has_the_folder_and_closing_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = Exchange::open_folder(folder.path(), options()).unwrap();
    let clone = first.clone();
    drop(first);
    let refused = Exchange::open_folder(folder.path(), options()).unwrap_err().to_string();
    assert!(refused.contains("in use"), "{refused}");
    clone.close().unwrap();
    assert_eq!(clone.close(), Ok(()), "a second time");
    let (second, _) = Exchange::open_folder(folder.path(), options()).unwrap();
    assert_eq!(clone.view(|state| state.sequence()), 0, "the closed one still reads");
    drop(second);
}
