//! Candles of every step, byte for byte.

use openmart_model::{
    AccountId, Amount, AssetId, Command, MarketId, MarketSpec, NewOrder, OrderKind, Price,
    Quantity, Side, TimeInForce, Timestamp,
};

use crate::venue::{NOW, Venue, message};

const MINUTE_MS: u64 = 60_000;
const ACX_USDT: MarketId = MarketId(0);

/// Alice sells to bob.
fn trade(venue: &Venue, market: MarketId, time: u64, ticks: u64, lots: u64) {
    trade_between(venue, [0, 1], market, time, ticks, lots);
}

/// The first of two accounts sells to the second.
fn trade_between(
    venue: &Venue,
    [seller, buyer]: [u32; 2],
    market: MarketId,
    time: u64,
    ticks: u64,
    lots: u64,
) {
    venue.clock.set(Timestamp(time));
    for (account, side) in [(AccountId(seller), Side::Sell), (AccountId(buyer), Side::Buy)] {
        let kind = OrderKind::Limit {
            price: Price::new(ticks),
            quantity: Quantity::new(lots),
            time_in_force: TimeInForce::GTC,
        };
        venue.execute(Command::Place(NewOrder { account, market, side, kind, client_id: None }));
    }
}

/// The trades behind the API's own example, and a clock that stands 200 seconds into the next
/// candle of 5 minutes.
fn sample() -> Venue {
    let venue = Venue::new();
    let open = 1_600_000_200_000;
    for (after, ticks, lots) in
        [(0, 24_990, 30_000), (1, 24_985, 50_000), (299_998, 25_000, 500), (299_999, 25_012, 730)]
    {
        trade(&venue, ACX_USDT, open + after, ticks, lots);
    }
    venue.clock.set(Timestamp(1_600_000_700_000));
    venue
}

/// A candle as it is written.
fn candle(open_time: u64, prices: [&str; 4], volume: &str) -> String {
    let [open, high, low, close] = prices;
    format!(
        r#"{{"timestamp":{open_time},"open_price":"{open}","highest_price":"{high}","lowest_price":"{low}","current_price":"{close}","volume":"{volume}"}}"#
    )
}

#[test]
fn the_sample_of_the_documents() {
    let venue = sample();
    let target = "/v2/symbols/ACX_USDT/kline?step=5&from=1600000000000&to=1600000700000";
    let body = concat!(
        r#"[{"timestamp":1600000200000,"open_price":"2.4990","highest_price":"2.5012","#,
        r#""lowest_price":"2.4985","current_price":"2.5012","volume":"812.3000"},"#,
        r#"{"timestamp":1600000500000,"open_price":"2.5012","highest_price":"2.5012","#,
        r#""lowest_price":"2.5012","current_price":"2.5012","volume":"0.0000"}]"#,
    );
    assert_eq!(venue.get(target).told(), (200, body));
}

#[test]
fn every_step_begins_where_it_should() {
    let venue = sample();
    let prices = ["2.4990", "2.5012", "2.4985", "2.5012"];
    // Of 2020-09-13, a Sunday, at 12:30.
    let midnight = 1_599_955_200_000;
    let hours = |count: u64| midnight + count * 60 * MINUTE_MS;
    for (step, open_time) in [
        (15, hours(12) + 30 * MINUTE_MS),
        (30, hours(12) + 30 * MINUTE_MS),
        (45, hours(12)),
        (60, hours(12)),
        (120, hours(12)),
        (180, hours(12)),
        (240, hours(12)),
        (1_440, midnight),
        (10_080, midnight - 6 * 1_440 * MINUTE_MS),
        (43_200, midnight - 12 * 1_440 * MINUTE_MS),
    ] {
        let ask = |from: u64, to: u64| {
            let query = format!("from={from}&to={to}&step={step}");
            venue.get(&format!("/v2/symbols/ACX_USDT/kline?{query}")).text().to_owned()
        };
        let whole = format!("[{}]", candle(open_time, prices, "812.3000"));
        assert_eq!(ask(0, u64::MAX), whole, "{step}");
        assert_eq!(ask(open_time, open_time), whole, "{step}: both bounds are included");
        assert_eq!(ask(open_time + 1, u64::MAX), "[]", "{step}");
        assert_eq!(ask(0, open_time - 1), "[]", "{step}");
        assert_eq!(ask(open_time, open_time - 1), "[]", "{step}: ends before it begins");
    }
}

#[test]
fn minutes_are_the_default_and_quiet_ones_are_flat() {
    let venue = sample();
    let minute = |n: u64| 1_600_000_200_000 + n * MINUTE_MS;
    let flat = |n: u64, price: &str| candle(minute(n), [price; 4], "0.0000");
    let body = format!(
        "[{},{},{},{},{},{},{}]",
        candle(minute(0), ["2.4990", "2.4990", "2.4985", "2.4985"], "800.0000"),
        flat(1, "2.4985"),
        flat(2, "2.4985"),
        flat(3, "2.4985"),
        candle(minute(4), ["2.5000", "2.5012", "2.5000", "2.5012"], "12.3000"),
        flat(5, "2.5012"),
        flat(6, "2.5012"),
    );
    let target = format!("from=0&to={}", minute(6));
    for query in [target.clone(), format!("{target}&step=1"), format!("{target}&step=&a=b")] {
        for path in ["/v2/symbols/ACX_USDT/kline", "/v2/symbols/ACX%5FUSDT/kline/"] {
            let target = format!("{path}?{query}");
            assert_eq!(venue.get(&target).told(), (200, body.as_str()), "{target}");
        }
    }
    let now = format!("/v2/symbols/ACX_USDT/kline?from={}&to={}", minute(7), u64::MAX);
    let running = format!("[{},{}]", flat(7, "2.5012"), flat(8, "2.5012"));
    assert_eq!(venue.get(&now).told(), (200, running.as_str()), "the clock ends the list");
    let quiet = "/v2/symbols/ETH_ACX/kline?from=0&to=1600000700000";
    assert_eq!(venue.get(quiet).told(), (200, "[]"), "nothing before the first trade");
}

#[test]
fn the_earliest_5000_candles_are_shown() {
    let venue = sample();
    let minute = |n: u64| 1_600_000_200_000 + n * MINUTE_MS;
    venue.clock.set(Timestamp(minute(9_000)));
    for (from, first) in [(0, 0), (minute(3_500) + 1, 3_501)] {
        let target = format!("/v2/symbols/ACX_USDT/kline?from={from}&to={}", minute(9_000));
        let reply = venue.get(&target);
        let text = reply.text();
        assert_eq!((reply.status, text.matches("timestamp").count()), (200, 5_000));
        assert!(text.starts_with(&format!(r#"[{{"timestamp":{},"#, minute(first))), "{from}");
        let last = candle(minute(first + 4_999), ["2.5012"; 4], "0.0000");
        assert!(text.ends_with(&format!("{last}]")), "{from}");
    }
}

/// More candles with trades than memory keeps: the first ones come from history.
#[test]
fn every_candle_there_ever_was_is_shown() {
    let venue = Venue::new();
    let minute = |n: u64| 1_600_000_200_000 + n * MINUTE_MS;
    let (trades, mut candles, mut close) = (5_400, Vec::new(), 0);
    for n in 0..trades {
        // Every tenth minute is quiet, and some of the others have two trades.
        while candles.len() % 10 == 9 {
            let flat = format!("2.5{close:03}");
            candles.push(candle(minute(candles.len() as u64), [flat.as_str(); 4], "0.0000"));
        }
        let (open_time, open) = (minute(candles.len() as u64), n % 97);
        let between = if n % 2 == 0 { [0, 1] } else { [1, 0] };
        trade_between(&venue, between, ACX_USDT, open_time + 7, 25_000 + open, 300);
        let twice = n % 50 == 49;
        close = if twice { 100 } else { open };
        if twice {
            trade_between(&venue, between, ACX_USDT, open_time + 9, 25_100, 301);
        }
        let [open, close] = [open, close].map(|ticks| format!("2.5{ticks:03}"));
        let prices = [open.as_str(), close.as_str(), open.as_str(), close.as_str()];
        candles.push(candle(open_time, prices, if twice { "6.0100" } else { "3.0000" }));
    }
    let last = candles.len() - 1;
    assert_eq!(last, 5_998, "5,400 minutes with trades");
    for (from, to) in
        [(0, 0), (0, 17), (1, 300), (9, 9), (500, 700), (0, last), (400, last), (999, last)]
    {
        let query = format!("from={}&to={}", minute(from as u64), minute(to as u64));
        let target = format!("/v2/symbols/ACX_USDT/kline?{query}");
        let shown = candles[from..=to].iter().take(5_000).cloned().collect::<Vec<_>>().join(",");
        assert_eq!(venue.get(&target).told(), (200, format!("[{shown}]").as_str()), "{query}");
    }
    let all = venue.get(&format!("/v2/symbols/ACX_USDT/kline?from=0&to={}", u64::MAX));
    let shown = candles[..5_000].join(",");
    assert_eq!(all.told(), (200, format!("[{shown}]").as_str()), "the earliest");
}

#[test]
fn volumes_have_the_decimals_of_prices() {
    let venue = Venue::new();
    let spec = venue.exchange.view(|state| state.engine().market(ACX_USDT).unwrap().spec.clone());
    venue.execute(Command::AddMarket(MarketSpec {
        base: AssetId(0),
        quote: AssetId(2),
        price_decimals: 1,
        quantity_decimals: 4,
        depth_decimals_min: 0,
        ..spec
    }));
    let (account, asset, amount) = (AccountId(1), AssetId(2), Amount::new(1 << 60));
    venue.execute(Command::Deposit { account, asset, amount });
    // 1.5999 at 10.0.
    trade(&venue, MarketId(2), NOW, 100, 15_999);
    let target = format!("/v2/symbols/ACX_ETH/kline?from=0&to={NOW}&step=1440");
    let body = format!("[{}]", candle(1_599_955_200_000, ["10.0"; 4], "1.5"));
    assert_eq!(venue.get(&target).told(), (200, body.as_str()));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let venue = sample();
    let missing = |name: &str| format!("Required Long parameter '{name}' is not present");
    for (symbol, query, text) in [
        ("ACX_USDT", "", missing("from")),
        ("ACX_USDT", "?to=1&step=7", missing("from")),
        ("ACX_USDT", "?from=&to=1", missing("from")),
        ("ACX_USDT", "?from=1&step=5", missing("to")),
        ("ACX_USDT", "?from=x&to=1", "Invalid from".to_owned()),
        ("ACX_USDT", "?from=1&to=-1", "Invalid to".to_owned()),
        ("ACX_USDT", "?from=1&to=1&step=2", "Invalid step".to_owned()),
        ("ACX_USDT", "?from=1&to=1&step=1h", "Invalid step".to_owned()),
        ("ACX_USDT", "?from=1&to=1&step=1&step=3", "Invalid step".to_owned()),
        ("ACX_BTC", "", missing("from")),
        ("ACX_BTC", "?from=1&to=1", "Unknown symbol".to_owned()),
        ("acx_usdt", "?from=1&to=1", "Unknown symbol".to_owned()),
        ("%FF", "?from=1&to=1", "Unknown symbol".to_owned()),
    ] {
        let target = format!("/v2/symbols/{symbol}/kline{query}");
        assert_eq!(venue.get(&target).told(), (400, message(&text).as_str()), "{target}");
    }
}
