//! The specification's samples: each is read, written again, and must come out byte for byte.

use openmart_wire::bitmart_v2::{
    Currency, Depth, EMPTY_BODY, Empty, ErrorBody, Kline, Order, OrderPage, OrderStatus, OwnTrade,
    PlacedOrder, PublicTrade, STEPS_MINUTES, ServerTime, Side, SymbolDetails, Ticker, Token,
    TradePage, WalletEntry,
};
use serde::{Serialize, de::DeserializeOwned};

/// Joins the lines of a sample as the specification prints it.
fn joined(sample: &str) -> String {
    sample.lines().map(str::trim_start).collect()
}

fn check<T: Serialize + DeserializeOwned>(sample: &str) -> T {
    let sample = joined(sample);
    let value: T =
        serde_json::from_str(&sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    assert_eq!(serde_json::to_string(&value).unwrap_or_default(), sample);
    value
}

#[test]
fn server() {
    check::<Empty>("{}");
    assert_eq!(serde_json::to_string(&Empty {}).unwrap(), EMPTY_BODY);
    assert_eq!(EMPTY_BODY.as_bytes(), b"{}");
    check::<ServerTime>(r#"{"server_time":1600000000123}"#);
    assert_eq!(
        serde_json::to_string(&STEPS_MINUTES).unwrap(),
        "[1,3,5,15,30,45,60,120,180,240,1440,10080,43200]"
    );
    check::<Token>(r#"{"access_token":"Qk7dV0sXrJ2mZpT8cYwL4hB1nE6uG9aF","expires_in":900}"#);
    check::<ErrorBody>(r#"{"message":"Not found"}"#);
}

#[test]
fn debug_output_shows_no_token() {
    let token = check::<Token>(r#"{"access_token":"Qk7dV0sX","expires_in":900}"#);
    assert_eq!(format!("{token:?}"), "Token { expires_in: 900, .. }");
}

#[test]
fn markets() {
    check::<Vec<Currency>>(
        r#"[{"id":"ACX","name":"Acorn Exchange Token","withdraw_enabled":true,"deposit_enabled":true},
            {"id":"USDT","name":"Tether USD","withdraw_enabled":false,"deposit_enabled":true}]"#,
    );
    let symbols = check::<Vec<SymbolDetails>>(
        r#"[{"id":"ACX_USDT","base_currency":"ACX","quote_currency":"USDT","quote_increment":"0.01",
            "base_min_size":"0.1000000000","base_max_size":"5000000.0000000000",
            "price_min_precision":2,"price_max_precision":4,"expiration":"NA",
            "min_buy_amount":"5.0000000000","min_sell_amount":"5.0000000000"}]"#,
    );
    assert_eq!(symbols[0].expiration, SymbolDetails::EXPIRATION);
}

#[test]
fn market_data() {
    check::<Ticker>(
        r#"{"symbol_id":"ACX_USDT","url":"https://www.example.org/trade?symbol=ACX_USDT",
            "volume":"152340.75","base_volume":"376753.90",
            "highest_price":"2.5300","lowest_price":"2.4400","current_price":"2.5012",
            "ask_1":"2.5012","ask_1_amount":"40.00","bid_1":"2.4990","bid_1_amount":"75.25",
            "fluctuation":"+0.0121"}"#,
    );
    check::<Depth>(
        r#"{"buys":[{"amount":"75.25","total":"75.25","price":"2.4990","count":"2"},
            {"amount":"300.00","total":"375.25","price":"2.4985","count":"4"},
            {"amount":"12.34","total":"387.59","price":"2.4900","count":"1"}],
            "sells":[{"amount":"40.00","total":"40.00","price":"2.5012","count":"1"},
            {"amount":"125.50","total":"165.50","price":"2.5030","count":"3"},
            {"amount":"10.00","total":"175.50","price":"2.5100","count":"1"}]}"#,
    );
    let empty = check::<Depth>(r#"{"buys":[],"sells":[]}"#);
    assert_eq!(empty, Depth::default());
    let trades = check::<Vec<PublicTrade>>(
        r#"[{"amount":"46.02208000","order_time":1600000512345,"price":"2.5012","count":"18.40","type":"buy"}]"#,
    );
    assert_eq!(trades[0].side, Side::Buy);
    check::<Vec<Kline>>(
        r#"[{"timestamp":1600000200000,"open_price":"2.4990","highest_price":"2.5012","lowest_price":"2.4985","current_price":"2.5012","volume":"812.3000"},
            {"timestamp":1600000500000,"open_price":"2.5012","highest_price":"2.5012","lowest_price":"2.5012","current_price":"2.5012","volume":"0.0000"}]"#,
    );
}

#[test]
fn account() {
    check::<Vec<WalletEntry>>(
        r#"[{"id":"ACX","name":"Acorn Exchange Token","available":"120.5000000000","frozen":"18.4000000000"},
            {"id":"USDT","name":"Tether USD","available":"0.0000000000","frozen":"0.0000000000"}]"#,
    );
    check::<PlacedOrder>(r#"{"entrust_id":4700123}"#);
    let page = check::<OrderPage>(
        r#"{"orders":[{"entrust_id":4700123,"symbol":"ACX_USDT","timestamp":1600000511000,"side":"buy","price":"2.5012","fees":"0.0200000000",
            "original_amount":"18.40","executed_amount":"10.00","remaining_amount":"8.40","status":2}],
            "total_pages":1,"total_orders":1,"current_page":0}"#,
    );
    assert_eq!(page.orders[0].status, OrderStatus::PartiallyFilled);
    check::<OrderPage>(r#"{"orders":[],"total_pages":0,"total_orders":0,"current_page":1000}"#);
    let page = check::<TradePage>(
        r#"{"total_trades":2,"total_pages":1,"current_page":0,
            "trades":[{"symbol":"ACX_USDT","amount":"10.00","fees":"0.0200000000","trade_id":880412,"price":"2.5012","active":true,
            "entrustType":0,"entrust_id":4700123,"timestamp":1600000512000},
            {"symbol":"ACX_USDT","amount":"10.00","fees":"0.0249900000","trade_id":880377,"price":"2.4990","active":false,
            "entrustType":1,"entrust_id":4700090,"timestamp":1600000100000}]}"#,
    );
    assert_eq!(page.trades[0].entrust_type, Side::Buy);
    assert_eq!(page.trades[1].entrust_type, Side::Sell);
}

#[test]
fn every_order_status_is_a_number() {
    for (status, number) in [
        (OrderStatus::Open, "1"),
        (OrderStatus::PartiallyFilled, "2"),
        (OrderStatus::Filled, "3"),
        (OrderStatus::Canceled, "4"),
    ] {
        assert_eq!(serde_json::to_string(&status).unwrap(), number);
        assert_eq!(serde_json::from_str::<OrderStatus>(number).unwrap(), status);
    }
    for other in ["0", "5", "-1", "\"1\"", "1.0"] {
        assert!(serde_json::from_str::<OrderStatus>(other).is_err(), "{other}");
    }
}

#[test]
fn answers_of_other_servers_may_have_more_members() {
    let order = r#"{"entrust_id":1,"symbol":"A_B","timestamp":2,"side":"sell","price":"1","fees":"0","original_amount":"1","executed_amount":"0","remaining_amount":"1","status":1,"new":{}}"#;
    assert_eq!(serde_json::from_str::<Order>(order).unwrap().side, Side::Sell);
    let unknown_side = order.replace("sell", "SELL");
    assert!(serde_json::from_str::<Order>(&unknown_side).is_err());
    let trade = r#"{"symbol":"A_B","amount":"1","fees":"0","trade_id":1,"price":"1","active":true,"entrustType":2,"entrust_id":1,"timestamp":1}"#;
    assert!(serde_json::from_str::<OwnTrade>(trade).is_err());
}
