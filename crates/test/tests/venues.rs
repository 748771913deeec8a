//! Venues as tests use them: apart from each other, gone when dropped, as wished for.

use openmart_test::client::{CancelReason, Error, NewOrder, Side};
use openmart_test::faults::{Fault, FaultRule};
use openmart_test::races::{RaceKind, RaceState};
use openmart_test::{Account, Market, StartError, Venue};

fn order(amount: &str, price: &str) -> NewOrder {
    let number = |text: &str| text.parse().expect("a number");
    NewOrder::named("BTC_USDT", Side::Buy, number(amount), number(price))
}

#[tokio::test]
async fn venues_know_nothing_of_each_other_and_leave_nothing() {
    let (one, other) = tokio::join!(Venue::start(), Venue::start());
    let (one, other) = (one.unwrap(), other.unwrap());
    let alice = one.client("alice").unwrap();
    let placed = alice.place_order(&order("0.5", "20000")).await.unwrap();
    assert_eq!(alice.open_orders("BTC_USDT").await.unwrap().len(), 1);
    assert_eq!(other.client("alice").unwrap().open_orders("BTC_USDT").await.unwrap(), []);
    alice.cancel_order(placed.order_id).await.unwrap();

    let (folder, url) = (one.folder().to_owned(), one.url());
    assert!(folder.exists());
    drop(one);
    assert!(!folder.exists());
    let address = url.trim_start_matches("http://");
    assert!(std::net::TcpStream::connect(address).is_err());
    other.client("bob").unwrap().wallet().await.unwrap();
}

#[test]
fn a_test_may_block_its_thread() {
    let venue = Venue::builder().start_blocking().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = venue.client("bob").unwrap();
    runtime.block_on(client.server_time()).unwrap();
    let exchange = venue.exchange().clone();
    drop(venue);
    assert!(
        exchange
            .execute_blocking(openmart_model::Command::Cancel {
                account: openmart_model::AccountId(0),
                order: openmart_model::OrderId(1),
            })
            .is_err()
    );
}

#[tokio::test]
async fn it_lists_and_serves_what_was_wished_for() {
    let venue = Venue::builder()
        .market(Market::new("ACX_EUR", 3, 1).fees_ppm(0, 0))
        .account(Account::new("carol").deposit("EUR", "12.5"))
        .account(Account::new("alice"))
        .account(Account::new("dave").without_funds())
        .start()
        .await
        .unwrap();
    let balances = async |name: &str| {
        let wallet = venue.client(name).unwrap().wallet().await.unwrap();
        let mut rows: Vec<String> =
            wallet.into_iter().map(|row| format!("{} {}", row.id, row.available)).collect();
        rows.sort();
        rows.join(", ")
    };
    assert_eq!(balances("carol").await, "ACX 0.0000000000, EUR 12.5000000000");
    assert_eq!(balances("alice").await, "ACX 1000000.0000000000, EUR 1000000.0000000000");
    assert_eq!(balances("dave").await, "ACX 0.0000000000, EUR 0.0000000000");
    assert!(venue.client("bob").is_err());
}

#[tokio::test]
async fn wishes_that_make_no_sense_are_said_so() {
    let why = async |builder: openmart_test::Builder| match builder.start().await {
        Err(error) => error.to_string(),
        Ok(venue) => panic!("{venue:?} started"),
    };
    let wish = Venue::builder;
    assert_eq!(
        why(wish().market(Market::new("BTCUSDT", 2, 2))).await,
        "\"BTCUSDT\" is not a symbol such as BTC_USDT"
    );
    assert_eq!(
        why(wish().market(Market::new("BTC_USDT", 2, 60))).await,
        "BTC_USDT cannot have 60 decimals of quantity"
    );
    assert_eq!(
        why(wish().account(Account::new("carol").deposit("USDT", "much"))).await,
        "carol cannot have \"much\" USDT: not a decimal number"
    );
    let twice = wish().account(Account::new("carol")).account(Account::new("carol")).start().await;
    assert!(
        matches!(twice, Err(StartError::Refused { ref what, .. }) if what == "open account carol")
    );
}

#[tokio::test]
async fn faults_and_races_strike_on_command() {
    let venue = Venue::builder().seed(7).start().await.unwrap();
    let alice = venue.client("alice").unwrap();
    venue.race(RaceKind::FillBeforeCancel, "alice").unwrap();
    let id = alice.place_order(&order("0.5", "20000")).await.unwrap().order_id;
    match alice.cancel_order(id).await {
        Err(Error::Refused(refusal)) => assert_eq!(refusal.reason, Some(CancelReason::Filled)),
        other => panic!("{other:?}"),
    }
    assert_eq!(venue.controls().races().races[0].state, RaceState::Done);
    assert!(venue.race(RaceKind::FillBeforeCancel, "nobody").is_err());

    let lost: FaultRule = serde_json::from_value(serde_json::json!({
        "name": "lost", "method": "POST", "path": "/v2/orders", "nth": 1,
        "fault": { "kind": "disconnect-after" },
    }))
    .unwrap();
    assert!(matches!(lost.fault, Fault::DisconnectAfter {}));
    venue.fault(lost).unwrap();
    assert_eq!(venue.controls().faults().seed, 7);
    // The client repeats it under the same name: one order, in spite of the answer that was lost.
    let placed = alice.place_order(&order("0.25", "19000")).await.unwrap();
    let open = alice.open_orders("BTC_USDT").await.unwrap();
    assert_eq!(open.iter().map(|order| order.entrust_id).collect::<Vec<_>>(), [placed.order_id]);
    assert_eq!(venue.controls().faults().rules[0].struck, 1);
}
