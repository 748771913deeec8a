//! Accounts opened and shown, and what is credited to them and debited from outside.

use openmart_engine::Engine;
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, DecimalText, NewAccount, parse_decimal,
};
use openmart_wire::admin::accounts as wire;

use super::{Admin, Answering, Incoming, Refused, json, missing, unreadable};

/// `GET /admin/accounts`.
pub(super) fn list(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let from = incoming.from()?;
        Ok(json(&admin.exchange().view(|state| page(state.engine(), from))))
    })
}

fn page(engine: &Engine, from: u32) -> wire::AccountPage {
    let end = u32::try_from(engine.accounts_len()).unwrap_or(u32::MAX);
    let until = end.min(from.saturating_add(wire::ACCOUNTS_MAX as u32));
    let accounts = (from..until).filter_map(|id| account(engine, AccountId(id))).collect();
    wire::AccountPage { accounts, next: (until < end).then_some(until) }
}

fn account(engine: &Engine, id: AccountId) -> Option<wire::Account> {
    let name = engine.account_name(id)?.to_owned();
    let orders_open = engine.open_orders_len(id) as u64;
    Some(wire::Account { id: id.0, name, orders_open, balances: Vec::new() })
}

/// `GET /admin/accounts/{name}`.
pub(super) fn show(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let name = incoming.name();
        let shown = admin.exchange().view(|state| {
            let engine = state.engine();
            let id = engine.account_by_name(&name)?;
            let assets = (0..).map(AssetId).zip(engine.assets());
            let balances = assets.map(|(asset, listed)| balance(engine, id, asset, listed));
            let balances = balances.flatten().collect();
            Some(wire::Account { balances, ..account(engine, id)? })
        });
        Ok(json(&shown.ok_or_else(|| missing("account", &name))?))
    })
}

/// What an account has of an asset, if it has anything.
fn balance(
    engine: &Engine,
    id: AccountId,
    asset: AssetId,
    listed: &Asset,
) -> Option<wire::Balance> {
    let balance = engine.balance(id, asset);
    let has_some = !balance.available.is_zero() || !balance.hold.is_zero();
    let text = |amount: Amount| DecimalText::new(amount.units(), listed.decimals).to_string();
    has_some.then(|| wire::Balance {
        asset: listed.code.clone(),
        available: text(balance.available),
        hold: text(balance.hold),
    })
}

/// `POST /admin/accounts`.
pub(super) fn open(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let wire::NewAccount { name } = incoming.json()?;
        let new = NewAccount { name: name.clone(), deposits: Vec::new(), keys: Vec::new() };
        admin.carry_out(Command::AddAccount(new)).await?;
        let opened = admin.exchange().view(|state| {
            let engine = state.engine();
            engine.account_by_name(&name).and_then(|id| account(engine, id))
        });
        Ok(json(&opened.ok_or_else(|| missing("account", &name))?))
    })
}

/// `POST /admin/deposits`.
pub(super) fn deposit(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(transfer(admin, incoming, |account, asset, amount| Command::Deposit {
        account,
        asset,
        amount,
    }))
}

/// `POST /admin/withdrawals`.
pub(super) fn withdraw(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(transfer(admin, incoming, |account, asset, amount| Command::Withdraw {
        account,
        asset,
        amount,
    }))
}

async fn transfer(
    admin: &Admin,
    incoming: Incoming,
    command: fn(AccountId, AssetId, Amount) -> Command,
) -> Result<axum::response::Response, Refused> {
    let wire::Transfer { account: name, asset: code, amount } = incoming.json()?;
    let (account, asset) = admin.exchange().view(|state| {
        let engine = state.engine();
        (engine.account_by_name(&name), engine.asset_by_code(&code))
    });
    let account = account.ok_or_else(|| missing("account", &name))?;
    let asset = asset.ok_or_else(|| missing("asset", &code))?;
    let decimals = admin.exchange().view(|state| state.engine().assets()[asset.index()].decimals);
    let units = parse_decimal(&amount, decimals);
    let units = units.map_err(|error| unreadable("amount", &amount, error))?;
    let (sequence, _) = admin.carry_out(command(account, asset, Amount::new(units))).await?;
    let balance = admin.exchange().view(|state| state.engine().balance(account, asset));
    let text = |amount: Amount| DecimalText::new(amount.units(), decimals).to_string();
    let (available, hold) = (text(balance.available), text(balance.hold));
    let balance = wire::Balance { asset: code, available, hold };
    Ok(json(&wire::Transferred { account: name, balance, sequence }))
}
