//! An empty exchange, from the start of its process to the first signed cancel that it answers.

use std::time::Instant;

use anyhow::Result;
use openmart_sim::http::{ALICE, Connection, Server, Signer};
use openmart_wire::bitmart_v2::{OrderBody, Side};
use serde_json::{Value, json};

use crate::{Plan, median};

pub(crate) fn measure(plan: &Plan) -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut listening_ms, mut canceled_ms) = (Vec::new(), Vec::new());
    for _ in 0..plan.starts {
        let begun = Instant::now();
        let ms = || begun.elapsed().as_secs_f64() * 1e3;
        let server = Server::exchange_anywhere(&plan.openmart, &plan.data)?;
        listening_ms.push(ms());
        runtime.block_on(first_cancel(&server.address))?;
        canceled_ms.push(ms());
    }
    let (listening, canceled) = (median(&listening_ms), median(&canceled_ms));
    println!(
        "start of an empty exchange, median of {}: listening after {listening:.1} ms, first cancel \
         answered after {canceled:.1} ms",
        plan.starts
    );
    Ok(json!({
        "starts": plan.starts, "listening_ms": listening, "first_cancel_ms": canceled,
        "first_cancels_ms": canceled_ms,
    }))
}

async fn first_cancel(address: &str) -> Result<()> {
    let signer = Signer::log_in(address, ALICE).await?;
    let mut connection = Connection::open(address).await?;
    let order = OrderBody {
        symbol: "BTC_USDT".into(),
        side: Side::Buy,
        amount: "1".into(),
        price: "20000".into(),
        client_order_id: None,
    };
    let order = signer.placed(&mut connection, &order).await?;
    connection.ask_group(&signer.cancel(order), 1).await
}
