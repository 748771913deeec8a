//! A market maker in some forty lines: one bid and one ask around a fixed price, placed anew
//! whenever one of them is gone. `cargo run --example market_maker [ROUNDS]` with `openmart demo`.

use std::time::Duration;

use openmart_client::{Client, Credentials, Decimal, Error, NewOrder, OrderStatus, Side};

const SYMBOL: &str = "BMX_ETH";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENMART_URL").unwrap_or("http://127.0.0.1:8470".to_owned());
    let rounds: u64 = std::env::args().nth(1).map_or(Ok(u64::MAX), |rounds| rounds.parse())?;
    let (key, secret) = ("b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", "5ec2e75ec2e75ec2e75ec2e75ec2e75e");
    let credentials = Credentials::new(key, secret, "bob")?;
    let client = Client::builder(url).credentials(credentials).build()?;

    // One tick is the smallest step of the price; reckoning with decimals is exact.
    let market = client.symbol_details(SYMBOL).await?;
    let tick = Decimal::new(1, market.price_max_precision).ok_or("too many decimals")?;
    let (amount, middle): (Decimal, Decimal) = ("100".parse()?, "0.0001".parse()?);
    let away = tick.checked_mul("5".parse()?).ok_or("out of range")?;
    let prices = [
        (Side::Buy, middle.checked_sub(away).ok_or("out of range")?),
        (Side::Sell, middle.checked_add(away).ok_or("out of range")?),
    ];
    let mut resting: [Option<u64>; 2] = [None; 2];
    for _ in 0..rounds {
        for ((side, price), place) in prices.into_iter().zip(&mut resting) {
            let status = match place {
                Some(order) => Some(client.order(*order).await?.status),
                None => None,
            };
            if !matches!(status, Some(OrderStatus::Open | OrderStatus::PartiallyFilled)) {
                let order = NewOrder::named(SYMBOL, side, amount, price);
                *place = Some(client.place_order(&order).await?.order_id);
                println!("{side} {amount} at {price}");
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for order in resting.into_iter().flatten() {
        match client.cancel_order(order).await {
            Ok(_) => println!("order {order} canceled"),
            Err(Error::Refused(refusal)) => println!("order {order}: {refusal}"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
