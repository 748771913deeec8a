//! The worst there is for the ladder of a book: very many price levels, each opened behind all others.
//!
//! An engine with a market enters; how long opening and closing each level took leaves.

use std::time::Instant;

use anyhow::{Result, anyhow, bail, ensure};
use openmart_engine::Engine;
use openmart_model::limits::PRICE_LEVELS_PER_SIDE_MAX;
use openmart_model::{
    AccountId, Command, MarketId, NewOrder, OrderId, OrderKind, Outcome, Price, Quantity, Side,
    TimeInForce,
};

use crate::exchange::listed;

/// The best ask; the worst is as many ticks above it as there are levels.
const BEST: u64 = 100_000;
const ACCOUNT: AccountId = AccountId(0);
/// Room for the events of one command.
const EVENTS: usize = 4;

/// Nanoseconds of every order that opened a level, and of every cancel that closed one, ascending.
#[derive(Debug)]
pub(crate) struct Levels {
    pub(crate) opened: Vec<u64>,
    pub(crate) closed: Vec<u64>,
}

/// Fills one side with as many levels as it may have, the worst last, and empties it from that end.
/// The other side first, untimed: what all books share has grown by then, and the ladder has not.
pub(crate) fn measure(small: bool) -> Result<Levels> {
    let levels = if small { PRICE_LEVELS_PER_SIDE_MAX / 64 } else { PRICE_LEVELS_PER_SIDE_MAX };
    let mut engine = listed(1);
    fill_and_empty(&mut engine, Side::Buy, levels)?;
    let Levels { mut opened, mut closed } = fill_and_empty(&mut engine, Side::Sell, levels)?;
    opened.sort_unstable();
    closed.sort_unstable();
    Ok(Levels { opened, closed })
}

fn fill_and_empty(engine: &mut Engine, side: Side, levels: usize) -> Result<Levels> {
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    let mut orders: Vec<OrderId> = Vec::new();
    for away in 0..levels as u64 {
        let price = if side == Side::Buy { BEST - 1 - away } else { BEST + away };
        let (price, quantity) = (Price::new(price), Quantity::new(1));
        let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
        let (account, market) = (ACCOUNT, MarketId(0));
        let order = NewOrder { account, market, side, kind, client_id: None };
        let (taken, outcome) = timed(engine, &Command::Place(order))?;
        let Outcome::Placed { order, .. } = outcome else { bail!("placed, and told {outcome:?}") };
        opened.push(taken);
        orders.push(order);
    }
    ensure!(engine.orders_open() == levels, "not every order opened a level");
    while let Some(order) = orders.pop() {
        closed.push(timed(engine, &Command::Cancel { account: ACCOUNT, order })?.0);
    }
    Ok(Levels { opened, closed })
}

/// Nanoseconds of one command, and its outcome.
fn timed(engine: &mut Engine, command: &Command) -> Result<(u64, Outcome)> {
    let (sequence, time) = (engine.sequence() + 1, engine.time());
    let mut events = Vec::with_capacity(EVENTS);
    let start = Instant::now();
    let result = engine.apply(sequence, time, command, &mut events);
    let taken = start.elapsed().as_nanos() as u64;
    Ok((taken, result.map_err(|reject| anyhow!("refused: {reject}"))?))
}
