//! Commands and outcomes as JSON, for programs. Numbers that people would call decimal are texts.

use openmart_model::{
    Command, CommandResult, Event, FeeSchedule, NewAccount, NewKey, NewOrder, OrderKind, Outcome,
};
use serde_json::{Map, Value, json};

use super::words::{Words, side_word, status_word, time_in_force_word, trades};

/// A command as an object; its member `type` says which. Secrets, sealed as they are, are left out.
pub(super) fn command(words: Words<'_>, command: &Command) -> Value {
    match command {
        Command::Place(order) => place(words, order),
        Command::Cancel { account, order } => {
            json!({"type": "cancel", "account": words.account(*account), "order": order.0})
        }
        Command::CancelAll { account, market, side } => json!({
            "type": "cancel_all",
            "account": words.account(*account),
            "market": market.map(|market| words.market(market)),
            "side": side.map(side_word),
        }),
        Command::Deposit { account, asset, amount } => json!({
            "type": "deposit",
            "account": words.account(*account),
            "asset": words.asset(*asset),
            "amount": words.amount(*asset, *amount),
        }),
        Command::Withdraw { account, asset, amount } => json!({
            "type": "withdraw",
            "account": words.account(*account),
            "asset": words.asset(*asset),
            "amount": words.amount(*asset, *amount),
        }),
        Command::AddAsset(asset) => json!({
            "type": "add_asset",
            "code": asset.code,
            "name": asset.name,
            "decimals": asset.decimals,
        }),
        Command::AddMarket(spec) => json!({
            "type": "add_market",
            "base": words.asset(spec.base),
            "quote": words.asset(spec.quote),
            "price_decimals": spec.price_decimals,
            "quantity_decimals": spec.quantity_decimals,
            "fees_ppm": fees(spec.fees),
        }),
        Command::SetMarketStatus { market, status } => json!({
            "type": "set_market_status",
            "market": words.market(*market),
            "status": status_word(*status),
        }),
        Command::SetMarketFees { market, fees: set } => json!({
            "type": "set_market_fees",
            "market": words.market(*market),
            "fees_ppm": fees(*set),
        }),
        Command::SetAccountFees { account, market, fees: set } => json!({
            "type": "set_account_fees",
            "account": words.account(*account),
            "market": words.market(*market),
            "fees_ppm": set.map(fees),
        }),
        Command::AddAccount(account) => add_account(words, account),
        Command::AddKey { account, key: added } => json!({
            "type": "add_key",
            "account": words.account(*account),
            "key": key(added),
        }),
        Command::RevokeKey { key } => json!({
            "type": "revoke_key",
            "key": words.engine.key(*key).map(|known| &known.spec.key),
        }),
        Command::SetRules { version } => json!({"type": "set_rules", "version": version}),
    }
}

fn place(words: Words<'_>, order: &NewOrder) -> Value {
    let NewOrder { account, market, side, kind, client_id } = order;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.into(), value);
    put("type", "place".into());
    put("account", words.account(*account).into());
    put("market", words.market(*market).into());
    put("side", side_word(*side).into());
    match kind {
        OrderKind::Limit { price, quantity, time_in_force } => {
            put("kind", "limit".into());
            put("price", words.price(*market, *price).into());
            put("quantity", words.quantity(*market, *quantity).into());
            put("time_in_force", time_in_force_word(*time_in_force).into());
        }
        OrderKind::Market { quantity } => {
            put("kind", "market".into());
            put("quantity", words.quantity(*market, *quantity).into());
        }
        OrderKind::MarketNotional { notional } => {
            put("kind", "market_notional".into());
            put("notional", words.notional(*market, *notional).into());
        }
    }
    if let Some(id) = client_id {
        put("client_order_id", id.as_str().into());
    }
    object.into()
}

fn add_account(words: Words<'_>, account: &NewAccount) -> Value {
    let deposit = |(asset, amount): &(_, _)| json!({"asset": words.asset(*asset), "amount": words.amount(*asset, *amount)});
    json!({
        "type": "add_account",
        "name": account.name,
        "deposits": account.deposits.iter().map(deposit).collect::<Vec<_>>(),
        "keys": account.keys.iter().map(key).collect::<Vec<_>>(),
    })
}

fn key(key: &NewKey) -> Value {
    let scopes =
        [("read", key.scopes.read), ("trade", key.scopes.trade), ("cancel", key.scopes.cancel)];
    let scopes: Vec<&str> = scopes.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
    json!({"key": key.key, "memo": key.memo, "scopes": scopes, "ranges": key.ranges.len()})
}

fn fees(fees: FeeSchedule) -> Value {
    json!({"maker": fees.maker.ppm(), "taker": fees.taker.ppm()})
}

/// What a command led to, as an object.
pub(super) fn outcome(result: &CommandResult, events: &[Event]) -> Value {
    match result {
        Err(reject) => json!({"type": "rejected", "reason": reject.to_string()}),
        Ok(Outcome::Done) => json!({"type": "done"}),
        Ok(Outcome::Placed { order, duplicate }) => json!({
            "type": "placed",
            "order": order.0,
            "duplicate": duplicate,
            "trades": trades(events),
        }),
        Ok(Outcome::Canceled { order, .. }) => json!({"type": "canceled", "order": order.0}),
        Ok(Outcome::CanceledAll { orders }) => json!({"type": "canceled_all", "orders": orders}),
        Ok(Outcome::AssetAdded(id)) => json!({"type": "asset_added", "id": id.0}),
        Ok(Outcome::MarketAdded(id)) => json!({"type": "market_added", "id": id.0}),
        Ok(Outcome::AccountAdded(id)) => json!({"type": "account_added", "id": id.0}),
        Ok(Outcome::KeyAdded(id)) => json!({"type": "key_added", "id": id.0}),
    }
}
