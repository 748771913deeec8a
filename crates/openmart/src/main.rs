//! The command line program of Openmart: runs an exchange, and the tools around it.
//!
//! What enters: arguments, a configuration, signals. What leaves: an exchange on the network, or a
//! few lines on standard output; log lines and the one sentence of an error on standard error; an
//! exit code. What it must not know: how orders match, how bytes lie on disk, what a request looks
//! like.

mod arguments;
mod bootstrap;
mod config;
mod demo;
mod journal;
mod logging;
mod master_key;
mod printing;
mod random;
mod serve;
mod server;
mod sign;
mod signals;
mod venue;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use arguments::{Arguments, Command};

/// Memory that one thread took and another freed goes back to the system, even if little is taken after a
/// burst. The allocator of the C library keeps it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Wrong usage ends here, with exit code 2.
    let Arguments { log, command } = Arguments::parse();
    let default = match command {
        Command::Demo(_) => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    };
    logging::start(log.unwrap_or(default));
    let done = match &command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Journal(tool) => journal::run(tool),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openmart: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
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
