//! Fills a history and measures it:
//! `cargo run --release -p openmart-history --example fill -- DIR ORDERS [JSON FILE [few]]`.
//!
//! One account on one market owns a fifth of the orders, 10,000 the rest, over four markets; one order
//! in ten trades, the others are canceled. With `few` there are two accounts on one market, and none trades.
//! Written in full transactions, then read through one account.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use openmart_history::{
    Batch, FollowerLimits, History, Location, OrderIds, Statuses, Store, TRANSACTION_ROWS_MAX,
};
use openmart_model::{
    AccountId, Amount, CloseReason, Event, MarketId, Order, OrderId, OrderKind, Price, Quantity,
    Side, TimeInForce, Timestamp, Trade, TradeId,
};

/// Rows of a page.
const PAGES: [usize; 2] = [100, 500];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let (folder, orders, json, few) = match &arguments[..] {
        [_, folder, orders] => (folder, orders, None, false),
        [_, folder, orders, json] => (folder, orders, Some(json), false),
        [_, folder, orders, json, few] if few == "few" => (folder, orders, Some(json), true),
        _ => return Err("usage: fill DIR ORDERS [JSON FILE [few]]".into()),
    };
    let (path, orders) = (PathBuf::from(folder).join("fill.sqlite"), orders.parse::<u64>()?);
    let mut store = Store::open(Location::File(path.clone()))?;
    if store.applied() > 0 {
        return Err(format!("{} is there already", path.display()).into());
    }
    let started = Instant::now();
    let (mut batch, mut trades) = (Batch::default(), 0);
    let mut slowest = 0.0_f64;
    for id in 1..=orders {
        batch.add(id, Timestamp(1_600_000_000_000 + id), &events(id, few, &mut trades));
        if batch.rows() >= TRANSACTION_ROWS_MAX || id == orders {
            let begun = Instant::now();
            store.apply(&std::mem::take(&mut batch))?;
            slowest = slowest.max(begun.elapsed().as_secs_f64());
            if id % 1_000_000 < TRANSACTION_ROWS_MAX as u64 {
                store.truncate_log()?;
            }
        }
    }
    store.truncate_log()?;
    let seconds = started.elapsed().as_secs_f64();
    let all_rows = orders + 3 * trades;
    println!("{orders} finished orders, {trades} trades, {all_rows} rows in {seconds:.1} s");
    println!(
        "{:.0} finished orders/s, {:.0} rows/s",
        orders as f64 / seconds,
        all_rows as f64 / seconds
    );
    println!("slowest transaction {:.0} ms", slowest * 1e3);
    let bytes = std::fs::metadata(&path)?.len();
    println!("{} MB", bytes >> 20);
    let pages = read(store)?;
    if let Some(json) = json {
        let rate = orders as f64 / seconds;
        let report = format!(
            "{{\n  \"orders\": {orders},\n  \"rows\": {all_rows},\n  \"seconds\": {seconds:.3},\n  \
             \"orders_per_second\": {rate:.0},\n  \"slowest_transaction_ms\": {:.1},\n  \
             \"file_bytes\": {bytes},\n  \"pages\": [\n    {}\n  ]\n}}\n",
            slowest * 1e3,
            pages.join(",\n    ")
        );
        std::fs::write(json, report)?;
    }
    Ok(())
}

/// Reads and prints. Gives a JSON object for each line.
fn read(store: Store) -> Result<Vec<String>, Box<dyn Error>> {
    let history = History::start(store, FollowerLimits::default())?;
    let mut lines = Vec::new();
    for (name, filled, canceled) in [("canceled", false, true), ("any", true, true)] {
        let statuses = Statuses { filled, canceled };
        for (size, page) in PAGES.into_iter().flat_map(|size| [0, 1_000].map(|page| (size, page))) {
            let mut times = Vec::new();
            let (mut rows, mut total) = (0, 0);
            for _ in 0..51 {
                let begun = Instant::now();
                (rows, total) = read_orders(&history, statuses, size, page)?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            lines.push(print_times(&Pages { of: name, page, size, rows, total }, times));
        }
    }
    let (account, market) = (AccountId(0), MarketId(0));
    for (size, page) in PAGES.into_iter().flat_map(|size| [0, 100].map(|page| (size, page))) {
        let mut times = Vec::new();
        let (mut rows, mut total) = (0, 0);
        for _ in 0..51 {
            let begun = Instant::now();
            let reading = history.read()?;
            total = reading.fills_total(account, market, None)?;
            rows = reading.fills(account, market, None, page * size as u64, size)?.len();
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        lines.push(print_times(&Pages { of: "fills", page, size, rows, total }, times));
    }
    Ok(lines)
}

/// What was read again and again.
struct Pages {
    of: &'static str,
    page: u64,
    size: usize,
    rows: usize,
    total: u64,
}

/// Reads a page of account 0 with its total. Gives its rows and the total.
fn read_orders(
    history: &History,
    statuses: Statuses,
    size: usize,
    page: u64,
) -> Result<(usize, u64), Box<dyn Error>> {
    let (account, market) = (AccountId(0), MarketId(0));
    let reading = history.read()?;
    let total = reading.orders_total(account, market, statuses)?;
    let mut ids = Vec::with_capacity(size);
    let skipped = page * size as u64;
    reading.order_ids(OrderIds { account, market, statuses, skipped }, &mut |id| {
        ids.push(id);
        ids.len() < size
    })?;
    for id in &ids {
        reading.order(*id)?;
    }
    Ok((ids.len(), total))
}

fn print_times(pages: &Pages, mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let (half, most) = (times[times.len() / 2], times[times.len() - 1]);
    let Pages { of, page, size, rows, total } = pages;
    println!(
        "{of} page {page} of {total} by {size}: {rows} rows, {half:.2} ms, at most {most:.2} ms"
    );
    format!(
        "{{\"of\": \"{of}\", \"page\": {page}, \"size\": {size}, \"rows\": {rows}, \
         \"total\": {total}, \"median_ms\": {half:.3}, \"most_ms\": {most:.3}}}"
    )
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn events(id: u64, few: bool, trades: &mut u64) -> Vec<Event> {
    let (who, what) = (mixed(id), mixed(id ^ 0xFFFF_FFFF));
    // Account 0 is a market maker, whose list is deep enough for page 1,000.
    let account = match who % 10 {
        0 | 1 => 0,
        _ if few => 1,
        _ => 1 + (who / 10 % 10_000) as u32,
    };
    let market = if account == 0 || few { 0 } else { (what % 4) as u16 };
    let (price, quantity) = (Price::new(1_000_000 + what % 1_000), Quantity::new(1 + what % 5_000));
    let traded = what % 10 == 0 && !few;
    let order = Order {
        id: OrderId(id),
        account: AccountId(account),
        market: MarketId(market),
        side: if what & 1 == 0 { Side::Buy } else { Side::Sell },
        kind: OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
        client_id: None,
        time: Timestamp(1_600_000_000_000 + id),
        filled: if traded { quantity } else { Quantity::ZERO },
        notional: Amount::new(u128::from(what % 1_000_000_007)),
        fees: Amount::new(u128::from(what % 1_000_003)),
    };
    let reason = if traded { CloseReason::Filled } else { CloseReason::Canceled };
    let closed = Event::Closed { order, reason, rested: true };
    if !traded {
        return vec![closed];
    }
    *trades += 1;
    let trade = Trade {
        id: TradeId(*trades),
        market: MarketId(market),
        price,
        quantity,
        notional: order.notional,
        taker_side: order.side.opposite(),
        taker_order: OrderId(id + 1),
        taker_account: AccountId((mixed(id + 1) % 10_000) as u32),
        taker_fee: Amount::new(7),
        maker_order: order.id,
        maker_account: order.account,
        maker_fee: Amount::new(3),
    };
    vec![Event::Traded(trade), closed]
}
