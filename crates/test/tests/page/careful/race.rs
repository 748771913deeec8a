//! The bot, and an order that is filled just before its cancel.

mod bot;

use openmart_client::{Decimal, ListOrders, StatusFilter};
use openmart_test::Venue;
use openmart_test::races::RaceKind;

#[tokio::test]
async fn it_never_buys_more_than_it_was_told_to() -> Result<(), Box<dyn std::error::Error>> {
    let venue = Venue::start().await?;
    let alice = venue.client("alice")?;
    venue.race(RaceKind::FillBeforeCancel, "alice")?;

    let amount: Decimal = "0.5".parse()?;
    let id = bot::buy(&alice, amount, "20000".parse()?).await?;
    bot::move_to(&alice, id, amount, "20100".parse()?).await?;

    let (symbol, status) = ("BTC_USDT".to_owned(), StatusFilter::All);
    let all = ListOrders { symbol, status, offset: 0, limit: 100 };
    let mut bought_or_open: Decimal = "0".parse()?;
    for order in alice.orders(&all).await?.orders {
        bought_or_open = bought_or_open.checked_add(order.original_amount.parse()?).unwrap();
    }
    assert_eq!(bought_or_open, amount, "the bot buys too much");
    Ok(())
}
