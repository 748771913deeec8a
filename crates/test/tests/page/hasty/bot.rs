//! Buys a quantity once, and moves its order when it wants another price.

use openmart_client::{Client, Decimal, Error, NewOrder, Side};

pub(crate) async fn buy(client: &Client, amount: Decimal, price: Decimal) -> Result<u64, Error> {
    let order = NewOrder::named("BTC_USDT", Side::Buy, amount, price);
    Ok(client.place_order(&order).await?.order_id)
}

pub(crate) async fn move_to(
    client: &Client,
    id: u64,
    amount: Decimal,
    price: Decimal,
) -> Result<(), Error> {
    match client.cancel_order(id).await {
        // Gone or refused: either way it is not in the book, so place the new one.
        Ok(_) | Err(Error::Refused(_)) => buy(client, amount, price).await.map(|_| ()),
        Err(error) => Err(error),
    }
}
