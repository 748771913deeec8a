//! `openmart admin account`, `deposit` and `withdraw`.

use hyper::Method;
use openmart_wire::admin::accounts::{
    ACCOUNTS, Account, AccountPage, Balance, NewAccount, Transfer, Transferred,
};

use super::arguments::{AdminAccount, AdminTransfer};
use super::client::{Client, segment};
use super::show;
use super::table::table;

pub(super) fn run(client: &Client, wish: &AdminAccount, json: bool) -> anyhow::Result<()> {
    match wish {
        AdminAccount::Create { name } => {
            let new = NewAccount { name: name.clone() };
            let account: Account = client.tell(Method::POST, ACCOUNTS, &new)?;
            show(&account, json, |account| format!("account {} is open\n", account.name))
        }
        AdminAccount::List => {
            let mut all = AccountPage { accounts: Vec::new(), next: Some(0) };
            while let Some(from) = all.next {
                let path = format!("{ACCOUNTS}?from={from}");
                let page: AccountPage = client.ask(Method::GET, &path)?;
                all.accounts.extend(page.accounts);
                all.next = page.next;
            }
            show(&all, json, lines)
        }
        AdminAccount::Show { name } => {
            let path = format!("{ACCOUNTS}/{}", segment(name));
            let account: Account = client.ask(Method::GET, &path)?;
            show(&account, json, |account| {
                let head = format!("{}: {} open orders\n", account.name, account.orders_open);
                head + &balances(&account.balances)
            })
        }
    }
}

pub(super) fn transfer(
    client: &Client,
    path: &str,
    AdminTransfer { account, asset, amount }: &AdminTransfer,
    json: bool,
) -> anyhow::Result<()> {
    let (account, asset, amount) = (account.clone(), asset.clone(), amount.clone());
    let done: Transferred =
        client.tell(Method::POST, path, &Transfer { account, asset, amount })?;
    show(&done, json, |done| {
        let Balance { asset, available, hold } = &done.balance;
        format!("{} has {available} {asset} available, {hold} on hold\n", done.account)
    })
}

fn lines(page: &AccountPage) -> String {
    let row = |account: &Account| {
        [account.id.to_string(), account.name.clone(), account.orders_open.to_string()]
    };
    let rows: Vec<_> = page.accounts.iter().map(row).collect();
    table(["ID", "ACCOUNT", "OPEN ORDERS"], &rows)
}

fn balances(balances: &[Balance]) -> String {
    let row = |balance: &Balance| {
        [balance.asset.clone(), balance.available.clone(), balance.hold.clone()]
    };
    let rows: Vec<_> = balances.iter().map(row).collect();
    table(["ASSET", "AVAILABLE", "ON HOLD"], &rows)
}
