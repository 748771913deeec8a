//! Every endpoint of the real gateway.

use openmart_client::{
    CancelReason, Error, ListKlines, ListOrders, NewOrder, OrderStatus, Side, StatusFilter,
};
use openmart_gateway::SignatureMode;

use crate::venue::{ALICE, BOB, Venue};

const SYMBOL: &str = "ACX_USDT";

fn order(side: Side, amount: &str, price: &str) -> NewOrder {
    NewOrder::named(SYMBOL, side, amount.parse().unwrap(), price.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn public_endpoints() {
    let venue = Venue::new().await;
    let client = venue.client(ALICE);
    client.ping().await.unwrap();
    assert!(client.sync_clock().await.unwrap().abs() < 60_000);
    assert_eq!(client.steps().await.unwrap().len(), 13);
    assert_eq!(client.symbols().await.unwrap(), [SYMBOL]);
    assert_eq!(client.currencies().await.unwrap().len(), 2);
    let details = client.symbol_details(SYMBOL).await.unwrap();
    assert_eq!(client.symbols_details().await.unwrap(), std::slice::from_ref(&details));
    assert_eq!((details.quote_increment.as_str(), details.price_max_precision), ("0.01", 4));

    let placed = client.place_order(&order(Side::Sell, "10", "2.5012")).await.unwrap();
    let taken = venue.client(BOB).place_order(&order(Side::Buy, "4", "2.5012")).await.unwrap();
    assert!(taken.sequence > placed.sequence);
    let depth = client.depth(SYMBOL, None).await.unwrap();
    assert_eq!((depth.sells[0].amount.as_str(), depth.buys.len()), ("6.00", 0));
    assert_eq!(client.depth(SYMBOL, Some(2)).await.unwrap().sells[0].price, "2.51");
    let ticker = client.ticker(SYMBOL).await.unwrap();
    assert_eq!((ticker.current_price.as_str(), ticker.volume.as_str()), ("2.5012", "4.00"));
    assert_eq!(client.tickers().await.unwrap(), [ticker]);
    let trades = client.public_trades(SYMBOL).await.unwrap();
    assert_eq!((trades[0].count.as_str(), trades[0].side), ("4.00", Side::Buy));
    let list = ListKlines { from: 0, to: u64::MAX / 2, step: 1 };
    let klines = client.klines(SYMBOL, list).await.unwrap();
    assert_eq!(klines.last().unwrap().current_price, "2.5012");
    let error = client.ticker("NO_SUCH").await.unwrap_err();
    assert_eq!(error.to_string(), "the exchange refused: Unknown symbol");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_from_placing_to_its_end() {
    let venue = Venue::new().await;
    let (alice, bob) = (venue.client(ALICE), venue.client(BOB));
    let wish = order(Side::Sell, "10", "2.5012");
    let placed = alice.place_order(&wish).await.unwrap();
    let again = alice.place_order(&wish).await.unwrap();
    assert_eq!(again.order_id, placed.order_id, "the same name is the same order");
    assert_eq!(alice.open_orders(SYMBOL).await.unwrap().len(), 1);

    bob.place_order(&order(Side::Buy, "4", "2.5012")).await.unwrap();
    let shown = alice.order(placed.order_id).await.unwrap();
    assert_eq!(
        (shown.status, shown.executed_amount.as_str()),
        (OrderStatus::PartiallyFilled, "4.00")
    );
    let trades = alice.trades_of_order(SYMBOL, placed.order_id).await.unwrap();
    assert_eq!((trades.total_trades, trades.trades[0].amount.as_str()), (1, "4.00"));
    let wallet = alice.wallet().await.unwrap();
    assert_eq!((wallet[0].id.as_str(), wallet[0].frozen.as_str()), ("ACX", "6.0000000000"));

    let canceled = alice.cancel_order(placed.order_id).await.unwrap();
    assert!(canceled.sequence > placed.sequence && !canceled.found_canceled);
    for (client, id, reason) in [
        (&alice, placed.order_id, CancelReason::Canceled),
        (&bob, placed.order_id, CancelReason::Unknown),
        (&bob, placed.order_id + 1, CancelReason::Filled),
    ] {
        let error = client.cancel_order(id).await.unwrap_err();
        let Error::Refused(refusal) = error else { panic!("{error:?}") };
        assert_eq!((refusal.status, refusal.reason), (404, Some(reason)), "{id}");
        assert!(refusal.sequence.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_orders_of_a_side_go_at_once() {
    let venue = Venue::new().await;
    let alice = venue.client(ALICE);
    for price in ["2.1", "2.2", "2.3"] {
        alice.place_order(&order(Side::Buy, "5", price)).await.unwrap();
    }
    let kept = alice.place_order(&order(Side::Sell, "5", "3")).await.unwrap();
    assert!(alice.cancel_all(SYMBOL, Side::Buy).await.unwrap() > kept.sequence);
    let open = alice.open_orders(SYMBOL).await.unwrap();
    assert_eq!(open.iter().map(|order| order.entrust_id).collect::<Vec<_>>(), [kept.order_id]);
    let list = ListOrders {
        symbol: SYMBOL.to_owned(),
        status: StatusFilter::Canceled,
        offset: 1,
        limit: 2,
    };
    let page = alice.orders(&list).await.unwrap();
    assert_eq!((page.total_orders, page.total_pages, page.orders.len()), (3, 2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_come_in_the_exchanges_words() {
    let venue = Venue::new().await;
    let alice = venue.client(ALICE);
    for (wish, message) in [
        (order(Side::Buy, "0.005", "2.5"), "Invalid amount"),
        (order(Side::Buy, "0.05", "2.5"), "Minimum amount is 0.1000000000"),
        (order(Side::Buy, "1", "2.5"), "Minimum buy amount is 5.0000000000"),
        (order(Side::Buy, "100000", "2.5"), "Place order error"),
        (order(Side::Buy, "-1", "2.5"), "Invalid amount"),
    ] {
        let error = alice.place_order(&wish).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the exchange refused: {message}"));
    }
    let wrong_secret = venue.client([ALICE[0], "another", ALICE[2]]);
    let error = wrong_secret.wallet().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_exchange_is_satisfied_by_names() {
    let venue = Venue::with(SignatureMode::Strict).await;
    let alice = venue.client(ALICE);
    let placed = alice.place_order(&order(Side::Sell, "10", "2.5")).await.unwrap();
    alice.cancel_order(placed.order_id).await.unwrap();
    let wish = NewOrder { client_order_id: None, ..order(Side::Sell, "10", "2.5") };
    let error = alice.place_order(&wish).await.unwrap_err();
    assert!(error.to_string().contains("client_order_id"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_comes_back_finishes_what_was_asked() {
    let mut venue = Venue::new().await;
    let alice = venue.client(ALICE);
    alice.log_in().await.unwrap();
    venue.close().await;
    let wish = order(Side::Sell, "10", "2.5");
    let asked = {
        let alice = alice.clone();
        tokio::spawn(async move { alice.place_order(&wish).await })
    };
    venue.open(SignatureMode::Compat).await;
    asked.await.unwrap().unwrap();
    assert_eq!(alice.open_orders(SYMBOL).await.unwrap().len(), 1);
}
