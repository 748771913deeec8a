//! Cancelling one order and all orders.

use openmart_wire::bitmart_v2::{
    ApiError, CancelAll, CancelOrder, ParameterType, Query, RequestFault, Side, Signature,
    SigningKey, parse_entrust_id,
};

use super::SECRET;

/// The sample of the API's documentation, made with `openssl dgst -sha256 -hmac`.
const DIGEST: &str = "de4ed768cea4eb2f0fe081009eab1f41c5fd6ff6ed53768df7fe252472c257b3";

fn cancel(segment: &str, body: &str, signature: &str) -> Result<u64, ApiError> {
    let cancel = CancelOrder::parse(segment, body.as_bytes())?;
    let signature = Signature::parse(Some(signature.as_bytes()))?;
    SigningKey::new(SECRET).verify_cancel_order(&cancel, &signature)?;
    Ok(cancel.entrust_id())
}

#[test]
fn the_documented_sample_is_accepted() {
    assert_eq!(SigningKey::new(SECRET).sign_cancel_order(1_223_181), DIGEST);
    assert_eq!(cancel("1223181", "", DIGEST), Ok(1_223_181));
    assert_eq!(cancel("1223182", "", DIGEST), Err(ApiError::InvalidSignature));
}

#[test]
fn leading_zeros_may_be_signed_or_not() {
    let as_sent = SigningKey::new(SECRET).sign("entrust_id=0001223181");
    assert_eq!(cancel("0001223181", "", &as_sent), Ok(1_223_181));
    assert_eq!(cancel("0001223181", "", DIGEST), Ok(1_223_181));
    // The signature covers what was sent, or the plain identifier; nothing else.
    assert_eq!(cancel("1223181", "", &as_sent), Err(ApiError::InvalidSignature));
    assert_eq!(cancel("01223181", "", &as_sent), Err(ApiError::InvalidSignature));
    for zeros in ["0", "000"] {
        assert_eq!(cancel(zeros, "", &SigningKey::new(SECRET).sign("entrust_id=0")), Ok(0));
    }
}

#[test]
fn an_identifier_is_1_to_20_digits() {
    for (segment, entrust_id) in
        [("0", 0), ("1", 1), ("18446744073709551615", u64::MAX), ("00000000000000000001", 1)]
    {
        assert_eq!(parse_entrust_id(segment), Ok(entrust_id));
    }
    for segment in [
        "",
        " ",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "abc",
        "1 ",
        "%31",
        "\u{661}",
        "18446744073709551616",
        "99999999999999999999",
        "000000000000000000001",
    ] {
        let refused = Err(ApiError::invalid("entrust_id"));
        assert_eq!(parse_entrust_id(segment), refused, "{segment:?}");
        assert_eq!(cancel(segment, "", DIGEST), refused, "{segment:?}");
    }
}

#[test]
fn bodies_of_real_clients_and_others_that_say_nothing_are_ignored() {
    for body in [
        r#"{"entrust_id":1223181}"#,
        r#"{"entrust_id": "1223181"}"#,
        r#"{"entrust_id":"01223181"}"#,
        r#"{"entrust_id":1223181.0}"#,
        r#"{"entrust_id":1223181,"entrust_id":"1223181"}"#,
        "{}",
        r#"{"symbol":"BMX_ETH","id":7}"#,
        r#"{"entrust_id":null}"#,
        r#"{"entrust_id":[7]}"#,
        // Not an object: ignored, whatever it seems to say.
        " ",
        "[7]",
        "7",
        "null",
        "entrust_id=7",
        r#"{"entrust_id":7"#,
        r#"{"entrust_id":7}}"#,
    ] {
        assert_eq!(cancel("1223181", body, DIGEST), Ok(1_223_181), "{body}");
    }
    assert!(CancelOrder::parse("1", b"\xff\xfe").is_ok());
}

#[test]
fn a_body_that_names_another_order_is_refused() {
    for body in [
        r#"{"entrust_id":1223182}"#,
        r#"{"entrust_id":"1223182"}"#,
        r#"{"entrust_\u0069d":1223182}"#,
        r#"{"entrust_id":-1223181}"#,
        r#"{"entrust_id":1223181.5}"#,
        r#"{"entrust_id":""}"#,
        r#"{"entrust_id":"abc"}"#,
        r#"{"entrust_id":99999999999999999999999}"#,
        r#"{"entrust_id":1223181,"entrust_id":1}"#,
        r#"{"entrust_id":1,"entrust_id":1223181}"#,
    ] {
        assert_eq!(cancel("1223181", body, DIGEST), Err(ApiError::invalid("entrust_id")), "{body}");
    }
}

#[test]
fn a_body_may_have_4096_bytes_and_not_one_more() {
    assert_eq!(cancel("1223181", &" ".repeat(4096), DIGEST), Ok(1_223_181));
    assert_eq!(cancel("1223181", &" ".repeat(4097), DIGEST), Err(RequestFault::BodyTooLong.into()));
}

#[test]
fn cancel_all_reads_the_query() {
    let query = Query::parse(Some("symbol=%24PAC_BTC&side=SELL&x=1")).unwrap();
    let cancel = CancelAll::from_query(&query).unwrap();
    assert_eq!((cancel.symbol.as_ref(), cancel.side), ("$PAC_BTC", Side::Sell));
    assert_eq!(cancel.side_text, "SELL");
    let string = ParameterType::String;
    for (query, error) in [
        ("", ApiError::required(string, "symbol")),
        ("side=buy", ApiError::required(string, "symbol")),
        ("symbol=&side=buy", ApiError::required(string, "symbol")),
        ("symbol=A_B", ApiError::required(string, "side")),
        ("symbol=A_B&side=both", ApiError::invalid("side")),
        ("symbol=A_B%26x&side=buy", ApiError::UnknownSymbol),
        ("symbol=A_B&side=buy&side=sell", ApiError::invalid("side")),
        ("symbol=A_B&symbol=A_C&side=buy", ApiError::invalid("symbol")),
    ] {
        let query = Query::parse(Some(query)).unwrap();
        assert_eq!(CancelAll::from_query(&query), Err(error), "{query:?}");
    }
}

#[test]
fn cancel_all_needs_no_signature_but_a_right_one_if_any() {
    let key = SigningKey::new(SECRET);
    let query = Query::parse(Some("symbol=$PAC_BTC&side=buy")).unwrap();
    let cancel = CancelAll::from_query(&query).unwrap();
    let verdict = |message: &str| {
        let signature = Signature::parse(Some(key.sign(message).as_bytes())).unwrap();
        key.verify_cancel_all(&cancel, Some(&signature))
    };
    assert_eq!(key.verify_cancel_all(&cancel, None), Ok(()));
    assert_eq!(verdict("side=buy&symbol=$PAC_BTC"), Ok(()));
    assert_eq!(verdict("side=buy&symbol=%24PAC_BTC"), Ok(()));
    for other in ["side=sell&symbol=$PAC_BTC", "symbol=$PAC_BTC&side=buy", "side=buy", ""] {
        assert_eq!(verdict(other), Err(ApiError::InvalidSignature), "{other}");
    }
}
