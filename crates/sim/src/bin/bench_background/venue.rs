//! The exchange that is measured, and what is done to it between measurements.

use std::collections::VecDeque;

use anyhow::{Result, bail};
use openmart_exchange::{Exchange, Pending};
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, FeeSchedule, MarketId, MarketSpec, NewAccount,
    NewOrder, OrderId, OrderKind, Outcome, Price, Quantity, Side, TimeInForce,
};
use openmart_sim::venue::open_market;

/// Commands under way at a time, where it is not latency that counts.
const UNDER_WAY: usize = 256;

/// Price levels that orders are spread over.
const LEVELS: u64 = 1_000;

/// Enough that none has more orders open than one account may.
const ACCOUNTS: u32 = 16;

/// Nobody's: ids ascend from 1.
pub(crate) const NO_ORDER: (AccountId, OrderId) = (AccountId(0), OrderId(0));

/// Assets, a market and accounts with money.
pub(crate) fn list(exchange: &Exchange) -> Result<()> {
    let execute = |command| -> Result<()> {
        exchange.execute_blocking(command)?.result?;
        Ok(())
    };
    for code in ["BASE", "QUOTE"] {
        execute(Command::AddAsset(Asset { code: code.into(), name: code.into(), decimals: 10 }))?;
    }
    let fees = FeeSchedule::default();
    execute(Command::AddMarket(MarketSpec { fees, ..open_market(AssetId(0), AssetId(1)) }))?;
    for number in 0..ACCOUNTS {
        let deposits = vec![(AssetId(1), Amount::new(1 << 90))];
        let name = format!("account {number}");
        execute(Command::AddAccount(NewAccount { name, deposits, keys: vec![] }))?;
    }
    Ok(())
}

/// Places so many orders that rest.
pub(crate) fn place(exchange: &Exchange, orders: usize) -> Result<Vec<(AccountId, OrderId)>> {
    let mut placed = Vec::with_capacity(orders);
    let commands = (0..orders as u64).map(|number| {
        let account = AccountId((number % u64::from(ACCOUNTS)) as u32);
        let (price, quantity) = (Price::new(1 + number % LEVELS), Quantity::new(1));
        let order = NewOrder {
            account,
            market: MarketId(0),
            side: Side::Buy,
            kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
            client_id: None,
        };
        (account, Command::Place(order))
    });
    execute(exchange, commands, |account, outcome| {
        let Outcome::Placed { order, .. } = outcome else { bail!("not placed: {outcome:?}") };
        placed.push((account, order));
        Ok(())
    })?;
    Ok(placed)
}

/// Waits until history has written everything and the last snapshot is there.
pub(crate) fn catch_up(exchange: &Exchange) -> Result<()> {
    exchange.snapshot().wait()?;
    Ok(())
}

fn execute<T>(
    exchange: &Exchange,
    commands: impl Iterator<Item = (T, Command)>,
    mut done: impl FnMut(T, Outcome) -> Result<()>,
) -> Result<()> {
    let mut under_way: VecDeque<(T, Pending)> = VecDeque::new();
    let mut wait = |under_way: &mut VecDeque<(T, Pending)>| match under_way.pop_front() {
        Some((note, pending)) => done(note, pending.wait()?.result?),
        None => Ok(()),
    };
    for (note, command) in commands {
        if under_way.len() >= UNDER_WAY {
            wait(&mut under_way)?;
        }
        under_way.push_back((note, exchange.submit(command)?));
    }
    while !under_way.is_empty() {
        wait(&mut under_way)?;
    }
    Ok(())
}
