//! `openmart admin key`: keys created, listed, revoked.

use hyper::Method;
use openmart_wire::admin::keys::{CreatedKey, KEYS, Key, KeyPage, NewKey, Scope};

use super::arguments::{AdminKey, ScopeName};
use super::client::{Client, segment};
use super::show;
use super::table::table;

pub(super) fn run(client: &Client, wish: &AdminKey, json: bool) -> anyhow::Result<()> {
    match wish {
        AdminKey::Create { account, memo, scopes, addresses } => {
            let new = NewKey {
                account: account.clone(),
                memo: memo.clone(),
                scopes: scopes.iter().map(|name| scope(*name)).collect(),
                addresses: addresses.clone(),
            };
            let created: CreatedKey = client.tell(Method::POST, KEYS, &new)?;
            show(&created, json, |CreatedKey { key, secret, .. }| {
                let Key { key, account, memo, .. } = key;
                format!(
                    "new key of account {account}, shown this once: key {key} secret {secret} memo {memo}\n"
                )
            })
        }
        AdminKey::List => {
            let mut all = KeyPage { keys: Vec::new(), next: Some(0) };
            while let Some(from) = all.next {
                let page: KeyPage = client.ask(Method::GET, &format!("{KEYS}?from={from}"))?;
                all.keys.extend(page.keys);
                all.next = page.next;
            }
            show(&all, json, |all| lines(&all.keys))
        }
        AdminKey::Revoke { key } => {
            let path = format!("{KEYS}/{}", segment(key));
            let revoked: Key = client.ask(Method::DELETE, &path)?;
            show(&revoked, json, |key| format!("key {} is revoked\n", key.key))
        }
    }
}

fn scope(name: ScopeName) -> Scope {
    match name {
        ScopeName::Read => Scope::Read,
        ScopeName::Trade => Scope::Trade,
        ScopeName::Cancel => Scope::Cancel,
    }
}

fn lines(keys: &[Key]) -> String {
    let word = |scope: &Scope| match scope {
        Scope::Read => "read",
        Scope::Trade => "trade",
        Scope::Cancel => "cancel",
    };
    let row = |key: &Key| {
        let scopes: Vec<&str> = key.scopes.iter().map(word).collect();
        let state = if key.revoked { "revoked" } else { "" };
        let (scopes, addresses) = (scopes.join(" "), key.addresses.join(" "));
        [key.account.clone(), key.key.clone(), key.memo.clone(), scopes, addresses, state.into()]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    table(["ACCOUNT", "KEY", "MEMO", "SCOPES", "ADDRESSES", "STATE"], &rows)
}
