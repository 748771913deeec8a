//! The command line program of Openmart: runs an exchange, and the tools around it.
//!
//! What enters: arguments, a configuration, signals. What leaves: an exchange on the network, or a
//! few lines on standard output; log lines and the one sentence of an error on standard error; an
//! exit code. What it must not know: how orders match, how bytes lie on disk, what a request looks
//! like.
//!
//! It is a library so that its parsers can be fuzzed; the program is [`run`] and nothing else.

mod admin;
mod arguments;
mod bootstrap;
mod commands;
mod config;
mod demo;
mod faults_file;
mod journal;
mod liquidity;
mod logging;
mod master_key;
mod moment;
mod printing;
mod random;
mod running;
mod serve;
mod server;
mod sign;
mod signals;
mod venue;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use arguments::{Arguments, Command};

/// The program: reads the arguments of the process and does what they say. Wrong usage ends the
/// process with exit code 2.
pub fn run() -> ExitCode {
    let Arguments { log, command } = Arguments::parse();
    let default = match command {
        Command::Demo(_) | Command::ReplayMarket(_) | Command::Admin(_) => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    };
    logging::start(log.unwrap_or(default));
    let done = match &command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Admin(arguments) => admin::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::ReplayMarket(arguments) => liquidity::replay_market(arguments),
        Command::Liquidity(arguments) => liquidity::generate(arguments),
        Command::Journal(tool) => journal::run(tool),
        Command::Client(command) => commands::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openmart: {}", sentence(&error));
            ExitCode::from(commands::exit_code(&error))
        }
    }
}

/// Whether a text is a configuration that `serve` would take. For fuzzing: no text may panic, and
/// the line of an error lies within the text.
///
/// # Panics
///
/// If the parser is defective.
pub fn check_config_text(text: &str) -> bool {
    config::check(text)
}

/// Whether a text is a master key as `OPENMART_MASTER_KEY` holds it. For fuzzing.
pub fn check_master_key_text(text: &str) -> bool {
    master_key::parse(text).is_some()
}

/// The rules of a file of faults, if it is one. For fuzzing: no text may panic, and the lines that are
/// told lie within the text.
///
/// # Panics
///
/// If the parser is defective.
pub fn parse_faults_text(text: &str) -> Option<openmart_wire::admin::faults::FaultRules> {
    faults_file::check(text)
}

/// An error with its causes in one sentence. Causes that an error already tells of are left out.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain().map(|cause| cause.to_string()) {
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence = format!("{sentence}: {cause}");
        }
    }
    sentence
}
