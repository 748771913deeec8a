//! A power cut at every step that the disk takes: what was answered is there, what was not answered
//! is there as a whole or not at all.

use std::sync::Arc;

use openmart_exchange::Exchange;
use openmart_journal::{CrashPolicy, MemoryStorage};
use openmart_model::Command;

use crate::venue::{ACCOUNTS, Dice, listing, open, options, replayed};

fn script() -> Vec<Command> {
    let mut dice = Dice(7);
    let mut commands = listing();
    commands.extend((0..40).map(|_| {
        let account = dice.below(u64::from(ACCOUNTS)) as u32;
        dice.command(account)
    }));
    commands
}

/// Runs the script with snapshots in between and a restart in the middle until the disk stops. Gives
/// the last sequence that was answered.
fn run_until_cut(storage: &MemoryStorage) -> u64 {
    let mut answered = 0;
    let script = script();
    for part in script.chunks(script.len() / 2 + 1) {
        let Ok((exchange, _)) = Exchange::open(Arc::new(storage.clone()), options()) else {
            return answered;
        };
        for (at, command) in part.iter().enumerate() {
            let Ok(receipt) = exchange.execute_blocking(command.clone()) else {
                return answered;
            };
            answered = receipt.sequence;
            if at % 10 == 9 {
                let _ = exchange.snapshot().wait();
            }
        }
        let _ = exchange.close();
    }
    answered
}

#[test]
fn a_power_cut_at_any_step_loses_nothing_that_was_answered() {
    let whole = MemoryStorage::new();
    let last = run_until_cut(&whole);
    assert_eq!(last, script().len() as u64);
    let digests = replayed(&whole, last).digests;
    let steps = whole.operations();
    assert!(steps > last, "every command took a step");
    for step in 0..=steps {
        let storage = MemoryStorage::new();
        storage.halt_after(step);
        let answered = run_until_cut(&storage);
        let policies = [CrashPolicy::Drop, CrashPolicy::Keep];
        let torn = (0..4).map(|n| CrashPolicy::Mixed(step * 4 + n));
        for policy in policies.into_iter().chain(torn) {
            let context = format!("cut after step {step}, {policy:?}");
            let exchange = open(&storage.crash_image(policy));
            exchange.view(|state| {
                let found = state.sequence();
                assert!(
                    found == answered || found == answered + 1,
                    "{context}: {found}, {answered}"
                );
                assert_eq!(state.engine().digest(), digests[found as usize], "{context}");
                assert_eq!(state.engine().check(), Ok(()), "{context}");
            });
        }
    }
}
