//! What a client reads from a server: bodies of answers, frames of the stream, and the numbers in them.

use std::cmp::Ordering;

use openmart_client::Decimal;
use openmart_wire::bitmart_v2::stream::{Channel, ChannelRequest, ServerMessage};
use openmart_wire::bitmart_v2::{
    Currency, Depth, Empty, ErrorBody, Kline, Order, OrderPage, PlacedOrder, PublicTrade,
    ServerTime, SymbolDetails, Ticker, Token, TradePage, WalletEntry, limits,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::texts;

/// Readings of a body, one for each kind of answer.
const READINGS: [fn(&[u8]) -> bool; 18] = [
    is_read::<Currency>,
    is_read::<Depth>,
    is_read::<Empty>,
    is_read::<ErrorBody>,
    is_read::<Kline>,
    is_read::<Order>,
    is_read::<OrderPage>,
    is_read::<PlacedOrder>,
    is_read::<PublicTrade>,
    is_read::<ServerTime>,
    is_read::<SymbolDetails>,
    is_read::<Ticker>,
    is_read::<Token>,
    is_read::<TradePage>,
    is_read::<WalletEntry>,
    is_read::<u32>,
    is_read::<String>,
    is_read::<u64>,
];

/// The same for those that come as lists.
const LIST_READINGS: [fn(&[u8]) -> bool; 8] = [
    is_read::<Vec<Currency>>,
    is_read::<Vec<Kline>>,
    is_read::<Vec<PublicTrade>>,
    is_read::<Vec<SymbolDetails>>,
    is_read::<Vec<Ticker>>,
    is_read::<Vec<WalletEntry>>,
    is_read::<Vec<u32>>,
    is_read::<Vec<String>>,
];

/// Any answer may come to any question, so every body is read as all of them. What is read must be
/// read the same once it is written as our own server would.
pub(super) fn answer(bytes: &[u8]) -> bool {
    let readings = READINGS.iter().chain(&LIST_READINGS);
    readings.filter(|reading| reading(bytes)).count() > 0
}

fn is_read<T: DeserializeOwned + Serialize + PartialEq>(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else { return false };
    let written = serde_json::to_string(&value).expect("texts and numbers serialise");
    let again = serde_json::from_str::<T>(&written);
    assert!(again.is_ok_and(|again| again == value), "not the same once written: {written}");
    true
}

pub(super) fn answers() -> Vec<Vec<u8>> {
    texts(&[
        "{}",
        "[1,3,5,15,30]",
        r#"["A_B","C_D"]"#,
        r#"{"message":"Invalid request"}"#,
        r#"{"entrust_id":1223181}"#,
        r#"{"server_time":1600000000000}"#,
        r#"[{"id":"A","name":"a","withdraw_enabled":true,"deposit_enabled":false}]"#,
        r#"[{"id":"A","name":"a","available":"1.5000000000","frozen":"0.0000000000"}]"#,
        r#"{"buys":[{"amount":"75.25","total":"75.25","price":"2.4990","count":"2"}],"sells":[]}"#,
        r#"[{"amount":"46.02","order_time":1600000512345,"price":"2.5012","count":"18.40","type":"buy"}]"#,
        concat!(
            r#"{"orders":[{"entrust_id":7,"symbol":"A_B","timestamp":1600000000000,"side":"sell","#,
            r#""price":"1.0000","fees":"0.0000000000","original_amount":"2.00","executed_amount":"0.50","#,
            r#""remaining_amount":"1.50","status":2}],"total_pages":1,"total_orders":1,"current_page":0}"#
        ),
        concat!(
            r#"{"total_trades":1,"total_pages":1,"current_page":0,"trades":[{"symbol":"A_B","#,
            r#""amount":"1.00","fees":"0.0010000000","trade_id":3,"price":"1.0000","active":true,"#,
            r#""entrustType":1,"entrust_id":7,"timestamp":1600000000000}]}"#
        ),
    ])
}

/// A frame that is understood must be understood the same once it is written as our own server
/// would.
pub(super) fn server_message(bytes: &[u8]) -> bool {
    let Some(message) = ServerMessage::parse(bytes) else { return false };
    let written = match &message {
        ServerMessage::Push(push) => serde_json::to_string(push).expect("texts serialise"),
        ServerMessage::Refused { message } => serde_json::json!({ "message": message }).to_string(),
        ServerMessage::Unsubscribed(request) => {
            let echo = echo(request);
            // Escaping may make it longer than what is accepted.
            if echo.len() > limits::STREAM_MESSAGE_BYTES_MAX {
                return true;
            }
            echo
        }
    };
    assert_eq!(ServerMessage::parse(written.as_bytes()), Some(message), "{written}");
    true
}

fn echo(request: &ChannelRequest) -> String {
    let (topic, number) = match request.channel {
        Channel::Price => ("price", serde_json::Value::Null),
        Channel::Kline { step } => ("kline", step.into()),
        Channel::Depth { precision } => ("order", precision.into()),
        Channel::Trade { precision } => ("trade", precision.into()),
    };
    let symbol = &request.symbol;
    let echo = serde_json::json!({
        "unsubscribe": topic, "symbol": symbol, "precision": number, "step": number,
    });
    echo.to_string()
}

pub(super) fn server_messages() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"subscribe":"pong"}"#,
        r#"{"message":"Unknown symbol"}"#,
        r#"{"unsubscribe":"order","symbol":"A_B","precision":4}"#,
        concat!(
            r#"{"subscribe":"price","symbol":"A_B","data":{"open_price":"2.4713","highest_price":"2.5300","#,
            r#""lowest_price":"2.4400","volume":"376753.9088","current_price":"2.5012","#,
            r#""fluctuation":"+0.0121","rate":"2.50 USD","timestamp":1600000512500}}"#
        ),
        concat!(
            r#"{"subscribe":"kline","symbol":"A_B","step":"5","data":{"open_price":"2.4990","#,
            r#""highest_price":"2.5012","lowest_price":"2.4985","volume":"812.3000","#,
            r#""current_price":"2.5012","timestamp":1600000512500}}"#
        ),
        concat!(
            r#"{"subscribe":"depth","symbol":"A_B","precision":4,"data":{"buys":[{"amount":"75.25","#,
            r#""total":"75.25","price":"2.4990","count":"2"}],"sells":[]}}"#
        ),
        concat!(
            r#"{"subscribe":"trade","precision":4,"symbol":"A_B","data":{"trades":[{"side":"buy","#,
            r#""amount":"46.02208000","price":"2.5012","count":"18.40","time":1600000512345}]}}"#
        ),
    ])
}

/// A text of the API as the client reckons with it. What is read must be written as the same value, in the form in which
/// it is read again, and every way to cut, compare or multiply it must have an answer.
pub(super) fn client_decimal(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(value) = text.parse::<Decimal>() else { return false };
    let written = value.to_string();
    assert_eq!(written.parse(), Ok(value), "{text:?} written as {written:?}");
    assert_eq!(written, plain(text), "{text:?}");
    for decimals in 0..=value.decimals().saturating_add(1) {
        let cut = value.cut(decimals);
        assert!(cut.units(decimals).is_some() || decimals > value.decimals(), "{text:?}");
        let places = usize::from(decimals);
        assert_eq!(format!("{value:.places$}").parse(), Ok(cut), "{text:?} to {decimals} places");
        let apart = cut.partial_cmp(&value).is_some_and(Ordering::is_ne);
        assert_eq!(apart, cut != value, "{text:?} beside {cut}");
    }
    assert_eq!(value.checked_sub(value), Some(Decimal::ZERO), "{text:?}");
    if let Some(square) = value.checked_mul(value) {
        assert!(square >= Decimal::ZERO, "{text:?}");
    }
    true
}

/// A decimal text without what does not change its value.
fn plain(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

pub(super) fn client_decimals() -> Vec<Vec<u8>> {
    texts(&[
        "0",
        "-0.0",
        "60000.50",
        "+0.0121",
        "-0012.3400",
        "0.000000000000000000000000000000000001",
        "170141183460469231731687303715884105727",
        "-17014118346046923173168730371588410572.7",
    ])
}
