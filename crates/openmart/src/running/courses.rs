//! One address, and the exchanges that stand behind it one after the other.
//!
//! What enters: the first exchange with its gateway, and turns. What leaves: the exchange that was the
//! last. At a turn the exchange before is closed first: what it had taken is carried out and answered, what
//! comes later is refused with 503. Then its connections end, and only when the last of them has does the
//! next exchange answer. So an answer is always that of the exchange which stood there when the request
//! came, and no order is acknowledged by an exchange that was given up already.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use openmart_exchange::{Condition, Exchange};
use openmart_gateway::{Controls, Ending, Gateway, Options, Vault};
use tokio::sync::{mpsc, oneshot};

use crate::liquidity::{Feeding, Traders};

/// How often the log is told when the exchange stops taking commands.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// The exchange that is next.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) exchange: Exchange,
    pub(super) vault: Arc<Vault>,
    pub(super) options: Options,
    /// Told the last sequence of the exchange before, once the next one answers.
    pub(super) done: oneshot::Sender<u64>,
}

#[derive(Debug)]
pub(super) struct Courses {
    exchange: Exchange,
    gateway: Gateway,
    controls: Controls,
    turns: mpsc::Receiver<Turn>,
    traders: Option<Traders>,
}

impl Courses {
    pub(super) fn new(
        exchange: Exchange,
        gateway: Gateway,
        controls: Controls,
        turns: mpsc::Receiver<Turn>,
        traders: Option<Traders>,
    ) -> Self {
        Self { exchange, gateway, controls, turns, traders }
    }

    pub(super) fn controls(&self) -> &Controls {
        &self.controls
    }

    pub(super) fn begin_trading(&mut self) {
        if let Some(traders) = &mut self.traders {
            traders.begin(&self.exchange);
        }
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.gateway.local_addr()
    }

    /// Serves until `stop` completes. Gives the last exchange back, which still runs.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) -> Exchange {
        let Self { mut exchange, mut gateway, controls, mut turns, mut traders } = self;
        let mut stop = std::pin::pin!(stop);
        loop {
            let watching = tokio::spawn(watch_condition(exchange.clone()));
            let mut turn = None;
            let until = async {
                tokio::select! {
                    biased;
                    () = stop.as_mut() => Ending::Release,
                    Some(next) = turns.recv() => {
                        watching.abort();
                        let feeding = traders.as_mut().and_then(Traders::stop);
                        close(&exchange, feeding).await;
                        turn = Some(next);
                        Ending::HandOver
                    }
                }
            };
            let held = gateway.run_until(until).await;
            watching.abort();
            let (Some(held), Some(next)) = (held, turn) else { return exchange };
            let before = exchange.status().sequence;
            exchange = next.exchange;
            gateway = Gateway::take_over(held, exchange.clone(), next.vault, next.options);
            if let Err(error) = controls.follow(&gateway) {
                tracing::warn!(%error, "the fault rules are left behind");
            }
            if let Some(traders) = &mut traders {
                traders.follow(&exchange);
            }
            // Whoever asked may have gone.
            let _ = next.done.send(before);
        }
    }
}

/// Lets an exchange carry out what it has taken, and take no more.
async fn close(exchange: &Exchange, feeding: Option<Feeding>) {
    let closing = exchange.clone();
    let close = move || {
        drop(feeding);
        closing.close()
    };
    match tokio::task::spawn_blocking(close).await {
        Ok(Ok(())) => {}
        // It is given up either way.
        Ok(Err(error)) => tracing::warn!(%error, "the exchange before did not close well"),
        Err(error) => tracing::error!(%error, "the exchange before did not close well"),
    }
}

/// Tells the log when the exchange stops taking commands, or takes them again.
async fn watch_condition(exchange: Exchange) {
    let mut interval = tokio::time::interval(WATCH_INTERVAL);
    let mut before = Condition::Running;
    loop {
        interval.tick().await;
        let condition = exchange.status().condition;
        if condition == before {
            continue;
        }
        match &condition {
            Condition::Running => tracing::info!("all commands are taken again"),
            Condition::DiskFull => tracing::error!("the disk is full: only cancels are taken"),
            Condition::Stopped { reason } => {
                tracing::error!(%reason, "no more commands are taken; restart to recover");
            }
            other => tracing::warn!(?other, "condition changed"),
        }
        before = condition;
    }
}
