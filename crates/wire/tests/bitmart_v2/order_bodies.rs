//! Bodies of orders: which shapes are read, which are refused and with what.

use openmart_wire::bitmart_v2::{
    ApiError, OrderBody, ParameterType, PlaceOrder, RequestFault, Side, SigningKey,
    limits::BODY_BYTES_MAX,
};

use super::{SECRET, place_signed};

/// A body with these members after the four of a good order.
fn with(members: &str) -> String {
    format!(r#"{{"symbol":"ACX_USDT","side":"buy","amount":18.4,"price":2.5012{members}}}"#)
}

fn refusal(body: impl AsRef<[u8]>) -> ApiError {
    let body = body.as_ref();
    let shown = String::from_utf8_lossy(body);
    match PlaceOrder::parse(body) {
        Ok(order) => panic!("{shown} was read as {order:?}"),
        Err(error) => error,
    }
}

#[test]
fn the_sample_is_read() {
    let body = with("");
    let order = PlaceOrder::parse(body.as_bytes()).unwrap();
    assert_eq!(order.symbol, "ACX_USDT");
    assert_eq!((order.side, order.side_text.as_ref()), (Side::Buy, "buy"));
    assert_eq!((order.amount.literal(), order.amount.plain()), ("18.4", "18.4"));
    assert_eq!((order.price.literal(), order.price.plain()), ("2.5012", "2.5012"));
    assert_eq!(order.client_order_id, None);
}

#[test]
fn numbers_may_be_texts_and_escapes_are_resolved() {
    let body = r#" { "s\u0079mbol" : "ACX\u005fUSDT", "side":"S\u0065LL" , "amount":"1\u0038.40" ,"price":"2.5E+0", "client_order_id":"a\u0062" }
"#;
    let order = PlaceOrder::parse(body.as_bytes()).unwrap();
    assert_eq!(order.symbol, "ACX_USDT");
    assert_eq!((order.side, order.side_text.as_ref()), (Side::Sell, "SeLL"));
    assert_eq!((order.amount.literal(), order.amount.plain()), ("18.40", "18.4"));
    assert_eq!((order.price.literal(), order.price.plain()), ("2.5E+0", "2.5"));
    assert_eq!(order.client_order_id.as_deref(), Some("ab"));
}

#[test]
fn number_literals_are_kept_to_the_letter() {
    for literal in ["1", "1.0", "1.50", "1e-05", "1E+2", "0.10000000000000000000001", "0e0"] {
        let body = with("").replace("18.4", literal);
        assert_eq!(PlaceOrder::parse(body.as_bytes()).unwrap().amount.literal(), literal);
    }
}

#[test]
fn anything_but_one_object_is_refused() {
    let good = with("");
    let trailing_object = format!("{good}{good}");
    let trailing_comma = with(",");
    let cut = &good[..good.len() - 1];
    let byte_order_mark = format!("\u{feff}{good}");
    let array = format!("[{good}]");
    let deep = "[".repeat(BODY_BYTES_MAX);
    for body in [
        "",
        " ",
        "null",
        "1",
        "\"x\"",
        "[]",
        "{",
        "}",
        "{}}",
        "amount=1&price=1",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"\\udc00\":1}",
        "{\"a\":\"\n\"}",
        "{1:1}",
        &trailing_object,
        &trailing_comma,
        cut,
        &byte_order_mark,
        &array,
        &deep,
    ] {
        assert_eq!(refusal(body), RequestFault::NotAnObject.into(), "{body}");
    }
    let mut not_utf8 = with(r#","x":"?""#).into_bytes();
    let mark = not_utf8.iter().position(|byte| *byte == b'?').unwrap();
    not_utf8[mark] = 0xff;
    assert_eq!(refusal(not_utf8), RequestFault::NotAnObject.into());
}

#[test]
fn duplicate_members_are_refused_however_they_are_written() {
    for members in [
        r#","amount":18.4"#,
        r#","\u0061mount":1"#,
        r#","amoun\u0074":"1""#,
        r#","symbol":"ACX_USDT""#,
        r#","side":"buy""#,
        r#","price":1"#,
        r#","client_order_id":"a","client_order_id":"a""#,
        r#","x":1,"y":2,"x":1"#,
        r#","x":1,"\u0078":2"#,
        r#","":1,"":1"#,
    ] {
        assert_eq!(refusal(with(members)), RequestFault::DuplicateMember.into(), "{members}");
    }
    // Names that differ in case are different names.
    assert!(PlaceOrder::parse(with(r#","Amount":1"#).as_bytes()).is_ok());
}

#[test]
fn null_and_nested_members_are_refused_also_unknown_ones() {
    for members in [r#","x":null"#, r#","client_order_id":null"#] {
        assert_eq!(refusal(with(members)), RequestFault::NullMember.into(), "{members}");
    }
    for members in [r#","x":{}"#, r#","x":[]"#, r#","x":[[[1]]]"#, r#","client_order_id":["a"]"#] {
        assert_eq!(refusal(with(members)), RequestFault::NestedMember.into(), "{members}");
    }
    let body = with("").replace("18.4", "[18.4]");
    assert_eq!(refusal(body), RequestFault::NestedMember.into());
    let body = with("").replace("18.4", "null");
    assert_eq!(refusal(body), RequestFault::NullMember.into());
}

#[test]
fn a_body_may_have_4096_bytes_and_not_one_more() {
    let room = BODY_BYTES_MAX - with(r#","x":"""#).len();
    let largest = with(&format!(r#","x":"{}""#, "x".repeat(room)));
    assert_eq!(largest.len(), 4096);
    assert!(PlaceOrder::parse(largest.as_bytes()).is_ok());
    let larger = with(&format!(r#","x":"{}""#, "x".repeat(room + 1)));
    assert_eq!(refusal(larger), RequestFault::BodyTooLong.into());
    assert_eq!(
        refusal(format!("{}{}", with(""), " ".repeat(4096))),
        RequestFault::BodyTooLong.into()
    );
}

#[test]
fn missing_members_are_named() {
    for (name, member) in [
        ("symbol", r#""symbol":"ACX_USDT","#),
        ("side", r#""side":"buy","#),
        ("amount", r#""amount":18.4,"#),
        ("price", r#","price":2.5012"#),
    ] {
        let body = with("").replace(member, "");
        assert_eq!(refusal(body), ApiError::required(ParameterType::String, name));
    }
    assert_eq!(refusal("{}"), ApiError::required(ParameterType::String, "symbol"));
}

#[test]
fn malformed_members_are_named() {
    let long_symbol = format!("\"{}\"", "A".repeat(33));
    for value in [
        "\"\"",
        "\"A&B\"",
        "\"A=B\"",
        "\"A B\"",
        "\"A/B\"",
        "\"A%24\"",
        "\"A+B\"",
        "\"\u{c4}\"",
        "1",
        "true",
        &long_symbol,
    ] {
        let body = with("").replace("\"ACX_USDT\"", value);
        assert_eq!(refusal(body), ApiError::invalid("symbol"), "{value}");
    }
    for value in ["\"\"", "\"hold\"", "\"buy \"", "\"b\u{fc}y\"", "1", "false"] {
        let body = with("").replace("\"buy\"", value);
        assert_eq!(refusal(body), ApiError::invalid("side"), "{value}");
    }
    for value in ["-1", "\"\"", "\" 1\"", "\"1,5\"", "1e31", "true", "\"1&price=2\"", "-0.0"] {
        let body = with("").replace("18.4", value);
        assert_eq!(refusal(body), ApiError::invalid_amount(), "{value}");
        let body = with("").replace("2.5012", value);
        assert_eq!(refusal(body), ApiError::invalid_price(), "{value}");
    }
    let long_id = format!("\"{}\"", "a".repeat(33));
    for value in ["\"\"", "\"a b\"", "\"a.b\"", "\"a&b\"", "\"a%b\"", "7", "true", &long_id] {
        let body = with(&format!(r#","client_order_id":{value}"#));
        assert_eq!(refusal(body), ApiError::invalid("client_order_id"), "{value}");
    }
}

#[test]
fn the_longest_texts_are_read() {
    let symbol = "A".repeat(32);
    let id = "Z".repeat(32);
    let body = with(&format!(r#","client_order_id":"{id}""#)).replace("ACX_USDT", &symbol);
    let order = PlaceOrder::parse(body.as_bytes()).unwrap();
    assert_eq!((order.symbol, order.client_order_id), (symbol.into(), Some(id.into())));
}

#[test]
fn what_our_client_sends_is_accepted() {
    for client_order_id in [None, Some("mm-1".to_owned())] {
        let body = OrderBody {
            symbol: "BMX_ETH".to_owned(),
            side: Side::Sell,
            amount: "100".to_owned(),
            price: "0.00010001".to_owned(),
            client_order_id,
        };
        let json = serde_json::to_string(&body).unwrap();
        assert_eq!(serde_json::from_str::<OrderBody>(&json).unwrap(), body);
        assert_eq!(place_signed(&json, &body.signed_message()), Ok(()));
    }
}

#[test]
fn a_signature_of_another_order_is_refused() {
    let signed = "amount=18.4&price=2.5012&side=buy&symbol=ACX_USDT";
    assert_eq!(place_signed(&with(""), signed), Ok(()));
    for (from, to) in [
        ("18.4", "18.41"),
        ("18.4", "184e0"),
        ("2.5012", "2.5013"),
        ("buy", "sell"),
        ("buy", "BUY"),
        ("ACX_USDT", "ACX_USDC"),
    ] {
        let body = with("").replace(from, to);
        assert_eq!(place_signed(&body, signed), Err(ApiError::InvalidSignature), "{body}");
    }
    let other_secret = SigningKey::new("0f1e2d3c4b5a69788796a5b4c3d2e1f0").sign(signed);
    assert_eq!(
        super::place(SECRET, with("").as_bytes(), &other_secret),
        Err(ApiError::InvalidSignature)
    );
}
