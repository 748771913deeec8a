//! Cancels are repeated, and what the repetition finds is understood.

use openmart_client::{CancelReason, Canceled, Error, Side};
use openmart_wire::bitmart_v2::SigningKey;

use crate::fake::{ATTEMPTS, Fake, Fate};

const NOT_FOUND: &str = r#"{"message":"Not found"}"#;
const WAS_CANCELED: Fate =
    Fate::Answer(404, &["X-Openmart-Reason: canceled", "X-Openmart-Sequence: 8"], NOT_FOUND);
const WAS_FILLED: Fate = Fate::Answer(404, &["X-Openmart-Reason: filled"], NOT_FOUND);
const IS_UNKNOWN: Fate = Fate::Answer(404, &["X-Openmart-Reason: unknown"], NOT_FOUND);
const WITHOUT_REASON: Fate = Fate::Answer(404, &[], NOT_FOUND);
const IN_DOUBT: [Fate; 5] = [
    Fate::Drop,
    Fate::Cut("{}"),
    Fate::Stall("{}"),
    Fate::Silence,
    Fate::Answer(500, &[], r#"{"message":"Internal Server Error"}"#),
];

#[tokio::test]
async fn a_cancel_is_repeated_after_every_lost_answer() {
    for fate in IN_DOUBT {
        let good = Fate::Answer(200, &["X-Openmart-Sequence: 7"], "{}");
        let fake = Fake::new([fate.clone(), good]).await;
        let Canceled { sequence, found_canceled, .. } =
            fake.client().cancel_order(5).await.unwrap();
        assert_eq!((sequence, found_canceled), (Some(7), false), "{fate:?}");
        let signature = SigningKey::new("thesecret").sign("entrust_id=5");
        for asked in fake.asked() {
            assert_eq!(asked.line, "DELETE /v2/orders/5");
            assert_eq!(asked.header("x-bm-signature"), Some(signature.as_str()));
        }
    }
}

#[tokio::test]
async fn a_repetition_that_finds_it_canceled_is_a_success() {
    for fate in IN_DOUBT {
        let fake = Fake::new([fate.clone(), WAS_CANCELED]).await;
        let canceled = fake.client().cancel_order(5).await.unwrap();
        assert!(canceled.found_canceled && canceled.sequence.is_none(), "{fate:?}: {canceled:?}");
        assert_eq!(fake.asked().len(), 2);
    }
}

#[tokio::test]
async fn without_a_lost_answer_it_is_a_refusal_like_the_others() {
    let limited = Fate::Answer(429, &["Retry-After: 0"], r#"{"message":"Visit too often"}"#);
    for script in [vec![WAS_CANCELED], vec![limited, WAS_CANCELED]] {
        let fake = Fake::new(script).await;
        let error = fake.client().cancel_order(5).await.unwrap_err();
        let Error::Refused(refusal) = error else { panic!("{error:?}") };
        assert_eq!((refusal.reason, refusal.sequence), (Some(CancelReason::Canceled), Some(8)));
        assert_eq!(refusal.to_string(), "Not found (the order was canceled before)");
        fake.asked();
    }
}

#[tokio::test]
async fn every_other_reason_settles_it_too() {
    for (fate, reason) in [(WAS_FILLED, CancelReason::Filled), (IS_UNKNOWN, CancelReason::Unknown)]
    {
        let fake = Fake::new([Fate::Drop, fate]).await;
        let error = fake.client().cancel_order(5).await.unwrap_err();
        let Error::Refused(refusal) = error else { panic!("{error:?}") };
        assert_eq!(refusal.reason, Some(reason));
    }
    let fake = Fake::new([Fate::Drop, WITHOUT_REASON]).await;
    let error = fake.client().cancel_order(5).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    let fake = Fake::new([WITHOUT_REASON]).await;
    assert!(matches!(fake.client().cancel_order(5).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_cancel_that_is_never_answered_stays_in_doubt() {
    let fake = Fake::new(vec![Fate::Drop; ATTEMPTS]).await;
    let error = fake.client().cancel_order(5).await.unwrap_err();
    assert!(error.is_outcome_unknown() && error.is_unreachable(), "{error:?}");
    assert!(error.to_string().starts_with("it is unknown whether the order was canceled: cannot"));
    assert_eq!(fake.asked().len(), ATTEMPTS);
}

#[tokio::test]
async fn a_message_is_a_refusal_whatever_the_status() {
    let fake = Fake::new([Fate::good(r#"{"message":"Not found"}"#)]).await;
    let error = fake.client().cancel_order(5).await.unwrap_err();
    assert_eq!(error.to_string(), "the exchange refused: Not found");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn cancel_all_is_repeated_and_signed() {
    let good = Fate::Answer(200, &["X-Openmart-Sequence: 7"], "{}");
    let fake = Fake::new([Fate::Drop, good]).await;
    assert_eq!(fake.client().cancel_all("ACX_USDT", Side::Sell).await.unwrap(), Some(7));
    let signature = SigningKey::new("thesecret").sign("side=sell&symbol=ACX_USDT");
    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        assert_eq!(asked.line, "DELETE /v2/orders?symbol=ACX_USDT&side=sell");
        assert_eq!(asked.header("x-bm-signature"), Some(signature.as_str()));
    }
}
