//! A demo in a temporary folder, and its operator, who moves time and state.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use openmart_wire::bitmart_v2::Order;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::account::{Account, Key, parsed};
use crate::support::http::{Connection, Response};
use crate::support::process::{Server, openmart, run};

pub(crate) const MINUTE_MS: u64 = 60_000;

/// A demo in a temporary folder, and its operator.
pub(crate) struct Demo {
    pub(crate) server: Server,
    pub(crate) operator: Operator,
    pub(crate) temporary: TempDir,
}

#[derive(Clone)]
pub(crate) struct Operator {
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Operator {
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub(crate) fn send(&self, method: &str, target: &str, body: &Value) -> Response {
        let bearer = format!("Bearer {}", self.token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut connection = Connection::open(self.address()).unwrap();
        connection.request(method, target, &[("Authorization", &bearer)], &body).unwrap()
    }

    pub(crate) fn tell(&self, target: &str, body: Value) -> Value {
        parsed(&self.send("POST", target, &body))
    }

    pub(crate) fn time(&self, wish: Value) -> Value {
        self.tell("/admin/time", wish)
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.state()["sequence"].as_u64().unwrap()
    }

    /// Asks until the exchange has come so far.
    pub(crate) fn wait_for_sequence(&self, sequence: u64) {
        while self.sequence() < sequence {
            std::thread::yield_now();
        }
    }

    pub(crate) fn state(&self) -> Value {
        parsed(&self.send("GET", "/admin/state", &Value::Null))
    }

    /// Status and sentence.
    pub(crate) fn refusal(&self, target: &str, body: &Value) -> (u16, String) {
        let answer = self.send("POST", target, body);
        assert_ne!(answer.status, 200, "{target} {body}: {answer:?}");
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, told["message"].as_str().unwrap().to_owned())
    }

    pub(crate) fn admin(&self, arguments: &[&str]) -> Output {
        let mut command = openmart(["admin", "--url", &self.url]);
        command.env("OPENMART_ADMIN_TOKEN", &self.token).args(arguments).output().unwrap()
    }
}

impl Demo {
    /// Without other participants.
    pub(crate) fn start(more: &[&str]) -> Self {
        Self::start_live(&[&["--no-liquidity"], more].concat())
    }

    /// With the makers and takers of the program, unless told otherwise.
    pub(crate) fn start_live(more: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut command = openmart(["demo", "--listen", "127.0.0.1:0"]);
        command.args(["--admin-listen", "127.0.0.1:0"]).args(more);
        command.env("TMPDIR", temporary.path());
        let mut server = Server::start(command).unwrap_or_else(|output| panic!("{output:?}"));
        let mut exported = |name: &str| loop {
            let line = server.line();
            if let Some((_, value)) = line.split_once(&format!("{name}=")) {
                break value.to_owned();
            }
        };
        let operator = Operator {
            url: exported("OPENMART_ADMIN_URL"),
            token: exported("OPENMART_ADMIN_TOKEN"),
        };
        Self { server, operator, temporary }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(crate) fn log_in(&self, key: Key) -> Account {
        Account::log_in(self.address(), key).unwrap()
    }

    /// Ends it; nothing may stay behind, and nothing have gone wrong.
    pub(crate) fn end(self) {
        assert_eq!(self.end_with_log(), "");
    }

    pub(crate) fn end_with_log(self) -> String {
        let (status, log) = self.server.end_with("TERM");
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(fs::read_dir(self.temporary.path()).unwrap().count(), 0);
        log
    }
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub(crate) fn status_of(account: &mut Account, id: u64) -> u8 {
    parsed::<Order>(&account.order(id).unwrap()).status as u8
}

pub(crate) fn held(account: &mut Account, asset: &str) -> String {
    let wallet = account.wallet().unwrap();
    wallet.into_iter().find(|entry| entry.id == asset).unwrap().frozen
}

/// Copies what a backup would, and has it checked by the program itself.
pub(crate) fn verify(folder: &Path) {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap()) {
        let name = file.file_name().into_string().unwrap();
        if name.starts_with("segment-0") || name.starts_with("snapshot-") {
            fs::copy(file.path(), copy.path().join(name)).unwrap();
        }
    }
    let verified = run([Path::new("journal"), Path::new("verify"), copy.path()]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}
