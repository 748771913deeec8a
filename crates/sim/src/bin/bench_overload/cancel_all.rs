//! One cancel-all of very many orders: how long until it is answered, and how much of that is the
//! engine's and the market data's.

use std::time::Instant;

use anyhow::{Result, ensure};
use openmart_engine::Engine;
use openmart_exchange::Exchange;
use openmart_marketdata::MarketData;
use openmart_model::{AccountId, Command, Outcome, TimeInForce, Timestamp};
use openmart_sim::cancels::listing;
use serde_json::{Value, json};

pub(crate) const HEAD: &str = "| orders of one cancel-all | answered after, ms | the engine alone, ms | the market data alone, ms |\n\
| --: | --: | --: | --: |";

pub(crate) struct Measured {
    orders: u32,
    answered_ms: f64,
    engine_ms: f64,
    market_data_ms: f64,
}

pub(crate) fn measure(exchange: &Exchange, orders: u32) -> Result<Measured> {
    super::place_resting(exchange, 0, orders)?;
    let start = Instant::now();
    let receipt = exchange.execute_blocking(cancel_all())?;
    let answered_ms = start.elapsed().as_secs_f64() * 1e3;
    ensure!(receipt.result == Ok(Outcome::CanceledAll { orders }), "{receipt:?}");
    ensure!(exchange.view(|state| state.engine().orders_open()) == 0, "something is left");
    let (engine_ms, market_data_ms) = alone_ms(orders)?;
    Ok(Measured { orders, answered_ms, engine_ms, market_data_ms })
}

/// The same command on an engine and market data without pipeline, journal or history.
fn alone_ms(orders: u32) -> Result<(f64, f64)> {
    let (mut engine, mut market_data) = (Engine::new(), MarketData::new());
    let mut events = Vec::new();
    let mut commands = listing();
    let place = |number: u32| super::buy(0, u64::from(number) % 1_000, TimeInForce::GTC);
    commands.extend((0..orders).map(place));
    for (sequence, command) in (1..).zip(&commands) {
        events.clear();
        engine.apply(sequence, Timestamp(0), command, &mut events)?;
        market_data.apply(sequence, Timestamp(0), &events);
    }
    events.clear();
    let start = Instant::now();
    let sequence = engine.sequence() + 1;
    let result = engine.apply(sequence, Timestamp(0), &cancel_all(), &mut events);
    let engine_ms = start.elapsed().as_secs_f64() * 1e3;
    ensure!(result == Ok(Outcome::CanceledAll { orders }), "{result:?}");
    let start = Instant::now();
    market_data.apply(sequence, Timestamp(0), &events);
    Ok((engine_ms, start.elapsed().as_secs_f64() * 1e3))
}

fn cancel_all() -> Command {
    Command::CancelAll { account: AccountId(0), market: None, side: None }
}

impl Measured {
    pub(crate) fn row(&self) -> String {
        let Self { orders, answered_ms, engine_ms, market_data_ms } = self;
        format!("| {orders} | {answered_ms:.1} | {engine_ms:.1} | {market_data_ms:.1} |")
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "orders": self.orders,
            "answered_ms": self.answered_ms,
            "engine_ms": self.engine_ms,
            "market_data_ms": self.market_data_ms,
        })
    }
}
