//! Commands that a client of the API can send: as signed requests, with the answers they must get.

use openmart_model::{Command, CommandResult, NewOrder, OrderKind, Outcome, Reject, TimeInForce};
use openmart_wire::bitmart_v2::SigningKey;
use serde_json::{Value, json};

use crate::model::{Model, decimal};

/// The secret of every key here.
pub(crate) const SECRET: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75e";

/// A signed request.
pub(crate) struct Write {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) body: String,
    pub(crate) signature: String,
}

/// The request that becomes this command; nothing if the API has none.
pub(crate) fn request(command: &Command, model: Model<'_>) -> Option<Write> {
    let sign = |message: &str| SigningKey::new(SECRET).sign(message);
    match command {
        Command::Place(order) => place(order, model, &sign),
        Command::Cancel { order, .. } if (1..1 << 53).contains(&order.0) => Some(Write {
            method: "DELETE",
            target: format!("/v2/orders/{order}"),
            body: String::new(),
            signature: sign(&format!("entrust_id={order}")),
        }),
        Command::CancelAll { market: Some(market), side: Some(side), .. } => {
            if market.index() >= model.markets().len() {
                return None;
            }
            let (symbol, side) = (model.symbol(*market), crate::model::side_text(*side));
            Some(Write {
                method: "DELETE",
                target: format!("/v2/orders?symbol={symbol}&side={side}"),
                body: String::new(),
                signature: sign(&format!("side={side}&symbol={symbol}")),
            })
        }
        _ => None,
    }
}

fn place(order: &NewOrder, model: Model<'_>, sign: &dyn Fn(&str) -> String) -> Option<Write> {
    let OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC } = order.kind else {
        return None;
    };
    if order.market.index() >= model.markets().len() {
        return None;
    }
    let (spec, symbol) = (model.spec(order.market), model.symbol(order.market));
    let text = |units: u64, decimals| decimal(u128::from(units), decimals, decimals);
    let amount = text(quantity.lots(), spec.quantity_decimals);
    let price = text(price.ticks(), spec.price_decimals);
    let side = crate::model::side_text(order.side);
    let mut body = json!({ "symbol": symbol, "side": side, "amount": amount, "price": price });
    let mut client_id = String::new();
    if let Some(id) = order.client_id {
        body["client_order_id"] = id.as_str().into();
        client_id = format!("&client_order_id={}", id.as_str());
    }
    let message = format!("amount={amount}{client_id}&price={price}&side={side}&symbol={symbol}");
    let signature = sign(&message);
    let target = "/v2/orders".to_owned();
    Some(Write { method: "POST", target, body: body.to_string(), signature })
}

/// What must be answered: status, body, and why a cancel was refused.
pub(crate) fn answer(
    command: &Command,
    result: &CommandResult,
    model: Model<'_>,
) -> (u16, Value, Option<&'static str>) {
    match result {
        Ok(Outcome::Placed { order, .. }) => (200, json!({ "entrust_id": order.0 }), None),
        Ok(_) => (200, json!({}), None),
        Err(Reject::OrderNotOpen) => {
            let Command::Cancel { account, order } = command else { panic!("no cancel") };
            let status = model.order(*account, order.0).map(|order| order["status"].clone());
            let reason = match status.and_then(|status| status.as_u64()) {
                Some(3) => "filled",
                Some(4) => "canceled",
                _ => "unknown",
            };
            (404, json!({ "message": "Not found" }), Some(reason))
        }
        Err(reject) => (400, json!({ "message": refusal(command, *reject, model) }), None),
    }
}

fn refusal(command: &Command, reject: Reject, model: Model<'_>) -> String {
    let Command::Place(order) = command else { panic!("{reject:?} is no refusal of a cancel") };
    let spec = model.spec(order.market);
    let size = |lots: u64| decimal(lots.into(), spec.quantity_decimals, 10);
    let decimals = spec.price_decimals;
    match reject {
        Reject::ZeroQuantity => "Invalid amount".to_owned(),
        Reject::ZeroPrice => "Invalid price".to_owned(),
        Reject::ClientIdTaken { .. } => "Invalid client_order_id".to_owned(),
        Reject::QuantityTooSmall { min } => format!("Minimum amount is {}", size(min.lots())),
        Reject::QuantityTooLarge { max } => format!("Maximum amount is {}", size(max.lots())),
        Reject::NotionalTooSmall { min } => {
            let side = crate::model::side_text(order.side);
            format!("Minimum {side} amount is {}", model.amount_text(spec.quote, min))
        }
        Reject::PriceAboveBand { max } => {
            format!("Maximum price is {}", decimal(max.ticks().into(), decimals, decimals))
        }
        _ => "Place order error".to_owned(),
    }
}
