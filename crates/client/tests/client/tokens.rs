//! Tokens: fetched once, renewed in time, renewed once when refused. And the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use openmart_client::{Error, NewOrder, Side};
use openmart_wire::bitmart_v2::TokenProof;

use crate::fake::{Fake, Fate, builder};

const WALLET: Fate = Fate::Answer(200, &[], "[]");
const UNAUTHORIZED: Fate = Fate::Answer(401, &[], r#"{"message":"Unauthorized"}"#);

fn token(text: &'static str) -> Fate {
    Fate::Answer(200, &[], text)
}

#[tokio::test]
async fn one_token_serves_many_requests_at_once() {
    let fake = Fake::new(vec![WALLET; 20]).await;
    let client = fake.client();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.wallet().await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    fake.asked();
    let requests = fake.token_requests();
    assert_eq!(requests.len(), 1);
    let form: Vec<&str> = requests[0].body.split('&').collect();
    let time = form.iter().find_map(|pair| pair.strip_prefix("timestamp=")).unwrap();
    let proof = TokenProof::new("thekey", "thesecret", "thememo").client_secret(Some(time));
    assert!(form.contains(&"client_id=thekey"), "{form:?}");
    assert!(form.contains(&format!("client_secret={proof}").as_str()), "{form:?}");
}

#[tokio::test]
async fn the_time_in_the_proof_can_be_left_out() {
    let fake = Fake::new([]).await;
    let client = builder(fake.address).sign_token_time(false).build().unwrap();
    client.log_in().await.unwrap();
    let body = &fake.token_requests()[0].body;
    let proof = TokenProof::new("thekey", "thesecret", "thememo").client_secret(None);
    assert!(body.contains(&proof) && !body.contains("timestamp"), "{body}");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    // One that ends at once is good for the request it was fetched for.
    let short = token(r#"{"access_token":"short","expires_in":0}"#);
    let long = token(r#"{"access_token":"long","expires_in":900}"#);
    let fake = Fake::with_tokens(vec![WALLET; 3], [short, long]).await;
    let client = fake.client();
    for _ in 0..3 {
        client.wallet().await.unwrap();
    }
    let asked = fake.asked();
    let bearers: Vec<_> =
        asked.iter().filter_map(|asked| asked.header("x-bm-authorization")).collect();
    assert_eq!(bearers, ["Bearer short", "Bearer long", "Bearer long"]);
    assert_eq!(fake.token_requests().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_every_request() {
    let old = token(r#"{"access_token":"old","expires_in":900}"#);
    let placed = Fate::good(r#"{"entrust_id":1}"#);
    let fake = Fake::with_tokens([UNAUTHORIZED, placed], [old]).await;
    let one = || "1".parse().unwrap();
    let order = NewOrder::nameless("A_B", Side::Buy, one(), one());
    assert_eq!(fake.client().place_order(&order).await.unwrap().order_id, 1);
    let asked = fake.asked();
    assert_eq!(asked[0].header("x-bm-authorization"), Some("Bearer old"));
    assert_eq!(asked[1].header("x-bm-authorization"), Some("Bearer faketoken"));

    let fake = Fake::new([UNAUTHORIZED, UNAUTHORIZED]).await;
    let error = fake.client().wallet().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert_eq!((fake.asked().len(), fake.token_requests().len()), (2, 2));
}

#[tokio::test]
async fn a_wrong_key_is_said_before_anything_is_asked() {
    let refused = Fate::Answer(401, &[], r#"{"message":"Invalid request"}"#);
    let fake = Fake::with_tokens([], [refused]).await;
    let error = fake.client().cancel_order(1).await.unwrap_err();
    assert_eq!(error.to_string(), "the exchange does not accept the key: Invalid request");
    assert!(fake.asked().is_empty());
    assert_eq!(fake.token_requests().len(), 1);
}

#[tokio::test]
async fn a_key_that_ends_while_an_order_is_in_doubt_leaves_the_doubt() {
    let refused = Fate::Answer(401, &[], r#"{"message":"Invalid request"}"#);
    let first = token(r#"{"access_token":"first","expires_in":900}"#);
    let fake = Fake::with_tokens([Fate::Drop, UNAUTHORIZED], [first, refused]).await;
    let error = fake.client().cancel_order(1).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    fake.asked();
}

#[tokio::test]
async fn the_exchanges_clock_is_taken_over_on_demand() {
    const HOUR_MS: u64 = 3_600_000;
    // Far enough from any machine's clock to be recognised.
    let fake = Fake::new([Fate::good(r#"{"server_time":9000000000000}"#), WALLET]).await;
    let client = fake.client();
    let offset_ms = client.sync_clock().await.unwrap();
    assert_eq!(client.clock_offset_ms(), offset_ms);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now_ms = u64::try_from(since_1970.as_millis()).unwrap();
    assert!(now_ms.strict_add_signed(offset_ms).abs_diff(9_000_000_000_000) < HOUR_MS);
    client.wallet().await.unwrap();
    let stamp: u64 = fake.asked()[1].header("x-bm-timestamp").unwrap().parse().unwrap();
    assert!(stamp.abs_diff(9_000_000_000_000) < HOUR_MS, "{stamp}");
    let body = &fake.token_requests()[0].body;
    assert!(body.contains("timestamp=90000"), "{body}");
}
