//! Cancels at a fixed rate, and what goes on beside them.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use openmart_exchange::{Exchange, Pending, PendingSnapshot};
use openmart_model::{AccountId, Command, OrderId};

use crate::venue::NO_ORDER;

/// What is sent in one phase.
#[derive(Clone, Copy)]
pub(crate) struct Phase {
    /// Cancels that are timed.
    pub(crate) cancels: usize,
    /// How many of them are due in a second.
    pub(crate) rate: u32,
    /// Cancels that are not timed, for each one that is.
    pub(crate) others_for_each: usize,
}

/// What goes on beside the cancels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beside {
    pub(crate) snapshots: bool,
    pub(crate) history: bool,
}

impl Beside {
    /// Nothing first: the others are compared with it.
    pub(crate) const ALL: [Self; 4] = [
        Self { snapshots: false, history: false },
        Self { snapshots: true, history: false },
        Self { snapshots: false, history: true },
        Self { snapshots: true, history: true },
    ];

    pub(crate) fn name(self) -> &'static str {
        match (self.snapshots, self.history) {
            (false, false) => "neither",
            (true, false) => "snapshots",
            (false, true) => "history",
            (true, true) => "both",
        }
    }
}

/// What one phase came to.
pub(crate) struct Measured {
    /// From when a cancel was due to its answer; ascending.
    pub(crate) waits_ns: Vec<u64>,
    /// Snapshots finished meanwhile.
    pub(crate) snapshots: u64,
    /// Transactions of history meanwhile.
    pub(crate) transactions: u64,
}

/// Cancels that become due one after the other.
struct Stream<I> {
    orders: I,
    due: Instant,
    interval: Duration,
    under_way: VecDeque<(Instant, Pending)>,
}

impl<I: ExactSizeIterator<Item = (AccountId, OrderId)>> Stream<I> {
    fn new(orders: I, rate: u32) -> Self {
        let interval = Duration::from_secs(1) / rate;
        Self { orders, due: Instant::now() + interval, interval, under_way: VecDeque::new() }
    }

    fn is_over(&self) -> bool {
        self.orders.len() == 0 && self.under_way.is_empty()
    }

    /// Sends the next one if it is due.
    fn send(&mut self, exchange: &Exchange) -> Result<()> {
        if Instant::now() >= self.due
            && let Some((account, order)) = self.orders.next()
        {
            let pending = exchange.submit(Command::Cancel { account, order })?;
            self.under_way.push_back((self.due, pending));
            self.due += self.interval;
        }
        Ok(())
    }

    /// The oldest one that is answered: since when it was due, and whether it canceled.
    fn next_answer(&mut self) -> Result<Option<(Duration, bool)>> {
        let Some((due, pending)) = self.under_way.front_mut() else { return Ok(None) };
        let Some(receipt) = ready(pending) else { return Ok(None) };
        let answer = (due.elapsed(), receipt?.result.is_ok());
        self.under_way.pop_front();
        Ok(Some(answer))
    }
}

/// Cancels `orders` timed. The cancels beside them are those of `others`, or of nothing if there is none.
pub(crate) fn run(
    exchange: &Exchange,
    phase: Phase,
    beside: Beside,
    orders: Vec<(AccountId, OrderId)>,
    others: Vec<(AccountId, OrderId)>,
) -> Result<Measured> {
    let before = exchange.status();
    let (cancels, others_count) = (orders.len(), phase.cancels * phase.others_for_each);
    let mut others = others.into_iter();
    let others = (0..others_count).map(|_| others.next().unwrap_or(NO_ORDER));
    let mut timed = Stream::new(orders.into_iter(), phase.rate);
    let mut others = Stream::new(others, phase.rate * phase.others_for_each as u32);
    let mut snapshot: Option<PendingSnapshot> = None;
    let mut waits_ns = Vec::with_capacity(cancels);
    // Looks without rest: a thread that is woken would add its own delay to every answer.
    while !timed.is_over() || !others.is_over() {
        if beside.snapshots && snapshot.as_mut().is_none_or(|asked| ready(asked).is_some()) {
            snapshot = Some(exchange.snapshot());
        }
        timed.send(exchange)?;
        others.send(exchange)?;
        while let Some((wait, canceled)) = timed.next_answer()? {
            ensure!(canceled, "an order was not canceled");
            waits_ns.push(u64::try_from(wait.as_nanos())?);
        }
        while let Some((_, canceled)) = others.next_answer()? {
            ensure!(canceled == beside.history, "not what was to go on beside");
        }
    }
    waits_ns.sort_unstable();
    if let Some(asked) = snapshot {
        asked.wait()?;
    }
    let after = exchange.status();
    let snapshots = after.counters.snapshots - before.counters.snapshots;
    let transactions = after.history.transactions - before.history.transactions;
    Ok(Measured { waits_ns, snapshots, transactions })
}

fn ready<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = |per_mille| percentile(&self.waits_ns, per_mille) as f64 / 1e3;
        let (p50, p99, p999) = (us(500), us(990), us(999));
        let Self { snapshots, transactions, .. } = self;
        write!(
            f,
            "p50 {p50:.0} us, p99 {p99:.0} us, p99.9 {p999:.0} us; {snapshots} snapshots, \
             {transactions} transactions of history"
        )
    }
}

/// The value that a share of an ascending list does not exceed.
pub(crate) fn percentile(ascending: &[u64], per_mille: usize) -> u64 {
    let rank = (ascending.len() * per_mille).div_ceil(1_000);
    ascending.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
