//! The content of snapshots: engine and market data together.

use std::sync::Arc;

use openmart_exchange::{Exchange, Options, check_state_bytes};
use openmart_journal::{Journal, MemoryStorage};

use crate::pair::Pair;
use crate::workload::random::RandomCommands;

pub(super) fn state(bytes: &[u8]) -> bool {
    check_state_bytes(bytes)
}

/// What a real exchange left in its folder.
pub(super) fn states() -> Vec<Vec<u8>> {
    (1..=3).map(closed_after).collect()
}

fn closed_after(seed: u64) -> Vec<u8> {
    let storage = Arc::new(MemoryStorage::new());
    let (exchange, _) =
        Exchange::open(storage.clone(), Options::default()).expect("an empty folder opens");
    let (mut source, mut pair) = (RandomCommands::new(seed), Pair::new());
    for _ in 0..150 * seed {
        let (time, command) = (source.time(), source.command(&pair.oracle));
        let _ = pair.apply(time, &command).expect("engine and oracle agree");
        exchange.execute_blocking(command).expect("the exchange runs").result.ok();
    }
    exchange.close().expect("the last snapshot is written");
    drop(exchange);
    let (_, recovery) =
        Journal::open(storage, openmart_journal::Options::default()).expect("a sound folder");
    recovery.snapshot.expect("closing writes a snapshot").bytes
}
