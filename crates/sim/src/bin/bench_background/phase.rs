//! Cancels at a fixed rate, and what goes on beside them.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use anyhow::Result;
use openmart_exchange::{Exchange, Pending, PendingSnapshot};
use openmart_model::{AccountId, Command, OrderId};

/// Cancels of one phase, and how many are due in a second.
#[derive(Clone, Copy)]
pub(crate) struct Phase {
    pub(crate) cancels: usize,
    pub(crate) rate: u32,
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
    /// Rows that history had not written, at the beginning and at the end.
    pub(crate) lag_rows: (usize, usize),
    /// Of the cancels, those that were answered while a snapshot was being made or history was behind.
    pub(crate) beside: usize,
}

/// History is behind with more rows than the cancels of a few of its transactions: there is work
/// beside.
const BEHIND_ROWS: usize = 5_000;

/// Cancels between two looks at how far history is, which takes a lock.
const CANCELS_PER_LOOK: usize = 50;

pub(crate) fn run(
    exchange: &Exchange,
    phase: Phase,
    beside: Beside,
    orders: Vec<(AccountId, OrderId)>,
) -> Result<Measured> {
    let lag = || exchange.status().history.lag_rows;
    let (first_lag, snapshots) = (lag(), exchange.status().counters.snapshots);
    let interval = Duration::from_secs(1) / phase.rate;
    let mut under_way: VecDeque<(Instant, Pending)> = VecDeque::new();
    let mut snapshot: Option<PendingSnapshot> = None;
    let mut waits_ns = Vec::with_capacity(orders.len());
    let (mut at_work, mut behind) = (0, first_lag > BEHIND_ROWS);
    let mut orders = orders.into_iter();
    let mut due = Instant::now() + interval;
    // Looks without rest: a thread that is woken would add its own delay to every answer.
    while orders.len() > 0 || !under_way.is_empty() {
        if beside.snapshots && snapshot.as_mut().is_none_or(|asked| ready(asked).is_some()) {
            snapshot = Some(exchange.snapshot());
        }
        if Instant::now() >= due
            && let Some((account, order)) = orders.next()
        {
            under_way.push_back((due, exchange.submit(Command::Cancel { account, order })?));
            due += interval;
        }
        while let Some((since, pending)) = under_way.front_mut()
            && let Some(receipt) = ready(pending)
        {
            waits_ns.push(u64::try_from(since.elapsed().as_nanos())?);
            receipt?.result?;
            under_way.pop_front();
            at_work += usize::from(beside.snapshots || behind);
            if waits_ns.len() % CANCELS_PER_LOOK == 0 {
                behind = lag() > BEHIND_ROWS;
            }
        }
    }
    let last_lag = lag();
    waits_ns.sort_unstable();
    if let Some(asked) = snapshot {
        asked.wait()?;
    }
    let snapshots = exchange.status().counters.snapshots - snapshots;
    Ok(Measured { waits_ns, snapshots, lag_rows: (first_lag, last_lag), beside: at_work })
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
        let (before, after) = self.lag_rows;
        write!(
            f,
            "p50 {p50:.0} us, p99 {p99:.0} us, p99.9 {p999:.0} us; {} snapshots, rows not written \
             {before} to {after}, {} of {} beside work",
            self.snapshots,
            self.beside,
            self.waits_ns.len()
        )
    }
}

/// The value that a share of an ascending list does not exceed.
pub(crate) fn percentile(ascending: &[u64], per_mille: usize) -> u64 {
    let rank = (ascending.len() * per_mille).div_ceil(1_000);
    ascending.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
