//! `openmart balances`.

use openmart_client::WalletEntry;

use super::arguments::Balances;
use super::connection::open_private;
use super::output::{show, sum};
use super::table::{Table, left, right};

pub(super) async fn run(arguments: &Balances) -> anyhow::Result<()> {
    let Balances { connection } = arguments;
    let wallet = open_private(connection)?.wallet().await?;
    show(connection.json, &wallet, |wallet| table(wallet))
}

fn table(wallet: &[WalletEntry]) -> Table {
    let columns = [left("ASSET"), right("AVAILABLE"), right("HOLD"), right("TOTAL"), left("NAME")];
    let mut table = Table::new(columns, "no assets");
    for entry in wallet {
        table.row([
            entry.id.clone(),
            entry.available.clone(),
            entry.frozen.clone(),
            sum(&entry.available, &entry.frozen).unwrap_or_else(|| "?".to_owned()),
            entry.name.clone(),
        ]);
    }
    table
}
