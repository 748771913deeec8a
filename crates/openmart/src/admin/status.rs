//! `openmart admin status` and `snapshot`.

use hyper::Method;
use openmart_wire::admin::status::{SNAPSHOT, STATUS, Status, Takes, Written};

use super::client::Client;
use super::show;

pub(super) fn run(client: &Client, json: bool) -> anyhow::Result<()> {
    show(&client.ask::<Status>(Method::GET, STATUS)?, json, lines)
}

pub(super) fn snapshot(client: &Client, json: bool) -> anyhow::Result<()> {
    let written: Written = client.ask(Method::POST, SNAPSHOT)?;
    show(&written, json, |written| format!("snapshot written at sequence {}\n", written.sequence))
}

fn lines(status: &Status) -> String {
    let takes = match status.takes {
        Takes::Everything => "everything".to_owned(),
        Takes::Cancels => "cancels only: the disk is full".to_owned(),
        Takes::Nothing => {
            format!("nothing: {}", status.reason.as_deref().unwrap_or("it has stopped"))
        }
    };
    let rows = [
        ("takes", takes),
        ("sequence", status.sequence.to_string()),
        ("last entry at", status.time_ms.to_string()),
        ("newest snapshot", status.snapshot_sequence.to_string()),
        ("history up to", status.history_sequence.to_string()),
        ("assets", status.assets.to_string()),
        ("markets", status.markets.to_string()),
        ("accounts", status.accounts.to_string()),
        ("open orders", status.orders_open.to_string()),
        ("fault rules", status.fault_rules.to_string()),
    ];
    rows.map(|(name, value)| format!("{name:<16}{value}\n")).concat()
}
