//! Overload: ten times the orders that the exchange can carry out, and cancels among them; and one
//! cancel-all of very many orders. Through the pipeline with a journal and history on disk, without
//! the network; and the flood once more over HTTP, if it is said where the program is.
//!
//! ```text
//! bench_overload FOLDER [--openmart PROGRAM] [--small] [--only flood|cancel-all|http] [--runs N] [--json FILE]
//! ```

mod cancel_all;
mod flood;
mod http;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use openmart_exchange::{Exchange, Options};
use openmart_model::{
    AccountId, Command, MarketId, NewOrder, OrderId, OrderKind, Outcome, Price, Quantity, Side,
    TimeInForce,
};
use openmart_sim::cancels::listing;
use serde_json::json;

const RUNS: usize = 5;

/// What to run; all of it can be given on the command line.
struct Plan {
    folder: PathBuf,
    flood_runs: usize,
    cancel_all_runs: usize,
    /// How long each part of a flood lasts.
    duration: Duration,
    orders_canceled_at_once: u32,
    /// The program, for floods over HTTP.
    openmart: Option<PathBuf>,
    http_runs: usize,
    http_duration: Duration,
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let plan = Plan::from_arguments(std::env::args().skip(1))?;
    let (mut floods, mut cancel_alls) = (Vec::new(), Vec::new());
    println!("{}", flood::HEAD);
    for _ in 0..plan.flood_runs {
        let measured = flood::measure(&fresh(&plan)?, plan.duration)?;
        println!("{}", measured.row());
        floods.push(measured.to_json());
    }
    println!("\n{}", cancel_all::HEAD);
    for _ in 0..plan.cancel_all_runs {
        let measured = cancel_all::measure(&fresh(&plan)?, plan.orders_canceled_at_once)?;
        println!("{}", measured.row());
        cancel_alls.push(measured.to_json());
    }
    let mut http_floods = Vec::new();
    if let Some(openmart) = &plan.openmart {
        println!("\n{}", http::HEAD);
        for _ in 0..plan.http_runs {
            let measured = http::measure(openmart, &plan.folder, plan.http_duration)?;
            println!("{}", measured.row());
            http_floods.push(measured.to_json());
        }
    }
    let report = json!({
        "benchmark": "overload", "floods": floods, "cancel_alls": cancel_alls,
        "http_floods": http_floods,
    });
    if let Some(path) = &plan.json {
        let json = serde_json::to_vec_pretty(&report)?;
        std::fs::write(path, json).with_context(|| format!("writing {}", path.display()))?;
    }
    let left = plan.folder.join("exchange");
    if left.exists() {
        std::fs::remove_dir_all(left)?;
    }
    Ok(())
}

impl Plan {
    fn runs_mut(&mut self) -> [&mut usize; 3] {
        [&mut self.flood_runs, &mut self.cancel_all_runs, &mut self.http_runs]
    }

    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let folder = arguments.next().context("which folder for the data?")?.into();
        let (duration, orders_canceled_at_once) = (Duration::from_secs(4), 100_000);
        let mut plan = Self {
            folder,
            flood_runs: RUNS,
            cancel_all_runs: RUNS,
            duration,
            orders_canceled_at_once,
            openmart: None,
            http_runs: RUNS,
            http_duration: Duration::from_millis(1_200),
            json: None,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--small" => {
                    (plan.flood_runs, plan.cancel_all_runs, plan.http_runs) = (1, 1, 1);
                    plan.http_duration = Duration::from_millis(200);
                    plan.duration = Duration::from_millis(200);
                    plan.orders_canceled_at_once = 2_000;
                }
                "--runs" => {
                    let runs = arguments.next().context("how many runs?")?.parse()?;
                    // What is not wanted stays so, whichever was said first.
                    for each in plan.runs_mut() {
                        *each = if *each == 0 { 0 } else { runs };
                    }
                }
                "--only" => match arguments.next().as_deref() {
                    Some("flood") => (plan.cancel_all_runs, plan.http_runs) = (0, 0),
                    Some("cancel-all") => (plan.flood_runs, plan.http_runs) = (0, 0),
                    Some("http") => (plan.flood_runs, plan.cancel_all_runs) = (0, 0),
                    _ => bail!("only flood, only cancel-all or only http?"),
                },
                "--openmart" => {
                    plan.openmart = Some(arguments.next().context("which program?")?.into());
                }
                "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
                other => bail!("unknown argument {other}"),
            }
        }
        Ok(plan)
    }
}

/// An exchange in an empty folder, with everything listed and the options of production.
fn fresh(plan: &Plan) -> Result<Exchange> {
    let folder = plan.folder.join("exchange");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let (exchange, _) = Exchange::open_folder(&folder, Options::default())?;
    for command in listing() {
        exchange.execute_blocking(command)?.result?;
    }
    Ok(exchange)
}

/// A buy far below anything, which rests or, if it may not wait, expires.
fn buy(account: u32, price: u64, time_in_force: TimeInForce) -> Command {
    let (price, quantity) = (Price::new(1 + price), Quantity::new(1));
    let kind = OrderKind::Limit { price, quantity, time_in_force };
    let (account, market, side) = (AccountId(account), MarketId(0), Side::Buy);
    Command::Place(NewOrder { account, market, side, kind, client_id: None })
}

/// Places so many orders that rest, and waits for all of them.
fn place_resting(exchange: &Exchange, account: u32, count: u32) -> Result<Vec<OrderId>> {
    /// As many as may wait at a time, and some to spare.
    const UNDER_WAY: usize = 4_096;
    let numbers: Vec<u64> = (0..u64::from(count)).collect();
    let mut orders = Vec::new();
    for numbers in numbers.chunks(UNDER_WAY) {
        let place = |number| exchange.submit(buy(account, number % 1_000, TimeInForce::GTC));
        let pending = numbers.iter().map(|number| place(*number)).collect::<Result<Vec<_>, _>>()?;
        for pending in pending {
            match pending.wait()?.result? {
                Outcome::Placed { order, .. } => orders.push(order),
                other => bail!("an order was answered by {other:?}"),
            }
        }
    }
    Ok(orders)
}
