//! The same truth through the whole pipeline: threads that submit orders and cancels without waiting
//! for each other, so that cancels overtake in their lane what they are about.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use openmart_exchange::{Exchange, Options, OrderView, Pending, Receipt, Update};
use openmart_journal::MemoryStorage;
use openmart_model::{
    AccountId, AssetId, CloseReason, Command, Event, OrderId, OrderStatus, Outcome, Reject,
};
use openmart_sim::cancels::{ACCOUNTS, Ledger, Truth, listing, markets, order};
use openmart_sim::environment::number;
use openmart_sim::random::Random;

const CANCELS_DEFAULT: u64 = 60_000;
const THREADS: u64 = 6;
/// Commands of one thread that are under way at a time.
const WINDOW: usize = 24;
/// Orders of its own that a thread remembers.
const OWN_KEPT: usize = 48;
/// Updates that may wait for the reader: as many as any run has, since it must miss none.
const UPDATES_MAX: usize = 1 << 24;

/// A command, what it was answered, and what a look at the order showed right after the answer.
struct Answered {
    command: Command,
    receipt: Receipt,
    seen: Option<OrderView>,
}

#[test]
fn cancels_through_the_pipeline_tell_the_truth() {
    let cancels = number("OPENMART_CANCELS_PIPELINE", CANCELS_DEFAULT);
    let seed = number("OPENMART_SIM_SEED", 1);
    let mut options = Options { snapshot_entries: 0, ..Options::default() };
    options.journal.background = false;
    let (exchange, _) = Exchange::open(Arc::new(MemoryStorage::new()), options).unwrap();
    for command in listing() {
        exchange.execute_blocking(command).unwrap().result.unwrap();
    }
    let mut updates = exchange.subscribe(UPDATES_MAX);
    let listed = updates.start();
    let newest = AtomicU64::new(0);
    let mut answered: Vec<Answered> = std::thread::scope(|scope| {
        let caller = |number| Caller {
            exchange: &exchange,
            newest: &newest,
            random: Random::new(seed * THREADS + number),
            account: AccountId(number as u32),
            own: Vec::new(),
        };
        let run = |number| scope.spawn(move || caller(number).run(cancels / THREADS));
        let threads: Vec<_> = (0..THREADS).map(run).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for account in (0..ACCOUNTS).map(AccountId) {
        let command = Command::CancelAll { account, market: None, side: None };
        let receipt = exchange.execute_blocking(command.clone()).unwrap();
        answered.push(Answered { command, receipt, seen: None });
    }
    answered.sort_unstable_by_key(|answered| answered.receipt.sequence);

    let mut ledger = Ledger::new(markets(), ACCOUNTS);
    let mut pending: Option<Update> = None;
    for (at, answered) in answered.iter().enumerate() {
        let sequence = listed + 1 + at as u64;
        assert_eq!(answered.receipt.sequence, sequence, "a receipt is missing or there twice");
        pending = pending.or_else(|| updates.try_next().expect("no update was lost"));
        let update = pending.take_if(|update| update.sequence == sequence);
        let events: &[Event] = update.as_ref().map_or(&[], |update| &update.events);
        let before = truth_before(&ledger, &answered.command);
        let told = ledger.apply(&answered.command, &answered.receipt.result, events);
        told.unwrap_or_else(|what| panic!("seed {seed}, entry {sequence}: {what}"));
        if let Some(truth) = before {
            check_seen(truth, answered);
        }
    }
    assert_eq!((pending, updates.try_next()), (None, Ok(None)), "events of no command");
    exchange.view(|state| {
        assert_eq!(state.engine().orders_open(), 0);
        for (account, asset) in (0..ACCOUNTS).flat_map(|account| (0..3).map(move |a| (account, a)))
        {
            let balance = state.engine().balance(AccountId(account), AssetId(asset));
            assert!(balance.hold.is_zero(), "account {account} holds {balance:?}");
        }
        state.engine().check().unwrap();
    });
    let tally = ledger.tally();
    println!("{} cancels through the pipeline: {tally:#?}", tally.cancels());
    let lost = tally.too_late_filled.min(tally.too_late_canceled).min(tally.foreign);
    let early = tally.canceled.min(tally.canceled_partly_filled).min(tally.never_existed);
    assert!(cancels < CANCELS_DEFAULT || lost.min(early) > 0, "{tally:#?}");
}

fn truth_before(ledger: &Ledger, command: &Command) -> Option<Truth> {
    match *command {
        Command::Cancel { account, order } => Some(ledger.truth(account, order)),
        _ => None,
    }
}

/// A finished order never changes again, so what is seen after the answer must be what was true when
/// the cancel was carried out.
fn check_seen(truth: Truth, answered: &Answered) {
    let seen = answered.seen.map(|view| (view.status, view.closed.map(|closed| closed.0)));
    let right = match truth {
        Truth::Open { .. } => seen == Some((OrderStatus::Canceled, Some(CloseReason::Canceled))),
        Truth::Finished(reason) => {
            let status = match reason {
                CloseReason::Filled => OrderStatus::Filled,
                _ => OrderStatus::Canceled,
            };
            seen == Some((status, Some(reason)))
        }
        Truth::Foreign | Truth::UnknownAccount => seen.is_none(),
        // It may have come to be since.
        Truth::NeverExisted => true,
    };
    assert!(right, "{truth:?} was seen as {seen:?} after {:?}", answered.receipt);
}

/// One of the threads, with an account of its own and a window of commands under way.
struct Caller<'a> {
    exchange: &'a Exchange,
    /// The highest order id that anybody was told.
    newest: &'a AtomicU64,
    random: Random,
    account: AccountId,
    /// Its latest orders, in no order.
    own: Vec<u64>,
}

impl Caller<'_> {
    fn run(mut self, cancels: u64) -> Vec<Answered> {
        let mut answered = Vec::new();
        let mut under_way: VecDeque<(Command, Pending)> = VecDeque::new();
        let mut canceled = 0;
        while canceled < cancels {
            let command = self.command();
            canceled += u64::from(matches!(command, Command::Cancel { .. }));
            let pending = self.exchange.submit(command.clone()).expect("the queues are long");
            under_way.push_back((command, pending));
            if under_way.len() > WINDOW {
                let oldest = under_way.pop_front().expect("it is not empty");
                answered.push(self.answer(oldest));
            }
        }
        for oldest in under_way {
            answered.push(self.answer(oldest));
        }
        answered
    }

    /// Orders, and cancels around the newest id: filled ones, canceled ones, ones under way, ones that
    /// are somebody else's.
    fn command(&mut self) -> Command {
        match self.random.below(100) {
            0..=44 => order(&mut self.random, self.account),
            45 => Command::CancelAll { account: self.account, market: None, side: None },
            _ => {
                let newest = self.newest.load(Ordering::Relaxed);
                let around = (newest + 40).saturating_sub(self.random.below(400)).max(1);
                let own = !self.own.is_empty() && self.random.percent(60);
                let id = if own { self.random.pick(&self.own) } else { around };
                Command::Cancel { account: self.account, order: OrderId(id) }
            }
        }
    }

    fn answer(&mut self, (command, pending): (Command, Pending)) -> Answered {
        let receipt = pending.wait().expect("the exchange runs");
        if let Ok(Outcome::Placed { order, .. }) = receipt.result {
            self.newest.fetch_max(order.0, Ordering::Relaxed);
            match self.own.len() < OWN_KEPT {
                true => self.own.push(order.0),
                false => self.own[order.0 as usize % OWN_KEPT] = order.0,
            }
        }
        let seen = match command {
            Command::Cancel { account, order } => {
                assert_ne!(receipt.result, Err(Reject::UnknownAccount));
                self.exchange.find_order(account, order).expect("history can be read")
            }
            _ => None,
        };
        Answered { command, receipt, seen }
    }
}
