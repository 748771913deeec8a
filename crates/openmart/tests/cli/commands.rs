//! Trading from a shell: tables for people, JSON for programs, exit codes.

use std::env;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::account::{ALICE, BOB};
use crate::support::process::text;
use crate::support::trader::Demo;

#[test]
fn an_order_is_placed_shown_and_canceled() {
    let demo = Demo::new();
    let alice = demo.trader(ALICE);
    let said = alice.table(&["order", "place", "BTC_USDT", "buy", "0.5", "60000.50"]);
    assert_eq!(said, "order 1 placed: buy 0.5 BTC at 60000.5 USDT\n");
    let expected = "\
ORDER  SIDE  PRICE USDT  AMOUNT BTC  FILLED BTC          FEES       STATUS  PLACED
    1  buy     60000.50     0.50000     0.00000  0.0000000000  BTC  open    2026-01-01T00:00:00.000Z
";
    assert_eq!(alice.table(&["order", "list", "BTC_USDT"]), expected);
    assert_eq!(alice.table(&["order", "show", "1"]), expected);
    let balances = "\
ASSET            AVAILABLE              HOLD                 TOTAL  NAME
BTC        1000.0000000000      0.0000000000       1000.0000000000  Bitcoin
ETH       10000.0000000000      0.0000000000      10000.0000000000  Ethereum
BMX    10000000.0000000000      0.0000000000   10000000.0000000000  BitMart Token
USDT   99969999.7500000000  30000.2500000000  100000000.0000000000  Tether
";
    assert_eq!(alice.table(&["balances"]), balances);
    assert_eq!(alice.table(&["order", "cancel", "1"]), "order 1 canceled\n");
    assert_eq!(alice.table(&["order", "list", "BTC_USDT"]), "no orders\n");
    let (code, out, error) = alice.run(&["order", "cancel", "1"]);
    let refused = "openmart: the exchange refused: Not found (the order was canceled before)\n";
    assert_eq!((code, out.as_str(), error.as_str()), (1, "", refused));
}

#[test]
fn json_has_the_names_of_the_api() {
    let demo = Demo::new();
    let alice = demo.trader(ALICE);
    let place = ["order", "place", "ETH_USDT", "sell", "2", "3000", "--client-order-id", "mine"];
    let placed = alice.json(&place);
    assert_eq!((&placed["entrust_id"], &placed["client_order_id"]), (&json!(1), &json!("mine")));
    assert!(placed["sequence"].is_u64());
    assert_eq!(alice.json(&place)["entrust_id"], 1, "the same name is the same order");
    let listed = alice.json(&["order", "list", "ETH_USDT"]);
    assert_eq!(
        (&listed["total_orders"], &listed["orders"][0]["price"]),
        (&json!(1), &json!("3000.00"))
    );
    assert_eq!(alice.json(&["order", "show", "1"])["status"], 1);
    assert_eq!(alice.json(&["balances"])[0]["id"], "BTC");
    assert_eq!(alice.json(&["book", "ETH_USDT"])["sells"][0]["amount"], "2.0000");
    assert_eq!(alice.json(&["ticker", "ETH_USDT"])["ask_1"], "3000.00");
    assert_eq!(alice.json(&["ticker"]).as_array().map(Vec::len), Some(4));
    assert_eq!(alice.json(&["trades", "ETH_USDT"]), json!([]));
    assert_eq!(alice.json(&["trades", "ETH_USDT", "--own"])["total_trades"], 0);
    let canceled = alice.json(&["order", "cancel", "1"]);
    assert_eq!(canceled["entrust_id"], 1);
    let finished = alice.json(&["order", "list", "ETH_USDT", "--status", "canceled"]);
    assert_eq!(finished["orders"][0]["status"], 4);
    let all = alice.json(&["order", "cancel-all", "ETH_USDT"]);
    assert_eq!((&all[0]["side"], &all[1]["side"]), (&json!("buy"), &json!("sell")));
}

#[test]
fn a_trade_is_seen_by_everybody_and_by_its_owners() {
    let demo = Demo::new();
    let (alice, bob) = (demo.trader(ALICE), demo.trader(BOB));
    let maker = alice.place("BTC_USDT", "sell", "0.5", "60000");
    let taker = bob.place("BTC_USDT", "buy", "0.2", "60000");
    let public = "\
TIME                      TAKER  PRICE USDT  AMOUNT BTC   NOTIONAL USDT
2026-01-01T00:00:00.000Z  buy      60000.00     0.20000  12000.00000000
";
    assert_eq!(alice.table(&["trades", "BTC_USDT"]), public);
    let own = "\
TIME                      TRADE  ORDER  SIDE  ROLE   PRICE USDT  AMOUNT BTC            FEE
2026-01-01T00:00:00.000Z      1      1  sell  maker    60000.00     0.20000  12.0000000000  USDT
";
    assert_eq!(alice.table(&["trades", "BTC_USDT", "--own"]), own);
    let of_order = bob.table(&["trades", "BTC_USDT", "--order", &taker.to_string()]);
    assert!(of_order.contains("taker") && of_order.contains("0.0004000000  BTC"), "{of_order}");
    let ticker = "\
MARKET        LAST   BID       ASK  CHANGE %       LOW      HIGH   VOLUME        TURNOVER
BTC_USDT  60000.00  0.00  60000.00     +0.00  60000.00  60000.00  0.20000  BTC  12000.00000  USDT
";
    let printed = alice.table(&["ticker", "BTC_USDT"]);
    assert_eq!(squeezed(&printed), squeezed(ticker));
    alice.place("BTC_USDT", "sell", "1", "61000.5");
    bob.place("BTC_USDT", "buy", "3", "59000");
    let book = "\
SIDE  PRICE USDT  AMOUNT BTC  TOTAL BTC  ORDERS
ask     61000.50     1.00000    1.30000       1
ask     60000.00     0.30000    0.30000       1
bid     59000.00     3.00000    3.00000       1
";
    assert_eq!(alice.table(&["book", "BTC_USDT"]), book);
    let shallow = alice.table(&["book", "BTC_USDT", "--levels", "1", "--precision", "0"]);
    assert!(shallow.contains("ask        60000") && !shallow.contains("61"), "{shallow}");
    let (code, _, error) = alice.run(&["order", "cancel-all", "BTC_USDT", "sell"]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(alice.table(&["order", "show", &maker.to_string()]).contains("canceled"));
    let (code, _, error) = bob.run(&["order", "cancel", &taker.to_string()]);
    assert_eq!(code, 1);
    assert!(error.contains("the order was filled before"), "{error}");
}

/// Columns are compared elsewhere; here what is in them.
fn squeezed(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

/// The first session of `docs/client.md`, as somebody would paste it.
#[test]
fn the_documented_session_does_what_its_comments_say() {
    let page = include_str!("../../../../docs/client.md");
    let session = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let demo = Demo::new();
    let documented = "http://127.0.0.1:8470";
    assert!(session.contains(documented), "{session}");
    let session = session.replace(documented, &format!("http://{}", demo.server.address));
    let program = Path::new(env!("CARGO_BIN_EXE_openmart"));
    let path = format!("{}:{}", program.parent().unwrap().display(), env::var("PATH").unwrap());
    let output =
        Command::new("sh").args(["-e", "-c", &session]).env("PATH", path).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let printed = text(&output.stdout);
    let comments = session.lines().filter_map(|line| line.split_once("# ")).map(|(_, said)| said);
    let mut said = 0;
    for comment in comments {
        assert!(printed.contains(comment), "{comment}: {printed}");
        said += 1;
    }
    assert_eq!(said, 2, "{session}");
}
