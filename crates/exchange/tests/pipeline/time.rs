//! The time of entries never goes back, whatever the clock does.

use std::sync::Arc;

use openmart_exchange::{Exchange, ManualClock, Options};
use openmart_journal::MemoryStorage;
use openmart_model::Timestamp;

use crate::venue::{deposit, listing, options, replayed, run};

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
