//! Every published signature vector, through the entry points the server uses.

use openmart_wire::bitmart_v2::{
    ApiError, CancelAll, CancelOrder, Query, Signature, SigningKey, TokenProof, TokenRequest,
};
use serde::Deserialize;

use super::place;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    endpoint: String,
    secret: String,
    message: String,
    signature: String,
    body: Option<String>,
    path: Option<String>,
    accept: bool,
}

fn load() -> Vec<Vector> {
    let text = include_str!("../vectors/v2-signature-vectors.json");
    serde_json::from_str::<Vectors>(text).expect("the vectors are json").vectors
}

fn verdict(vector: &Vector) -> Result<(), ApiError> {
    let key = SigningKey::new(&vector.secret);
    let body = vector.body.as_deref().unwrap_or_default();
    let header = Some(vector.signature.as_bytes());
    match vector.endpoint.as_str() {
        "POST /v2/authentication" => verify_token(vector),
        "POST /v2/orders" => place(&vector.secret, body.as_bytes(), &vector.signature),
        "DELETE /v2/orders/{entrust_id}" => {
            let target = vector.path.as_deref().expect("a cancel has a path");
            let path = target.split('?').next().unwrap_or_default();
            let segment = path.strip_prefix("/v2/orders/").expect("a cancel path");
            let cancel = CancelOrder::parse(segment, body.as_bytes())?;
            key.verify_cancel_order(&cancel, &Signature::parse(header)?)
        }
        "DELETE /v2/orders" => {
            let target = vector.path.as_deref().expect("a cancel-all has a path");
            let query = Query::parse(target.split_once('?').map(|(_, query)| query))?;
            let cancel = CancelAll::from_query(&query)?;
            key.verify_cancel_all(&cancel, Signature::parse_optional(header)?.as_ref())
        }
        other => panic!("unknown endpoint {other}"),
    }
}

/// The vectors of the token endpoint give the signed text only; the key on file is the sample's,
/// except that of the vector about the memo's case, whose memo is `desk-7`.
fn verify_token(vector: &Vector) -> Result<(), ApiError> {
    let mut parts = vector.message.split(':');
    let api_key = parts.next().expect("a key");
    let memo = match vector.id.as_str() {
        "auth-memo-case" => "desk-7",
        _ => parts.nth(1).expect("a memo"),
    };
    let form = format!(
        "grant_type=client_credentials&client_id={api_key}&client_secret={}",
        vector.signature
    );
    let request = TokenRequest::parse(None, form.as_bytes(), None)?;
    assert_eq!(request.client_id, api_key);
    TokenProof::new(api_key, &vector.secret, memo).verify(&request)
}

#[test]
fn every_vector_gets_its_stated_verdict() {
    let vectors = load();
    assert_eq!(vectors.len(), 33);
    for vector in &vectors {
        let expected = match (vector.accept, vector.endpoint.as_str()) {
            (true, _) => Ok(()),
            (false, "POST /v2/authentication") => Err(ApiError::InvalidCredentials),
            (false, _) => Err(ApiError::InvalidSignature),
        };
        assert_eq!(verdict(vector), expected, "{}", vector.id);
    }
    assert_eq!(vectors.iter().filter(|vector| !vector.accept).count(), 7);
}

#[test]
fn every_vector_signs_to_its_digest() {
    for vector in load() {
        let signed = SigningKey::new(&vector.secret).sign(&vector.message);
        assert_eq!(signed, vector.signature, "{}", vector.id);
    }
}

#[test]
fn upper_case_digests_are_accepted_and_wrong_ones_are_not() {
    for mut vector in load() {
        let signature = vector.signature.clone();
        vector.signature = signature.to_uppercase();
        assert_eq!(verdict(&vector).is_ok(), vector.accept, "{}", vector.id);

        for wrong in [&signature[1..], &format!("{signature}0"), &signature.replace('a', "g"), ""] {
            if wrong == signature {
                continue;
            }
            vector.signature = wrong.to_owned();
            assert!(verdict(&vector).is_err(), "{}: {wrong}", vector.id);
        }
        let last = if signature.ends_with('0') { "1" } else { "0" };
        vector.signature = format!("{}{last}", &signature[..63]);
        assert!(verdict(&vector).is_err(), "{}: last digit", vector.id);
        vector.signature = signature;
        vector.secret.push('x');
        assert!(verdict(&vector).is_err(), "{}: other secret", vector.id);
    }
}

#[test]
fn the_token_proof_makes_the_documented_client_secret() {
    let vectors = load();
    let vector = vectors.iter().find(|vector| vector.id == "auth-doc").expect("the sample");
    let api_key = vector.message.split(':').next().expect("a key");
    let proof = TokenProof::new(api_key, &vector.secret, "mymemo");
    assert_eq!(proof.client_secret(None), vector.signature);
    let with_time = format!("{}:1600000000123", vector.message);
    assert_eq!(
        proof.client_secret(Some("1600000000123")),
        SigningKey::new(&vector.secret).sign(with_time)
    );
}

#[test]
fn debug_output_shows_no_secret() {
    let key = SigningKey::new("hush-hush");
    let proof = TokenProof::new("key", "hush-hush", "memo");
    assert_eq!(format!("{key:?} {proof:?}"), "SigningKey { .. } TokenProof { .. }");
}
