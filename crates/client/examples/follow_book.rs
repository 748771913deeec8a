//! Follows the best prices of a market: `cargo run --example follow_book [SYMBOL] [PUSHES]`.

use openmart_client::{Channel, ChannelRequest, Client, Event, Push};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("OPENMART_URL").unwrap_or("http://127.0.0.1:8470".to_owned());
    let mut arguments = std::env::args().skip(1);
    let symbol = arguments.next().unwrap_or("BTC_USDT".to_owned());
    let mut left: u64 = arguments.next().map_or(Ok(u64::MAX), |count| count.parse())?;

    let mut stream = Client::builder(url).build()?.stream().await?;
    stream.subscribe(ChannelRequest { channel: Channel::Depth { precision: None }, symbol })?;
    while left > 0 {
        match stream.next().await {
            Some(Event::Push(Push::Depth { data, .. })) => {
                let best_bid = data.buys.first().map_or("none", |level| level.price.as_str());
                let best_ask = data.sells.first().map_or("none", |level| level.price.as_str());
                println!("bid {best_bid}  ask {best_ask}");
                left -= 1;
            }
            // The next push shows the whole book, so there is nothing to repair.
            Some(Event::Gap { cause }) => println!("not live: {cause}"),
            Some(Event::Refused { message }) => return Err(message.into()),
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}
