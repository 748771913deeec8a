//! The program from outside: arguments, files, signals, exit codes, and what it prints.

#![expect(clippy::unwrap_used, reason = "what surprises a test should stop it")]

mod support;

#[path = "cli/admin.rs"]
mod admin;
#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/ephemeral.rs"]
mod ephemeral;
#[path = "cli/journal.rs"]
mod journal;
#[path = "cli/liquidity.rs"]
mod liquidity;
#[path = "cli/operator.rs"]
mod operator;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/sign.rs"]
mod sign;
#[path = "cli/state.rs"]
mod state;
#[path = "cli/time.rs"]
mod time;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/watch.rs"]
mod watch;
