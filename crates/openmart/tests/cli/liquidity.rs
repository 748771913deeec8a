//! A live book, data folders of a seed, and recorded markets.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use openmart_history::{FILE_NAME, dump};
use openmart_wire::bitmart_v2::Side;
use serde_json::Value;

use crate::support::account::{ALICE, Account, limit, parsed, placed};
use crate::support::http::Connection;
use crate::support::journal::commands;
use crate::support::process::{Server, openmart, run, text};

/// How often a book is looked at before it counts as empty for good.
const LOOKS_MAX: usize = 100_000;

const SYMBOLS: [&str; 4] = ["BTC_USDT", "ETH_USDT", "ETH_BTC", "BMX_ETH"];

fn start(arguments: &[&str]) -> Server {
    let mut command = openmart(arguments);
    command.args(["--listen", "127.0.0.1:0"]);
    Server::start(command).unwrap_or_else(|output| panic!("{output:?}"))
}

/// Number of bids and asks of a market.
fn levels(connection: &mut Connection, symbol: &str) -> (usize, usize) {
    let path = format!("/v2/symbols/{symbol}/orders");
    let book: Value = parsed(&connection.request("GET", &path, &[], "").unwrap());
    let count = |side: &str| book[side].as_array().map_or(0, Vec::len);
    (count("buys"), count("sells"))
}

fn has_depth(address: SocketAddr, symbol: &str) {
    let mut connection = Connection::open(address).unwrap();
    let deep = |(bids, asks)| bids >= 5 && asks >= 5;
    let found = (0..LOOKS_MAX).any(|_| deep(levels(&mut connection, symbol)));
    assert!(found, "{symbol} stayed empty");
}

#[test]
fn the_demo_has_books_that_can_be_traded_with() {
    let server = start(&["demo", "--seed", "3"]);
    for symbol in SYMBOLS {
        has_depth(server.address, symbol);
    }
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    placed(&alice.place(&limit("BTC_USDT", Side::Buy, "0.01", "66000")).unwrap());
    let orders = alice.orders("BTC_USDT").unwrap();
    let [order] = &orders[..] else { panic!("one order was placed: {orders:?}") };
    assert_eq!(order.status as u8, 3, "filled at once: {order:?}");
    let (status, log) = server.end_with("TERM");
    assert_eq!((status.code(), log.as_str()), (Some(0), ""));
}

#[test]
fn a_kept_demo_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap().to_owned();
    let mut server = start(&["demo", "--data-dir", &data_dir]);
    has_depth(server.address, "BTC_USDT");
    server.kill();
    let server = start(&["demo", "--data-dir", &data_dir]);
    has_depth(server.address, "BTC_USDT");
    server.end_with("TERM");
    let output = run(["journal", "verify", &data_dir]);
    assert!(text(&output.stdout).ends_with("\nsound\n"), "{output:?}");
}

#[test]
fn demos_of_one_seed_trade_the_same_command_for_command() {
    let parent = tempfile::tempdir().unwrap();
    let run = |name: &str, seed: &str| {
        let folder = parent.path().join(name);
        let server = start(&["demo", "--seed", seed, "--data-dir", folder.to_str().unwrap()]);
        SYMBOLS.into_iter().for_each(|symbol| has_depth(server.address, symbol));
        let (status, log) = server.end_with("TERM");
        assert_eq!((status.code(), log.as_str()), (Some(0), ""));
        commands(&folder)
    };
    let (first, second, other) = (run("a", "7"), run("b", "7"), run("c", "8"));
    let both = first.len().min(second.len());
    assert!(both > 100, "{both} commands");
    assert!(first[..both] == second[..both]);
    assert!(!other.starts_with(&first[..100]), "another seed is another flow");
}

/// The files of the journal, snapshots and the mark of what was acknowledged among them.
fn journal(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let name = |entry: &fs::DirEntry| entry.file_name().to_str().unwrap().to_owned();
    let mut files: Vec<_> = entries
        .filter(|entry| ![FILE_NAME, "lock"].contains(&name(entry).as_str()))
        .map(|entry| (name(&entry), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    assert!(files.iter().any(|(name, _)| name.starts_with("segment-")), "{}", folder.display());
    files
}

/// Everything in a folder's history.
fn rows(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    dump(&folder.join(FILE_NAME), |row| rows.push(row)).unwrap();
    assert!(rows.len() > 1_000, "{} rows", rows.len());
    rows
}

/// The last word of what a tool that must succeed says: the digest.
fn digest_of(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let said = text(&output.stdout);
    said.trim_end().rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn folders_of_one_seed_are_the_same() {
    let parent = tempfile::tempdir().unwrap();
    let folders = ["a", "b", "c"].map(|name| parent.path().join(name));
    let digests = [("7", 0), ("7", 1), ("8", 2)].map(|(seed, at)| {
        let dir = folders[at].to_str().unwrap();
        digest_of(&["liquidity", "--seed", seed, "--commands", "3000", "--data-dir", dir])
    });
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert!(journal(&folders[0]) == journal(&folders[1]));
    assert!(rows(&folders[0]) == rows(&folders[1]));
    let output = run(["journal", "verify", folders[0].to_str().unwrap()]);
    let report = text(&output.stdout);
    assert!(report.ends_with("\nsound\n") && report.contains(&digests[0]), "{report}");
}

/// The one sentence of what must fail.
fn error_of(arguments: &[&str], code: i32) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    text(&output.stderr)
}

#[test]
fn what_cannot_be_generated_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let arguments = ["liquidity", "--data-dir", dir.to_str().unwrap(), "--set"];
    let with = |setting: &'static str| [&arguments[..], &[setting]].concat();
    let error = error_of(&with("makers=0"), 1);
    assert_eq!(error, "openmart: cannot set makers to 0: it must be from 1 to 100\n");
    assert!(error_of(&with("maker=1"), 1).contains("there is no such setting"));
    assert!(error_of(&with("makers"), 2).contains("a setting is a name, an equals sign"));
    assert!(!dir.exists());
    fs::write(folder.path().join("something"), "").unwrap();
    let error = error_of(&["liquidity", "--data-dir", folder.path().to_str().unwrap()], 1);
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

const BOOK: &str = "\
timestamp_ms,side,price,quantity
1000,bid,100.00,1.5
1000,ask,101.00,2
2500,ask,101.00,1
";

#[test]
fn a_recorded_book_can_be_traded_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.csv");
    fs::write(&file, BOOK).unwrap();
    let file = file.to_str().unwrap();
    let mut server = start(&["replay-market", file, "--market", "BTC_USDT", "--speed", "100"]);
    let said = loop {
        let line = server.line();
        if line.starts_with("replayed ") {
            break line;
        }
    };
    assert!(said.ends_with("book.csv: 8 commands, 0 refused"), "{said}");
    let mut connection = Connection::open(server.address).unwrap();
    assert_eq!(levels(&mut connection, "BTC_USDT"), (1, 1));
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    placed(&alice.place(&limit("BTC_USDT", Side::Buy, "1", "101")).unwrap());
    assert_eq!(levels(&mut connection, "BTC_USDT"), (1, 0), "the last update left one");
    let (status, log) = server.end_with("TERM");
    assert_eq!((status.code(), log.as_str()), (Some(0), ""));
}

#[test]
fn a_recording_becomes_the_same_folder_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.csv");
    fs::write(&file, BOOK).unwrap();
    let folders = ["a", "b"].map(|name| folder.path().join(name));
    let digests = folders.clone().map(|dir| {
        let (file, dir) = (file.to_str().unwrap(), dir.to_str().unwrap());
        digest_of(&["replay-market", file, "--market", "BTC_USDT", "--offline", "--data-dir", dir])
    });
    assert_eq!(digests[0], digests[1]);
    assert!(journal(&folders[0]) == journal(&folders[1]));
}

#[test]
fn a_bad_recording_is_one_sentence_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.csv");
    fs::write(&file, format!("{BOOK}3000,ask,101.005,1\n")).unwrap();
    let (file, dir) = (file.to_str().unwrap(), folder.path().join("data"));
    let data_dir = dir.to_str().unwrap();
    let replay = ["replay-market", file, "--data-dir", data_dir, "--market"];
    for offline in [&["BTC_USDT", "--offline"][..], &["BTC_USDT"]] {
        let error = error_of(&[&replay[..], offline].concat(), 1);
        assert!(error.contains("bad.csv, line 5: price \"101.005\" is no number"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let error = error_of(&[&replay[..], &["XYZ_USDT"]].concat(), 1);
    assert!(error.contains("the demo has no market XYZ_USDT, only BMX_ETH, BTC_USDT"), "{error}");
    let error = error_of(&[&replay[..], &["BTC_USDT", "--speed", "fast"]].concat(), 2);
    assert!(error.contains("a speed is a number from 0.001 to 1000000, or max"), "{error}");
    let error = error_of(&["replay-market", "missing.csv", "--market", "BTC_USDT"], 1);
    assert!(error.contains("cannot read the recording missing.csv"), "{error}");
    let error = error_of(&["replay-market", file, "--market", "BTC_USDT", "--offline"], 1);
    assert!(error.contains("bad.csv, line 5") || error.contains("needs --data-dir"), "{error}");
    assert!(!dir.exists());
}

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
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
[liquidity]
enabled = true
values = { BTC = "50000", USDT = "1" }
"#;

#[test]
fn a_configured_venue_has_books_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("openmart.toml");
    let serve = |text: &str| {
        fs::write(&config, text).unwrap();
        let mut command = openmart(["--log", "warn", "serve", "--data-dir"]);
        command.arg(folder.path().join("data")).arg("--config").arg(&config);
        Server::start(command)
    };
    let server = serve(CONFIG).unwrap_or_else(|output| panic!("{output:?}"));
    has_depth(server.address, "BTC_USDT");
    let (status, log) = server.end_with("TERM");
    assert_eq!((status.code(), log.as_str()), (Some(0), ""));

    let own = "[[account]]\nname = \"taker-2\"\n[[account.key]]\nkey = \"k\"\nsecret = \"s\"\nmemo = \"m\"\n";
    let Err(output) = serve(&format!("{CONFIG}{own}")) else { panic!("it started") };
    let error = text(&output.stderr);
    assert!(error.contains("account taker-2 has API keys"), "{error}");
    let Err(output) = serve(&CONFIG.replace("BTC = \"50000\", ", "")) else { panic!("it started") };
    let error = text(&output.stderr);
    assert!(error.contains("liquidity: there is no market of two assets"), "{error}");
}
