//! Query strings.

use openmart_wire::bitmart_v2::{
    ApiError, ListKlines, ListOrders, ListTrades, OrderStatus, ParameterType, Query, RequestFault,
    STEPS_MINUTES, StatusFilter, messages::Bounds,
};

fn list_orders(query: &str) -> Result<ListOrders, ApiError> {
    ListOrders::from_query(&Query::parse(Some(query))?)
}

fn list_trades(query: &str) -> Result<ListTrades, ApiError> {
    ListTrades::from_query(&Query::parse(Some(query))?)
}

#[test]
fn a_list_of_orders_has_defaults_for_its_page_only() {
    let list = list_orders("symbol=BMX_ETH&status=5").unwrap();
    let expected = ListOrders {
        symbol: "BMX_ETH".to_owned(),
        status: StatusFilter::InBook,
        offset: 0,
        limit: 500,
    };
    assert_eq!(list, expected);
    let list = list_orders("?&unknown=1&limit=1000&offset=7&status=0&symbol=BMX_ETH&").unwrap();
    assert_eq!((list.status, list.offset, list.limit), (StatusFilter::All, 7, 1000));
    assert_eq!(list_orders(&list.to_query()), Ok(list));
}

#[test]
fn every_status_has_its_filter() {
    use OrderStatus::{Canceled, Filled, Open, PartiallyFilled};
    let all = [Open, PartiallyFilled, Filled, Canceled];
    for (number, shown) in [
        (0, &all as &[OrderStatus]),
        (1, &[Open]),
        (2, &[PartiallyFilled]),
        (3, &[Filled]),
        (4, &[Canceled]),
        (5, &[Open, PartiallyFilled]),
        (6, &[Filled, Canceled]),
    ] {
        let list = list_orders(&format!("symbol=A_B&status={number}")).unwrap();
        let passed: Vec<_> = all.into_iter().filter(|status| list.status.shows(*status)).collect();
        assert_eq!(passed, shown, "{number}");
        assert_eq!(serde_json::to_value(list.status).unwrap(), number);
    }
}

#[test]
fn bad_lists_are_refused_with_the_known_texts() {
    let status_missing = ApiError::required(ParameterType::Integer, "status");
    let symbol_missing = ApiError::required(ParameterType::String, "symbol");
    let status_range = ApiError::out_of_range("status", StatusFilter::BOUNDS);
    let limit_range = ApiError::out_of_range("limit", Bounds::above(0, 1000));
    for (rest, error) in [
        ("", symbol_missing.clone()),
        ("symbol=&status=1", symbol_missing),
        ("symbol=A_B", status_missing.clone()),
        ("symbol=A_B&status=", status_missing),
        ("symbol=A_B&status=7", status_range.clone()),
        ("symbol=A_B&status=-1", status_range.clone()),
        ("symbol=A_B&status=99999999999999999999999", status_range),
        ("symbol=A_B&status=open", ApiError::invalid("status")),
        ("symbol=A_B&status=1.0", ApiError::invalid("status")),
        ("symbol=A_B&status=%2B1", ApiError::invalid("status")),
        ("symbol=A_B&status=1&status=2", ApiError::invalid("status")),
        ("symbol=A_B&status=1&limit=0", limit_range.clone()),
        ("symbol=A_B&status=1&limit=1001", limit_range.clone()),
        ("symbol=A_B&status=1&limit=-5", limit_range.clone()),
        ("symbol=A_B&status=1&limit=-99999999999999999999999", limit_range),
        ("symbol=A_B&status=1&limit=None", ApiError::invalid("limit")),
        ("symbol=A_B&status=1&limit=-", ApiError::invalid("limit")),
        ("symbol=A_B&status=1&offset=-1", ApiError::invalid("offset")),
        ("symbol=A_B&status=1&offset=x", ApiError::invalid("offset")),
        ("symbol=A_B&status=1&offset=9007199254740992", ApiError::invalid("offset")),
    ] {
        assert_eq!(list_orders(rest), Err(error), "{rest}");
    }
    assert!(list_orders("symbol=A_B&status=1&status=1&offset=9007199254740991").is_ok());
}

#[test]
fn a_list_of_trades_may_name_an_order() {
    let list = list_trades("symbol=BMX_ETH&limit=50&entrust_id=1223181").unwrap();
    assert_eq!((list.entrust_id, list.offset, list.limit), (Some(1_223_181), 0, 50));
    assert_eq!(list_trades(&list.to_query()), Ok(list));
    let list = list_trades("symbol=BMX_ETH&entrust_id=").unwrap();
    assert_eq!((list.entrust_id, list.limit), (None, 500));
    assert_eq!(list_trades(&list.to_query()), Ok(list));
    assert_eq!(
        list_trades("entrust_id=1"),
        Err(ApiError::required(ParameterType::String, "symbol"))
    );
    assert_eq!(list_trades("symbol=A&entrust_id=x"), Err(ApiError::invalid("entrust_id")));
}

#[test]
fn klines_need_both_bounds_and_a_step_that_is_offered() {
    let klines = |query: &str| ListKlines::from_query(&Query::parse(Some(query))?);
    let missing = |name| Err(ApiError::required(ParameterType::Long, name));
    let invalid = |name| Err(ApiError::invalid(name));
    let minute = ListKlines { from: 1_600_000_000_000, to: 5, step: 1 };
    assert_eq!(klines("from=1600000000000&to=5"), Ok(minute));
    assert_eq!(klines("step=&to=5&from=1600000000000&symbol=X"), Ok(minute));
    for step in STEPS_MINUTES {
        let list = klines(&format!("from=0&to=18446744073709551615&step={step}")).unwrap();
        assert_eq!((list.from, list.to, list.step), (0, u64::MAX, step));
        assert_eq!(klines(&list.to_query()), Ok(list));
    }
    for (query, expected) in [
        ("", missing("from")),
        ("to=1&step=7", missing("from")),
        ("from=1&step=7", missing("to")),
        ("from=&to=1", missing("from")),
        ("from=1&to=", missing("to")),
        ("from=-1&to=1", invalid("from")),
        ("from=1.5e12&to=1", invalid("from")),
        ("from=1&to=18446744073709551616", invalid("to")),
        ("from=1&to=now", invalid("to")),
        ("from=1&from=2&to=3", invalid("from")),
        ("from=1&to=2&step=0", invalid("step")),
        ("from=1&to=2&step=2", invalid("step")),
        ("from=1&to=2&step=4294967297", invalid("step")),
        ("from=1&to=2&step=-1", invalid("step")),
        ("from=1&to=2&step=1m", invalid("step")),
    ] {
        assert_eq!(klines(query), expected, "{query}");
    }
}

#[test]
fn values_are_percent_decoded() {
    let query = Query::parse(Some("s%79mbol=%24PAC%5FBTC&x=a+b")).unwrap();
    assert_eq!(query.required_text("symbol").unwrap(), "$PAC_BTC");
    assert_eq!(query.text("x").unwrap().unwrap(), "a b");
    assert_eq!(query.text("y").unwrap(), None);
    assert_eq!(Query::parse(None).unwrap().text("x").unwrap(), None);
}

#[test]
fn precision_and_times_have_their_ranges() {
    let query = Query::parse(Some("precision=3&from=1600000000000&to=&bad=1x")).unwrap();
    assert_eq!(query.precision(2, 4), Ok(Some(3)));
    let bounds = Bounds::closed(4, 6);
    assert_eq!(query.precision(4, 6), Err(ApiError::out_of_range("precision", bounds)));
    assert_eq!(query.required_time_ms("from"), Ok(1_600_000_000_000));
    let missing = ApiError::required(ParameterType::Long, "to");
    assert_eq!(query.required_time_ms("to"), Err(missing));
    assert_eq!(query.required_time_ms("bad"), Err(ApiError::invalid("bad")));
    assert_eq!(Query::parse(None).unwrap().precision(2, 4), Ok(None));
}

#[test]
fn a_query_may_have_4096_bytes_and_not_one_more() {
    assert!(Query::parse(Some(&"x".repeat(4096))).is_ok());
    let error = Query::parse(Some(&"x".repeat(4097))).unwrap_err();
    assert_eq!(error, RequestFault::QueryTooLong.into());
}
