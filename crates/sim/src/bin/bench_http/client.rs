//! The load: keep-alive connections with one request in flight on each, or with several that are
//! written at once.

use std::fmt::Write as _;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use openmart_wire::bitmart_v2::{OrderBody, PlacedOrder, Side, SigningKey, Token, TokenProof};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::report::{Cell, percentile};

/// How much to ask at once and in all.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    /// Requests written at once on a connection; their answers are awaited together.
    pub(crate) depth: usize,
}

/// A key of the demo; they are published.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    text: &'static str,
    secret: &'static str,
    memo: &'static str,
}

pub(crate) const ALICE: Key = Key {
    text: "6591f7c2491db0a23a1d8ad6911c825e",
    secret: "8c08d9d5c3d15b105dbddaf96e427ac6",
    memo: "mymemo",
};
pub(crate) const BOB: Key = Key {
    text: "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
    secret: "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
    memo: "bob",
};

/// Connections that place the orders, before anything is timed.
const PLACING_CONNECTIONS: usize = 64;

/// The bytes of every request, split over the connections.
pub(crate) type Requests = Vec<Vec<Vec<u8>>>;

/// What the reference is asked: the same path and as many headers, without meaning.
pub(crate) fn unsigned_cancels(load: Load) -> Requests {
    let token = "0".repeat(120);
    let signature = "0".repeat(64);
    let request = |id: usize| delete(id as u64, &token, now_ms(), &signature).into_bytes();
    split((1..=load.requests).map(request).collect(), load.connections)
}

/// Places resting orders and returns the signed requests that cancel them.
pub(crate) async fn place_and_sign(address: &str, load: Load) -> Result<Requests> {
    let token = token(address, BOB).await?;
    let key = SigningKey::new(BOB.secret);
    let order = OrderBody {
        symbol: "BTC_USDT".into(),
        side: Side::Buy,
        amount: "0.00100".into(),
        price: "100.00".into(),
        client_order_id: None,
    };
    let wishes = vec![place(&order, &key, &token)?; load.requests];
    let mut ids = Vec::with_capacity(load.requests);
    let mut tasks = JoinSet::new();
    for wishes in split(wishes, PLACING_CONNECTIONS) {
        let address = address.to_owned();
        tasks.spawn(async move { place_all(&address, wishes).await });
    }
    while let Some(placed) = tasks.join_next().await {
        ids.extend(placed??);
    }
    let now = now_ms();
    let sign = |id: u64| delete(id, &token, now, &key.sign_cancel_order(id)).into_bytes();
    Ok(split(ids.into_iter().map(sign).collect(), load.connections))
}

/// The bytes of a request that places an order.
fn place(order: &OrderBody, key: &SigningKey, token: &str) -> Result<Vec<u8>> {
    let signature = key.sign(order.signed_message());
    let body = serde_json::to_string(order)?;
    let place = format!(
        "POST /v2/orders HTTP/1.1\r\nhost: local\r\ncontent-type: application/json\r\n\
         x-bm-authorization: Bearer {token}\r\nx-bm-timestamp: {}\r\nx-bm-signature: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        now_ms(),
        body.len()
    );
    Ok(place.into_bytes())
}

/// An account that places one order after the other.
pub(crate) struct Trader {
    connection: Connection,
    key: SigningKey,
    token: String,
}

impl Trader {
    pub(crate) async fn open(address: &str, key: Key) -> Result<Self> {
        let token = token(address, key).await?;
        let connection = Connection::open(address).await?;
        Ok(Self { connection, key: SigningKey::new(key.secret), token })
    }

    pub(crate) async fn place(&mut self, order: &OrderBody) -> Result<()> {
        let request = place(order, &self.key, &self.token)?;
        self.connection.ask(&request).await?;
        Ok(())
    }
}

async fn place_all(address: &str, wishes: Vec<Vec<u8>>) -> Result<Vec<u64>> {
    let mut connection = Connection::open(address).await?;
    let mut ids = Vec::with_capacity(wishes.len());
    for wish in &wishes {
        let body = connection.ask(wish).await?;
        ids.push(serde_json::from_slice::<PlacedOrder>(body)?.entrust_id);
    }
    Ok(ids)
}

async fn token(address: &str, key: Key) -> Result<String> {
    let Key { text, secret, memo } = key;
    let proof = TokenProof::new(text, secret, memo).client_secret(None);
    let form = format!("grant_type=client_credentials&client_id={text}&client_secret={proof}");
    let request = format!(
        "POST /v2/authentication HTTP/1.1\r\nhost: local\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut connection = Connection::open(address).await?;
    let body = connection.ask(request.as_bytes()).await?;
    Ok(serde_json::from_slice::<Token>(body)?.access_token)
}

/// Sends every request and times each; every answer must be a 200 with exactly `{}`.
pub(crate) async fn drive(address: &str, load: Load, requests: Requests) -> Result<Cell> {
    let mut connections = Vec::new();
    for requests in requests {
        let groups: Vec<Vec<u8>> = match load.depth {
            1 => Vec::new(),
            depth => requests.chunks(depth).map(<[_]>::concat).collect(),
        };
        connections.push((Connection::open(address).await?, requests, groups));
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
    Ok(Cell {
        requests_per_second: latencies.len() as f64 / seconds,
        p50_us: us(0.5),
        p99_us: us(0.99),
        p999_us: us(0.999),
        ..Cell::default()
    })
}

fn delete(id: u64, token: &str, timestamp: u64, signature: &str) -> String {
    let mut request = String::with_capacity(512);
    let _ = write!(
        request,
        "DELETE /v2/orders/{id} HTTP/1.1\r\nhost: local\r\nx-bm-authorization: Bearer {token}\r\n\
         x-bm-timestamp: {timestamp}\r\nx-bm-signature: {signature}\r\n\r\n"
    );
    request
}

fn split(requests: Vec<Vec<u8>>, parts: usize) -> Requests {
    let mut split = vec![Vec::new(); parts];
    for (at, request) in requests.into_iter().enumerate() {
        split[at % parts].push(request);
    }
    split
}

fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    elapsed.as_millis() as u64
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4_096) })
    }

    /// Sends a request and returns the body of its answer, which must be a 200.
    async fn ask(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            let Some(head) = find(&self.buffer, b"\r\n\r\n") else { continue };
            let length = content_length(&self.buffer[..head])?;
            if self.buffer.len() >= head + 4 + length {
                let answer = String::from_utf8_lossy(&self.buffer);
                ensure!(self.buffer.starts_with(b"HTTP/1.1 200"), "answered {answer}");
                return Ok(&self.buffer[head + 4..]);
            }
        }
    }

    /// Sends several requests at once and reads as many answers, each a 200 with exactly `{}`.
    async fn ask_group(&mut self, requests: &[u8], count: usize) -> Result<()> {
        self.stream.write_all(requests).await?;
        self.buffer.clear();
        let (mut seen, mut answered) = (0, 0);
        while answered < count {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if count == 1 && self.buffer.ends_with(ANSWER_END) {
                let answer = &self.buffer;
                let ok = answer.starts_with(b"HTTP/1.1 200");
                ensure!(ok, "answered {}", String::from_utf8_lossy(answer));
                return Ok(());
            }
            while let Some(rest) = self.buffer.get(seen + ANSWER_BYTES_MIN..)
                && let Some(end) = find(rest, ANSWER_END)
            {
                let answer = &self.buffer[seen..];
                let ok = answer.starts_with(b"HTTP/1.1 200");
                ensure!(ok, "answered {}", String::from_utf8_lossy(answer));
                seen += ANSWER_BYTES_MIN + end + ANSWER_END.len();
                answered += 1;
            }
        }
        ensure!(seen == self.buffer.len(), "more was answered than asked");
        Ok(())
    }
}

/// No answer to a cancel is shorter, so that looking for its end may begin here.
const ANSWER_BYTES_MIN: usize = 64;

/// What every answer to a cancel ends with: a blank line and a body that says nothing.
const ANSWER_END: &[u8] = b"\r\n\r\n{}";

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?;
    for line in head.lines() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            return Ok(value.trim().parse()?);
        }
    }
    None.context("an answer without a content length")
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
