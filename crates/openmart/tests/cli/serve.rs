//! `openmart serve`: what it keeps, what it refuses, how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use openmart_wire::bitmart_v2::Side;
use tempfile::TempDir;

use crate::support::account::{ALICE, Account, BOB, Key, limit, placed};
use crate::support::http::Connection;
use crate::support::process::{Server, openmart, text};

const EXAMPLE: &str = include_str!("../../../../openmart.example.toml");

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
[rate_limits]
off = true
[[asset]]
code = "BTC"
[[asset]]
code = "USDT"
[[market]]
symbol = "BTC_USDT"
price_decimals = 2
quantity_decimals = 5
fee_maker = "0.001"
fee_taker = "0.002"
[[account]]
name = "alice"
deposits = { BTC = "1000", USDT = "100000000" }
[[account.key]]
key = "6591f7c2491db0a23a1d8ad6911c825e"
secret = "8c08d9d5c3d15b105dbddaf96e427ac6"
memo = "mymemo"
[[account]]
name = "bob"
deposits = { BTC = "1000", USDT = "100000000" }
[[account.key]]
key = "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
secret = "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
memo = "bob"
"#;

/// A configuration and a data folder.
struct Place {
    folder: TempDir,
}

impl Place {
    fn with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        place.configure(config);
        place
    }

    fn configure(&self, config: &str) {
        let path = self.folder.path().join("openmart.toml");
        fs::write(&path, config).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = openmart(["serve"]);
        command.arg("--config").arg(self.folder.path().join("openmart.toml"));
        command.arg("--data-dir").arg(self.data_dir()).args(more);
        command
    }

    fn start(&self) -> Server {
        Server::start(self.command(&[])).unwrap_or_else(|output| panic!("{output:?}"))
    }

    /// The sentence with which it does not start.
    fn refusal(&self, more: &[&str]) -> String {
        refusal(self.command(more))
    }
}

fn refusal(command: Command) -> String {
    let Err(output) = Server::start(command) else { panic!("it started") };
    assert_eq!(output.status.code(), Some(1));
    let log = text(&output.stderr);
    let error = log.lines().last().unwrap_or_default();
    error.strip_prefix("openmart: ").unwrap_or_else(|| panic!("{log}")).to_owned()
}

#[test]
fn the_example_starts_and_shows_generated_keys_once() {
    let place = Place::with(EXAMPLE);
    let more = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let server = Server::start(place.command(&more)).unwrap_or_else(|output| panic!("{output:?}"));
    let issued = server.before.clone();
    assert_eq!(issued.len(), 2, "{issued:?}");
    assert!(issued[0].starts_with("new key of account maker, shown this once: key "));
    // The printed key works.
    let words: Vec<&'static str> = issued[1].clone().leak().split(' ').collect();
    let after = |word| words[words.iter().position(|known| *known == word).unwrap() + 1];
    let last = words.iter().rposition(|known| *known == "memo").unwrap() + 1;
    let (key, secret) =
        (words[words.iter().rposition(|w| *w == "key").unwrap() + 1], after("secret"));
    let key = Key { name: "taker", key, secret, memo: words[last] };
    Account::log_in(server.address, key).unwrap().wallet().unwrap();
    let (status, log) = server.end_with("TERM");
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains(secret) && !log.contains("example-secret"), "{log}");

    let server = Server::start(place.command(&more)).unwrap_or_else(|output| panic!("{output:?}"));
    assert!(server.before.is_empty(), "{:?}", server.before);
    Account::log_in(server.address, key).unwrap();
    let (_, log) = server.end_with("TERM");
    assert!(!log.contains("add asset") && !log.contains("open account"), "{log}");
}

#[test]
fn a_restart_keeps_everything() {
    let place = Place::with(CONFIG);
    let server = place.start();
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let mut bob = Account::log_in(server.address, BOB).unwrap();
    let resting = placed(&alice.place(&limit("BTC_USDT", Side::Buy, "2", "20000.5")).unwrap());
    let filled = placed(&bob.place(&limit("BTC_USDT", Side::Sell, "0.5", "20000")).unwrap());
    let canceled = placed(&bob.place(&limit("BTC_USDT", Side::Sell, "1", "30000")).unwrap());
    assert_eq!(bob.cancel(canceled).unwrap().body, "{}");
    let picture = |alice: &mut Account, bob: &mut Account| {
        let orders = [alice.orders("BTC_USDT").unwrap(), bob.orders("BTC_USDT").unwrap()];
        let trades = [alice.trades("BTC_USDT").unwrap(), bob.trades("BTC_USDT").unwrap()];
        (orders, trades, alice.wallet().unwrap(), bob.wallet().unwrap())
    };
    let before = picture(&mut alice, &mut bob);
    assert_eq!(before.1[0].len(), 1);
    let (status, _) = server.end_with("TERM");
    assert_eq!(status.code(), Some(0));

    let server = place.start();
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let mut bob = Account::log_in(server.address, BOB).unwrap();
    assert_eq!(picture(&mut alice, &mut bob), before);
    for (id, reason) in [(filled, "filled"), (canceled, "canceled"), (999, "unknown")] {
        let answer = bob.cancel(id).unwrap();
        assert_eq!((answer.status, answer.header("X-Openmart-Reason")), (404, Some(reason)));
    }
    assert_eq!(alice.cancel(resting).unwrap().body, "{}");
}

#[test]
fn a_token_outlives_the_process_that_issued_it() {
    let place = Place::with(CONFIG);
    let mut server = place.start();
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let order = placed(&alice.place(&limit("BTC_USDT", Side::Buy, "2", "20000.5")).unwrap());
    server.kill();
    let server = place.start();
    // The same token over another connection.
    let mut alice = alice.beside(server.address).unwrap();
    assert_eq!(alice.cancel(order).unwrap().body, "{}");
    let order = placed(&alice.place(&limit("BTC_USDT", Side::Buy, "2", "20000.5")).unwrap());
    server.end_with("TERM");
    let server = place.start();
    let mut alice = alice.beside(server.address).unwrap();
    assert_eq!(alice.cancel(order).unwrap().body, "{}");
    alice.wallet().unwrap();
    server.end_with("TERM");
    // Another exchange, whose key has the same text and secret, has issued none.
    let other = Place::with(CONFIG);
    let server = other.start();
    let mut alice = alice.beside(server.address).unwrap();
    let answer = alice.place(&limit("BTC_USDT", Side::Buy, "2", "20000.5")).unwrap();
    assert_eq!(answer.status, 401, "{answer:?}");
}

/// Wherever in its shutdown it is by then.
#[test]
fn a_kill_during_the_shutdown_loses_nothing() {
    let place = Place::with(CONFIG);
    let mut server = place.start();
    let alice = Account::log_in(server.address, ALICE).unwrap();
    let mut orders = Vec::new();
    for round in 0..8 {
        let mut alice = alice.beside(server.address).unwrap();
        for order in std::mem::take(&mut orders) {
            assert_eq!(alice.cancel(order).unwrap().body, "{}", "round {round}");
        }
        for _ in 0..5 {
            let order = limit("BTC_USDT", Side::Buy, "1", "20000.5");
            orders.push(placed(&alice.place(&order).unwrap()));
        }
        let signals = format!("kill -TERM {0}; kill -KILL {0}", server.id());
        // The second may find it gone.
        Command::new("sh").args(["-c", &signals]).output().unwrap();
        server.kill();
        server = place.start();
    }
    server.end_with("TERM");
}

#[test]
fn a_first_start_that_cannot_write_hinders_no_later_one() {
    let place = Place::with(CONFIG);
    for sectors in [0, 1, 8, 64] {
        let serve = place.command(&[]);
        let mut limited = Command::new("sh");
        let limit = format!("trap '' XFSZ; ulimit -f {sectors}; exec \"$0\" \"$@\"");
        limited.args(["-c", &limit]).arg(serve.get_program()).args(serve.get_args());
        let error = refusal(limited);
        assert!(error.contains("File too large"), "{sectors}: {error}");
    }
    let server = place.start();
    Account::log_in(server.address, ALICE).unwrap();
    server.end_with("TERM");
}

#[test]
fn the_data_folder_is_for_its_owner_alone() {
    let place = Place::with(CONFIG);
    let server = place.start();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.data_dir()), 0o700);
    assert_eq!(mode(&place.data_dir().join("master.key")), 0o600);
    server.end_with("INT");
}

#[test]
fn a_folder_has_one_exchange_at_a_time() {
    let place = Place::with(CONFIG);
    let server = place.start();
    let error = place.refusal(&[]);
    let expected = format!("is in use by process {}", server.id());
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn a_public_address_needs_permission_and_no_well_known_keys() {
    let place = Place::with(CONFIG);
    let error = place.refusal(&["--listen", "0.0.0.0:0"]);
    assert!(error.contains("well-known keys are active"), "{error}");
    let safe = CONFIG.replace(ALICE.key, "another-key").replace(BOB.key, "one-more-key");
    let place = Place::with(&safe);
    let error = place.refusal(&["--listen", "0.0.0.0:0"]);
    assert!(error.contains("refusing to listen on 0.0.0.0:0 without TLS"), "{error}");
    let error = place.refusal(&["--admin-listen", "0.0.0.0:0"]);
    assert!(error.contains("refusing to listen on 0.0.0.0:0 without TLS"), "{error}");
    place.configure(&safe.replace("[server]", "[server]\npublic_bind_without_tls = true"));
    let started = Server::start(place.command(&["--listen", "0.0.0.0:0"]));
    assert!(started.is_ok());
}

#[test]
fn a_wrong_file_is_refused_by_the_line() {
    let place = Place::with("[server]\nlisten = \"127.0.0.1:0\"\ncolour = \"red\"\n");
    let error = place.refusal(&[]);
    assert!(error.contains("openmart.toml, line 3: unknown field `colour`"), "{error}");
    assert!(!place.data_dir().exists());
    let error = refusal(openmart(["serve", "--config", "/nowhere/openmart.toml"]));
    assert!(error.starts_with("cannot read the configuration /nowhere/openmart.toml: "), "{error}");
}

#[test]
fn differences_are_told_and_fees_applied() {
    let place = Place::with(CONFIG);
    place.start().end_with("TERM");
    let changed = CONFIG
        .replace("fee_taker = \"0.002\"", "fee_taker = \"0\"\nprice_band_multiple = 9")
        .replace("BTC = \"1000\"", "BTC = \"5\"");
    place.configure(&changed);
    let server = place.start();
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let mut bob = Account::log_in(server.address, BOB).unwrap();
    alice.place(&limit("BTC_USDT", Side::Buy, "1", "20000")).unwrap();
    bob.place(&limit("BTC_USDT", Side::Sell, "1", "20000")).unwrap();
    let trades = bob.trades("BTC_USDT").unwrap();
    assert_eq!(trades[0].fees, "0.0000000000");
    let wallet = bob.wallet().unwrap();
    let btc = wallet.iter().find(|entry| entry.id == "BTC").unwrap();
    assert_eq!(btc.available, "999.0000000000", "deposits are made once");
    let (_, log) = server.end_with("TERM");
    assert!(log.contains("set the fees of market BTC_USDT"), "{log}");
    assert!(log.contains("market BTC_USDT has other price_band_multiple here"), "{log}");
}

#[test]
fn the_master_key_must_be_the_right_one() {
    let place = Place::with(CONFIG);
    place.start().end_with("TERM");
    let mut command = place.command(&[]);
    command.env("OPENMART_MASTER_KEY", "00".repeat(32));
    let error = refusal(command);
    assert!(error.contains("is not the one that the secrets"), "{error}");
    let file = place.data_dir().join("master.key");
    let key = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let error = place.refusal(&[]);
    assert!(error.contains("has API keys but no master.key"), "{error}");
    assert!(!file.exists(), "no other key is made up");
    let mut command = place.command(&[]);
    command.env("OPENMART_MASTER_KEY", key.trim());
    let server = Server::start(command).unwrap_or_else(|output| panic!("{output:?}"));
    Account::log_in(server.address, ALICE).unwrap();
}

#[test]
fn the_operator_sees_health_and_metrics() {
    let place = Place::with(CONFIG);
    let mut server = place.start();
    let line = server.line();
    let admin = line.strip_prefix("operator's API on http://").unwrap().parse().unwrap();
    let mut connection = Connection::open(admin).unwrap();
    let ready = connection.request("GET", "/health/ready", &[], "").unwrap();
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
    let metrics = connection.request("GET", "/metrics", &[], "").unwrap();
    assert!(metrics.body.contains("openmart_accounts 2"), "{}", metrics.body);
    server.end_with("TERM");
}

#[test]
fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Place::with(CONFIG).refusal(&["--listen", &address]);
    assert!(error.starts_with(&format!("cannot listen on {address}: ")), "{error}");
}
