//! `openmart demo`: what it prints works, and nothing stays behind.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use openmart_wire::bitmart_v2::{Side, SymbolDetails};

use crate::support::account::{ALICE, Account, BOB, limit, parsed, placed};
use crate::support::http::Connection;
use crate::support::journal::commands;
use crate::support::process::{Server, openmart, run, text};

/// A demo on a free port with its temporary folder in `temporary`.
fn demo(temporary: &Path, more: &[&str]) -> Server {
    let mut command = openmart(["demo", "--listen", "127.0.0.1:0", "--no-liquidity"]);
    command.args(more).env("TMPDIR", temporary);
    Server::start(command).unwrap_or_else(|output| panic!("{output:?}"))
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// Everything up to the last line of the printed session.
fn session(server: &mut Server) -> String {
    let mut session = String::new();
    loop {
        let line = server.line();
        session.push_str(&line);
        session.push('\n');
        if line.ends_with("\"X-BM-SIGNATURE: $SIGNATURE\"") {
            return session;
        }
    }
}

#[test]
fn the_printed_lines_place_an_order_and_cancel_it() {
    let temporary = tempfile::tempdir().unwrap();
    let mut server = demo(temporary.path(), &["--seed", "7"]);
    assert!(server.before.is_empty(), "the address comes first: {:?}", server.before);
    let session = session(&mut server);
    for key in [ALICE, BOB] {
        assert!(session.contains(key.key) && session.contains(key.secret), "{session}");
    }
    assert!(session.contains("echo -n \"entrust_id=$ID\" | openssl dgst -sha256 -hmac"));
    let output = Command::new("sh").args(["-c", &session]).output().unwrap();
    assert_eq!(text(&output.stdout), "{}\n", "{}", text(&output.stderr));
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let orders = alice.orders("BMX_ETH").unwrap();
    let [order] = &orders[..] else { panic!("one order was placed: {orders:?}") };
    assert_eq!((order.status as u8, order.side), (4, Side::Buy));
}

#[test]
fn nothing_stays_behind() {
    for signal in ["TERM", "INT"] {
        let temporary = tempfile::tempdir().unwrap();
        let server = demo(temporary.path(), &[]);
        assert!(!is_empty(temporary.path()));
        let (status, log) = server.end_with(signal);
        assert_eq!((status.code(), log.as_str()), (Some(0), ""), "{signal}");
        assert!(is_empty(temporary.path()), "{signal}");
    }
}

#[test]
fn what_a_killed_demo_leaves_goes_with_the_next() {
    let temporary = tempfile::tempdir().unwrap();
    demo(temporary.path(), &[]).kill();
    let other = demo(temporary.path(), &[]);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1, "only that of the second");
    other.end_with("TERM");
    assert!(is_empty(temporary.path()));
}

#[test]
fn markets_and_accounts_are_as_promised() {
    let temporary = tempfile::tempdir().unwrap();
    let server = demo(temporary.path(), &[]);
    let mut connection = Connection::open(server.address).unwrap();
    let answer = connection.request("GET", "/v2/symbols_details", &[], "").unwrap();
    let markets: Vec<SymbolDetails> = parsed(&answer);
    let mut names: Vec<&str> = markets.iter().map(|market| market.id.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["BMX_ETH", "BTC_USDT", "ETH_BTC", "ETH_USDT"]);
    for key in [ALICE, BOB] {
        let mut wallet = Account::log_in(server.address, key).unwrap().wallet().unwrap();
        wallet.sort_by(|a, b| a.id.cmp(&b.id));
        let held: Vec<(&str, &str)> =
            wallet.iter().map(|entry| (entry.id.as_str(), entry.available.as_str())).collect();
        let expected = [
            ("BMX", "10000000.0000000000"),
            ("BTC", "1000.0000000000"),
            ("ETH", "10000.0000000000"),
            ("USDT", "100000000.0000000000"),
        ];
        assert_eq!(held, expected, "{}", key.name);
    }
}

#[test]
fn the_exchange_of_the_test_crate_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    demo(folder.path(), &["--data-dir", data_dir.to_str().unwrap()]).end_with("TERM");
    let venue = openmart_test::Venue::builder().start_blocking().unwrap();
    assert_eq!(commands(venue.folder()), commands(&data_dir));
    for key in [ALICE, BOB] {
        let told = venue.key(key.name).unwrap();
        let told = (told.key.as_str(), told.secret.as_str(), told.memo.as_str());
        assert_eq!(told, (key.key, key.secret, key.memo));
        // The secret is sealed in the journal: only its use shows that it is the same.
        let address = venue.url().strip_prefix("http://").unwrap().parse().unwrap();
        Account::log_in(address, key).unwrap();
    }
}

#[test]
fn a_data_folder_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let arguments = ["--data-dir", data_dir.to_str().unwrap()];
    let server = demo(folder.path(), &arguments);
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let id = placed(&alice.place(&limit("ETH_USDT", Side::Buy, "1", "1000")).unwrap());
    server.end_with("TERM");
    let server = demo(folder.path(), &arguments);
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    assert_eq!(alice.cancel(id).unwrap().body, "{}");
    server.end_with("TERM");
    assert!(data_dir.exists());
}

#[test]
fn well_known_keys_refuse_a_public_address() {
    let output = run(["demo", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("refusing to listen on 0.0.0.0:0"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn historic_limits_apply_when_asked_for() {
    let temporary = tempfile::tempdir().unwrap();
    let without = demo(temporary.path(), &[]);
    for _ in 0..10 {
        Account::log_in(without.address, ALICE).unwrap();
    }
    let with = demo(temporary.path(), &["--limits", "historic"]);
    for _ in 0..5 {
        Account::log_in(with.address, ALICE).unwrap();
    }
    let refused = std::panic::catch_unwind(|| Account::log_in(with.address, ALICE).map(|_| ()));
    assert!(refused.is_err(), "a sixth token in one minute");
}

/// Prints how long it took from the start of the process; `--nocapture` shows it.
#[test]
fn the_first_cancel_needs_no_warming_up() {
    let temporary = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let server = demo(temporary.path(), &[]);
    let listening = started.elapsed();
    let mut alice = Account::log_in(server.address, ALICE).unwrap();
    let id = placed(&alice.place(&limit("BTC_USDT", Side::Buy, "1", "20000")).unwrap());
    assert_eq!(alice.cancel(id).unwrap().body, "{}");
    println!("listening after {listening:?}, first cancel after {:?}", started.elapsed());
}
