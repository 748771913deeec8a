//! Places an order as the demo's account `alice` and cancels it.
//!
//! Start `openmart demo`, then `cargo run --example place_and_cancel`. Another exchange is named by
//! `OPENMART_URL`.

use openmart_client::{Client, Credentials, Error, NewOrder, Side};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENMART_URL").unwrap_or("http://127.0.0.1:8470".to_owned());
    let credentials = Credentials::new(
        "6591f7c2491db0a23a1d8ad6911c825e",
        "8c08d9d5c3d15b105dbddaf96e427ac6",
        "mymemo",
    )?;
    let client = Client::builder(url).credentials(credentials).build()?;
    client.sync_clock().await?;

    // It has a random name, so that it can be sent again if the answer is lost.
    let order = NewOrder::named("BMX_ETH", Side::Buy, "100".parse()?, "0.00001".parse()?);
    let placed = client.place_order(&order).await?;
    println!("order {} rests in the book", placed.order_id);

    match client.cancel_order(placed.order_id).await {
        Ok(_) => println!("canceled: off the book, its funds free, nothing can fill it any more"),
        Err(Error::Refused(refusal)) => println!("too late: {refusal}"),
        Err(error) if error.is_outcome_unknown() => {
            println!("{error}; it is {:?}", client.order(placed.order_id).await?.status);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
