//! Snapshots of the engine's state.

use openmart_engine::Engine;
use openmart_model::{AccountId, Command, Reader, Timestamp, Writer};

use crate::oracle::Oracle;
use crate::workload::random::RandomCommands;

/// What restores must be written back the same and must work: all of its orders can be canceled.
pub(super) fn snapshot(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let Ok(mut engine) = Engine::restore(&mut reader) else { return false };
    if reader.finish().is_err() {
        return false;
    }
    assert_eq!(written(&engine), bytes, "a state has two byte forms");
    let mut events = Vec::new();
    for account in 0..engine.accounts_len() as u32 {
        let Some(sequence) = engine.sequence().checked_add(1) else { return true };
        let account = AccountId(account);
        let command = Command::CancelAll { account, market: None, side: None };
        let result = engine.apply(sequence, Timestamp(0), &command, &mut events);
        assert!(result.is_ok(), "{result:?}");
    }
    assert_eq!(engine.orders_open(), 0);
    assert_eq!(engine.check(), Ok(()));
    true
}

/// Small and middling states.
pub(super) fn snapshots() -> Vec<Vec<u8>> {
    (1..=6).map(|seed| after(seed, 60 * seed)).collect()
}

fn after(seed: u64, commands: u64) -> Vec<u8> {
    let (mut source, mut oracle) = (RandomCommands::new(seed), Oracle::new());
    let (mut engine, mut events) = (Engine::new(), Vec::new());
    for sequence in 1..=commands {
        let (time, command) = (source.time(), source.command(&oracle));
        let _ = oracle.apply(sequence, time, &command, &mut events);
        let _ = engine.apply(sequence, time, &command, &mut events);
    }
    written(&engine)
}

fn written(engine: &Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.snapshot(&mut Writer::new(&mut bytes));
    bytes
}
