//! What a client gets that does everything right, byte for byte.

use crate::http::Call;
use crate::venue::{ALICE, BOB, HERE, NOW, Venue, form, message, sign, token_call};

/// Alice offers 18.40 at 2.5012, and bob takes 10.00 of them: orders 1 and 2, trade 1.
fn traded() -> Venue {
    let venue = Venue::new();
    assert_eq!(venue.placed(ALICE, "sell", "18.4", "2.5012"), 1);
    venue.clock.set(openmart_model::Timestamp(NOW + 512));
    assert_eq!(venue.placed(BOB, "buy", "10", "2.5012"), 2);
    venue
}

#[test]
fn the_server_tells_of_itself_and_what_is_listed() {
    let venue = Venue::new();
    for (target, body) in [
        ("/v2/ping", "{}"),
        ("/v2/time", r#"{"server_time":1600000000000}"#),
        ("/v2/steps", "[1,3,5,15,30,45,60,120,180,240,1440,10080,43200]"),
        (
            "/v2/currencies",
            concat!(
                r#"[{"id":"ACX","name":"Acorn Exchange Token","withdraw_enabled":true,"#,
                r#""deposit_enabled":true},{"id":"USDT","name":"Tether USD","#,
                r#""withdraw_enabled":true,"deposit_enabled":true},{"id":"ETH","name":"Ether","#,
                r#""withdraw_enabled":true,"deposit_enabled":true}]"#,
            ),
        ),
        ("/v2/symbols", r#"["ACX_USDT","ETH_ACX"]"#),
        ("/v2/symbols_details", &format!("[{ACX_USDT},{ETH_ACX}]")),
        ("/v2/symbols/ACX_USDT", ACX_USDT),
        ("/v2/symbols/ETH%5FACX", ETH_ACX),
    ] {
        for target in [target.to_owned(), format!("{target}/"), format!("{target}/?a=b&symbol=")] {
            assert_eq!(venue.get(&target).told(), (200, body), "{target}");
        }
    }
}

const ACX_USDT: &str = concat!(
    r#"{"id":"ACX_USDT","base_currency":"ACX","quote_currency":"USDT","quote_increment":"0.01","#,
    r#""base_min_size":"0.1000000000","base_max_size":"5000000.0000000000","#,
    r#""price_min_precision":2,"price_max_precision":4,"expiration":"NA","#,
    r#""min_buy_amount":"5.0000000000","min_sell_amount":"6.0000000000"}"#,
);
const ETH_ACX: &str = concat!(
    r#"{"id":"ETH_ACX","base_currency":"ETH","quote_currency":"ACX","quote_increment":"1","#,
    r#""base_min_size":"1.0000000000","base_max_size":"500000000.0000000000","#,
    r#""price_min_precision":0,"price_max_precision":6,"expiration":"NA","#,
    r#""min_buy_amount":"5.0000000000","min_sell_amount":"6.0000000000"}"#,
);

#[test]
fn market_data_follows_the_trades() {
    let venue = traded();
    venue.placed(BOB, "buy", "75.25", "2.4990");
    venue.placed(BOB, "buy", "300", "2.4985");
    venue.placed(ALICE, "sell", "125.5", "2.5030");
    let quiet = concat!(
        r#"{"symbol_id":"ETH_ACX","url":"https://www.example.org/trade?symbol=ETH_ACX","#,
        r#""volume":"0","base_volume":"0","highest_price":"0.000000","lowest_price":"0.000000","#,
        r#""current_price":"0.000000","ask_1":"0.000000","ask_1_amount":"0","bid_1":"0.000000","#,
        r#""bid_1_amount":"0","fluctuation":"+0.0000"}"#,
    );
    let busy = concat!(
        r#"{"symbol_id":"ACX_USDT","url":"https://www.example.org/trade?symbol=ACX_USDT","#,
        r#""volume":"10.00","base_volume":"25.01","highest_price":"2.5012","#,
        r#""lowest_price":"2.5012","current_price":"2.5012","ask_1":"2.5012","#,
        r#""ask_1_amount":"8.40","bid_1":"2.4990","bid_1_amount":"75.25","#,
        r#""fluctuation":"+0.0000"}"#,
    );
    let all = format!("[{busy},{quiet}]");
    let trades = concat!(
        r#"[{"amount":"25.01200000","order_time":1600000000512,"price":"2.5012","#,
        r#""count":"10.00","type":"buy"}]"#,
    );
    let depth = concat!(
        r#"{"buys":[{"amount":"75.25","total":"75.25","price":"2.4990","count":"1"},"#,
        r#"{"amount":"300.00","total":"375.25","price":"2.4985","count":"1"}],"#,
        r#""sells":[{"amount":"8.40","total":"8.40","price":"2.5012","count":"1"},"#,
        r#"{"amount":"125.50","total":"133.90","price":"2.5030","count":"1"}]}"#,
    );
    let depth_of_2 = concat!(
        r#"{"buys":[{"amount":"375.25","total":"375.25","price":"2.49","count":"2"}],"#,
        r#""sells":[{"amount":"133.90","total":"133.90","price":"2.51","count":"2"}]}"#,
    );
    for (target, body) in [
        ("/v2/ticker?symbol=ACX_USDT", busy),
        ("/v2/ticker?symbol=ETH_ACX", quiet),
        ("/v2/ticker", &all),
        ("/v2/ticker?symbol=", &all),
        ("/v2/symbols/ACX_USDT/trades", trades),
        ("/v2/symbols/ETH_ACX/trades", "[]"),
        ("/v2/symbols/ACX_USDT/orders", depth),
        ("/v2/symbols/ACX_USDT/orders?precision=4", depth),
        ("/v2/symbols/ACX_USDT/orders/?precision=2", depth_of_2),
        ("/v2/symbols/ETH_ACX/orders", r#"{"buys":[],"sells":[]}"#),
    ] {
        assert_eq!(venue.get(target).told(), (200, body), "{target}");
    }
}

#[test]
fn own_orders_trades_and_balances_follow_at_once() {
    let venue = traded();
    let read = |key, target: &str| venue.send(venue.private(key, "GET", target));
    let sold = concat!(
        r#"{"entrust_id":1,"symbol":"ACX_USDT","timestamp":1600000000000,"side":"sell","#,
        r#""price":"2.5012","fees":"0.0250120000","original_amount":"18.40","#,
        r#""executed_amount":"10.00","remaining_amount":"8.40","status":2}"#,
    );
    let bought = concat!(
        r#"{"entrust_id":2,"symbol":"ACX_USDT","timestamp":1600000000512,"side":"buy","#,
        r#""price":"2.5012","fees":"0.0200000000","original_amount":"10.00","#,
        r#""executed_amount":"10.00","remaining_amount":"0.00","status":3}"#,
    );
    let page = |orders: &str, pages: u8, total: u8, page: u32| {
        format!(
            r#"{{"orders":[{orders}],"total_pages":{pages},"total_orders":{total},"current_page":{page}}}"#
        )
    };
    let alices_trade = concat!(
        r#"{"total_trades":1,"total_pages":1,"current_page":0,"trades":[{"symbol":"ACX_USDT","#,
        r#""amount":"10.00","fees":"0.0250120000","trade_id":1,"price":"2.5012","active":false,"#,
        r#""entrustType":1,"entrust_id":1,"timestamp":1600000000512}]}"#,
    );
    let bobs_trade = concat!(
        r#"{"total_trades":1,"total_pages":1,"current_page":0,"trades":[{"symbol":"ACX_USDT","#,
        r#""amount":"10.00","fees":"0.0200000000","trade_id":1,"price":"2.5012","active":true,"#,
        r#""entrustType":0,"entrust_id":2,"timestamp":1600000000512}]}"#,
    );
    let wallet = concat!(
        r#"[{"id":"ACX","name":"Acorn Exchange Token","available":"981.6000000000","#,
        r#""frozen":"8.4000000000"},{"id":"USDT","name":"Tether USD","#,
        r#""available":"10024.9869880000","frozen":"0.0000000000"},{"id":"ETH","name":"Ether","#,
        r#""available":"0.0000000000","frozen":"0.0000000000"}]"#,
    );
    let list = |status: u8| format!("/v2/orders?symbol=ACX_USDT&status={status}");
    for (key, target, body) in [
        (ALICE, "/v2/orders/1", sold),
        (ALICE, "/v2/orders/1/?entrust_id=9", sold),
        (ALICE, "/v2/orders/0001", sold),
        (BOB, "/v2/orders/2", bought),
        (ALICE, &list(0), &page(sold, 1, 1, 0)),
        (ALICE, &list(1), &page("", 0, 0, 0)),
        (ALICE, &list(2), &page(sold, 1, 1, 0)),
        (ALICE, &list(3), &page("", 0, 0, 0)),
        (ALICE, &list(5), &page(sold, 1, 1, 0)),
        (ALICE, &list(6), &page("", 0, 0, 0)),
        (BOB, &list(3), &page(bought, 1, 1, 0)),
        (BOB, &list(6), &page(bought, 1, 1, 0)),
        (BOB, &list(4), &page("", 0, 0, 0)),
        (BOB, &format!("{}&offset=1000&limit=7", list(0)), &page("", 1, 1, 1000)),
        (ALICE, "/v2/trades?symbol=ACX_USDT", alices_trade),
        (ALICE, "/v2/trades?symbol=ACX_USDT&entrust_id=1&limit=50", alices_trade),
        (BOB, "/v2/trades?symbol=ACX_USDT&offset=0&limit=50", bobs_trade),
        (
            BOB,
            "/v2/trades?symbol=ACX_USDT&entrust_id=1",
            r#"{"total_trades":0,"total_pages":0,"current_page":0,"trades":[]}"#,
        ),
        (
            BOB,
            "/v2/trades?symbol=ACX_USDT&offset=3",
            r#"{"total_trades":1,"total_pages":1,"current_page":3,"trades":[]}"#,
        ),
        (ALICE, "/v2/wallet", wallet),
        (HERE, "/v2/wallet/", wallet),
    ] {
        assert_eq!(read(key, target).told(), (200, body), "{target}");
    }
}

#[test]
fn a_cancel_is_answered_with_two_bytes_and_its_sequence() {
    let venue = Venue::new();
    let (_, before) = venue.trace();
    let id = venue.placed(ALICE, "sell", "1000", "2.5012");
    let refused = venue.send(venue.order(ALICE, "sell", "10", "2.5012"));
    assert_eq!(refused.told(), (400, message("Place order error").as_str()));
    assert_eq!(refused.sequence(), Some(before + 2), "refused by the exchange, so in the journal");

    // As ccxt sends it: content type, query and body repeat the id.
    let cancel = venue
        .cancel(ALICE, id)
        .target(format!("/v2/orders/{id}?entrust_id={id}"))
        .with("Content-Type", "application/json")
        .with("Accept-Encoding", "gzip, deflate")
        .body(format!(r#"{{"entrust_id":{id}}}"#));
    let done = venue.send(cancel.clone());
    assert_eq!(done.told(), (200, "{}"));
    assert_eq!(done.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(done.header("content-length"), Some("2"));
    assert_eq!(done.header("content-encoding"), None);
    assert_eq!(done.sequence(), Some(before + 3));
    assert_eq!(done.header("x-openmart-reason"), None);
    assert_eq!(venue.trace().1, before + 3, "durable and applied when the answer is there");

    // Its funds are free at once.
    let next = venue.placed(ALICE, "sell", "1000", "2.5012");
    for (call, reason) in [
        (cancel, "canceled"),
        (venue.cancel(BOB, next), "unknown"),
        (venue.cancel(ALICE, 77), "unknown"),
    ] {
        let (digest, sequence) = venue.trace();
        let reply = venue.send(call);
        assert_eq!(reply.told(), (404, message("Not found").as_str()));
        assert_eq!(reply.header("x-openmart-reason"), Some(reason));
        assert_eq!(reply.sequence(), Some(sequence + 1));
        assert_eq!(venue.trace(), (digest, sequence + 1));
    }
    venue.placed(BOB, "buy", "1000", "2.5012");
    let reply = venue.send(venue.cancel(ALICE, next));
    assert_eq!(reply.told(), (404, message("Not found").as_str()));
    assert_eq!(reply.header("x-openmart-reason"), Some("filled"));
}

/// Path, signed message and body of a cancel.
type Form = fn(u64) -> (String, String, String);

#[test]
fn cancels_are_recognized_in_every_form_that_clients_send() {
    let venue = Venue::new();
    let forms: [Form; 6] = [
        |id| (format!("/v2/orders/{id}"), format!("entrust_id={id}"), String::new()),
        |id| (format!("/v2/orders/{id}/"), format!("entrust_id={id}"), String::new()),
        |id| (format!("/v2/orders/00{id}"), format!("entrust_id=00{id}"), String::new()),
        |id| (format!("/v2/orders/00{id}"), format!("entrust_id={id}"), String::new()),
        |id| {
            let body = format!(r#"{{"entrust_id":"{id}"}}"#);
            (format!("/v2/orders/{id}"), format!("entrust_id={id}"), body)
        },
        |id| (format!("/v2/orders/{id}"), format!("entrust_id={id}"), "not even json".to_owned()),
    ];
    for form in forms {
        let id = venue.placed(ALICE, "sell", "10", "2.5012");
        let (target, message, body) = form(id);
        let call = venue.signed(ALICE, "DELETE", &target, &message).body(body.clone());
        assert_eq!(venue.send(call).told(), (200, "{}"), "{target} {message} {body}");
    }
    let id = venue.placed(ALICE, "sell", "10", "2.5012");
    let shouted = sign(ALICE, &format!("entrust_id={id}")).to_uppercase();
    let call = venue
        .cancel(ALICE, id)
        .with("x-bm-signature", shouted)
        .with("x-bm-authorization", format!("bEaReR   {}", venue.token(ALICE)));
    assert_eq!(venue.send(call).told(), (200, "{}"));
}

#[test]
fn cancel_all_takes_one_side_of_one_symbol() {
    let venue = Venue::new();
    let target = "/v2/orders?symbol=ACX_USDT&side=sell";
    let calls = [
        venue.private(ALICE, "DELETE", target),
        venue.signed(ALICE, "DELETE", target, "side=sell&symbol=ACX_USDT"),
        venue
            .signed(ALICE, "DELETE", target, "side=sell&symbol=ACX_USDT")
            .with("Content-Type", "application/json")
            .body(r#"{"side":"sell","symbol":"ACX_USDT"}"#),
    ];
    let bid = venue.placed(ALICE, "buy", "10", "2.4");
    for call in calls {
        venue.placed(ALICE, "sell", "10", "2.5012");
        venue.placed(ALICE, "sell", "10", "2.6");
        let (_, sequence) = venue.trace();
        for step in 1..=2 {
            let reply = venue.send(call.clone());
            assert_eq!(reply.told(), (200, "{}"), "also with nothing to cancel");
            assert_eq!(reply.sequence(), Some(sequence + step));
        }
        let open: Vec<u64> = venue.exchange.view(|state| {
            state.engine().open_orders(openmart_model::AccountId(0)).map(|o| o.id.0).collect()
        });
        assert_eq!(open, [bid]);
    }
}

#[test]
fn a_token_from_the_endpoint_works_for_900_seconds() {
    let venue = Venue::new();
    let query = format!("/v2/authentication?{}", form(ALICE));
    for call in [
        token_call(&form(ALICE)),
        token_call(&form(ALICE)).target("/v2/authentication/"),
        token_call(&form(ALICE)).without("content-type"),
        token_call("").target(query),
    ] {
        let reply = venue.send(call);
        let text = reply.text();
        assert_eq!(reply.status, 200, "{text}");
        let token = text.strip_prefix(r#"{"access_token":""#).unwrap();
        let token = token.strip_suffix(r#"","expires_in":900}"#).unwrap();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
        let at = |now: u64| {
            venue.clock.set(openmart_model::Timestamp(now));
            let call = Call::new("GET", "/v2/wallet")
                .with("X-BM-AUTHORIZATION", format!("Bearer {token}"))
                .with("X-BM-TIMESTAMP", now.to_string());
            let status = venue.send(call).status;
            venue.clock.set(openmart_model::Timestamp(NOW));
            status
        };
        assert_eq!((at(NOW), at(NOW + 899_999), at(NOW + 900_000)), (200, 200, 401));
    }
}

#[test]
fn the_same_client_order_id_places_once() {
    let venue = Venue::new();
    let place = |price: &str| {
        let message =
            format!("amount=10&client_order_id=mine-1&price={price}&side=sell&symbol=ACX_USDT");
        let body = format!(
            r#"{{"symbol":"ACX_USDT","side":"sell","amount":10,"price":{price},"client_order_id":"mine-1"}}"#
        );
        venue.send(venue.signed(ALICE, "POST", "/v2/orders", &message).body(body))
    };
    assert_eq!(place("2.5012").told(), (200, r#"{"entrust_id":1}"#));
    let (digest, _) = venue.trace();
    assert_eq!(place("2.5012").told(), (200, r#"{"entrust_id":1}"#));
    assert_eq!(place("2.50120").told(), (200, r#"{"entrust_id":1}"#));
    let other = place("2.6");
    assert_eq!(other.told(), (400, message("Invalid client_order_id").as_str()));
    assert_eq!(venue.trace().0, digest);
}

#[test]
fn every_answer_carries_the_headers_of_this_api() {
    let venue = Venue::new();
    let answers = [
        (200, venue.get("/v2/ping")),
        (401, venue.get("/v2/wallet")),
        (404, venue.get("/v2/nothing")),
        (405, venue.send(Call::new("PUT", "/v2/orders"))),
        (204, venue.send(Call::new("OPTIONS", "/v2/orders"))),
        (204, venue.send(Call::new("OPTIONS", "/v2/nothing"))),
        (200, venue.send(Call::new("HEAD", "/v2/ping"))),
    ];
    for (status, answer) in &answers {
        assert_eq!(answer.status, *status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, Some("POST, GET, OPTIONS, DELETE"));
        let allowed = answer.header("access-control-allow-headers").unwrap();
        assert!(allowed.starts_with("x-requested-with"));
        assert_eq!(answer.header("access-control-max-age"), Some("3600"));
        let json = (*status != 204).then_some("application/json;charset=UTF-8");
        assert_eq!(answer.header("content-type"), json);
    }
    assert_eq!(answers[3].1.told(), (405, message("Method not allowed").as_str()));
    let mut allow: Vec<&str> = answers[3].1.header("allow").unwrap().split(',').collect();
    allow.sort_unstable();
    assert_eq!(allow, ["DELETE", "GET", "HEAD", "POST"]);
    assert_eq!(answers[6].1.text(), "");
    assert_eq!(answers[6].1.header("content-length"), Some("2"));
}

#[test]
fn long_answers_are_compressed_for_whoever_asks() {
    let venue = Venue::new();
    let plain = venue.get("/v2/symbols_details");
    assert_eq!(plain.header("content-encoding"), None);
    let call = Call::new("GET", "/v2/symbols_details").with("Accept-Encoding", "gzip");
    let packed = venue.send(call);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.windows(3).any(|bytes| bytes == [0x1f, 0x8b, 8]));
    assert!(packed.body.len() < plain.body.len());
    let short = venue.send(Call::new("GET", "/v2/symbols").with("Accept-Encoding", "gzip"));
    assert_eq!(short.told(), (200, r#"["ACX_USDT","ETH_ACX"]"#));
}
