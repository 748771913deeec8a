//! The same over HTTP: ten times the orders that the program can carry out come on connections that
//! write whatever becomes of the answers, and cancels on connections of their own.
//!
//! The program is alone on core 0. What is offered beyond what it reads waits in the sockets, as with
//! any server; so the connections are never without a next request.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use openmart_sim::http::{ALICE, Answers, BOB, Connection, Key, Server, Signer};
use openmart_wire::bitmart_v2::{OrderBody, Side};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};

pub(crate) const HEAD: &str = "| over HTTP: sustainable orders/s | due/s | written/s | answered/s | refused for want of room | \
refused otherwise | cancels | cancels refused | p50 ms | p99 ms | p99.9 ms | slowest ms |\n\
| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

/// How many times the sustainable rate is due.
const TIMES: f64 = 10.0;
/// Connections that flood, half of them of either account: neither comes to the limit of its open
/// orders.
const FLOODING: usize = 64;
/// Orders written at once.
const GROUP: usize = 16;
/// Connections that cancel, with one request in flight each: enough to keep the pace as long as an answer takes
/// no more than 50 ms. Fewer would fall behind by themselves, and what they wait for one another would
/// count as the answers' time.
const CANCELING: usize = 64;
/// Time between two cancels over all connections.
const CANCEL_EVERY: Duration = Duration::from_millis(1);
/// What is refused for want of room is answered with this status.
const OVERLOADED: u16 = 503;

pub(crate) struct Measured {
    sustainable: f64,
    seconds: f64,
    flood: Flood,
    cancels_refused: u64,
    /// Milliseconds from when a cancel was due to its answer, ascending.
    cancels_ms: Vec<f64>,
}

/// What became of the orders.
#[derive(Clone, Copy, Default)]
struct Flood {
    written: u64,
    placed: u64,
    overloaded: u64,
    refused: u64,
}

pub(crate) fn measure(openmart: &Path, data: &Path, duration: Duration) -> Result<Measured> {
    let server = Server::exchange(openmart, data)?;
    let address = server.address.as_str();
    let count = duration.as_nanos() / CANCEL_EVERY.as_nanos();
    let (sustainable, cancels) = runtime()?.block_on(async {
        let cancels = resting(address, count as usize).await?;
        anyhow::Ok((sustainable_rate(address, duration / 4).await?, cancels))
    })?;
    let begun = Instant::now();
    let end = begun + duration;
    // Each with a thread of its own: what floods must not delay what is timed.
    let (flood, canceled) = std::thread::scope(|scope| {
        let flood = scope.spawn(|| runtime()?.block_on(flood(address, sustainable * TIMES, end)));
        let canceled = runtime().and_then(|runtime| runtime.block_on(cancel(address, cancels)));
        (flood.join(), canceled)
    });
    let flood = flood.expect("the flood does not panic")?;
    let (mut cancels_ms, cancels_refused) = canceled?;
    cancels_ms.sort_unstable_by(f64::total_cmp);
    Ok(Measured {
        sustainable,
        seconds: duration.as_secs_f64(),
        flood,
        cancels_refused,
        cancels_ms,
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// An order that rests, far from any other side.
fn order() -> OrderBody {
    OrderBody {
        symbol: "BTC_USDT".into(),
        side: Side::Buy,
        amount: "0.00100".into(),
        price: "100.00".into(),
        client_order_id: None,
    }
}

/// The requests that cancel so many resting orders.
async fn resting(address: &str, count: usize) -> Result<Vec<Vec<u8>>> {
    let signer = Signer::log_in(address, ALICE).await?;
    let mut connection = Connection::open(address).await?;
    let mut cancels = Vec::with_capacity(count);
    for _ in 0..count {
        let order = signer.placed(&mut connection, &order()).await?;
        cancels.push(signer.cancel(order));
    }
    Ok(cancels)
}

/// Connections that flood, and what each writes at once.
async fn connections(address: &str) -> Result<Vec<(OwnedWriteHalf, Answers, Vec<u8>)>> {
    let mut groups = Vec::new();
    for key in [ALICE, BOB] as [Key; 2] {
        groups.push(Signer::log_in(address, key).await?.place(&order())?.repeat(GROUP));
    }
    let mut connections = Vec::new();
    for number in 0..FLOODING {
        let (write, answers) = Connection::open(address).await?.split();
        connections.push((write, answers, groups[number % groups.len()].clone()));
    }
    Ok(connections)
}

/// As many orders as go through when every connection awaits the answers before it writes more.
async fn sustainable_rate(address: &str, duration: Duration) -> Result<f64> {
    let mut tasks = JoinSet::new();
    let connections = connections(address).await?;
    let begun = Instant::now();
    for (mut write, mut answers, group) in connections {
        tasks.spawn(async move {
            let mut answered = 0;
            while begun.elapsed() < duration {
                write.write_all(&group).await?;
                for _ in 0..GROUP {
                    let answer = answers.next().await?.context("the connection ended")?;
                    ensure!(answer.status == 200, "answered {answer:?}");
                    answered += 1;
                }
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered: u64 = 0;
    while let Some(task) = tasks.join_next().await {
        answered += task??;
    }
    Ok(answered as f64 / begun.elapsed().as_secs_f64())
}

/// Writes orders at a rate until the end, if they are read so fast, and counts the answers.
async fn flood(address: &str, rate: f64, end: Instant) -> Result<Flood> {
    let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
    let connections = connections(address).await?;
    let begun = Instant::now();
    for (write, answers, group) in connections {
        writers.spawn(write_until(write, group, rate / FLOODING as f64, begun, end));
        readers.spawn(count_until(answers, end));
    }
    let mut flood = Flood::default();
    // Without the writing halves the server would see the end of its connections before the readers.
    let mut halves = Vec::new();
    while let Some(writer) = writers.join_next().await {
        let (half, written) = writer?;
        halves.push(half);
        flood.written += written;
    }
    while let Some(counted) = readers.join_next().await {
        let counted = counted??;
        flood.placed += counted.placed;
        flood.overloaded += counted.overloaded;
        flood.refused += counted.refused;
    }
    drop(halves);
    Ok(flood)
}

async fn write_until(
    mut write: OwnedWriteHalf,
    group: Vec<u8>,
    rate: f64,
    begun: Instant,
    end: Instant,
) -> (OwnedWriteHalf, u64) {
    let mut written = 0;
    while Instant::now() < end {
        if written as f64 > begun.elapsed().as_secs_f64() * rate {
            sleep_until((Instant::now() + Duration::from_millis(1)).into()).await;
            continue;
        }
        match timeout_at(end.into(), write.write_all(&group)).await {
            Ok(Ok(())) => written += GROUP as u64,
            // The end, in the middle of a group, or a connection that was closed.
            _ => break,
        }
    }
    (write, written)
}

async fn count_until(mut answers: Answers, end: Instant) -> Result<Flood> {
    let mut flood = Flood::default();
    while let Ok(answer) = timeout_at(end.into(), answers.next()).await {
        match answer?.context("the server closed a connection that floods")?.status {
            200 => flood.placed += 1,
            OVERLOADED => flood.overloaded += 1,
            _ => flood.refused += 1,
        }
    }
    Ok(flood)
}

/// Cancels all orders at a fixed pace: how long each took from when it was due, and how many were
/// not answered by a 200.
async fn cancel(address: &str, cancels: Vec<Vec<u8>>) -> Result<(Vec<f64>, u64)> {
    let mut shares = vec![Vec::new(); CANCELING];
    for (number, request) in cancels.into_iter().enumerate() {
        shares[number % CANCELING].push((CANCEL_EVERY * number as u32, request));
    }
    let mut tasks = JoinSet::new();
    let mut connections = Vec::new();
    for share in shares {
        connections.push((Connection::open(address).await?, share));
    }
    let begun = Instant::now();
    for (mut connection, share) in connections {
        tasks.spawn(async move {
            let (mut taken_ms, mut refused) = (Vec::with_capacity(share.len()), 0);
            for (after, request) in share {
                let due = begun + after;
                sleep_until(due.into()).await;
                let answer = connection.ask_any(&request).await?;
                taken_ms.push(due.elapsed().as_secs_f64() * 1e3);
                refused += u64::from(answer.status != 200);
            }
            anyhow::Ok((taken_ms, refused))
        });
    }
    let (mut all_ms, mut all_refused) = (Vec::new(), 0);
    while let Some(task) = tasks.join_next().await {
        let (taken_ms, refused) = task??;
        all_ms.extend(taken_ms);
        all_refused += refused;
    }
    Ok((all_ms, all_refused))
}

impl Measured {
    fn percentile(&self, per_mille: usize) -> f64 {
        let rank = (self.cancels_ms.len() * per_mille).div_ceil(1_000);
        self.cancels_ms.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.seconds
    }

    fn answered(&self) -> f64 {
        self.per_second(self.flood.placed + self.flood.overloaded + self.flood.refused)
    }

    pub(crate) fn row(&self) -> String {
        let [p50, p99, p999, slowest] = [500, 990, 999, 1_000].map(|share| self.percentile(share));
        format!(
            "| {:.0} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {} | {p50:.2} | {p99:.2} | {p999:.2} | {slowest:.2} |",
            self.sustainable,
            self.sustainable * TIMES,
            self.per_second(self.flood.written),
            self.answered(),
            self.flood.overloaded,
            self.flood.refused,
            self.cancels_ms.len(),
            self.cancels_refused,
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "sustainable_per_second": self.sustainable,
            "due_per_second": self.sustainable * TIMES,
            "written_per_second": self.per_second(self.flood.written),
            "answered_per_second": self.answered(),
            "orders_placed": self.flood.placed,
            "orders_refused_for_room": self.flood.overloaded,
            "orders_refused_otherwise": self.flood.refused,
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
