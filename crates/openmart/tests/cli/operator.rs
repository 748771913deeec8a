//! `openmart admin` on accounts, keys, funds, assets and markets of a running exchange.

use std::fs;

use openmart_wire::bitmart_v2::Side;
use serde_json::Value;

use crate::admin::Demo;
use crate::support::account::{Account, BOB, Key, limit, placed};
use crate::support::process::{run, text};

impl Demo {
    /// What a command that must succeed prints.
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.admin(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The sentence of one that must not, and its exit code.
    fn refusal(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.admin(arguments);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        let sentence = text(&output.stderr);
        (output.status.code(), sentence.trim_start_matches("openmart: ").trim_end().to_owned())
    }
}

/// A key as an account uses it.
fn key(created: &Value) -> Key {
    let own = |name: &str| -> &'static str {
        Box::leak(created[name].as_str().unwrap().to_owned().into_boxed_str())
    };
    Key { name: own("account"), key: own("key"), secret: own("secret"), memo: own("memo") }
}

#[test]
fn an_account_a_key_and_a_market_are_made_used_and_ended() {
    let demo = Demo::start(&[]);
    assert_eq!(demo.said(&["asset", "add", "EUR", "--name", "Euro"]), "asset EUR is added\n");
    let new = ["market", "add", "BTC_EUR", "--price-decimals", "2", "--quantity-decimals", "5"];
    let fees = ["--fee-maker", "0", "--fee-taker", "0.0005", "--notional-min", "1"];
    assert_eq!(demo.said(&[&new[..], &fees].concat()), "market BTC_EUR is trading\n");
    assert_eq!(demo.said(&["account", "create", "carol"]), "account carol is open\n");
    assert_eq!(
        demo.said(&["deposit", "carol", "EUR", "1000.5"]),
        "carol has 1000.5000000000 EUR available, 0.0000000000 on hold\n"
    );
    let created = demo.json(&["key", "create", "carol", "--memo", "bot"]);
    let key = key(&created);
    assert_eq!((key.key.len(), key.secret.len()), (32, 32));
    assert_eq!(created["scopes"], serde_json::json!(["read", "trade", "cancel"]));

    let mut carol = Account::log_in(demo.server.address, key).unwrap();
    let id = placed(&carol.place(&limit("BTC_EUR", Side::Buy, "0.01", "50000")).unwrap());
    assert_eq!(
        demo.said(&["withdraw", "carol", "EUR", "0.5"]),
        "carol has 500.0000000000 EUR available, 500.0000000000 on hold\n"
    );
    let shown = demo.said(&["account", "show", "carol"]);
    assert!(shown.starts_with("carol: 1 open orders\nASSET  AVAILABLE"), "{shown}");

    assert_eq!(demo.said(&["market", "halt", "BTC_EUR"]), "market BTC_EUR is halted\n");
    let refused = carol.place(&limit("BTC_EUR", Side::Buy, "0.001", "50000")).unwrap();
    assert_ne!(refused.status, 200, "{}", refused.body);
    assert_eq!(carol.cancel(id).unwrap().body, "{}", "cancels go on");
    assert_eq!(demo.said(&["market", "resume", "BTC_EUR"]), "market BTC_EUR is trading\n");
    placed(&carol.place(&limit("BTC_EUR", Side::Buy, "0.001", "50000")).unwrap());

    let status = demo.json(&["status"]);
    assert_eq!((&status["takes"], &status["accounts"]), (&"everything".into(), &3.into()));
    assert_eq!((&status["markets"], &status["orders_open"]), (&5.into(), &1.into()));
    let written = demo.json(&["snapshot"]);
    assert_eq!(written["sequence"], status["sequence"]);
    assert_eq!(demo.json(&["status"])["snapshot_sequence"], status["sequence"]);

    assert_eq!(demo.said(&["key", "revoke", key.key]), format!("key {} is revoked\n", key.key));
    assert_eq!(demo.said(&["key", "revoke", key.key]), format!("key {} is revoked\n", key.key));
    let refused = carol.place(&limit("BTC_EUR", Side::Buy, "0.001", "50000")).unwrap();
    assert_eq!(refused.status, 401, "{}", refused.body);

    // The secret was told once: neither a list nor a file has it.
    for list in [demo.said(&["key", "list"]), demo.said(&["key", "list", "--json"])] {
        assert!(list.contains(key.key) && !list.contains(key.secret), "{list}");
    }
    let data_dir = demo.data_dir();
    for file in fs::read_dir(&data_dir).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let has = bytes.windows(key.secret.len()).any(|part| part == key.secret.as_bytes());
        assert!(!has, "{} has the secret", path.display());
    }
    let shown = text(&run(["journal", "show", data_dir.to_str().unwrap(), "--json"]).stdout);
    assert!(shown.contains(key.key) && !shown.contains(key.secret), "{shown}");
    demo.end();
}

#[test]
fn a_key_does_what_it_was_made_for_and_from_where() {
    let demo = Demo::start(&[]);
    let reads = ["key", "create", "bob", "--memo", "reader", "--scope", "read"];
    let local = ["--address", "127.0.0.0/8", "--address", "::1"];
    let created = demo.json(&[&reads[..], &local].concat());
    assert_eq!(created["scopes"], serde_json::json!(["read"]));
    assert_eq!(created["addresses"], serde_json::json!(["127.0.0.0/8", "::1/128"]));
    let mut reader = Account::log_in(demo.server.address, key(&created)).unwrap();
    assert_eq!(reader.wallet().unwrap().len(), 4);
    let refused = reader.place(&limit("BTC_USDT", Side::Buy, "0.001", "50000")).unwrap();
    assert_eq!(refused.status, 403, "{}", refused.body);

    let elsewhere = ["key", "create", "bob", "--memo", "far", "--address", "192.0.2.0/24"];
    let far = key(&demo.json(&elsewhere));
    assert!(std::panic::catch_unwind(|| Account::log_in(demo.server.address, far)).is_err());
    // Those he has go on.
    Account::log_in(demo.server.address, BOB).unwrap().wallet().unwrap();
}

#[test]
fn what_makes_no_sense_is_one_sentence_and_changes_nothing() {
    let demo = Demo::start(&[]);
    let market = |symbol: &'static str, more: &[&'static str]| {
        let words = ["market", "add", symbol, "--price-decimals", "2", "--quantity-decimals", "5"];
        [&words[..], more].concat()
    };
    let fees = ["--fee-maker", "0", "--fee-taker", "0"];
    let before = demo.json(&["status"])["accounts"].clone();
    for (arguments, reason) in [
        (vec!["account", "create", "alice"], "the exchange refused: already exists"),
        (vec!["account", "create", ""], "empty or too long"),
        (vec!["account", "show", "al/ice"], "there is no account \"al/ice\""),
        (vec!["deposit", "nobody", "BTC", "1"], "there is no account \"nobody\""),
        (vec!["deposit", "alice", "XYZ", "1"], "there is no asset \"XYZ\""),
        (vec!["deposit", "alice", "BTC", "0"], "amount is zero"),
        (vec!["deposit", "alice", "BTC", "0.00000000001"], "amount \"0.00000000001\": "),
        (vec!["deposit", "alice", "BTC", "much"], "amount \"much\": "),
        (vec!["withdraw", "alice", "BTC", "1000.1"], "insufficient funds"),
        (vec!["key", "create", "nobody", "--memo", "m"], "there is no account \"nobody\""),
        (vec!["key", "create", "bob", "--memo", "m", "--address", "a/8"], "not an address"),
        (vec!["key", "revoke", "nokey"], "there is no key \"nokey\""),
        (vec!["asset", "add", "btc"], "an asset code is 1 to 15"),
        (vec!["asset", "add", "BTC"], "already exists"),
        (market("BTCUSDT", &fees), "is not a symbol such as BTC_USDT"),
        (market("BTC_XYZ", &fees), "there is no asset \"XYZ\""),
        (market("BTC_USDT", &fees), "already exists"),
        (market("BTC_BMX", &["--fee-maker", "2", "--fee-taker", "0"]), "more than everything"),
        (vec!["market", "halt", "NO_NE"], "there is no market \"NO_NE\""),
    ] {
        let (code, sentence) = demo.refusal(&arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {sentence}");
        assert!(sentence.contains(reason), "{arguments:?}: {sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
    }
    assert_eq!(demo.refusal(&["deposit", "alice", "BTC"]).0, Some(2));
    assert_eq!(demo.json(&["status"])["accounts"], before);
    let keys = demo.json(&["key", "list"]);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    let alice = demo.json(&["account", "show", "alice"]);
    assert_eq!(alice["balances"][0]["available"], "1000.0000000000");
}
