//! How many durable commands a second go through one exchange on this disk, with so many under way.
//!
//! `cargo run --release -p openmart-exchange --example throughput -- [folder] [commands] [JSON file]`
//!
//! Half of the commands place an order that rests, half cancel it. Prints commands per second, how
//! many shared a sync, how long one was under way, and how long a restart took to replay them.

use std::collections::VecDeque;
use std::time::Instant;

use openmart_exchange::{Exchange, Options};
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, FeeSchedule, MarketId, MarketSpec, NewAccount,
    NewOrder, OrderId, OrderKind, Outcome, Price, Quantity, SelfTradePolicy, Side, TimeInForce,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().unwrap_or_else(|| ".".into());
    let commands: usize = arguments.next().map_or(Ok(200_000), |count| count.parse())?;
    let mut rows = Vec::new();
    println!("under way  commands/s  per sync  p50 us  p99 us");
    for under_way in [1, 16, 64, 256] {
        let folder = tempfile::tempdir_in(&parent)?;
        let options = Options { snapshot_entries: 0, ..Options::default() };
        let (exchange, _) = Exchange::open_folder(folder.path(), options)?;
        list(&exchange)?;
        let commands = if under_way == 1 { commands / 20 } else { commands };
        rows.push(measure(&exchange, under_way, commands)?);
        drop(exchange);
        let (_, report) = Exchange::open_folder(folder.path(), Options::default())?;
        println!("           {report}");
    }
    if let Some(file) = arguments.next() {
        let rows = rows.join(",\n    ");
        std::fs::write(file, format!("{{\n  \"rows\": [\n    {rows}\n  ]\n}}\n"))?;
    }
    Ok(())
}

fn list(exchange: &Exchange) -> Result<(), Failure> {
    for code in ["BASE", "QUOTE"] {
        let asset = Asset { code: code.into(), name: code.into(), decimals: 10 };
        exchange.execute_blocking(Command::AddAsset(asset))?.result?;
    }
    let spec = MarketSpec {
        base: AssetId(0),
        quote: AssetId(1),
        price_decimals: 2,
        quantity_decimals: 2,
        depth_decimals_min: 0,
        quantity_min: Quantity::new(1),
        quantity_max: Quantity::new(1_000_000),
        notional_min_buy: Amount::ZERO,
        notional_min_sell: Amount::ZERO,
        fees: FeeSchedule::default(),
        self_trade: SelfTradePolicy::Allow,
        price_band_multiple: 0,
    };
    exchange.execute_blocking(Command::AddMarket(spec))?.result?;
    let deposits = vec![(AssetId(1), Amount::new(1 << 100))];
    let account = NewAccount { name: "one".into(), deposits, keys: vec![] };
    exchange.execute_blocking(Command::AddAccount(account))?.result?;
    Ok(())
}

fn place(price: u64) -> Command {
    let (price, quantity) = (Price::new(price), Quantity::new(1));
    Command::Place(NewOrder {
        account: AccountId(0),
        market: MarketId(0),
        side: Side::Buy,
        kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
        client_id: None,
    })
}

/// Prints a line. Gives the same as JSON.
fn measure(exchange: &Exchange, under_way: usize, commands: usize) -> Result<String, Failure> {
    let mut pending = VecDeque::new();
    let mut open: VecDeque<OrderId> = VecDeque::new();
    let mut waits_us = Vec::with_capacity(commands);
    let before = exchange.status().counters;
    let started = Instant::now();
    for sent in 0..commands + under_way {
        if sent >= under_way {
            let (submitted, answer): (Instant, openmart_exchange::Pending) =
                pending.pop_front().ok_or("nothing under way")?;
            if let Outcome::Placed { order, .. } = answer.wait()?.result? {
                open.push_back(order);
            }
            waits_us.push(submitted.elapsed().as_micros());
        }
        if sent < commands {
            let order = if sent % 2 == 1 { open.pop_front() } else { None };
            let command = match order {
                Some(order) => Command::Cancel { account: AccountId(0), order },
                None => place(1 + sent as u64 % 1_000),
            };
            pending.push_back((Instant::now(), exchange.submit(command)?));
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let after = exchange.status().counters;
    waits_us.sort_unstable();
    let rank = |share: f64| waits_us[(waits_us.len() as f64 * share) as usize];
    let rate = commands as f64 / seconds;
    let shared = commands as f64 / (after.batches - before.batches) as f64;
    let (p50, p99) = (rank(0.5), rank(0.99));
    println!("{under_way:9}  {rate:10.0}  {shared:8.1}  {p50:6}  {p99:6}");
    Ok(format!(
        "{{\"under_way\": {under_way}, \"commands_per_second\": {rate:.0}, \
         \"commands_per_sync\": {shared:.1}, \"p50_us\": {p50}, \"p99_us\": {p99}}}"
    ))
}
