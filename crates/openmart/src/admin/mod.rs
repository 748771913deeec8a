//! `openmart admin`: what the operator tells a running exchange.
//!
//! What enters: arguments. What leaves: requests to the operator's listener, and its answers as a
//! table for people or as JSON for programs. One file for each noun.

mod account;
pub(crate) mod arguments;
mod asset;
mod client;
mod faults;
mod key;
mod market;
mod race;
mod state;
mod status;
mod table;
mod time;

use anyhow::Context;
use openmart_wire::admin::accounts::{DEPOSITS, WITHDRAWALS};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::{Admin, AdminNoun};
use crate::printing::print;
use crate::running::ADMIN_TOKEN;
use client::Client;

pub(crate) use client::Unreachable;

/// Tells it, and prints what it answers.
pub(crate) fn run(arguments: &Admin) -> anyhow::Result<()> {
    let token = match &arguments.token {
        Some(token) => token.clone(),
        None => {
            let path = arguments.data_dir.join(ADMIN_TOKEN);
            let token = std::fs::read_to_string(&path);
            token.with_context(|| {
                format!(
                    "cannot read the operator's token {}; give --token or --data-dir",
                    path.display()
                )
            })?
        }
    };
    let client = Client::new(&arguments.url, token.trim())?;
    match &arguments.noun {
        AdminNoun::Faults(wish) => faults::run(&client, wish, arguments.json),
        AdminNoun::Race(wish) => race::run(&client, wish, arguments.json),
        AdminNoun::Time(wish) => time::run(&client, wish, arguments.json),
        AdminNoun::State(wish) => state::run(&client, wish, arguments.json),
        AdminNoun::Account(wish) => account::run(&client, wish, arguments.json),
        AdminNoun::Key(wish) => key::run(&client, wish, arguments.json),
        AdminNoun::Deposit(wish) => account::transfer(&client, DEPOSITS, wish, arguments.json),
        AdminNoun::Withdraw(wish) => account::transfer(&client, WITHDRAWALS, wish, arguments.json),
        AdminNoun::Asset(wish) => asset::run(&client, wish, arguments.json),
        AdminNoun::Market(wish) => market::run(&client, wish, arguments.json),
        AdminNoun::Snapshot => status::snapshot(&client, arguments.json),
        AdminNoun::Status => status::run(&client, arguments.json),
    }
}

/// Prints an answer as JSON, or as the lines that `table` makes of it.
fn show<T: Serialize + DeserializeOwned>(
    answer: &T,
    json: bool,
    table: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    let text = match json {
        true => serde_json::to_string(answer)? + "\n",
        false => table(answer),
    };
    print(|out| std::io::Write::write_all(out, text.as_bytes()))
}
