//! `openmart journal replay`: the state that entries lead to.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::ensure;
use openmart_engine::Engine;
use openmart_journal::{Storage, verify};
use openmart_model::{AccountId, AssetId, Balance, Order};
use serde_json::{Value, json};

use super::history::History;
use super::words::{Words, side_word};
use crate::moment::Moment;
use crate::printing::print;

/// Replays up to `to` and prints the state there.
pub(super) fn run(storage: Arc<dyn Storage>, to: Option<u64>, json: bool) -> anyhow::Result<()> {
    let last = verify(storage.clone())?.last_sequence;
    let to = to.unwrap_or(last);
    ensure!(to <= last, "the journal ends at sequence {last}, before {to}");
    let mut history = History::open(storage)?;
    history.advance(to)?;
    history.check()?;
    let engine = history.engine();
    match json {
        true => print(|out| writeln!(out, "{}", as_json(engine))),
        false => print(|out| as_text(out, engine)),
    }
}

fn accounts(engine: &Engine) -> impl Iterator<Item = AccountId> {
    (0..engine.accounts_len() as u32).map(AccountId)
}

fn assets(engine: &Engine) -> impl Iterator<Item = AssetId> {
    (0..engine.assets().len() as u16).map(AssetId)
}

/// Balances that are not zero.
fn balances(engine: &Engine, account: AccountId) -> impl Iterator<Item = (AssetId, Balance)> {
    let all = assets(engine).map(move |asset| (asset, engine.balance(account, asset)));
    all.filter(|(_, balance)| *balance != Balance::default())
}

fn as_text(out: &mut impl Write, engine: &Engine) -> io::Result<()> {
    let words = Words { engine };
    writeln!(out, "sequence: {}", engine.sequence())?;
    writeln!(out, "time: {}", Moment(engine.time()))?;
    writeln!(out, "digest: {:016x}", engine.digest())?;
    for asset in assets(engine) {
        let [fees, supply] = [engine.fees_collected(asset), engine.supply(asset)]
            .map(|amount| words.amount(asset, amount));
        writeln!(out, "asset {}: supply {supply}, fees {fees}", words.asset(asset))?;
    }
    for account in accounts(engine) {
        writeln!(out, "account {}", words.account(account))?;
        for (asset, Balance { available, hold }) in balances(engine, account) {
            let [available, hold] = [available, hold].map(|amount| words.amount(asset, amount));
            writeln!(out, "  {}: available {available}, hold {hold}", words.asset(asset))?;
        }
        for order in engine.open_orders(account) {
            let [quantity, filled] =
                [order.quantity(), order.filled].map(|lots| words.quantity(order.market, lots));
            let price = order.kind.price().map(|price| words.price(order.market, price));
            writeln!(
                out,
                "  order {}: {} {} {quantity} at {}, filled {filled}",
                order.id,
                words.market(order.market),
                side_word(order.side),
                price.unwrap_or_default(),
            )?;
        }
    }
    Ok(())
}

fn as_json(engine: &Engine) -> Value {
    let words = Words { engine };
    let asset = |asset: AssetId| {
        json!({
            "asset": words.asset(asset),
            "supply": words.amount(asset, engine.supply(asset)),
            "fees": words.amount(asset, engine.fees_collected(asset)),
        })
    };
    let account = |account: AccountId| {
        let balance = |(asset, balance): (AssetId, Balance)| {
            json!({
                "asset": words.asset(asset),
                "available": words.amount(asset, balance.available),
                "hold": words.amount(asset, balance.hold),
            })
        };
        let orders = engine.open_orders(account).map(|order| order_json(words, &order));
        json!({
            "name": words.account(account),
            "balances": balances(engine, account).map(balance).collect::<Vec<_>>(),
            "orders": orders.collect::<Vec<_>>(),
        })
    };
    json!({
        "sequence": engine.sequence(),
        "time_ms": engine.time().0,
        "digest": format!("{:016x}", engine.digest()),
        "assets": assets(engine).map(asset).collect::<Vec<_>>(),
        "accounts": accounts(engine).map(account).collect::<Vec<_>>(),
    })
}

fn order_json(words: Words<'_>, order: &Order) -> Value {
    json!({
        "order": order.id.0,
        "market": words.market(order.market),
        "side": side_word(order.side),
        "price": order.kind.price().map(|price| words.price(order.market, price)),
        "quantity": words.quantity(order.market, order.quantity()),
        "filled": words.quantity(order.market, order.filled),
        "client_order_id": order.client_id.map(|id| id.as_str().to_owned()),
        "time_ms": order.time.0,
    })
}
