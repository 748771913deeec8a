//! The time of entries never goes back, whatever the clock does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use openmart_exchange::{
    ClockWish, ControlledClock, CopyError, Exchange, ManualClock, Options, copy_entries,
};
use openmart_journal::{FileStorage, MemoryStorage, Options as JournalOptions};
use openmart_model::Timestamp;

use crate::venue::{Dice, deposit, listing, options, replayed, run};

#[test]
fn a_clock_set_back_stands_still() {
    let storage = MemoryStorage::new();
    let clock = Arc::new(ManualClock::new(Timestamp(1_000)));
    let options = Options { clock: clock.clone(), ..options() };
    let (exchange, _) = Exchange::open(Arc::new(storage.clone()), options.clone()).unwrap();
    run(&exchange, listing());
    let time = |exchange: &Exchange| exchange.execute_blocking(deposit(0, 1)).unwrap().time.0;
    assert_eq!(time(&exchange), 1_000);
    clock.set(Timestamp(400));
    assert_eq!(time(&exchange), 1_000);
    clock.set(Timestamp(1_001));
    assert_eq!(time(&exchange), 1_001);
    clock.set(Timestamp(0));
    drop(exchange);
    let (exchange, _) = Exchange::open(Arc::new(storage.clone()), options).unwrap();
    assert_eq!(time(&exchange), 1_001, "also over a restart");
    assert_eq!(exchange.view(|state| state.time()), Timestamp(1_001));
    let times = replayed(&storage, exchange.status().sequence).times;
    assert!(times.is_sorted(), "as the journal has it: {times:?}");
}

/// What the journal wrote, file by file.
fn journal_bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
    let written = |name: &str| {
        ["segment-", "snapshot-", "acknowledged"].iter().any(|prefix| name.starts_with(prefix))
    };
    named
        .filter(|(name, _)| written(name))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

/// The same commands under a clock that is frozen and stepped, from this time on.
fn life(folder: &Path, start_ms: u64) -> BTreeMap<String, Vec<u8>> {
    let clock = Arc::new(ControlledClock::new());
    clock.tell(ClockWish::FreezeAt(Timestamp(start_ms)), Timestamp(0)).unwrap();
    let options = Options { clock: clock.clone(), ..options() };
    let (exchange, _) = Exchange::open_folder(folder, options).unwrap();
    run(&exchange, listing());
    let mut dice = Dice(7);
    for step in 0..300 {
        let account = dice.below(3) as u32;
        let _ = exchange.execute_blocking(dice.command(account)).unwrap();
        let last_entry = exchange.view(|state| state.time());
        clock.tell(ClockWish::StepMs(step % 3), last_entry).unwrap();
    }
    exchange.close().unwrap();
    journal_bytes(folder)
}

#[test]
fn the_same_commands_under_a_frozen_clock_are_the_same_bytes() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    // A clock goes ahead only, so this is in the future of any machine that runs it.
    let start_ms = 4_000_000_000_000;
    let [first, second] = [0, 1].map(|at| life(folders[at].path(), start_ms));
    assert!(first.len() >= 3, "{:?}", first.keys());
    assert!(first == second, "{:?} and {:?} differ", first.keys(), second.keys());
    // Time is part of it.
    assert!(first != life(folders[2].path(), start_ms + 1));
}

#[test]
fn a_copy_has_the_first_entries_and_goes_on_apart() {
    let storage = MemoryStorage::new();
    let (exchange, _) = Exchange::open(Arc::new(storage.clone()), options()).unwrap();
    run(&exchange, listing());
    let mut dice = Dice(11);
    let mut digests = vec![exchange.view(|state| state.engine().digest())];
    let listed = exchange.status().sequence;
    for _ in 0..200 {
        let account = dice.below(3) as u32;
        let _ = exchange.execute_blocking(dice.command(account)).unwrap();
        digests.push(exchange.view(|state| state.engine().digest()));
    }
    let journal = JournalOptions { background: false, ..options().journal };
    for after in [0, 1, 77, 200] {
        let copy = MemoryStorage::new();
        let until = listed + after;
        copy_entries(Arc::new(storage.clone()), Arc::new(copy.clone()), until, journal.clone())
            .unwrap();
        let (beside, report) = Exchange::open(Arc::new(copy.clone()), options()).unwrap();
        assert_eq!(report.last_sequence, until);
        let digest = || beside.view(|state| state.engine().digest());
        assert_eq!(digest(), digests[after as usize]);
        let times = (replayed(&storage, until).times, replayed(&copy, until).times);
        assert_eq!(times.0, times.1);
        let before = exchange.status().sequence;
        beside.execute_blocking(deposit(0, 1)).unwrap();
        assert_eq!((beside.status().sequence, exchange.status().sequence), (until + 1, before));
    }
    let beyond = copy_entries(
        Arc::new(storage.clone()),
        Arc::new(MemoryStorage::new()),
        exchange.status().sequence + 1,
        journal.clone(),
    );
    assert!(matches!(beyond, Err(CopyError::Read(_))), "{beyond:?}");
    let folder = tempfile::tempdir().unwrap();
    let to = || Arc::new(FileStorage::create(folder.path()).unwrap());
    copy_entries(Arc::new(storage.clone()), to(), 3, journal.clone()).unwrap();
    let again = copy_entries(Arc::new(storage), to(), 3, journal);
    assert!(matches!(again, Err(CopyError::NotEmpty(3))), "{again:?}");
}
