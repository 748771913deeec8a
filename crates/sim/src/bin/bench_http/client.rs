//! The load: keep-alive connections with one request in flight on each, or with several that are
//! written at once.

use std::time::Instant;

use anyhow::Result;
use openmart_sim::http::{BOB, Connection, Key, Signer, delete, now_ms};
use openmart_wire::bitmart_v2::{OrderBody, Side};
use tokio::task::JoinSet;

use crate::histogram::Histogram;
use crate::report::{Cell, percentile};

/// How much to ask at once and in all.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    /// Requests written at once on a connection; their answers are awaited together.
    pub(crate) depth: usize,
}

/// Connections that place the orders, before anything is timed.
const PLACING_CONNECTIONS: usize = 64;

/// The bytes of every request, split over the connections.
pub(crate) type Requests = Vec<Vec<Vec<u8>>>;

/// What the reference is asked: the same path and as many headers, without meaning.
pub(crate) fn unsigned_cancels(load: Load) -> Requests {
    let token = "0".repeat(120);
    let signature = "0".repeat(64);
    let request = |id: usize| delete(id as u64, &token, now_ms(), &signature);
    split((1..=load.requests).map(request).collect(), load.connections)
}

/// Places resting orders and returns the signed requests that cancel them.
pub(crate) async fn place_and_sign(address: &str, load: Load) -> Result<Requests> {
    let signer = Signer::log_in(address, BOB).await?;
    let order = OrderBody {
        symbol: "BTC_USDT".into(),
        side: Side::Buy,
        amount: "0.00100".into(),
        price: "100.00".into(),
        client_order_id: None,
    };
    let mut ids = Vec::with_capacity(load.requests);
    let mut tasks = JoinSet::new();
    for share in split(vec![(); load.requests], PLACING_CONNECTIONS) {
        let (address, signer, order) = (address.to_owned(), signer.clone(), order.clone());
        tasks.spawn(async move {
            let (mut connection, mut ids) = (Connection::open(&address).await?, Vec::new());
            for () in share {
                ids.push(signer.placed(&mut connection, &order).await?);
            }
            anyhow::Ok(ids)
        });
    }
    while let Some(placed) = tasks.join_next().await {
        ids.extend(placed??);
    }
    Ok(split(ids.into_iter().map(|id| signer.cancel(id)).collect(), load.connections))
}

/// An account that places one order after the other.
pub(crate) struct Trader {
    connection: Connection,
    signer: Signer,
}

impl Trader {
    pub(crate) async fn open(address: &str, key: Key) -> Result<Self> {
        let signer = Signer::log_in(address, key).await?;
        Ok(Self { connection: Connection::open(address).await?, signer })
    }

    pub(crate) async fn place(&mut self, order: &OrderBody) -> Result<()> {
        self.signer.placed(&mut self.connection, order).await?;
        Ok(())
    }
}

/// Sends every request and times each; every answer must be a 200 with exactly `{}`.
pub(crate) async fn drive(
    address: &str,
    load: Load,
    requests: Requests,
) -> Result<(Cell, Histogram)> {
    let mut connections = Vec::new();
    for requests in requests {
        let groups: Vec<Vec<u8>> = match load.depth {
            1 => Vec::new(),
            depth => requests.chunks(depth).map(<[_]>::concat).collect(),
        };
        connections.push((Connection::open_from_second(address).await?, requests, groups));
    }
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for (mut connection, requests, groups) in connections {
        tasks.spawn(async move {
            let mut latencies = Vec::with_capacity(requests.len());
            if load.depth == 1 {
                for request in &requests {
                    let sent = Instant::now();
                    connection.ask_group(request, 1).await?;
                    latencies.push(sent.elapsed().as_nanos() as u64);
                }
                return anyhow::Ok(latencies);
            }
            for (group, requests) in groups.iter().zip(requests.chunks(load.depth)) {
                let sent = Instant::now();
                connection.ask_group(group, requests.len()).await?;
                let latency = sent.elapsed().as_nanos() as u64;
                latencies.extend(requests.iter().map(|_| latency));
            }
            Ok(latencies)
        });
    }
    let mut latencies = Vec::with_capacity(load.requests);
    while let Some(finished) = tasks.join_next().await {
        latencies.extend(finished??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let us = |share| percentile(&latencies, share) / 1e3;
    let cell = Cell {
        requests_per_second: latencies.len() as f64 / seconds,
        p50_us: us(0.5),
        p99_us: us(0.99),
        p999_us: us(0.999),
        ..Cell::default()
    };
    let mut histogram = Histogram::default();
    histogram.add_ns(&latencies);
    Ok((cell, histogram))
}

fn split<T: Clone>(all: Vec<T>, parts: usize) -> Vec<Vec<T>> {
    let mut split = vec![Vec::new(); parts];
    for (at, one) in all.into_iter().enumerate() {
        split[at % parts].push(one);
    }
    split
}
