//! `openmart order`: place, cancel, cancel-all, list, show.

use openmart_client::{Canceled, ClientOrderId, NewOrder, Order, OrderPage, OrderStatus, Side};
use serde::Serialize;

use super::arguments::{CancelAll, ListOrders, OneOrder, OrderCommand, PlaceOrder};
use super::connection::open_private;
use super::output::{assets, show, tell, time};
use super::table::{Table, left, right};

pub(super) async fn run(command: &OrderCommand) -> anyhow::Result<()> {
    match command {
        OrderCommand::Place(arguments) => place(arguments).await,
        OrderCommand::Cancel(arguments) => cancel(arguments).await,
        OrderCommand::CancelAll(arguments) => cancel_all(arguments).await,
        OrderCommand::List(arguments) => list(arguments).await,
        OrderCommand::Show(arguments) => show_one(arguments).await,
    }
}

#[derive(Serialize)]
struct PlacedJson {
    entrust_id: u64,
    client_order_id: Option<String>,
    sequence: Option<u64>,
}

async fn place(arguments: &PlaceOrder) -> anyhow::Result<()> {
    let PlaceOrder { symbol, side, amount, price, client_order_id, nameless, connection } =
        arguments;
    let client = open_private(connection)?;
    let name = || client_order_id.clone().unwrap_or_else(ClientOrderId::random);
    let client_order_id = (!nameless).then(name);
    let order = NewOrder { client_order_id, ..NewOrder::nameless(symbol, *side, *amount, *price) };
    let placed = client.place_order(&order).await?;
    let json = PlacedJson {
        entrust_id: placed.order_id,
        client_order_id: order.client_order_id.as_ref().map(ToString::to_string),
        sequence: placed.sequence,
    };
    let (base, quote) = assets(symbol);
    tell(connection.json, &json, |placed| {
        format!("order {} placed: {side} {amount} {base} at {price} {quote}", placed.entrust_id)
    })
}

#[derive(Serialize)]
struct CanceledJson {
    entrust_id: u64,
    sequence: Option<u64>,
}

async fn cancel(arguments: &OneOrder) -> anyhow::Result<()> {
    let OneOrder { order_id, connection } = arguments;
    let Canceled { sequence, .. } = open_private(connection)?.cancel_order(*order_id).await?;
    let json = CanceledJson { entrust_id: *order_id, sequence };
    tell(connection.json, &json, |canceled| format!("order {} canceled", canceled.entrust_id))
}

#[derive(Serialize)]
struct SideCanceledJson {
    symbol: String,
    side: Side,
    sequence: Option<u64>,
}

async fn cancel_all(arguments: &CancelAll) -> anyhow::Result<()> {
    let CancelAll { symbol, side, connection } = arguments;
    let client = open_private(connection)?;
    let sides = side.map_or(vec![Side::Buy, Side::Sell], |side| vec![side]);
    let mut canceled = Vec::new();
    for side in sides {
        let sequence = client.cancel_all(symbol, side).await?;
        canceled.push(SideCanceledJson { symbol: symbol.clone(), side, sequence });
    }
    tell(connection.json, &canceled, |canceled| {
        let sides: Vec<String> = canceled.iter().map(|done| done.side.to_string()).collect();
        format!("all {} orders in {symbol} canceled", sides.join(" and "))
    })
}

async fn list(arguments: &ListOrders) -> anyhow::Result<()> {
    let ListOrders { symbol, status, page, connection } = arguments;
    let list = openmart_client::ListOrders {
        symbol: symbol.clone(),
        status: status.filter(),
        offset: page.page,
        limit: page.limit,
    };
    let found: OrderPage = open_private(connection)?.orders(&list).await?;
    show(connection.json, &found, |found| table(symbol, &found.orders))
}

async fn show_one(arguments: &OneOrder) -> anyhow::Result<()> {
    let OneOrder { order_id, connection } = arguments;
    let order = open_private(connection)?.order(*order_id).await?;
    show(connection.json, &order, |order| table(&order.symbol, std::slice::from_ref(order)))
}

fn table(symbol: &str, orders: &[Order]) -> Table {
    let (base, quote) = assets(symbol);
    let columns = [
        right("ORDER"),
        left("SIDE"),
        right(format!("PRICE {quote}")),
        right(format!("AMOUNT {base}")),
        right(format!("FILLED {base}")),
        right("FEES"),
        left(""),
        left("STATUS"),
        left("PLACED"),
    ];
    let mut table = Table::new(columns, "no orders");
    for order in orders {
        // What is received pays the fee.
        let fee_asset = match order.side {
            Side::Buy => base,
            Side::Sell => quote,
        };
        table.row([
            order.entrust_id.to_string(),
            order.side.to_string(),
            order.price.clone(),
            order.original_amount.clone(),
            order.executed_amount.clone(),
            order.fees.clone(),
            fee_asset.to_owned(),
            status(order.status).to_owned(),
            time(order.timestamp),
        ]);
    }
    table
}

fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Open => "open",
        OrderStatus::PartiallyFilled => "partially filled",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled => "canceled",
    }
}
