//! The flow of a seed, offline and by a clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use openmart_exchange::{Clock, Exchange, ManualClock, Options};
use openmart_gateway::Vault;
use openmart_liquidity::Flow;
use openmart_model::{Asset, Outcome};

use super::super::feed::Feed;
use super::super::pace::{Pace, Speed};
use super::super::{FLOW_LAG_MAX_MS, Liquidity, Seeded};
use super::*;
use crate::bootstrap;
use crate::venue::Venue;

const SEED: u64 = 7;
const COMMANDS: u64 = 20_000;

fn run(seed: u64, commands: u64) -> Arc<MemoryStorage> {
    let storage = Arc::new(MemoryStorage::new());
    let mut offline = offline(&storage);
    let Seeded { settings, values } = demo::seeded(seed);
    let flow = offline.exchange.view(|state| Flow::new(settings, &values, state.engine()));
    let figures = offline.run(&mut flow.unwrap(), commands).unwrap();
    assert_eq!((figures.commands, figures.refused), (commands, 0));
    storage
}

#[test]
fn the_same_seed_writes_the_same_journal_byte_for_byte() {
    let (first, second) = (run(SEED, COMMANDS), run(SEED, COMMANDS));
    let (first, second) = (segments(&first), segments(&second));
    let bytes: usize = first.values().map(Vec::len).sum();
    assert!(bytes > 10 << 20, "{bytes} bytes");
    // Not by `assert_eq`, which would print them.
    assert!(first == second, "seed {SEED}");
    assert!(first != segments(&run(SEED + 1, COMMANDS)), "another seed is another flow");
}

/// A clock that goes on by leaps of all lengths whenever it is looked at, some so long that the flow lets time
/// go.
#[derive(Default)]
struct LeapingClock {
    looks: AtomicU64,
}

impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        let (small, large) = (looks * 90 + looks % 7, looks / 100 * 2 * FLOW_LAG_MAX_MS);
        Timestamp(BEGIN.0 + small + large)
    }
}

/// An exchange with threads and the demo's markets.
fn exchange(clock: Arc<dyn Clock>, venue: Venue) -> (Exchange, Arc<MemoryStorage>) {
    let storage = Arc::new(MemoryStorage::new());
    let options = Options { clock, ..Options::default() };
    let (exchange, _) = Exchange::open(storage.clone(), options).unwrap();
    let venue = Venue { accounts: Vec::new(), ..venue };
    let vault = Vault::from_key([0; 32]);
    let plan = exchange.view(|state| bootstrap::plan(state.engine(), &venue, &vault)).unwrap();
    for step in plan.steps {
        exchange.execute_blocking(step.command).unwrap().result.unwrap();
    }
    (exchange, storage)
}

#[test]
fn by_a_clock_the_commands_are_the_same_and_in_the_same_order() {
    const WANTED: u64 = 3_000;
    let offline = run(SEED, WANTED);
    let clock = Arc::new(LeapingClock::default());
    let (exchange, storage) = exchange(clock.clone(), demo::venue());
    let feed = Liquidity::Seeded(demo::seeded(SEED)).prepare(&exchange, clock).unwrap();
    let mut updates = exchange.subscribe(100_000);
    let feeding = feed.start(exchange.clone()).unwrap();
    while updates.next_blocking().expect("the flow goes on").sequence < WANTED + 100 {}
    drop(feeding);
    exchange.close().unwrap();

    let wished = commands(offline, 1, WANTED);
    let given = commands(storage, 1, WANTED);
    let differs = wished.iter().zip(&given).position(|((_, a), (_, b))| a != b);
    assert_eq!((wished.len(), given.len(), differs), (WANTED as usize, WANTED as usize, None));
    assert!(
        wished.iter().zip(&given).any(|((a, _), (b, _))| a != b),
        "times were those of the clock"
    );
}

#[test]
fn a_clock_that_stands_stops_the_flow_after_the_books_are_filled() {
    let clock = Arc::new(ManualClock::new(BEGIN));
    let (exchange, _storage) = exchange(clock.clone(), demo::venue());
    let seeded = Liquidity::Seeded(demo::seeded(SEED));
    let feed = seeded.prepare(&exchange, clock.clone()).unwrap();
    let mut updates = exchange.subscribe(10_000);
    let feeding = feed.start(exchange.clone()).unwrap();
    while exchange.view(|state| state.engine().orders_open()) < 300 {
        updates.next_blocking().expect("the flow goes on");
    }
    drop(feeding);
    let begun = exchange.status().sequence;
    assert!(begun < 400, "{begun} commands without time");
    assert!(
        exchange.view(|state| state.engine().keys().is_empty()),
        "nobody can log in as a maker"
    );
    exchange.close().unwrap();
}

#[test]
fn a_closed_exchange_ends_the_flow() {
    let clock = Arc::new(ManualClock::new(BEGIN));
    let (exchange, _storage) = exchange(clock.clone(), demo::venue());
    let feed = Liquidity::Seeded(demo::seeded(SEED)).prepare(&exchange, clock.clone()).unwrap();
    exchange.close().unwrap();
    drop(feed.start(exchange).unwrap());
}

#[test]
fn an_account_with_keys_is_not_traded_with() {
    let clock = Arc::new(ManualClock::new(BEGIN));
    let mut venue = demo::venue();
    venue.accounts[0].name = "maker-1".into();
    let storage = Arc::new(MemoryStorage::new());
    let options = Options { clock: clock.clone(), ..Options::default() };
    let (exchange, _) = Exchange::open(storage, options).unwrap();
    let vault = Vault::from_key([0; 32]);
    let plan = exchange.view(|state| bootstrap::plan(state.engine(), &venue, &vault)).unwrap();
    for step in plan.steps {
        exchange.execute_blocking(step.command).unwrap().result.unwrap();
    }
    let refused = Liquidity::Seeded(demo::seeded(SEED)).prepare(&exchange, clock).err().unwrap();
    let sentence = crate::sentence(&refused);
    assert!(sentence.contains("account maker-1 has API keys"), "{sentence}");
}

#[test]
fn refusals_do_not_end_the_flow() {
    let clock = Arc::new(ManualClock::new(BEGIN));
    let (exchange, _storage) = exchange(clock.clone(), demo::venue());
    let source = exchange.view(|state| {
        let Seeded { settings, values } = demo::seeded(SEED);
        Flow::new(settings, &values, state.engine()).unwrap()
    });
    let pace = Pace::new(clock.clone(), Speed::Max, None);
    let feeding = Feed::new(Box::new(source), pace).start(exchange.clone()).unwrap();
    let halted = |status| {
        for market in 0..4 {
            let market = openmart_model::MarketId(market);
            let command = Command::SetMarketStatus { market, status };
            exchange.execute_blocking(command).unwrap().result.unwrap();
        }
    };
    let until = |wanted: u64| {
        while exchange.status().sequence < wanted {
            thread::yield_now();
        }
    };
    until(1_000);
    halted(openmart_model::MarketStatus::Halted);
    // An order may have been on its way; from here on only cancels come, and they end.
    let asset = Asset { code: "XYZ".into(), name: "XYZ".into(), decimals: 2 };
    let added = exchange.execute_blocking(Command::AddAsset(asset)).unwrap();
    assert!(matches!(added.result, Ok(Outcome::AssetAdded(_))));
    halted(openmart_model::MarketStatus::Trading);
    until(added.sequence + 1_000);
    drop(feeding);
    exchange.close().unwrap();
}
