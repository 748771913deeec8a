//! Commands that talk to an exchange as its clients do, one file per noun.
//!
//! What enters: arguments. What leaves: requests over `openmart-client`; a table for people or JSON
//! for programs on standard output. What they must not know: anything of the exchange that its API
//! does not tell. Names, JSON and exit codes are promises (`docs/client.md`).

pub(crate) mod arguments;

mod balances;
mod book;
mod completions;
mod connection;
mod exit;
mod ladder;
mod orders;
mod output;
mod table;
mod ticker;
mod trades;
mod watch;

use anyhow::Context;

pub(crate) use exit::exit_code;

use arguments::ClientCommand;

/// Carries one command out.
pub(crate) fn run(command: &ClientCommand) -> anyhow::Result<()> {
    // One thread is enough for one request at a time, and is there at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the client")?;
    runtime.block_on(async {
        match command {
            ClientCommand::Order(command) => orders::run(command).await,
            ClientCommand::Balances(arguments) => balances::run(arguments).await,
            ClientCommand::Trades(arguments) => trades::run(arguments).await,
            ClientCommand::Ticker(arguments) => ticker::run(arguments).await,
            ClientCommand::Book(arguments) => book::run(arguments).await,
            ClientCommand::Watch(arguments) => watch::run(arguments).await,
            ClientCommand::Completions(arguments) => completions::run(arguments),
        }
    })
}
