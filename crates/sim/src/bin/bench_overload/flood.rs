//! Cancels among ten times the orders that can be carried out.
//!
//! First the sustainable rate: as many orders as go through when each one waits for its turn. Then ten
//! times that rate is offered, whatever becomes of it, and cancels come at their own pace beside it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use openmart_exchange::{Exchange, Lane, Pending, SubmitError};
use openmart_model::{AccountId, Command, OrderId, TimeInForce};
use serde_json::{Value, json};

pub(crate) const HEAD: &str = "| sustainable orders/s | offered/s | carried out/s | refused | cancels | \
cancels refused | p50 ms | p99 ms | p99.9 ms | slowest ms |\n\
| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

/// How many times the sustainable rate is offered.
const TIMES: f64 = 10.0;
/// Orders under way at a time while the sustainable rate is found.
const UNDER_WAY: usize = 256;
/// Pause between two cancels.
const CANCEL_EVERY: Duration = Duration::from_micros(500);
/// Accounts of whoever floods and of whoever cancels.
const FLOODER: u32 = 1;
const CANCELER: u32 = 2;

pub(crate) struct Measured {
    sustainable: f64,
    offered: f64,
    carried_out: f64,
    refused: u64,
    cancels_refused: u64,
    /// Milliseconds from when a cancel was due to its answer, ascending.
    cancels_ms: Vec<f64>,
}

pub(crate) fn measure(exchange: &Exchange, duration: Duration) -> Result<Measured> {
    let sustainable = sustainable_rate(exchange, duration)?;
    let count = duration.as_nanos() / CANCEL_EVERY.as_nanos();
    let orders = super::place_resting(exchange, CANCELER, count as u32)?;
    let stop = AtomicBool::new(false);
    let commands_before = exchange.status().counters.commands;
    let start = Instant::now();
    let (flooded, canceled, seconds) = std::thread::scope(|scope| {
        let flood = scope.spawn(|| flood(exchange, sustainable * TIMES, &stop));
        let canceled = cancel(exchange, &orders);
        let seconds = start.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        (flood.join(), canceled, seconds)
    });
    let carried_out = (exchange.status().counters.commands - commands_before) as f64 / seconds;
    let (offered, refused) = flooded.expect("the flood does not panic")?;
    let (mut cancels_ms, cancels_refused) = canceled?;
    cancels_ms.sort_unstable_by(f64::total_cmp);
    let offered = offered as f64 / seconds;
    Ok(Measured { sustainable, offered, carried_out, refused, cancels_refused, cancels_ms })
}

/// An order that ends at once, so that the state stays as it is.
fn order(number: u64) -> Command {
    super::buy(FLOODER, number % 1_000, TimeInForce::ImmediateOrCancel)
}

fn sustainable_rate(exchange: &Exchange, duration: Duration) -> Result<f64> {
    let (start, mut sent) = (Instant::now(), 0);
    let mut under_way: VecDeque<Pending> = VecDeque::new();
    while start.elapsed() < duration {
        under_way.push_back(exchange.submit(order(sent))?);
        sent += 1;
        if under_way.len() == UNDER_WAY
            && let Some(oldest) = under_way.pop_front()
        {
            oldest.wait()?.result?;
        }
    }
    for rest in under_way {
        rest.wait()?.result?;
    }
    Ok(sent as f64 / start.elapsed().as_secs_f64())
}

/// Offers orders at a rate until told to stop: how many, and how many were refused.
fn flood(exchange: &Exchange, rate: f64, stop: &AtomicBool) -> Result<(u64, u64)> {
    let (start, mut offered, mut refused) = (Instant::now(), 0, 0);
    while !stop.load(Ordering::Relaxed) {
        let due = (start.elapsed().as_secs_f64() * rate) as u64;
        if offered >= due {
            std::thread::yield_now();
            continue;
        }
        match exchange.submit(order(offered)) {
            // Its outcome matters to nobody.
            Ok(pending) => drop(pending),
            Err(SubmitError::Overloaded { lane: Lane::Orders, .. }) => refused += 1,
            Err(other) => return Err(other.into()),
        }
        offered += 1;
    }
    Ok((offered, refused))
}

/// Cancels all orders, one after the other at a fixed pace: how long each took, and how many were
/// refused for want of room.
fn cancel(exchange: &Exchange, orders: &[OrderId]) -> Result<(Vec<f64>, u64)> {
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel::<(Instant, Pending)>();
        let answers = scope.spawn(move || {
            let answered = |(due, pending): (Instant, Pending)| {
                pending.wait()?.result?;
                Ok(due.elapsed().as_secs_f64() * 1e3)
            };
            receiver.into_iter().map(answered).collect::<Result<Vec<f64>>>()
        });
        let (start, mut refused) = (Instant::now(), 0);
        for (order, number) in orders.iter().zip(0..) {
            let due = start + CANCEL_EVERY * number;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            match exchange.submit(Command::Cancel { account: AccountId(CANCELER), order: *order }) {
                Ok(pending) => sender.send((due, pending))?,
                Err(SubmitError::Overloaded { .. }) => refused += 1,
                Err(other) => return Err(other.into()),
            }
        }
        drop(sender);
        Ok((answers.join().expect("the thread does not panic")?, refused))
    })
}

impl Measured {
    fn percentile(&self, per_mille: usize) -> f64 {
        let rank = (self.cancels_ms.len() * per_mille).div_ceil(1_000);
        self.cancels_ms.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    pub(crate) fn row(&self) -> String {
        let [p50, p99, p999, slowest] = [500, 990, 999, 1_000].map(|share| self.percentile(share));
        format!(
            "| {:.0} | {:.0} | {:.0} | {} | {} | {} | {p50:.2} | {p99:.2} | {p999:.2} | {slowest:.2} |",
            self.sustainable,
            self.offered,
            self.carried_out,
            self.refused,
            self.cancels_ms.len(),
            self.cancels_refused,
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "sustainable_per_second": self.sustainable,
            "offered_per_second": self.offered,
            "carried_out_per_second": self.carried_out,
            "orders_refused": self.refused,
            "cancels": self.cancels_ms.len(),
            "cancels_refused": self.cancels_refused,
            "cancel_latency_ms": {
                "p50": self.percentile(500),
                "p99": self.percentile(990),
                "p99_9": self.percentile(999),
                "max": self.percentile(1_000),
            },
        })
    }
}
