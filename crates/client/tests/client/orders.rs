//! Orders: repeated under their name, never without one.

use openmart_client::{ClientOrderId, Error, NewOrder, Placed, Side};
use openmart_wire::bitmart_v2::SigningKey;

use crate::fake::{ATTEMPTS, Asked, Fake, Fate};

const PLACED: &str = r#"{"entrust_id":4700123}"#;

/// After these, an order may have been placed.
const IN_DOUBT: [Fate; 8] = [
    Fate::Drop,
    Fate::Cut(PLACED),
    Fate::Stall(PLACED),
    Fate::Silence,
    Fate::Answer(500, &[], r#"{"message":"Internal Server Error"}"#),
    Fate::Answer(503, &[], "a proxy's words"),
    Fate::Answer(504, &[], "a proxy's words"),
    Fate::Answer(200, &[], r#"{"entrust_id":"#),
];

/// After these, it was not.
const FOR_SURE: [Fate; 4] = [
    Fate::Answer(429, &["Retry-After: 0"], r#"{"message":"Visit too often"}"#),
    Fate::Answer(
        503,
        &["Retry-After: 0"],
        r#"{"message":"Visit too often, please try again later"}"#,
    ),
    Fate::Answer(503, &[], r#"{"message":"Service unavailable"}"#),
    Fate::Answer(503, &[], r#"{"message":"Storage full, new orders are refused"}"#),
];

fn named() -> NewOrder {
    let client_order_id = Some(ClientOrderId::new("mine-1").unwrap());
    NewOrder { client_order_id, ..nameless() }
}

fn nameless() -> NewOrder {
    let (amount, price) = ("18.40".parse().unwrap(), "2.5012".parse().unwrap());
    NewOrder::nameless("ACX_USDT", Side::Buy, amount, price)
}

#[tokio::test]
async fn an_order_without_a_name_is_sent_once() {
    for fate in IN_DOUBT {
        let fake = Fake::new([fate.clone()]).await;
        let error = fake.client().place_order(&nameless()).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{fate:?}: {error:?}");
        assert!(error.to_string().starts_with("it is unknown whether the order was placed: "));
        assert_eq!(fake.asked().len(), 1, "{fate:?}");
    }
    for fate in FOR_SURE {
        let fake = Fake::new([fate.clone()]).await;
        let error = fake.client().place_order(&nameless()).await.unwrap_err();
        assert!(!error.is_outcome_unknown(), "{fate:?}: {error:?}");
        assert_eq!(fake.asked().len(), 1, "{fate:?}");
    }
}

#[tokio::test]
async fn an_order_with_a_name_is_repeated_as_it_was() {
    for fate in IN_DOUBT {
        let good = Fate::Answer(200, &["X-Openmart-Sequence: 12"], PLACED);
        let fake = Fake::new([fate.clone(), good]).await;
        let placed = fake.client().place_order(&named()).await.unwrap();
        let Placed { order_id, sequence, .. } = placed;
        assert_eq!((order_id, sequence), (4_700_123, Some(12)), "{fate:?}");
        let asked = fake.asked();
        let [first, second] = &asked[..] else { panic!("{fate:?}: {asked:?}") };
        assert_eq!(first.body, second.body);
        check_signed(first);
        check_signed(second);
    }
}

fn check_signed(asked: &Asked) {
    assert_eq!(asked.line, "POST /v2/orders");
    assert_eq!(asked.header("x-bm-authorization"), Some("Bearer faketoken"));
    let body = concat!(
        r#"{"symbol":"ACX_USDT","side":"buy","amount":"18.4","price":"2.5012","#,
        r#""client_order_id":"mine-1"}"#
    );
    assert_eq!(asked.body, body);
    let message = "amount=18.4&client_order_id=mine-1&price=2.5012&side=buy&symbol=ACX_USDT";
    let signature = SigningKey::new("thesecret").sign(message);
    assert_eq!(asked.header("x-bm-signature"), Some(signature.as_str()));
}

#[tokio::test]
async fn an_order_that_stays_in_doubt_is_said_so() {
    for last in IN_DOUBT.into_iter().chain(FOR_SURE) {
        let mut script = vec![Fate::Drop; ATTEMPTS - 1];
        script.push(last.clone());
        let fake = Fake::new(script).await;
        let error = fake.client().place_order(&named()).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{last:?}: {error:?}");
        fake.asked();
    }
    for fate in FOR_SURE {
        let attempts = if format!("{fate:?}").contains("full") { 1 } else { ATTEMPTS };
        let fake = Fake::new(vec![fate.clone(); attempts]).await;
        let error = fake.client().place_order(&named()).await.unwrap_err();
        assert!(!error.is_outcome_unknown(), "{fate:?}: {error:?}");
        assert_eq!(fake.asked().len(), attempts, "{fate:?}");
    }
}

#[tokio::test]
async fn only_the_exchange_itself_can_settle_a_doubt_by_refusing() {
    const BODY: &str = r#"{"message":"Place order error"}"#;
    let settles = Fate::Answer(400, &["X-Openmart-Sequence: 9"], BODY);
    let fake = Fake::new([Fate::Drop, settles]).await;
    let error = fake.client().place_order(&named()).await.unwrap_err();
    let Error::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!((refusal.message.as_str(), refusal.sequence), ("Place order error", Some(9)));

    let fake = Fake::new([Fate::Drop, Fate::Answer(400, &[], BODY)]).await;
    let error = fake.client().place_order(&named()).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    assert_eq!(fake.asked().len(), 2);

    let fake = Fake::new([Fate::Answer(400, &[], BODY)]).await;
    let error = fake.client().place_order(&named()).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
}
