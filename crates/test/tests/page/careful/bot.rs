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
        Ok(_) | Err(Error::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    // Whatever the cancel said, the order knows what was bought.
    let bought = client.order(id).await?.executed_amount.parse().unwrap_or(amount);
    match amount.checked_sub(bought) {
        Some(rest) if rest.is_positive() => buy(client, rest, price).await.map(|_| ()),
        _ => Ok(()),
    }
}
