//! A demo without other participants, and the program's commands as one of its accounts.

use std::net::SocketAddr;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::account::Key;
use super::process::{Server, openmart, text};

/// A demo in a folder of its own.
pub(crate) struct Demo {
    pub(crate) server: Server,
    _temporary: TempDir,
}

impl Demo {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let mut command = openmart(["demo", "--listen", "127.0.0.1:0", "--no-liquidity"]);
        command.env("TMPDIR", temporary.path());
        let server = Server::start(command).expect("the demo starts");
        Self { server, _temporary: temporary }
    }

    pub(crate) fn trader(&self, key: Key) -> Trader {
        Trader { address: self.server.address, key }
    }
}

/// Somebody with a key and a shell.
#[derive(Clone, Copy)]
pub(crate) struct Trader {
    address: SocketAddr,
    key: Key,
}

impl Trader {
    /// A command with this key in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = openmart(arguments);
        command
            .env("OPENMART_URL", format!("http://{}", self.address))
            .env("OPENMART_KEY", self.key.key)
            .env("OPENMART_SECRET", self.key.secret)
            .env("OPENMART_MEMO", self.key.memo);
        command
    }

    /// Exit code, standard output and standard error.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } =
            self.command(arguments).output().expect("openmart runs");
        (status.code().expect("it ends by itself"), text(&stdout), text(&stderr))
    }

    /// What a command prints that must succeed, times left out.
    pub(crate) fn table(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{arguments:?}");
        timeless(&out)
    }

    /// The one JSON value on the one line that a command prints that must succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let (code, out, error) = self.run(&arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{arguments:?}");
        assert_eq!(out.lines().count(), 1, "{out}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Places an order that must be accepted; its id.
    pub(crate) fn place(&self, symbol: &str, side: &str, amount: &str, price: &str) -> u64 {
        let placed = self.json(&["order", "place", symbol, side, amount, price]);
        placed["entrust_id"].as_u64().expect("an id")
    }
}

/// The same text with a fixed time in place of every one.
fn timeless(text: &str) -> String {
    const TIME: &str = "2026-01-01T00:00:00.000Z";
    let is_time = |word: &str| word.len() == TIME.len() && word.ends_with('Z');
    let mut replaced = String::new();
    for line in text.lines() {
        let words = line.split(' ').map(|word| if is_time(word) { TIME } else { word });
        replaced.push_str(&words.collect::<Vec<_>>().join(" "));
        replaced.push('\n');
    }
    replaced
}
