//! Where log lines go: standard error, one line a fact.

use std::io;

use tracing_subscriber::filter::LevelFilter;

/// Starts logging for the whole process.
pub(crate) fn start(level: LevelFilter) {
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
}
