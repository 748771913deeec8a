//! What the operator's tools see.

use std::net::SocketAddr;

use openmart_gateway::Operations;
use tokio::sync::oneshot;

use crate::http::{Call, Reply};
use crate::stream::client::Client;
use crate::venue::{ALICE, Venue};

fn requests(method: &str, path: &str, status: u16, count: u64) -> String {
    let labels = format!("method=\"{method}\",path=\"{path}\",status=\"{status}\"");
    format!("openmart_http_requests_total{{{labels}}} {count}")
}

/// Starts the operator's listener of a venue; where it is, and what stops it.
fn operations(venue: &Venue) -> (SocketAddr, impl FnOnce() + use<>) {
    let local = "127.0.0.1:0".parse().unwrap();
    let operations = Operations::bind(venue.exchange.clone(), local);
    let operations = venue.runtime.block_on(operations).unwrap();
    let operations = operations.with_requests(venue.requests.clone());
    let address = operations.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = venue.runtime.spawn(operations.run(async {
        let _ = stopped.await;
    }));
    let runtime = venue.runtime.handle().clone();
    let stop = move || {
        drop(stop);
        runtime.block_on(running).unwrap();
    };
    (address, stop)
}

fn has_lines(metrics: &Reply, lines: &[String]) {
    for line in lines {
        assert!(metrics.text().lines().any(|found| found == line), "{line}\n{}", metrics.text());
    }
}

#[test]
fn metrics_follow_the_stream() {
    let venue = Venue::new();
    let (address, stop) = operations(&venue);
    let has = |connections: u64, subscriptions: u64, pushes: u64, errors: u64| {
        let lines = [
            format!("openmart_stream_connections {connections}"),
            format!("openmart_stream_subscriptions {subscriptions}"),
            format!("openmart_stream_pushes_total {pushes}"),
            format!("openmart_stream_errors_total {errors}"),
            "openmart_stream_cut_off_total 0".to_owned(),
            "openmart_stream_trades_missed_total 0".to_owned(),
        ];
        has_lines(&Call::new("GET", "/metrics").send(address), &lines);
    };
    has(0, 0, 0, 0);
    let price = r#"{"subscribe":"price","symbol":"ACX_USDT"}"#;
    let depth = r#"{"subscribe":"order","symbol":"ACX_USDT"}"#;
    let (mut one, mut two) = (Client::new(&venue), Client::new(&venue));
    for request in [price, depth, depth, "?"] {
        one.ask(request);
    }
    two.ask(depth);
    has(2, 3, 0, 1);
    venue.tick();
    venue.placed(ALICE, "sell", "10", "2.5");
    venue.tick();
    has(2, 3, 2, 1);
    assert_eq!(one.pushes().len(), 1);
    one.ask(r#"{"unsubscribe":"order","symbol":"ACX_USDT"}"#);
    has(2, 2, 2, 1);
    drop(two);
    while venue.tick() > 1 {}
    has(1, 1, 2, 1);
    stop();
}

#[test]
fn health_and_metrics_follow_the_exchange() {
    let venue = Venue::new();
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    venue.placed(ALICE, "sell", "10", "2.6");
    assert_eq!(venue.send(venue.cancel(ALICE, id)).status, 200);
    assert_eq!(venue.send(venue.cancel(ALICE, id)).status, 404);
    assert_eq!(venue.get("/v2/nothing").status, 404);

    let (address, stop) = operations(&venue);
    let get = |target: &str| Call::new("GET", target).send(address);
    assert_eq!(get("/health/live").told(), (200, "live\n"));
    assert_eq!(get("/health/ready").told(), (200, "ready\n"));
    let metrics = get("/metrics");
    let sequence = venue.trace().1;
    let lines = [
        format!("openmart_sequence {sequence}"),
        "openmart_orders_open 1".to_owned(),
        "openmart_accounts 2".to_owned(),
        "openmart_commands_rejected_total 1".to_owned(),
        format!("openmart_commands_done_total {}", sequence - 1),
        "openmart_running 1".to_owned(),
        "openmart_journal_space 2".to_owned(),
        requests("POST", "/v2/orders", 200, 2),
        requests("DELETE", "/v2/orders/{entrust_id}", 200, 1),
        requests("DELETE", "/v2/orders/{entrust_id}", 404, 1),
        requests("-", "-", 404, 1),
    ];
    has_lines(&metrics, &lines);
    venue.exchange.close().unwrap();
    assert_eq!(get("/health/live").status, 200);
    let ready = get("/health/ready");
    assert_eq!(ready.status, 503);
    assert!(ready.text().starts_with("stopped: "), "{}", ready.text());
    stop();
}
