//! Requests of the v2 dialect: bodies, query strings, path segments, headers.

use openmart_wire::bitmart_v2::stream::{Channel, ClientMessage};
use openmart_wire::bitmart_v2::{
    CancelAll, CancelOrder, ListKlines, ListOrders, ListTrades, NumberText, OrderBody, PlaceOrder,
    Query, Signature, TokenRequest, headers as header, limits,
};

pub(super) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// An order that is accepted must be accepted as our own client would write it, and mean the same.
pub(super) fn order_body(bytes: &[u8]) -> bool {
    let Ok(order) = PlaceOrder::parse(bytes) else { return false };
    assert!(!order.candidate_messages().is_empty(), "{order:?} could not be signed");
    // Plain texts may be longer than what is accepted as a literal.
    let plain = [order.amount.plain(), order.price.plain()];
    if plain.iter().any(|text| text.len() > limits::NUMBER_CHARS_MAX) {
        return true;
    }
    let body = OrderBody {
        symbol: order.symbol.clone().into_owned(),
        side: order.side,
        amount: order.amount.plain().into(),
        price: order.price.plain().into(),
        client_order_id: order.client_order_id.clone().map(|id| id.into_owned()),
    };
    let json = serde_json::to_vec(&body).expect("texts serialise");
    let again = PlaceOrder::parse(&json).expect("our own body is acceptable");
    assert_eq!((again.amount.plain(), again.price.plain()), (plain[0], plain[1]));
    assert_eq!((&again.symbol, again.side), (&order.symbol, order.side));
    assert_eq!(again.client_order_id, order.client_order_id);
    let signed = body.signed_message();
    assert!(again.candidate_messages().contains(&signed), "{signed:?} is not among them");
    true
}

pub(super) fn order_bodies() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"symbol":"BMX_ETH","amount":"425.5","price":"0.00000343","side":"buy"}"#,
        r#"{"symbol":"BMX_ETH","side":"sell","amount":1.5e+2,"price":1E-7,"client_order_id":"a-1"}"#,
        r#"{"amount":1,"price":2.0,"side":"BUY","symbol":"A\u005fB","extra":true}"#,
    ])
}

/// The plain text of a number must be its own plain text.
pub(super) fn number_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Some(number) = NumberText::parse(text) else { return false };
    assert!(number.candidates().any(|candidate| candidate == number.literal()));
    if let Some(again) = NumberText::parse(number.plain()) {
        assert_eq!(again.plain(), number.plain(), "{text:?}");
    }
    true
}

pub(super) fn number_texts() -> Vec<Vec<u8>> {
    texts(&["0.00000343", "1e-7", "151.0", "00012.500E+3", "0"])
}

/// A form that is accepted must be accepted again as our own client writes it.
pub(super) fn token_form(bytes: &[u8]) -> bool {
    let Ok(request) = TokenRequest::parse(None, bytes, None) else { return false };
    let form = request.to_form();
    // Escaping may make it longer than what is accepted.
    if form.len() <= limits::BODY_BYTES_MAX {
        let again = TokenRequest::parse(None, form.as_bytes(), None);
        assert!(again.is_ok_and(|again| again == request), "{form:?}");
    }
    true
}

pub(super) fn token_forms() -> Vec<Vec<u8>> {
    texts(&[
        "grant_type=client_credentials&client_id=6591f7c2&client_secret=0a1b2c3d",
        "client_secret=a%20b&client_id=%C3%A9&grant_type=client_credentials&timestamp=1600000000000",
    ])
}

/// All readings of a query string; a page that is accepted must be read again as written.
pub(super) fn query(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(query) = Query::parse(Some(text)) else { return false };
    let cancel = CancelAll::from_query(&query).is_ok();
    let depth = query.precision(0, 8).is_ok_and(|precision| precision.is_some());
    let orders = ListOrders::from_query(&query);
    if let Ok(page) = &orders {
        let written = page.to_query();
        if let Ok(query) = Query::parse(Some(&written)) {
            assert_eq!(ListOrders::from_query(&query).as_ref(), Ok(page), "{written:?}");
        }
    }
    let trades = ListTrades::from_query(&query);
    if let Ok(page) = &trades {
        let written = page.to_query();
        if let Ok(query) = Query::parse(Some(&written)) {
            assert_eq!(ListTrades::from_query(&query).as_ref(), Ok(page), "{written:?}");
        }
    }
    let klines = ListKlines::from_query(&query);
    if let Ok(range) = &klines {
        let written = range.to_query();
        let query = Query::parse(Some(&written)).expect("our own query is acceptable");
        assert_eq!(ListKlines::from_query(&query).as_ref(), Ok(range), "{written:?}");
    }
    cancel || depth || klines.is_ok() || orders.is_ok() || trades.is_ok()
}

pub(super) fn queries() -> Vec<Vec<u8>> {
    texts(&[
        "symbol=BMX_ETH&status=5&offset=0&limit=100",
        "symbol=BMX_ETH&side=buy",
        "symbol=%42MX%5FETH&entrust_id=1223181&limit=1000&offset=9007199254740991",
        "precision=6&from=1600000000000&to=1600000000000&step=5",
    ])
}

/// The path segment ends at the first line end; the body follows.
pub(super) fn cancel_request(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (segment, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(segment) = std::str::from_utf8(segment) else { return false };
    let Ok(cancel) = CancelOrder::parse(segment, body) else { return false };
    let canonical = cancel.entrust_id().to_string();
    let again = CancelOrder::parse(&canonical, body).map(|again| again.entrust_id());
    assert_eq!(again, Ok(cancel.entrust_id()), "{segment:?}");
    true
}

pub(super) fn cancel_requests() -> Vec<Vec<u8>> {
    texts(&[
        "1223181",
        "18446744073709551615\n{}",
        "0007\n{\"entrust_id\":7}",
        "7\n{\"entrust_id\":\"7.0\",\"x\":[null,{\"y\":1e9}]}",
    ])
}

/// A message that is accepted must be accepted as its plainest form, and mean the same.
pub(super) fn stream_message(bytes: &[u8]) -> bool {
    let Ok(message) = ClientMessage::parse(bytes) else { return false };
    let (wish, request) = match &message {
        ClientMessage::Ping | ClientMessage::UnsubscribePing => return true,
        ClientMessage::Subscribe(request) => ("subscribe", request),
        ClientMessage::Unsubscribe(request) => ("unsubscribe", request),
    };
    let (topic, number) = match request.channel {
        Channel::Price => ("price", serde_json::Value::Null),
        Channel::Kline { step } => ("kline", step.into()),
        Channel::Depth { precision } => ("order", precision.into()),
        Channel::Trade { precision } => ("trade", precision.into()),
    };
    let plain = serde_json::json!({
        wish: topic, "symbol": request.symbol, "precision": number, "step": number,
    });
    let plain = plain.to_string();
    // Escaping may make it longer than what is accepted.
    if plain.len() <= limits::STREAM_MESSAGE_BYTES_MAX {
        assert_eq!(ClientMessage::parse(plain.as_bytes()), Ok(message), "{plain}");
    }
    true
}

pub(super) fn stream_messages() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"subscribe":"ping"}"#,
        r#"{"subscribe":"price","symbol":"BMX_ETH","local":"en_US"}"#,
        r#"{"subscribe":"kline","symbol":"BMX_ETH","step":"15"}"#,
        r#"{"unsubscribe":"order","precision":6,"symbol":"A\u005fB"}"#,
        r#"{"subscribe":"trade_cancel","symbol":"BMX_ETH","precision":null}"#,
    ])
}

/// Every header that is read.
pub(super) fn headers(bytes: &[u8]) -> bool {
    let now = 1_600_000_000_000;
    let time = header::check_timestamp(Some(bytes), now, limits::TIMESTAMP_WINDOW_MS).is_ok();
    let _ = header::check_timestamp(Some(bytes), u64::MAX, u64::MAX);
    let token = header::bearer_token(Some(bytes)).is_ok();
    let signature = Signature::parse(Some(bytes)).is_ok();
    let optional = Signature::parse_optional(Some(bytes)).is_ok();
    assert!(optional || !signature, "accepted only where it is required");
    time || token || signature
}

pub(super) fn header_values() -> Vec<Vec<u8>> {
    texts(&[
        "Bearer m261aeb5bfa471c67c6ac41243959ae0dd408838cdc1a47e945305dd558e2fa78",
        "1600000000000",
        "cd9511ca6ea70dcf6c65d4dd9ffb5b5b5fe6ee4b7ff2bd3dc8c1d7a5b8a1f2f3",
    ])
}
