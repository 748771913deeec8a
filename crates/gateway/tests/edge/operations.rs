//! What the operator's tools see.

use openmart_gateway::Operations;
use tokio::sync::oneshot;

use crate::http::Call;
use crate::venue::{ALICE, Venue};

fn requests(method: &str, path: &str, status: u16, count: u64) -> String {
    let labels = format!("method=\"{method}\",path=\"{path}\",status=\"{status}\"");
    format!("openmart_http_requests_total{{{labels}}} {count}")
}

#[test]
fn health_and_metrics_follow_the_exchange() {
    let venue = Venue::new();
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    venue.placed(ALICE, "sell", "10", "2.6");
    assert_eq!(venue.send(venue.cancel(ALICE, id)).status, 200);
    assert_eq!(venue.send(venue.cancel(ALICE, id)).status, 404);
    assert_eq!(venue.get("/v2/nothing").status, 404);

    let local = "127.0.0.1:0".parse().unwrap();
    let operations = Operations::bind(venue.exchange.clone(), local);
    let operations = venue.runtime.block_on(operations).unwrap();
    let operations = operations.with_requests(venue.requests.clone());
    let address = operations.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = venue.runtime.spawn(operations.run(async {
        let _ = stopped.await;
    }));
    let get = |target: &str| Call::new("GET", target).send(address);
    assert_eq!(get("/health/live").told(), (200, "live\n"));
    assert_eq!(get("/health/ready").told(), (200, "ready\n"));
    let metrics = get("/metrics");
    let sequence = venue.trace().1;
    for line in [
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
    ] {
        assert!(metrics.text().lines().any(|found| found == line), "{line}\n{}", metrics.text());
    }
    venue.exchange.close().unwrap();
    assert_eq!(get("/health/live").status, 200);
    let ready = get("/health/ready");
    assert_eq!(ready.status, 503);
    assert!(ready.text().starts_with("stopped: "), "{}", ready.text());
    drop(stop);
    venue.runtime.block_on(running).unwrap();
}
