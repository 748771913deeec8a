//! One exchange through a long run, its memory at every step, and the orders that it leaves open.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use openmart_exchange::Exchange;
use openmart_model::{AccountId, CommandResult, Reject, Side};
use serde_json::{Value, json};

use crate::flow::{Aim, Flow};
use crate::process::Memory;
use crate::venue::{self, Submitter};

/// Stands for no client order id: none can be this.
const NO_NAME: &str = ".";

/// Times that memory is looked at on the way.
const SAMPLES: u64 = 10;

/// Commands between two looks at how many orders rest.
const COMMANDS_PER_LOOK: u64 = 64;

/// Runs so many orders through an exchange and writes to a file what is open at the end.
pub(crate) fn run(folder: &Path, mut flow: Flow, orders: u64, open: &Path) -> Result<Value> {
    let exchange = venue::open(folder)?;
    venue::execute_all(&exchange, venue::opening().map(Ok))?;
    let started = Instant::now();
    let mut samples = vec![sample("listed", &exchange, 0)?];
    let mut submitter = Submitter::new(&exchange);
    let (mut commands, mut orders_open) = (0, 0);
    while flow.counts.orders < orders {
        if commands % COMMANDS_PER_LOOK == 0 {
            orders_open = exchange.status().orders_open;
        }
        commands += 1;
        let before = flow.counts.orders;
        let (aim, command) = flow.next(orders_open);
        if let Some((aim, receipt)) = submitter.submit(aim, command)? {
            done(&mut flow, aim, receipt.result)?;
        }
        let now = flow.counts.orders;
        if now > before && now.is_multiple_of((orders / SAMPLES).max(1)) {
            samples.push(sample("running", &exchange, now)?);
        }
    }
    while let Some((aim, receipt)) = submitter.next()? {
        done(&mut flow, aim, receipt.result)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    samples.push(sample("ended", &exchange, orders)?);
    venue::flush(&exchange)?;
    samples.push(sample("flushed", &exchange, orders)?);
    let pairs = venue::idle(&exchange, 100)?;
    venue::rest(orders);
    samples.push(sample("settled", &exchange, orders)?);
    write_open(&exchange, open).context("writing the open orders")?;
    let status = exchange.status();
    let counts = flow.counts;
    Ok(json!({
        "orders": orders, "commands": commands, "seconds": seconds, "samples": samples,
        "idle_pairs": pairs, "orders_open": status.orders_open, "canceled": counts.canceled,
        "canceled_too_late": counts.late, "snapshots": status.counters.snapshots,
        "snapshots_failed": status.counters.snapshots_failed,
    }))
}

fn done(flow: &mut Flow, aim: Aim, result: CommandResult) -> Result<()> {
    let outcome = match result {
        Ok(outcome) => Some(outcome),
        Err(reject) => {
            let filled = matches!((&aim, &reject), (Aim::Cancel, Reject::OrderNotOpen));
            ensure!(filled, "refused: {reject}");
            None
        }
    };
    flow.done(aim, outcome);
    Ok(())
}

pub(crate) fn sample(when: &str, exchange: &Exchange, orders: u64) -> Result<Value> {
    let (memory, status) = (Memory::now()?, exchange.status());
    eprintln!(
        "{when}, {orders} orders, {} open: {} MiB, {} of them anonymous, at most {} MiB; rows in the \
         tail {}, not written {}",
        status.orders_open,
        memory.resident_kib >> 10,
        memory.anonymous_kib >> 10,
        memory.peak_kib >> 10,
        status.tail_rows,
        status.history.lag_rows
    );
    let mut sample = memory.to_json();
    sample["when"] = json!(when);
    sample["orders"] = json!(orders);
    sample["orders_open"] = json!(status.orders_open);
    sample["tail_rows"] = json!(status.tail_rows);
    sample["lag_rows"] = json!(status.history.lag_rows);
    Ok(sample)
}

/// One line for each, oldest first: account, market, side, price, what is left of it, client order id.
fn write_open(exchange: &Exchange, path: &Path) -> Result<()> {
    let mut orders = exchange.view(|state| {
        let engine = state.engine();
        let of = |account| engine.open_orders(AccountId(account as u32));
        (0..engine.accounts_len()).flat_map(of).collect::<Vec<_>>()
    });
    orders.sort_unstable_by_key(|order| order.id);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for order in &orders {
        let price = order.kind.price().context("only limit orders rest")?.ticks();
        let left = order.remaining().lots();
        let side = if order.side == Side::Buy { "buy" } else { "sell" };
        let name = order.client_id.map_or_else(|| NO_NAME.to_owned(), |id| id.as_str().to_owned());
        writeln!(file, "{} {} {side} {price} {left} {name}", order.account.0, order.market.0)?;
    }
    Ok(file.flush()?)
}
