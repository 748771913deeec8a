//! Cancels beside a thousand WebSocket connections with four subscriptions each, on a market with a
//! full book and steady trades; and the same without the connections, in turns.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use openmart_sim::http::{ALICE, BOB, Server};
use openmart_wire::bitmart_v2::{OrderBody, Side};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::client::{self, Load, Trader};
use crate::report::{Cell, median, value};

const SUBSCRIPTIONS: [&str; 4] = [
    r#"{"subscribe":"price","symbol":"BTC_USDT"}"#,
    r#"{"subscribe":"kline","symbol":"BTC_USDT","step":1}"#,
    r#"{"subscribe":"order","symbol":"BTC_USDT"}"#,
    r#"{"subscribe":"trade","symbol":"BTC_USDT"}"#,
];

/// The streams come from here: the cancels take what connections the other two addresses may have.
const STREAMS_FROM: &str = "127.0.0.3:0";

/// What every push begins with.
const PUSHED: &[u8] = br#"{"subscribe":"#;

/// Levels on each side of the book, apart from the orders that are canceled.
const LEVELS: u32 = 19;

/// Time between two trades.
const TRADE_INTERVAL: Duration = Duration::from_millis(10);

/// What to measure.
pub(crate) struct Plan {
    pub(crate) load: Load,
    pub(crate) streams: usize,
    pub(crate) rounds: usize,
}

/// Runs it in turns and prints the ratio of the medians.
pub(crate) fn run(
    openmart: &Path,
    data: &Path,
    plan: &Plan,
    json_file: Option<&Path>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        for (streams, cells) in [(0, &mut without), (plan.streams, &mut with)] {
            let cell = runtime.block_on(measure(openmart, data, plan.load, streams))?;
            eprintln!("round {round}: {streams} streams: {cell}");
            cells.push(cell);
        }
    }
    let (without, with) = (median(&without), median(&with));
    println!("cancels at {} connections, medians:", plan.load.connections);
    println!("streams | requests/s | p50 us | p99 us | p99.9 us | server CPU us");
    let line = |name: &str, cell: Cell, digits: usize| {
        println!(
            "{name} | {:.digits$} | {:.digits$} | {:.digits$} | {:.digits$} | {:.2}",
            cell.requests_per_second, cell.p50_us, cell.p99_us, cell.p999_us, cell.server_cpu_us
        );
    };
    let ratio = Cell {
        requests_per_second: with.requests_per_second / without.requests_per_second,
        p50_us: with.p50_us / without.p50_us,
        p99_us: with.p99_us / without.p99_us,
        p999_us: with.p999_us / without.p999_us,
        server_cpu_us: with.server_cpu_us / without.server_cpu_us,
        ..Cell::default()
    };
    line("0", without, 0);
    line(&plan.streams.to_string(), with, 0);
    line("ratio", ratio, 2);
    if let Some(file) = json_file {
        let report = json!({
            "streams": plan.streams, "without": value(without), "with": value(with),
            "ratio": value(ratio),
        });
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

async fn measure(openmart: &Path, data: &Path, load: Load, streams: usize) -> Result<Cell> {
    let server = Server::exchange(openmart, data)?;
    let address = &server.address;
    let mut alice = Trader::open(address, ALICE).await?;
    let mut bob = Trader::open(address, BOB).await?;
    for level in 1..=LEVELS {
        bob.place(&order(Side::Buy, 100 - level)).await?;
        alice.place(&order(Side::Sell, 300 + level)).await?;
    }
    let requests = client::place_and_sign(address, load).await?;
    let bytes = Arc::new(AtomicU64::new(0));
    let mut readers = JoinSet::new();
    for _ in 0..streams {
        let stream = subscribe(address).await?;
        readers.spawn(read(stream, bytes.clone()));
    }
    let trading = tokio::spawn(async move {
        loop {
            alice.place(&order(Side::Sell, 200)).await?;
            bob.place(&order(Side::Buy, 200)).await?;
            tokio::time::sleep(TRADE_INTERVAL).await;
        }
        #[expect(unreachable_code, reason = "names the type of the error")]
        anyhow::Ok(())
    });
    let cpu_before = server.cpu_seconds()?;
    let (mut cell, _) = client::drive(address, load, requests).await?;
    cell.server_cpu_us = (server.cpu_seconds()? - cpu_before) * 1e6 / load.requests as f64;
    ensure!(!trading.is_finished(), "the trades ended: {:?}", trading.await);
    trading.abort();
    ensure!(readers.len() == streams && readers.try_join_next().is_none(), "a stream was cut off");
    if streams > 0 {
        eprintln!("pushed {} MB", bytes.load(Ordering::Relaxed) / 1_000_000);
    }
    Ok(cell)
}

fn order(side: Side, price: u32) -> OrderBody {
    OrderBody {
        symbol: "BTC_USDT".into(),
        side,
        amount: "0.00100".into(),
        price: format!("{price}.00"),
        client_order_id: None,
    }
}

/// A connection with its subscriptions and their first pushes: what is measured is not their
/// beginning.
async fn subscribe(address: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(STREAMS_FROM.parse()?)?;
    let mut stream = socket.connect(address.parse()?).await?;
    let upgrade = "GET / HTTP/1.1\r\nhost: local\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(stream.read_buf(&mut head).await? > 0, "the server closed the connection");
    }
    ensure!(head.starts_with(b"HTTP/1.1 101"), "answered {}", String::from_utf8_lossy(&head));
    for text in SUBSCRIPTIONS {
        // A text frame, masked with zeros.
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
        let length = length.context("a short message")?;
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend(text.as_bytes());
        stream.write_all(&frame).await?;
        let mut first = Vec::new();
        while !first.windows(PUSHED.len()).any(|window| window == PUSHED) {
            ensure!(stream.read_buf(&mut first).await? > 0, "the server closed the connection");
        }
    }
    Ok(stream)
}

/// Reads and forgets until the end, which should not come.
async fn read(mut stream: TcpStream, bytes: Arc<AtomicU64>) {
    let mut buffer = vec![0; 16 * 1_024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        bytes.fetch_add(count as u64, Ordering::Relaxed);
    }
}
