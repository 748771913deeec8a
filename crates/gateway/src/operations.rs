//! The operator's listener: health, metrics, and the operator's API.
//!
//! What enters: requests of the operator's tools. What leaves: whether the exchange takes commands,
//! and figures about it as Prometheus text; and what [`Admin`] answers to whoever has the operator's
//! token. It is for the operator: keep it off public networks.

use std::fmt::Write;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::{StatusCode, header};
use openmart_exchange::{Condition, Exchange, Space, Status};
use tokio::net::TcpListener;

use crate::admin::{self, Admin};
use crate::faults::Controls;
use crate::listener::{BindError, ConnectionLimits, Ending, listen_on, serve};
use crate::metrics::Requests;

/// A few tools ask now and then; more connections than this are a mistake.
const LIMITS: ConnectionLimits = ConnectionLimits {
    connections_max: 64,
    connections_per_address_max: 64,
    header_bytes_max: 8_192,
    headers_max: 64,
    header_timeout: Duration::from_secs(30),
    drain_timeout: Duration::from_secs(1),
};

/// `GET /health/live`, `/health/ready`, `/metrics` and the operator's API, listening.
#[derive(Debug)]
pub struct Operations {
    listener: TcpListener,
    local_addr: SocketAddr,
    exchange: Exchange,
    requests: Option<Requests>,
    admin: Option<Admin>,
}

impl Operations {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(exchange: Exchange, listen: SocketAddr) -> Result<Self, BindError> {
        let (listener, local_addr) = listen_on(listen).await?;
        Ok(Self { listener, local_addr, exchange, requests: None, admin: None })
    }

    /// Shows the counts of a gateway as well.
    pub fn with_requests(self, requests: Requests) -> Self {
        Self { requests: Some(requests), ..self }
    }

    /// Answers the operator's API as well.
    pub fn with_admin(self, admin: Admin) -> Self {
        Self { admin: Some(admin), ..self }
    }

    /// The address, with the port that was given for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` completes.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let controls = self.admin.as_ref().map(|admin| admin.controls().clone());
        let served = Served { exchange: self.exchange, requests: self.requests, controls };
        let asked = served.clone();
        let ready = async move || health(&asked.exchange().status().condition);
        let metrics = async move || {
            let exchange = served.exchange();
            let accounts = exchange.view(|state| state.engine().accounts_len());
            let mut text = prometheus(&exchange.status(), accounts, served.requests().as_ref());
            if let Some(controls) = &served.controls {
                add_faults(&mut text, controls);
            }
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
        };
        let router = self.admin.map_or_else(Router::new, admin::router);
        let router = router
            .route("/health/live", get(async || "live\n"))
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics));
        let ending = async {
            shutdown.await;
            Ending::Release
        };
        serve(self.listener, router, None, LIMITS, ending).await;
    }
}

/// What health and figures are about.
#[derive(Clone)]
struct Served {
    exchange: Exchange,
    requests: Option<Requests>,
    controls: Option<Controls>,
}

impl Served {
    /// The exchange that stands behind the gateway now: after a rewind another one.
    fn exchange(&self) -> Exchange {
        let now = self.controls.as_ref().map(|controls| controls.site().exchange.clone());
        now.unwrap_or_else(|| self.exchange.clone())
    }

    fn requests(&self) -> Option<Requests> {
        let now = self.controls.as_ref().map(|controls| controls.site().requests.clone());
        self.requests.clone().map(|requests| now.unwrap_or(requests))
    }
}

fn health(condition: &Condition) -> (StatusCode, String) {
    match condition {
        Condition::Running => (StatusCode::OK, "ready\n".to_owned()),
        Condition::DiskFull => {
            (StatusCode::OK, "ready for cancels only: the disk is full\n".to_owned())
        }
        Condition::Stopped { reason } => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("stopped: {reason}\n"))
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
    }
}

/// How much is broken on purpose.
fn add_faults(text: &mut String, controls: &Controls) {
    let (rules, races, struck) = controls.figures();
    for (name, kind, help, value) in [
        ("openmart_fault_rules", "gauge", "Fault rules in force; 0 unless asked for", rules as u64),
        ("openmart_races_waiting", "gauge", "Races armed and not over", races as u64),
        ("openmart_faults_struck", "gauge", "Strikes of the rules in force", struck),
    ] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
}

/// The figures in the text format of Prometheus.
fn prometheus(status: &Status, accounts: usize, requests: Option<&Requests>) -> String {
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: u64| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    let counters = &status.counters;
    let carried_out = counters.commands - counters.rejected.min(counters.commands);
    let running = u64::from(status.condition == Condition::Running);
    let space = match status.journal_space {
        Space::Ample => 2,
        Space::Reserve => 1,
        Space::Exhausted => 0,
    };
    for (name, help, value) in [
        ("openmart_running", "1 while every command is taken", running),
        ("openmart_sequence", "Last entry that is durable and applied", status.sequence),
        ("openmart_snapshot_sequence", "Entry of the newest snapshot", status.snapshot_sequence),
        ("openmart_orders_open", "Orders in the books", status.orders_open),
        ("openmart_accounts", "Accounts", accounts as u64),
        ("openmart_queue_cancels", "Cancels waiting", status.queued_cancels as u64),
        ("openmart_queue_orders", "Other commands waiting", status.queued_orders as u64),
        ("openmart_history_sequence", "Last entry written to history", status.history.applied),
        ("openmart_history_lag_rows", "Rows not yet in history", status.history.lag_rows as u64),
        ("openmart_history_tail_rows", "Finished orders and fills in memory", status.tail_rows),
        ("openmart_journal_space", "2 ample, 1 only the reserve for cancels, 0 none", space),
    ] {
        metric(name, "gauge", help, value);
    }
    for (name, help, value) in [
        ("openmart_commands_done_total", "Commands carried out", carried_out),
        ("openmart_commands_rejected_total", "Commands rejected", counters.rejected),
        ("openmart_journal_batches_total", "Batches made durable, one sync each", counters.batches),
        ("openmart_history_commits_total", "History transactions", status.history.transactions),
        ("openmart_overloaded_total", "Commands refused: queue full", counters.overloaded),
        ("openmart_disk_full_total", "Commands refused: disk full", counters.disk_full),
        ("openmart_subscriptions_cut_total", "Slow readers cut off", counters.subscriptions_cut),
        ("openmart_snapshots_total", "Snapshots written", counters.snapshots),
        ("openmart_snapshots_failed_total", "Snapshots not written", counters.snapshots_failed),
    ] {
        metric(name, "counter", help, value);
    }
    if let Some(stream) = requests.map(Requests::stream) {
        for (name, help, value) in [
            ("openmart_stream_connections", "WebSocket connections", &stream.connections),
            ("openmart_stream_subscriptions", "Subscriptions of them all", &stream.subscriptions),
        ] {
            metric(name, "gauge", help, value.get());
        }
        for (name, help, value) in [
            ("openmart_stream_pushes_total", "Messages pushed on changes", &stream.pushes),
            ("openmart_stream_cut_off_total", "Connections that did not read", &stream.cut_off),
            ("openmart_stream_trades_missed_total", "Trades missed", &stream.trades_missed),
            ("openmart_stream_errors_total", "Messages refused", &stream.errors),
        ] {
            metric(name, "counter", help, value.get());
        }
    }
    if let Some(requests) = requests {
        let name = "openmart_http_requests_total";
        let _ = writeln!(text, "# HELP {name} Requests by route and status\n# TYPE {name} counter");
        for (method, path, status, count) in requests.counts() {
            let labels = format!("method=\"{method}\",path=\"{path}\",status=\"{status}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
    }
    text
}
