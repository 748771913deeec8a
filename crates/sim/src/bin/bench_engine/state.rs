//! What concerns the state as a whole: the memory of an open order, writing and reading the state,
//! and canceling very many orders in one command.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use openmart_engine::Engine;
use openmart_model::{
    AccountId, Command, CommandResult, Event, MarketId, NewOrder, OrderKind, Outcome, Price,
    Quantity, Reader, Side, TimeInForce, Writer,
};
use openmart_sim::workload::flow::Flow;

use crate::exchange::Exchange;

/// Orders canceled by one command: half of what an account may have.
const CANCELED: u32 = 100_000;
/// Prices they stand at, on either side, ten ticks and more from where the flow trades.
const CANCELED_LEVELS: u32 = 1_000;
/// The account that has them, besides those of the flow.
const ACCOUNT: AccountId = AccountId(7);

/// Durations are of one run; they are long enough to be told once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) live: usize,
    /// What the process grew by while the books were filled, divided by the open orders.
    pub(crate) bytes_per_order: u64,
    pub(crate) snapshot_bytes: usize,
    pub(crate) write: Duration,
    pub(crate) digest: Duration,
    pub(crate) check: Duration,
    /// Checking included, without which no state is read.
    pub(crate) restore: Duration,
    pub(crate) canceled: u32,
    pub(crate) cancel_all: Duration,
}

/// Measures the state after the prefill of a flow, whose memory was measured apart. After everything
/// else: what it allocates and frees would scatter the memory of the engines that come later.
pub(crate) fn measure(flow: &Flow, bytes_per_order: u64) -> Result<State> {
    let exchange = Exchange::with_prefill(flow)?;
    let engine = exchange.engine();
    let mut bytes = Vec::new();
    engine.snapshot(&mut Writer::new(&mut bytes));
    let snapshot_bytes = bytes.len();
    bytes.clear();
    let write = timed(|| engine.snapshot(&mut Writer::new(&mut bytes))).0;
    let (digest, value) = timed(|| engine.digest());
    let (check, sound) = timed(|| engine.check());
    sound.map_err(|violation| anyhow!("the engine is broken: {violation}"))?;
    let (restore, restored) = timed(|| Engine::restore(&mut Reader::new(&bytes)));
    let mut restored = restored.map_err(|error| anyhow!("the state is not read: {error}"))?;
    ensure!(restored.digest() == value, "the restored state is another one");
    let canceled = CANCELED.min(flow.prefill as u32);
    let cancel_all = cancel_all(&mut restored, canceled)?;
    Ok(State {
        live: flow.prefill,
        bytes_per_order,
        snapshot_bytes,
        write,
        digest,
        check,
        restore,
        canceled,
        cancel_all,
    })
}

/// A filled exchange and the memory of one of its orders. To be the first of the process: what is
/// left of those before is used again, and would not be seen.
pub(crate) fn fill_and_weigh(flow: &Flow) -> Result<(Exchange, u64)> {
    let before = resident_bytes()?;
    let exchange = Exchange::with_prefill(flow)?;
    let grown = resident_bytes()?.saturating_sub(before);
    Ok((exchange, grown / flow.prefill as u64))
}

/// Gives one account so many orders besides its own, and takes all of them back at once.
fn cancel_all(engine: &mut Engine, orders: u32) -> Result<Duration> {
    let own = engine.open_orders_len(ACCOUNT) as u32;
    let (sequence, time) = (engine.sequence(), engine.time());
    let mut apply = |at: u32, command: &Command, events: &mut Vec<Event>| -> CommandResult {
        engine.apply(sequence + u64::from(at), time, command, events)
    };
    let mut events = Vec::new();
    for at in 1..=orders {
        let away = u64::from(at % CANCELED_LEVELS);
        let (side, price) =
            if at % 2 == 0 { (Side::Buy, 95_000 - away) } else { (Side::Sell, 105_000 + away) };
        let (price, quantity) = (Price::new(price), Quantity::new(1));
        let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
        let (account, market) = (ACCOUNT, MarketId(0));
        let order = NewOrder { account, market, side, kind, client_id: None };
        apply(at, &Command::Place(order), &mut events).map_err(|reject| anyhow!("{reject}"))?;
        events.clear();
    }
    // The vector as a pipeline has it: made anew, so that its growth is in the time as well.
    let mut events = Vec::new();
    let command = Command::CancelAll { account: ACCOUNT, market: None, side: None };
    let (taken, result) = timed(|| apply(orders + 1, &command, &mut events));
    let expected = Ok(Outcome::CanceledAll { orders: orders + own });
    ensure!(result == expected && events.len() as u32 == orders + own, "{result:?}");
    engine.check().map_err(|violation| anyhow!("the engine is broken: {violation}"))?;
    Ok(taken)
}

fn timed<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

/// Memory of this process that is really there.
fn resident_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading memory in use")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS in kB")?;
    Ok(kib * 1_024)
}
