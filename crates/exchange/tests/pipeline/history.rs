//! History over restarts: nothing is missing and nothing is there twice, whatever became of the file.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use openmart_exchange::{Exchange, FollowerLimits, OpenError, Options, rebuild_history};
use openmart_history::{Batch, FILE_NAME, Location, Store, dump};
use openmart_journal::{FileStorage, Retention, Storage};
use openmart_model::{Side, Timestamp};

use crate::venue::{ACCOUNTS, Dice, cancel, listing, options, placed, portrait, resting, run};

fn rows(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    dump(&folder.join(FILE_NAME), |row| rows.push(row)).unwrap();
    rows
}

fn trade(exchange: &Exchange, dice: &mut Dice, commands: usize) {
    let random = |_| {
        let account = dice.below(u64::from(ACCOUNTS)) as u32;
        dice.command(account)
    };
    let commands: Vec<_> = (0..commands).map(random).collect();
    run(exchange, commands);
}

fn remove_history(folder: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("{FILE_NAME}{ending}")));
    }
}

#[test]
fn a_file_that_is_missing_or_old_leads_to_the_same_rows() {
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let open = || Exchange::open_folder(folder.path(), options()).unwrap();
        let (exchange, _) = open();
        run(&exchange, listing());
        let mut dice = Dice(seed);
        trade(&exchange, &mut dice, 120);
        exchange.close().unwrap();
        drop(exchange);
        let old = fs::read(folder.path().join(FILE_NAME)).unwrap();

        let (exchange, report) = open();
        assert_eq!(report.history_entries, 0, "seed {seed}");
        trade(&exchange, &mut dice, 120);
        exchange.close().unwrap();
        let shown = portrait(&exchange);
        drop(exchange);
        let written = rows(folder.path());

        for (name, before) in [("missing", None), ("old", Some(&old))] {
            remove_history(folder.path());
            if let Some(bytes) = before {
                fs::write(folder.path().join(FILE_NAME), bytes).unwrap();
            }
            let (exchange, report) = open();
            assert_eq!(report.history_entries, report.last_sequence, "seed {seed} {name}");
            assert_eq!(portrait(&exchange), shown, "seed {seed} {name}");
            drop(exchange);
            assert_eq!(rows(folder.path()), written, "seed {seed} {name}");
        }

        // As the command does it.
        remove_history(folder.path());
        let storage: std::sync::Arc<dyn Storage> =
            std::sync::Arc::new(FileStorage::existing(folder.path()).unwrap());
        rebuild_history(&storage, shown.sequence, &folder.path().join(FILE_NAME)).unwrap();
        assert_eq!(rows(folder.path()), written, "seed {seed} rebuilt");
    }
}

#[test]
fn entries_after_the_snapshot_come_once_however_far_the_file_was() {
    for seed in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let open = || Exchange::open_folder(folder.path(), options()).unwrap().0;
        let mut dice = Dice(seed);
        let exchange = open();
        run(&exchange, listing());
        for round in 0..6 {
            trade(&exchange, &mut dice, 60);
            if round % 3 == 0 {
                exchange.snapshot().wait().unwrap();
            }
        }
        let shown = portrait(&exchange);
        // Without a last snapshot: the next start replays what the file has already.
        drop(exchange);
        let written = rows(folder.path());
        let exchange = open();
        assert_eq!(portrait(&exchange), shown, "seed {seed}");
        drop(exchange);
        assert_eq!(rows(folder.path()), written, "seed {seed}");
    }
}

#[test]
fn a_file_that_is_ahead_of_the_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(Location::File(folder.path().join(FILE_NAME))).unwrap();
    let mut batch = Batch::default();
    batch.add(7, Timestamp(1), &[]);
    store.apply(&batch).unwrap();
    drop(store);
    let error = Exchange::open_folder(folder.path(), options()).unwrap_err();
    let OpenError::HistoryAhead { applied: 7, last: 0, .. } = error else {
        panic!("{error}");
    };
    assert!(error.to_string().contains("openmart journal rebuild-history"), "{error}");
}

#[test]
fn a_file_that_misses_what_the_journal_no_longer_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = options();
    settings.journal.retention = Retention::SnapshotsCover;
    let (exchange, _) = Exchange::open_folder(folder.path(), settings.clone()).unwrap();
    run(&exchange, listing());
    let mut dice = Dice(3);
    for _ in 0..4 {
        trade(&exchange, &mut dice, 600);
        exchange.snapshot().wait().unwrap();
    }
    exchange.close().unwrap();
    drop(exchange);
    remove_history(folder.path());
    let error = Exchange::open_folder(folder.path(), settings).unwrap_err();
    let OpenError::HistoryBehind { applied: 0, first, .. } = error else {
        panic!("{error}");
    };
    assert!(first > 1);
}

#[test]
fn memory_holds_the_open_orders_and_not_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let lag_rows_max = 5_000;
    let settings = Options { history: FollowerLimits { lag_rows_max }, ..options() };
    let (exchange, _) = Exchange::open_folder(folder.path(), settings).unwrap();
    run(&exchange, listing());
    let (mut under_way, mut orders, mut finished) = (VecDeque::new(), VecDeque::new(), 0);
    let mut tail_rows_max = 0;
    while finished < 200_000 {
        let command = match orders.pop_front() {
            Some(order) => cancel(0, order),
            None => resting(0, Side::Buy),
        };
        under_way.push_back(exchange.submit(command).unwrap());
        if under_way.len() < 512 {
            continue;
        }
        while let Some(pending) = under_way.pop_front() {
            let result = pending.wait().unwrap().result;
            match result {
                Ok(openmart_model::Outcome::Canceled { .. }) => finished += 1,
                placing => orders.push_back(placed(placing)),
            }
        }
        tail_rows_max = tail_rows_max.max(exchange.status().tail_rows);
    }
    let status = exchange.status();
    assert!(status.history.lag_rows <= lag_rows_max + 1_024, "{status:?}");
    // What waits, what was written last, and what the last turn added.
    assert!(tail_rows_max < 5 * lag_rows_max as u64, "{tail_rows_max} rows in memory");
    assert!(tail_rows_max > 0);
    exchange.close().unwrap();
    let found = exchange
        .orders(
            openmart_model::AccountId(0),
            openmart_model::MarketId(0),
            openmart_exchange::OrderFilter { canceled: true, ..Default::default() },
            openmart_exchange::PageRequest { index: 199, size: 1_000 },
        )
        .unwrap();
    assert_eq!(found.total, finished);
    assert_eq!(found.items.len(), 1_000.min(finished - 199_000));
}
