//! Many callers at once: what they were told is what the journal says.

use std::sync::Arc;

use openmart_exchange::{Exchange, Receipt};
use openmart_journal::MemoryStorage;

use crate::venue::{ACCOUNTS, Dice, listed, options, replayed};

#[test]
fn answers_equal_a_replay_of_the_journal() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let listed_until = exchange.status().sequence;
    let (threads, rounds, window) = (8, 60, 8);
    let mut receipts: Vec<Receipt> = std::thread::scope(|scope| {
        let submit = |seed: u64| {
            let exchange = exchange.clone();
            scope.spawn(move || {
                let mut dice = Dice(seed);
                let mut receipts = Vec::new();
                for _ in 0..rounds {
                    let commands = (0..window).map(|_| dice.command(seed as u32 % ACCOUNTS));
                    let pending: Vec<_> =
                        commands.map(|command| exchange.submit(command).unwrap()).collect();
                    for pending in pending {
                        let receipt = pending.wait().unwrap();
                        assert!(exchange.view(|state| state.sequence()) >= receipt.sequence);
                        receipts.push(receipt);
                    }
                }
                receipts
            })
        };
        let submitted: Vec<_> = (0..threads).map(submit).collect();
        submitted.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    receipts.sort_by_key(|receipt| receipt.sequence);
    let last = listed_until + threads * rounds * window;
    let sequences: Vec<u64> = receipts.iter().map(|receipt| receipt.sequence).collect();
    assert_eq!(sequences, (listed_until + 1..=last).collect::<Vec<_>>());
    let replayed = replayed(&storage, last);
    for receipt in &receipts {
        let at = receipt.sequence as usize - 1;
        assert_eq!((receipt.result, receipt.time), (replayed.results[at], replayed.times[at]));
    }
    assert_eq!(exchange.view(|state| state.engine().digest()), replayed.engine.digest());
    let counters = exchange.status().counters;
    assert_eq!(counters.commands, last);
    let rejected = replayed.results.iter().filter(|result| result.is_err()).count();
    assert_eq!(counters.rejected, rejected as u64);
    assert!(counters.batches <= last);
}

#[test]
fn closing_carries_out_what_is_queued() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let mut dice = Dice(1);
    let pending: Vec<_> = (0..2_000).map(|_| exchange.submit(dice.command(0)).unwrap()).collect();
    std::thread::scope(|scope| {
        let closers: Vec<_> = (0..3).map(|_| scope.spawn(|| exchange.close())).collect();
        for closer in closers {
            assert_eq!(closer.join().unwrap(), Ok(()));
        }
    });
    let answered = pending.into_iter().map(|pending| pending.wait().unwrap().sequence);
    assert_eq!(answered.max(), Some(exchange.status().sequence));
    assert!(exchange.submit(dice.command(0)).is_err());
    let status = exchange.status();
    assert_eq!(status.snapshot_sequence, status.sequence);
    let (_, report) = Exchange::open(Arc::new(storage), options()).unwrap();
    assert_eq!((report.snapshot_sequence, report.entries_replayed), (Some(status.sequence), 0));
}
