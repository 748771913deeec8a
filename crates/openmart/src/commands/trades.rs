//! `openmart trades`: everybody's last ones, or the account's own.

use openmart_client::{ListTrades, OwnTrade, PublicTrade, Side};

use super::arguments::Trades;
use super::connection::{open, open_private};
use super::output::{assets, show, time};
use super::table::{Table, left, right};

pub(super) async fn run(arguments: &Trades) -> anyhow::Result<()> {
    let Trades { symbol, own, order, page, connection } = arguments;
    if !own && order.is_none() {
        let trades = open(connection)?.public_trades(symbol).await?;
        return show(connection.json, &trades, |trades| public(symbol, trades));
    }
    let list = ListTrades {
        symbol: symbol.clone(),
        entrust_id: *order,
        offset: page.page,
        limit: page.limit,
    };
    let found = open_private(connection)?.own_trades(&list).await?;
    show(connection.json, &found, |found| own_trades(symbol, &found.trades))
}

fn public(symbol: &str, trades: &[PublicTrade]) -> Table {
    let (base, quote) = assets(symbol);
    let columns = [
        left("TIME"),
        left("TAKER"),
        right(format!("PRICE {quote}")),
        right(format!("AMOUNT {base}")),
        right(format!("NOTIONAL {quote}")),
    ];
    let mut table = Table::new(columns, "no trades");
    for trade in trades {
        table.row([
            time(trade.order_time),
            trade.side.to_string(),
            trade.price.clone(),
            trade.count.clone(),
            trade.amount.clone(),
        ]);
    }
    table
}

fn own_trades(symbol: &str, trades: &[OwnTrade]) -> Table {
    let (base, quote) = assets(symbol);
    let columns = [
        left("TIME"),
        right("TRADE"),
        right("ORDER"),
        left("SIDE"),
        left("ROLE"),
        right(format!("PRICE {quote}")),
        right(format!("AMOUNT {base}")),
        right("FEE"),
        left(""),
    ];
    let mut table = Table::new(columns, "no trades");
    for trade in trades {
        let fee_asset = match trade.entrust_type {
            Side::Buy => base,
            Side::Sell => quote,
        };
        table.row([
            time(trade.timestamp),
            trade.trade_id.to_string(),
            trade.entrust_id.to_string(),
            trade.entrust_type.to_string(),
            if trade.active { "taker" } else { "maker" }.to_owned(),
            trade.price.clone(),
            trade.amount.clone(),
            trade.fees.clone(),
            fee_asset.to_owned(),
        ]);
    }
    table
}
