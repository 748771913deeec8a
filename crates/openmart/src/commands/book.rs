//! `openmart book`: the order book once, as a table; with `--watch` it is the [`ladder`]'s.

use openmart_client::{Depth, DepthLevel};

use super::arguments::Book;
use super::connection::open;
use super::ladder;
use super::output::{assets, show};
use super::table::{Table, left, right};

pub(super) async fn run(arguments: &Book) -> anyhow::Result<()> {
    if arguments.watch {
        return ladder::run(arguments).await;
    }
    let Book { symbol, levels, precision, connection, .. } = arguments;
    let mut depth = open(connection)?.depth(symbol, *precision).await?;
    depth.buys.truncate(*levels);
    depth.sells.truncate(*levels);
    show(connection.json, &depth, |depth| table(symbol, depth))
}

/// The best prices meet in the middle: asks above, highest first, and bids below.
fn table(symbol: &str, depth: &Depth) -> Table {
    let (base, quote) = assets(symbol);
    let columns = [
        left("SIDE"),
        right(format!("PRICE {quote}")),
        right(format!("AMOUNT {base}")),
        right(format!("TOTAL {base}")),
        right("ORDERS"),
    ];
    let mut table = Table::new(columns, "the book is empty");
    let asks = depth.sells.iter().rev().map(|level| ("ask", level));
    for (side, level) in asks.chain(depth.buys.iter().map(|level| ("bid", level))) {
        let DepthLevel { amount, total, price, count } = level;
        table.row([side.to_owned(), price.clone(), amount.clone(), total.clone(), count.clone()]);
    }
    table
}
