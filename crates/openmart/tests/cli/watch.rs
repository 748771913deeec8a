//! Pushes as lines.

use serde_json::Value;

use crate::support::account::{ALICE, BOB};
use crate::support::process::{openmart, text};
use crate::support::trader::Demo;

#[test]
fn pushes_are_lines_for_people_and_json_for_programs() {
    let demo = Demo::new();
    let (alice, bob) = (demo.trader(ALICE), demo.trader(BOB));
    alice.place("BTC_USDT", "sell", "0.5", "60000");
    bob.place("BTC_USDT", "buy", "0.2", "60000");
    let lines = alice.table(&["watch", "BTC_USDT", "--count", "1"]);
    let expected = "2026-01-01T00:00:00.000Z BTC_USDT trade buy 0.20000 BTC at 60000.00 USDT\n";
    assert_eq!(lines, expected);
    let book = alice.table(&["watch", "BTC_USDT", "--channel", "book", "--count", "1"]);
    assert_eq!(book, "BTC_USDT book bid none ask 60000.00 (0.30000 BTC)\n");
    let channels = ["--channel", "price", "--channel", "kline", "--channel", "trades"];
    let watch = [&["watch", "BTC_USDT", "--json", "--count", "3"] as &[_], &channels].concat();
    let (code, out, error) = alice.run(&watch);
    assert_eq!((code, error.as_str()), (0, ""));
    let pushed: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let topics: Vec<_> = pushed.iter().map(|push| push["subscribe"].as_str().unwrap()).collect();
    assert_eq!(topics, ["price", "kline", "trade"]);
    assert_eq!(pushed[1]["data"]["current_price"], "60000.00");
}

#[test]
fn no_key_is_needed_and_a_reader_may_go_away() {
    let demo = Demo::new();
    let url = format!("http://{}", demo.server.address);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = openmart(["watch", "BTC_USDT", "--url", &url, "--channel", "book"]);
    let output = command.stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
