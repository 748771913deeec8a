//! The exchange that is measured: four markets, a thousand accounts with enough of everything.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use openmart_exchange::{Clock, Exchange, Options, Pending, Receipt};
use openmart_model::{
    AccountId, Amount, Asset, AssetId, ClientOrderId, Command, MarketId, NewAccount, NewOrder,
    OrderKind, Outcome, Price, Quantity, Side, TimeInForce, Timestamp,
};
use openmart_sim::venue::open_market;

pub(crate) const MARKETS: u16 = 4;
pub(crate) const ACCOUNTS: u32 = 1_000;

/// Commands under way at a time: enough to keep the disk busy.
const UNDER_WAY: usize = 256;

/// Whole units are far beyond what any order holds, and a thousand of them below the supply's limit.
const DEPOSIT: Amount = Amount::new(1 << 90);

/// Rows of the tail of history that an idle pair of commands at a time leaves.
const TAIL_ROWS_IDLE: u64 = 2_000;
/// After so many the tail is what it is.
const IDLE_PAIRS_MAX: usize = 20_000;

/// Longer than the allocator keeps what is free before it gives it back to the system.
const ALLOCATOR_KEEPS: Duration = Duration::from_secs(12);
/// Fewer orders than this show nothing but that it works, and nothing is waited for.
const ORDERS_WORTH_WAITING: u64 = 100_000;

const START: Timestamp = Timestamp(1_600_000_000_000);
/// Minutes of a run become days, so that candles and the day's window fill as in a long life.
const HASTE: u64 = 1_000;

/// A clock that runs so many times too fast.
struct HastyClock(Instant);

impl Clock for HastyClock {
    fn now(&self) -> Timestamp {
        Timestamp(START.0 + self.0.elapsed().as_millis() as u64 * HASTE)
    }
}

/// Opens a data folder as a server does, but for the clock.
pub(crate) fn open(folder: &Path) -> Result<Exchange> {
    let clock = Arc::new(HastyClock(Instant::now()));
    Ok(Exchange::open_folder(folder, Options { clock, ..Options::default() })?.0)
}

/// Assets, markets and funded accounts. The quote asset is the first.
pub(crate) fn opening() -> impl Iterator<Item = Command> {
    let asset = |code: String| Command::AddAsset(Asset { code, name: String::new(), decimals: 10 });
    let assets = std::iter::once(asset("QUOTE".into()))
        .chain((0..MARKETS).map(move |number| asset(format!("BASE{number}"))));
    let markets =
        (0..MARKETS).map(|number| Command::AddMarket(open_market(AssetId(number + 1), AssetId(0))));
    let accounts = (0..ACCOUNTS).map(|number| {
        let deposits = (0..=MARKETS).map(|asset| (AssetId(asset), DEPOSIT)).collect();
        let name = format!("account {number}");
        Command::AddAccount(NewAccount { name, deposits, keys: Vec::new() })
    });
    assets.chain(markets).chain(accounts)
}

/// A limit order that rests.
pub(crate) fn place(
    account: u32,
    market: u16,
    side: Side,
    price: u64,
    quantity: u64,
    client_id: Option<ClientOrderId>,
) -> NewOrder {
    let (price, quantity) = (Price::new(price), Quantity::new(quantity));
    NewOrder {
        account: AccountId(account),
        market: MarketId(market),
        side,
        kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
        client_id,
    }
}

/// Submits to an exchange, with some commands under way, and hands each receipt on in order.
pub(crate) struct Submitter<'a, T> {
    exchange: &'a Exchange,
    under_way: VecDeque<(T, Pending)>,
}

impl<'a, T> Submitter<'a, T> {
    pub(crate) fn new(exchange: &'a Exchange) -> Self {
        Self { exchange, under_way: VecDeque::with_capacity(UNDER_WAY) }
    }

    /// Submits a command with a note of what it is. Gives back the note of another that is done.
    pub(crate) fn submit(&mut self, note: T, command: Command) -> Result<Option<(T, Receipt)>> {
        self.under_way.push_back((note, self.exchange.submit(command)?));
        if self.under_way.len() >= UNDER_WAY { self.next() } else { Ok(None) }
    }

    /// Waits for the oldest.
    pub(crate) fn next(&mut self) -> Result<Option<(T, Receipt)>> {
        let Some((note, pending)) = self.under_way.pop_front() else { return Ok(None) };
        Ok(Some((note, pending.wait()?)))
    }
}

/// Carries out commands of which none may be refused.
pub(crate) fn execute_all(
    exchange: &Exchange,
    commands: impl Iterator<Item = Result<Command>>,
) -> Result<()> {
    let mut submitter = Submitter::new(exchange);
    for command in commands {
        if let Some(((), receipt)) = submitter.submit((), command?)? {
            receipt.result?;
        }
    }
    while let Some(((), receipt)) = submitter.next()? {
        receipt.result?;
    }
    Ok(())
}

/// A few orders placed and canceled one by one, as an exchange without hurry sees them, until the tail of
/// history is as short as it gets. Gives how many.
pub(crate) fn idle(exchange: &Exchange, pairs_min: usize) -> Result<usize> {
    for pair in 0..IDLE_PAIRS_MAX {
        if pair >= pairs_min && exchange.status().tail_rows < TAIL_ROWS_IDLE {
            return Ok(pair);
        }
        let order = Command::Place(place(0, 0, Side::Buy, 1, 1, None));
        let Outcome::Placed { order, .. } = exchange.execute_blocking(order)?.result? else {
            anyhow::bail!("an order was not placed");
        };
        let account = AccountId(0);
        exchange.execute_blocking(Command::Cancel { account, order })?.result?;
    }
    Ok(IDLE_PAIRS_MAX)
}

/// Gives the allocator its time, after so many orders.
pub(crate) fn rest(orders: u64) {
    if orders >= ORDERS_WORTH_WAITING {
        std::thread::sleep(ALLOCATOR_KEEPS);
    }
}

/// Writes a snapshot, and history up to it.
pub(crate) fn flush(exchange: &Exchange) -> Result<()> {
    let sequence = exchange.status().sequence;
    let written = exchange.snapshot().wait().context("a snapshot")?;
    ensure!(written >= sequence && exchange.status().history.applied >= sequence, "all is flushed");
    Ok(())
}
