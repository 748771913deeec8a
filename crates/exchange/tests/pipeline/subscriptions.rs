//! Updates: complete, in order, and never waited for.

use openmart_exchange::{Exchange, SubscriptionEnd};
use openmart_journal::MemoryStorage;

use crate::venue::{ACCOUNTS, Dice, deposit, listed, replayed, run};

#[test]
fn a_slow_reader_is_cut_off_and_told_so() {
    let exchange = listed(&MemoryStorage::new());
    let mut slow = exchange.subscribe(2);
    let mut quick = exchange.subscribe(10);
    let start = exchange.status().sequence;
    run(&exchange, (0..5).map(|_| deposit(0, 1)));
    let sequences = |found: Result<Option<openmart_exchange::Update>, _>| {
        found.map(|update| update.map(|update| update.sequence))
    };
    assert_eq!(slow.start(), start);
    assert_eq!(sequences(slow.try_next()), Ok(Some(start + 1)));
    assert_eq!(sequences(slow.try_next()), Ok(Some(start + 2)));
    assert_eq!(sequences(slow.try_next()), Err(SubscriptionEnd::CutOff));
    for n in 1..=5 {
        assert_eq!(sequences(quick.try_next()), Ok(Some(start + n)));
    }
    assert_eq!(sequences(quick.try_next()), Ok(None));
    assert_eq!(exchange.status().counters.subscriptions_cut, 1);
    exchange.close().unwrap();
    assert_eq!(sequences(quick.try_next()), Err(SubscriptionEnd::Stopped));
    assert_eq!(sequences(exchange.subscribe(1).try_next()), Err(SubscriptionEnd::Stopped));
}

/// Subscribes in the middle of the traffic, and expects every update after the state it saw.
fn follow(exchange: &Exchange, until: u64) -> Vec<(u64, usize)> {
    let (sequence, mut updates) = exchange.subscribe_with(100_000, |state| state.sequence());
    assert_eq!(updates.start(), sequence);
    let mut seen = vec![(sequence, 0)];
    while seen.last().is_some_and(|(last, _)| *last < until) {
        let update = updates.next_blocking().unwrap();
        seen.push((update.sequence, update.events.len()));
    }
    seen
}

#[test]
fn a_reader_that_joins_in_traffic_misses_nothing() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let (threads, each) = (4, 400);
    // A last deposit makes sure that the last entry has an update.
    let until = exchange.status().sequence + threads * each + 1;
    let (followed, last) = std::thread::scope(|scope| {
        let followers: Vec<_> = (0..8).map(|_| scope.spawn(|| follow(&exchange, until))).collect();
        let writers: Vec<_> = (0..threads)
            .map(|seed| {
                let exchange = &exchange;
                scope.spawn(move || {
                    let mut dice = Dice(seed);
                    run(exchange, (0..each).map(|_| dice.command(seed as u32 % ACCOUNTS)));
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let last = exchange.execute_blocking(deposit(0, 1)).unwrap().sequence;
        let followed: Vec<_> = followers.into_iter().map(|f| f.join().unwrap()).collect();
        (followed, last)
    });
    assert_eq!(last, until);
    let events = replayed(&storage, until).events;
    for seen in followed {
        let start = seen[0].0;
        let expected: Vec<(u64, usize)> = (start + 1..=until)
            .map(|sequence| (sequence, events[sequence as usize - 1].len()))
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(seen[1..], expected);
    }
}
