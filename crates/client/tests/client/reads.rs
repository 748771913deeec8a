//! Reads are repeated, so many times and no more.

use std::net::TcpListener;
use std::time::Duration;

use openmart_client::{Client, Error, RetryPolicy};

use crate::fake::{ATTEMPTS, Fake, Fate, builder};

const TIME: &str = r#"{"server_time":1600000000123}"#;

/// Everything after which a read is worth repeating.
const PASSING: [Fate; 10] = [
    Fate::Drop,
    Fate::Cut(TIME),
    Fate::Stall(TIME),
    Fate::Silence,
    Fate::Answer(500, &[], r#"{"message":"Internal Server Error"}"#),
    Fate::Answer(502, &[], "<html>"),
    Fate::Answer(503, &["Retry-After: 0"], r#"{"message":"Service unavailable"}"#),
    Fate::Answer(429, &["Retry-After: 0"], r#"{"message":"Visit too often"}"#),
    Fate::Answer(200, &[], r#"{"server_time":"#),
    Fate::Answer(200, &[], "<html>"),
];

#[tokio::test]
async fn a_read_is_repeated_after_every_passing_fault() {
    for fate in PASSING {
        let fake = Fake::new([fate.clone(), Fate::good(TIME)]).await;
        let time = fake.client().server_time().await;
        assert_eq!(time.unwrap(), 1_600_000_000_123, "{fate:?}");
        assert_eq!(fake.asked().len(), 2, "{fate:?}");
    }
}

#[tokio::test]
async fn a_read_is_given_up_with_its_last_error() {
    for fate in PASSING {
        let fake = Fake::new(vec![fate.clone(); ATTEMPTS]).await;
        let error = fake.client().server_time().await.unwrap_err();
        let fits = match &fate {
            Fate::Answer(429, ..) => matches!(error, Error::RateLimited { .. }),
            Fate::Answer(500.., ..) => matches!(error, Error::Failed { .. }),
            Fate::Answer(..) => matches!(error, Error::Malformed { .. }),
            _ => matches!(error, Error::Unreachable { .. }),
        };
        assert!(fits && !error.is_outcome_unknown(), "{fate:?}: {error:?}");
        assert_eq!(fake.asked().len(), ATTEMPTS, "{fate:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_final() {
    let refused = Fate::Answer(400, &[], r#"{"message":"Unknown symbol"}"#);
    let fake = Fake::new([refused]).await;
    let error = fake.client().ticker("A_B").await.unwrap_err();
    assert_eq!(error.to_string(), "the exchange refused: Unknown symbol");
    assert_eq!(fake.asked()[0].line, "GET /v2/ticker?symbol=A_B");
}

#[tokio::test]
async fn a_page_that_is_no_api_is_a_refusal() {
    let fake = Fake::new([Fate::Answer(404, &[], "<html>")]).await;
    let error = fake.client().ping().await.unwrap_err();
    assert_eq!(error.to_string(), "the exchange refused: status 404 without a message");
    let fake = Fake::new([Fate::Answer(302, &["Location: /elsewhere"], "")]).await;
    let error = fake.client().ping().await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn nobody_waits_longer_than_the_policy_allows() {
    let limited = Fate::Answer(429, &["Retry-After: 60"], r#"{"message":"Visit too often"}"#);
    let fake = Fake::new([limited]).await;
    let error = fake.client().symbols().await.unwrap_err();
    let Error::RateLimited { retry_after } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(60)));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn a_policy_of_one_attempt_repeats_nothing() {
    let fake = Fake::new([Fate::Drop]).await;
    let client = builder(fake.address).retry_policy(RetryPolicy::never()).build().unwrap();
    assert!(matches!(client.symbols().await, Err(Error::Unreachable { .. })));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn a_slow_answer_is_an_answer() {
    let fake = Fake::new([Fate::Trickle(TIME)]).await;
    let client = builder(fake.address).timeout(Duration::from_secs(30)).build().unwrap();
    assert_eq!(client.server_time().await.unwrap(), 1_600_000_000_123);
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unreachable() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = builder(address).build().unwrap().ping().await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot reach http://{address}: ")), "{text}");
}

#[tokio::test]
async fn texts_that_are_no_symbol_are_not_sent() {
    let fake = Fake::new([]).await;
    let client = fake.client();
    for symbol in ["", "a b", "../orders", "A_B?x=1", "A_B#"] {
        for told in [
            client.ticker(symbol).await.map(|_| ()),
            client.depth(symbol, None).await.map(|_| ()),
            client.open_orders(symbol).await.map(|_| ()),
        ] {
            assert!(matches!(told, Err(Error::Usage(_))), "{symbol:?}");
        }
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn private_requests_need_credentials() {
    let client = Client::builder("http://127.0.0.1:1").build().unwrap();
    let error = client.wallet().await.unwrap_err();
    assert_eq!(error.to_string(), "this needs a key, secret and memo");
}
