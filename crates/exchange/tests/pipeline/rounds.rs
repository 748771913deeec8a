//! Answers into an inbox, and the rounds of an attendant.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use openmart_exchange::{Exchange, Inbox, Numbered, SubmitError};
use openmart_journal::MemoryStorage;
use openmart_model::Side;

use crate::venue::{Dice, deposit, listed, replayed, resting};

/// Wakes a thread that waits on a channel, and counts.
struct Bell {
    ring: Mutex<Sender<()>>,
    rings: AtomicUsize,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        // The test may be over.
        let _ = self.ring.lock().unwrap().send(());
    }
}

/// Runs a future on this thread; how often it was woken.
fn block_on<F: Future>(future: F) -> (F::Output, usize) {
    let (ring, rung) = channel();
    let bell = Arc::new(Bell { ring: Mutex::new(ring), rings: AtomicUsize::new(0) });
    let waker = Waker::from(bell.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return (value, bell.rings.load(Ordering::SeqCst));
        }
        rung.recv().unwrap();
    }
}

fn answers(inbox: &mut Inbox, count: usize) -> Vec<Numbered> {
    let mut answers = Vec::new();
    while answers.len() < count {
        block_on(poll_fn(|context| inbox.poll_take(context, &mut answers)));
    }
    answers
}

#[test]
fn an_inbox_gets_what_was_submitted_to_it() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let (mut first, mut second) = (Inbox::new(), Inbox::new());
    let before = exchange.status().sequence;
    for number in 0..100 {
        exchange.submit_to(&first, number, deposit(0, 1)).unwrap();
        exchange.submit_to(&second, 1_000 + number, deposit(1, 1)).unwrap();
    }
    let (first, second) = (answers(&mut first, 100), answers(&mut second, 100));
    for (place, (number, answer)) in first.iter().enumerate() {
        assert_eq!(*number, place as u32);
        assert_eq!(answer.as_ref().unwrap().sequence, before + 2 * place as u64 + 1);
    }
    assert_eq!(second.last().unwrap().0, 1_099);
    assert_eq!(exchange.status().sequence, before + 200);
}

#[test]
fn what_is_submitted_to_an_inbox_waits_for_the_round() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let mut attendant = exchange.attendant().unwrap();
    assert!(exchange.attendant().is_none(), "there is one already");
    let mut inbox = Inbox::new();
    let before = exchange.status().counters.batches;
    for number in 0..50 {
        exchange.submit_to(&inbox, number, deposit(0, 1)).unwrap();
    }
    block_on(attendant.wake_due());
    attendant.ring();
    // The answers are delivered by the next round.
    let mut answers = Vec::new();
    let reading = async {
        poll_fn(|context| inbox.poll_take(context, &mut answers)).await;
    };
    let mut reading = pin!(reading);
    let woken = Arc::new(Bell { ring: Mutex::new(channel().0), rings: AtomicUsize::new(0) });
    let waker = Waker::from(woken.clone());
    if reading.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        block_on(attendant.wake_due());
        assert_eq!(woken.rings.load(Ordering::SeqCst), 1, "once for all of them");
        assert!(reading.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    }
    assert_eq!(answers.len(), 50);
    assert_eq!(exchange.status().counters.batches, before + 1);
}

#[test]
fn an_attendant_that_leaves_leaves_nobody_waiting() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let attendant = exchange.attendant().unwrap();
    let mut inbox = Inbox::new();
    exchange.submit_to(&inbox, 0, deposit(0, 1)).unwrap();
    drop(attendant);
    exchange.submit_to(&inbox, 1, deposit(0, 1)).unwrap();
    assert_eq!(answers(&mut inbox, 2).len(), 2);
    assert!(exchange.attendant().is_some(), "the place is free again");
}

#[test]
fn a_caller_who_waits_alone_needs_no_round() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let _attendant = exchange.attendant().unwrap();
    let mut inbox = Inbox::new();
    exchange.submit_to(&inbox, 0, deposit(0, 1)).unwrap();
    exchange.execute_blocking(deposit(0, 1)).unwrap();
    // Taken along.
    let answers = answers_without_round(&mut inbox);
    assert_eq!(answers.len(), 1);
}

fn answers_without_round(inbox: &mut Inbox) -> Vec<Numbered> {
    let mut answers = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while inbox.poll_take(&mut context, &mut answers).is_pending() {
        std::thread::yield_now();
    }
    answers
}

#[test]
fn a_full_queue_and_a_closed_exchange_refuse_at_once() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let attendant = exchange.attendant().unwrap();
    let mut inbox = Inbox::new();
    exchange.submit_to(&inbox, 0, resting(0, Side::Buy)).unwrap();
    exchange.close().unwrap();
    let refused = exchange.submit_to(&inbox, 1, deposit(0, 1)).unwrap_err();
    assert!(matches!(refused, SubmitError::Stopped { .. }));
    // What was queued before was carried out, and nothing arrives for what was refused.
    let answers = answers_without_round(&mut inbox);
    assert_eq!(answers.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0]);
    assert!(answers[0].1.is_ok());
    drop(attendant);
}

/// Many threads with inboxes of their own and one that makes the rounds.
#[test]
fn rounds_lose_nobody() {
    let storage = MemoryStorage::new();
    let exchange = listed(&storage);
    let last = exchange.status().sequence + 4 * 200 * 3 + 1;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (exchange, over) = (&exchange, &over);
        let mut attendant = exchange.attendant().unwrap();
        scope.spawn(move || {
            while !over.load(Ordering::SeqCst) {
                block_on(attendant.wake_due());
                std::thread::yield_now();
                attendant.ring();
            }
        });
        let asking: Vec<_> = (0..4).map(|seed| scope.spawn(move || ask(exchange, seed))).collect();
        asking.into_iter().for_each(|asking| asking.join().unwrap());
        over.store(true, Ordering::SeqCst);
        exchange.submit_to(&Inbox::new(), 0, deposit(0, 1)).unwrap();
    });
    exchange.close().unwrap();
    assert_eq!(exchange.view(|state| state.sequence()), last);
    assert_eq!(
        exchange.view(|state| state.engine().digest()),
        replayed(&storage, last).engine.digest()
    );
}

fn ask(exchange: &Exchange, seed: u64) {
    let mut dice = Dice(seed);
    let mut inbox = Inbox::new();
    for _ in 0..200 {
        for number in 0..3 {
            exchange.submit_to(&inbox, number, dice.command(seed as u32 % 3)).unwrap();
        }
        let mut numbers: Vec<u32> =
            answers(&mut inbox, 3).into_iter().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2]);
    }
}
