//! How the exchange is doing, and snapshots of it.

use http::StatusCode;
use openmart_exchange::Condition;
use openmart_wire::admin::status as wire;

use super::{Admin, Answering, Incoming, Refused, json};

/// `GET /admin/status`.
pub(super) fn show(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async {
        let exchange = admin.exchange();
        let status = exchange.status();
        let (takes, reason) = match status.condition {
            Condition::Running => (wire::Takes::Everything, None),
            Condition::DiskFull => (wire::Takes::Cancels, None),
            Condition::Stopped { reason } => (wire::Takes::Nothing, Some(reason.to_string())),
            // One that is not known here is nothing to rely on.
            other => (wire::Takes::Nothing, Some(format!("{other:?}"))),
        };
        let fault_rules = admin.controls.faults().rules.len() as u64;
        let told = exchange.view(|state| {
            let engine = state.engine();
            wire::Status {
                takes,
                reason,
                sequence: engine.sequence(),
                time_ms: engine.time().0,
                snapshot_sequence: status.snapshot_sequence,
                history_sequence: status.history.applied,
                assets: engine.assets().len() as u64,
                markets: engine.markets().len() as u64,
                accounts: engine.accounts_len() as u64,
                orders_open: engine.orders_open() as u64,
                fault_rules,
            }
        });
        Ok(json(&told))
    })
}

/// `POST /admin/snapshot`.
pub(super) fn snapshot(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async {
        let written = admin.exchange().snapshot().await;
        let failed = |error: openmart_exchange::SnapshotError| {
            Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        };
        Ok(json(&wire::Written { sequence: written.map_err(failed)? }))
    })
}
