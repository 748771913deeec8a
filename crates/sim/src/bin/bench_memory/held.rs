//! Exchanges, and parts of one, that hold open orders and have never seen another.

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use openmart_engine::Engine;
use openmart_exchange::Exchange;
use openmart_marketdata::MarketData;
use openmart_model::{ClientOrderId, Command, Side, Timestamp};
use openmart_sim::random::Random;
use serde_json::{Value, json};

use crate::long::sample;
use crate::process::Memory;
use crate::venue::{self, ACCOUNTS, MARKETS, place};

const SEED: u64 = 1;
const PRICE: u64 = 100_000;
/// Resting orders are up to so many ticks away from the price.
const DISTANCE: u64 = 1_000;

/// Only the orders that a long run left open.
pub(crate) fn only(folder: &Path, open: &Path) -> Result<Value> {
    let exchange = venue::open(folder)?;
    venue::execute_all(&exchange, venue::opening().map(Ok))?;
    let listed = sample("listed", &exchange, 0)?;
    let lines = BufReader::new(std::fs::File::open(open)?).lines();
    venue::execute_all(&exchange, lines.map(|line| command(&line?).context("a line of an order")))?;
    let samples = settle(&exchange, listed)?;
    Ok(json!({ "samples": samples, "orders_open": exchange.status().orders_open }))
}

fn settle(exchange: &Exchange, listed: Value) -> Result<Vec<Value>> {
    let orders = exchange.status().orders_open;
    let mut samples = vec![listed, sample("ended", exchange, orders)?];
    venue::flush(exchange)?;
    samples.push(sample("flushed", exchange, orders)?);
    venue::idle(exchange, 100)?;
    venue::rest(orders);
    samples.push(sample("settled", exchange, orders)?);
    Ok(samples)
}

fn command(line: &str) -> Option<Command> {
    let [account, market, side, price, quantity, name] =
        line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let side = if side == "buy" { Side::Buy } else { Side::Sell };
    let (account, market) = (account.parse().ok()?, market.parse().ok()?);
    let (price, quantity) = (price.parse().ok()?, quantity.parse().ok()?);
    Some(Command::Place(place(account, market, side, price, quantity, ClientOrderId::new(name))))
}

/// So many orders that rest, none of which ever meets another.
fn resting(orders: u64) -> impl Iterator<Item = Command> {
    let mut random = Random::new(SEED);
    (0..orders).map(move |_| {
        let account = random.below(u64::from(ACCOUNTS)) as u32;
        let market = random.below(u64::from(MARKETS)) as u16;
        let distance = 1 + random.below(DISTANCE);
        let (side, price) = match random.percent(50) {
            true => (Side::Buy, PRICE - distance),
            false => (Side::Sell, PRICE + distance),
        };
        Command::Place(place(account, market, side, price, 1 + random.below(100), None))
    })
}

/// The whole exchange; leaves a folder with a snapshot behind.
pub(crate) fn exchange(folder: &Path, orders: u64) -> Result<Value> {
    let exchange = venue::open(folder)?;
    venue::execute_all(&exchange, venue::opening().map(Ok))?;
    venue::idle(&exchange, 100)?;
    let listed = sample("listed", &exchange, 0)?;
    venue::execute_all(&exchange, resting(orders).map(Ok))?;
    ensure!(exchange.status().orders_open == orders, "all of them rest");
    let samples = settle(&exchange, listed)?;
    let snapshots = exchange.status().counters.snapshots;
    exchange.close()?;
    Ok(
        json!({ "samples": samples, "snapshots": snapshots, "snapshot_bytes": snapshot_bytes(folder)? }),
    )
}

/// The newest snapshot file.
fn snapshot_bytes(folder: &Path) -> Result<u64> {
    let mut newest = None;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.contains("snapshot") {
            newest = newest.max(Some((name, entry.metadata()?.len())));
        }
    }
    Ok(newest.context("no snapshot was written")?.1)
}

/// The same exchange after a restart.
pub(crate) fn reopened(folder: &Path) -> Result<Value> {
    let empty = Memory::now()?.to_json();
    let exchange = venue::open(folder)?;
    venue::rest(exchange.status().orders_open);
    let opened = sample("opened", &exchange, exchange.status().orders_open)?;
    Ok(json!({ "samples": [empty, opened] }))
}

/// The engine alone.
pub(crate) fn engine(orders: u64) -> Result<Value> {
    apply(orders, |_, _, _| {})
}

/// The engine and market data.
pub(crate) fn folds(orders: u64) -> Result<Value> {
    let mut market_data = MarketData::new();
    apply(orders, move |sequence, time, events| market_data.apply(sequence, time, events))
}

fn apply(
    orders: u64,
    mut fold: impl FnMut(u64, Timestamp, &[openmart_model::Event]),
) -> Result<Value> {
    let (mut engine, mut events, mut sequence) = (Engine::new(), Vec::new(), 0);
    let time = Timestamp(1_600_000_000_000);
    let mut apply = |engine: &mut Engine, command: Command| -> Result<()> {
        sequence += 1;
        engine.apply(sequence, time, &command, &mut events)?;
        fold(sequence, time, &events);
        events.clear();
        Ok(())
    };
    venue::opening().try_for_each(|command| apply(&mut engine, command))?;
    let listed = Memory::now()?.to_json();
    resting(orders).try_for_each(|command| apply(&mut engine, command))?;
    ensure!(engine.orders_open() as u64 == orders, "all of them rest");
    venue::rest(orders);
    let ended = Memory::now()?.to_json();
    Ok(json!({ "samples": [listed, ended] }))
}
