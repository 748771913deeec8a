//! What the clients of the time really send: the literal in the body beside the text they signed.
//!
//! The rows are those of the specification's table, which were produced by running the clients.

use openmart_wire::bitmart_v2::{ApiError, PlaceOrder};

use super::place_signed;

/// Accepted: the signed text denotes exactly the executed value, in a form we look for.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("CPython 2 and 3, integer", "1", "1"),
    ("CPython 2 and 3, 1.0", "1.0", "1.0"),
    ("JS, Go, PHP, 1.0", "1", "1"),
    ("all, 0.1", "0.1", "0.1"),
    ("all, 0.0001", "0.0001", "0.0001"),
    ("CPython 2 and 3, 0.00001", "1e-05", "1e-05"),
    ("JS and Go, 0.00001", "0.00001", "0.00001"),
    ("PHP, 0.00001", "1.0e-5", "1.0E-5"),
    ("CPython 2 and 3, 7e-05", "7e-05", "7e-05"),
    ("JS and Go, 7e-05", "0.00007", "0.00007"),
    ("PHP, 7e-05", "7.0e-5", "7.0E-5"),
    ("CPython 2 and 3, 0.000001", "1e-06", "1e-06"),
    ("JS and Go, 0.000001", "0.000001", "0.000001"),
    ("PHP, 0.000001", "1.0e-6", "1.0E-6"),
    ("CPython 2 and 3, 1e-7", "1e-07", "1e-07"),
    ("JS, 1e-7", "1e-7", "1e-7"),
    ("Go, 1e-7", "1e-7", "0.0000001"),
    ("PHP, 1e-7", "1.0e-7", "1.0E-7"),
    ("all, 123456789.12", "123456789.12", "123456789.12"),
    ("CPython 3, JS, Go, PHP, 123456789.1234", "123456789.1234", "123456789.1234"),
    ("CPython 3, JS, Go, 0.1 + 0.2", "0.30000000000000004", "0.30000000000000004"),
    ("CPython 3, 1e15", "1000000000000000.0", "1000000000000000.0"),
    ("JS and Go, 1e15", "1000000000000000", "1000000000000000"),
    ("CPython 2 and 3, JS, 1e21", "1e+21", "1e%2B21"),
    ("Go, 1e21", "1e+21", "1000000000000000000000"),
    ("PHP, 1e21", "1.0e+21", "1.0E%2B21"),
    ("Python format(x), 1e21", "1e+21", "1e+21"),
    ("the documented advice", "\"1.0000000000\"", "1.0000000000"),
    ("ccxt from November 2019", "\"0.00001\"", "0.00001"),
    ("ccxt from November 2019", "\"1000000000000000000000\"", "1000000000000000000000"),
    ("gored", "\"0.00001000\"", "0.00001000"),
];

/// Refused: the signed text denotes another value, or this value in a form nobody else uses.
const REFUSED: &[(&str, &str, &str)] = &[
    ("CPython 2, 123456789.1234", "123456789.1234", "123456789.123"),
    ("CPython 2 and PHP, 0.1 + 0.2", "0.30000000000000004", "0.3"),
    ("CPython 2, 1e15", "1000000000000000.0", "1e%2B15"),
    ("PHP, 1e15", "1000000000000000", "1.0E%2B15"),
];

fn verdict_on_amount(literal: &str, signed: &str) -> Result<(), ApiError> {
    let body =
        format!(r#"{{"amount": {literal}, "price": 1, "side": "buy", "symbol": "BMX_ETH"}}"#);
    place_signed(&body, &format!("amount={signed}&price=1&side=buy&symbol=BMX_ETH"))
}

fn verdict_on_price(literal: &str, signed: &str) -> Result<(), ApiError> {
    let body = format!(r#"{{"symbol":"BMX_ETH","side":"sell","price":{literal},"amount":"2"}}"#);
    place_signed(&body, &format!("amount=2&price={signed}&side=sell&symbol=BMX_ETH"))
}

#[test]
fn exact_renderings_are_accepted() {
    for (client, literal, signed) in ACCEPTED {
        assert_eq!(verdict_on_amount(literal, signed), Ok(()), "{client}: {literal} / {signed}");
        assert_eq!(verdict_on_price(literal, signed), Ok(()), "{client}: {literal} / {signed}");
    }
}

#[test]
fn other_renderings_are_refused() {
    for (client, literal, signed) in REFUSED {
        let refused = Err(ApiError::InvalidSignature);
        assert_eq!(verdict_on_amount(literal, signed), refused, "{client}: {literal} / {signed}");
        assert_eq!(verdict_on_price(literal, signed), refused, "{client}: {literal} / {signed}");
    }
}

#[test]
fn symbols_are_accepted_plain_and_percent_encoded() {
    let body = r#"{"symbol":"$PAC_BTC","side":"BUY","amount":1,"price":1}"#;
    let message = |symbol: &str| format!("amount=1&price=1&side=BUY&symbol={symbol}");
    assert_eq!(place_signed(body, &message("$PAC_BTC")), Ok(()));
    assert_eq!(place_signed(body, &message("%24PAC_BTC")), Ok(()));
    assert_eq!(place_signed(body, &message("PAC_BTC")), Err(ApiError::InvalidSignature));
    // The side is signed as sent, not as understood.
    let lower = message("$PAC_BTC").replace("BUY", "buy");
    assert_eq!(place_signed(body, &lower), Err(ApiError::InvalidSignature));
}

#[test]
fn members_without_effect_may_be_signed_or_not() {
    let body = r#"{"symbol":"BMX_ETH","side":"buy","amount":1,"price":1,"test":true,"a note":"x+y z","nonce":5}"#;
    for (message, verdict) in [
        ("amount=1&price=1&side=buy&symbol=BMX_ETH", Ok(())),
        ("a note=x+y z&amount=1&nonce=5&price=1&side=buy&symbol=BMX_ETH&test=true", Ok(())),
        ("a+note=x%2By+z&amount=1&nonce=5&price=1&side=buy&symbol=BMX_ETH&test=true", Ok(())),
        // Some of them only, another value, another order of names.
        ("amount=1&nonce=5&price=1&side=buy&symbol=BMX_ETH", Err(ApiError::InvalidSignature)),
        (
            "a note=x&amount=1&nonce=5&price=1&side=buy&symbol=BMX_ETH&test=true",
            Err(ApiError::InvalidSignature),
        ),
        (
            "amount=1&price=1&side=buy&symbol=BMX_ETH&a note=x+y z&nonce=5&test=true",
            Err(ApiError::InvalidSignature),
        ),
    ] {
        assert_eq!(place_signed(body, message), verdict, "{message}");
    }
}

#[test]
fn separators_in_members_without_effect_must_be_encoded() {
    let body = r#"{"symbol":"BMX_ETH","side":"buy","amount":1,"price":1,"x":"1&y=2"}"#;
    let rest = "amount=1&price=1&side=buy&symbol=BMX_ETH";
    assert_eq!(place_signed(body, &format!("{rest}&x=1%26y%3D2")), Ok(()));
    assert_eq!(place_signed(body, &format!("{rest}&x=1&y=2")), Err(ApiError::InvalidSignature));
}

#[test]
fn a_client_order_id_must_be_signed() {
    let body = r#"{"symbol":"BMX_ETH","side":"buy","amount":1.0,"price":1,"client_order_id":"mm-7_A","x":1}"#;
    for (message, verdict) in [
        ("amount=1.0&client_order_id=mm-7_A&price=1&side=buy&symbol=BMX_ETH", Ok(())),
        ("amount=1&client_order_id=mm-7_A&price=1&side=buy&symbol=BMX_ETH&x=1", Ok(())),
        ("amount=1.0&price=1&side=buy&symbol=BMX_ETH", Err(ApiError::InvalidSignature)),
        ("amount=1.0&price=1&side=buy&symbol=BMX_ETH&x=1", Err(ApiError::InvalidSignature)),
        (
            "amount=1.0&client_order_id=mm-8_A&price=1&side=buy&symbol=BMX_ETH",
            Err(ApiError::InvalidSignature),
        ),
    ] {
        assert_eq!(place_signed(body, message), verdict, "{message}");
    }
    // The other way round: it cannot be taken out of a signed order, nor put into one.
    let without = body.replace(r#","client_order_id":"mm-7_A""#, "");
    let signed = "amount=1&client_order_id=mm-7_A&price=1&side=buy&symbol=BMX_ETH&x=1";
    assert_eq!(place_signed(&without, signed), Err(ApiError::InvalidSignature));
}

#[test]
fn an_ordinary_order_has_one_candidate_and_the_worst_number_five() {
    let candidates = |amount: &str, symbol: &str| {
        let body =
            format!(r#"{{"symbol":"{symbol}","side":"buy","amount":{amount},"price":{amount}}}"#);
        PlaceOrder::parse(body.as_bytes()).unwrap().candidate_messages().len()
    };
    assert_eq!(candidates("18.4", "ACX_USDT"), 1);
    assert_eq!(candidates("1e-7", "ACX_USDT"), 9);
    assert_eq!(candidates("1.50e+3", "ACX_USDT"), 25);
    assert_eq!(candidates("1.50e+3", "$PAC_BTC"), 50);
}
