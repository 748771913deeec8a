//! The token request: where its fields come from, and what is refused.

use openmart_wire::bitmart_v2::{ApiError, RequestFault, TokenProof, TokenRequest};

use super::SECRET;

const KEY: &str = "6591f7c2491db0a23a1d8ad6911c825e";
const PROOF: &str = "18b9beb027d9ee75202655f37344ea5829c5c0d66a0781bf642bb3e944cf5019";
const FORM_TYPE: Option<&[u8]> = Some(b"application/x-www-form-urlencoded");

fn form() -> String {
    format!("grant_type=client_credentials&client_id={KEY}&client_secret={PROOF}")
}

#[test]
fn fields_come_from_the_form_or_else_from_the_query() {
    let expected = TokenRequest {
        grant_type: "client_credentials".to_owned(),
        client_id: KEY.to_owned(),
        client_secret: PROOF.to_owned(),
        timestamp: None,
    };
    let body = form();
    for content_type in
        [None, FORM_TYPE, Some(b"Application/X-WWW-Form-Urlencoded; charset=UTF-8".as_slice())]
    {
        let request = TokenRequest::parse(content_type, body.as_bytes(), Some("client_id=x"));
        assert_eq!(request.as_ref(), Ok(&expected));
    }
    for content_type in [None, FORM_TYPE, Some(b"application/json".as_slice())] {
        assert_eq!(TokenRequest::parse(content_type, b"", Some(&body)).as_ref(), Ok(&expected));
    }
    assert_eq!(expected.to_form(), body);
    let reordered =
        format!("x=1&client_secret={PROOF}&client_id={KEY}&grant%5Ftype=client_credentials");
    assert_eq!(TokenRequest::parse(None, reordered.as_bytes(), None), Ok(expected));
}

#[test]
fn everything_else_is_an_invalid_request() {
    let good = form();
    let json = format!(
        r#"{{"grant_type":"client_credentials","client_id":"{KEY}","client_secret":"{PROOF}"}}"#
    );
    let twice = format!("{good}&client_id={KEY}");
    let long = format!("{good}&x={}", "x".repeat(4096));
    let no_key = good.replace(KEY, "");
    let other_grant = good.replace("client_credentials", "password");
    let colon = format!("{good}&timestamp=1:2");
    for (content_type, body, fault) in [
        (Some(b"application/json".as_slice()), json.as_str(), RequestFault::NotAForm),
        (Some(b"application/json"), &good, RequestFault::NotAForm),
        (Some(b""), &good, RequestFault::NotAForm),
        (FORM_TYPE, &json, RequestFault::MissingField),
        (None, "", RequestFault::MissingField),
        (FORM_TYPE, &no_key, RequestFault::MissingField),
        (FORM_TYPE, "grant_type=client_credentials", RequestFault::MissingField),
        (FORM_TYPE, &twice, RequestFault::MalformedField),
        (FORM_TYPE, &colon, RequestFault::MalformedField),
        (FORM_TYPE, &other_grant, RequestFault::UnknownGrantType),
        (FORM_TYPE, &long, RequestFault::BodyTooLong),
    ] {
        let request = TokenRequest::parse(content_type, body.as_bytes(), None);
        assert_eq!(request, Err(ApiError::InvalidRequest(fault)), "{body}");
    }
    let request = TokenRequest::parse(None, b"", Some(&long));
    assert_eq!(request, Err(RequestFault::QueryTooLong.into()));
}

#[test]
fn a_timestamp_must_be_covered_by_the_proof() {
    let proof = TokenProof::new(KEY, SECRET, "mymemo");
    let mut request = TokenRequest::parse(None, form().as_bytes(), None).unwrap();
    assert_eq!(proof.verify(&request), Ok(()));
    assert_eq!(request.timestamp_ms(), None);
    request.timestamp = Some("1600000000123".to_owned());
    assert_eq!(proof.verify(&request), Err(ApiError::InvalidCredentials));
    request.client_secret = proof.client_secret(Some("1600000000123"));
    assert_eq!(proof.verify(&request), Ok(()));
    assert_eq!(request.timestamp_ms(), Some(1_600_000_000_123));
    assert_eq!(TokenRequest::parse(None, request.to_form().as_bytes(), None), Ok(request.clone()));
    request.timestamp = None;
    assert_eq!(proof.verify(&request), Err(ApiError::InvalidCredentials));
}

#[test]
fn wrong_proofs_are_refused_alike() {
    let proof = TokenProof::new(KEY, SECRET, "mymemo");
    // The plain secret was the proof until August 2018; it is no longer.
    for client_secret in [SECRET, "x", &PROOF[1..], &PROOF.replace('1', "2")] {
        let mut request = TokenRequest::parse(None, form().as_bytes(), None).unwrap();
        request.client_secret = client_secret.to_owned();
        assert_eq!(proof.verify(&request), Err(ApiError::InvalidCredentials));
    }
    let request = TokenRequest::parse(None, form().as_bytes(), None).unwrap();
    let other_memo = TokenProof::new(KEY, SECRET, "Mymemo");
    assert_eq!(other_memo.verify(&request), Err(ApiError::InvalidCredentials));
}

#[test]
fn debug_output_shows_no_proof() {
    let request = TokenRequest::parse(None, form().as_bytes(), None).unwrap();
    assert!(!format!("{request:?}").contains(PROOF));
}
