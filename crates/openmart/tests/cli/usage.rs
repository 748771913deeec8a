//! Commands that cannot be carried out: one sentence each, and the exit code that says whose turn
//! it is.

use std::net::TcpListener;

use crate::support::account::ALICE;
use crate::support::process::{openmart, run, text};
use crate::support::trader::Demo;

const PLACE: [&str; 6] = ["order", "place", "BTC_USDT", "buy", "1", "20000"];

/// Exit code and sentence of a command with these variables.
fn told(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = openmart(arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    (output.status.code().unwrap(), text(&output.stderr))
}

#[test]
fn a_key_that_is_missing_or_incomplete_is_named() {
    let (code, sentence) = told(&PLACE, &[]);
    let expected = "openmart: this needs an API key: give --key, --secret and --memo, \
                    or set OPENMART_KEY, OPENMART_SECRET and OPENMART_MEMO\n";
    assert_eq!((code, sentence.as_str()), (2, expected));
    for (variables, missing) in [
        (&[("OPENMART_KEY", "k")] as &[_], "the secret (--secret or OPENMART_SECRET) and the memo"),
        (&[("OPENMART_KEY", "k"), ("OPENMART_SECRET", "s")], "the memo (--memo or OPENMART_MEMO)"),
        (&[("OPENMART_MEMO", "m"), ("OPENMART_SECRET", "s")], "the key (--key or OPENMART_KEY)"),
    ] {
        // Public commands do not pass over it either.
        for arguments in [&PLACE as &[&str], &["ticker"]] {
            let (code, sentence) = told(arguments, variables);
            assert_eq!((code, sentence.lines().count()), (2, 1), "{sentence}");
            assert!(sentence.contains(missing), "{sentence}");
        }
    }
}

#[test]
fn a_secret_that_cannot_be_right_is_said_so_and_not_shown() {
    for secret in ["hidden ", "hidden\n", "\"hidden\u{a0}\"", ""] {
        let key = [("OPENMART_KEY", "k"), ("OPENMART_SECRET", secret), ("OPENMART_MEMO", "m")];
        let (code, sentence) = told(&PLACE, &key);
        assert_eq!((code, sentence.lines().count()), (2, 1), "{sentence}");
        assert!(sentence.contains("the API key cannot be right: the secret"), "{sentence}");
        assert!(!sentence.contains("hidden"), "{sentence}");
    }
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    for (arguments, part) in [
        (&["order", "place", "BTC_USDT", "hold", "1", "2"] as &[&str], "`buy` or `sell`"),
        (&["order", "place", "BTC_USDT", "buy", "1e5", "2"], "\"1e5\" is not a decimal number"),
        (&["order", "place", "BTC_USDT", "buy", "1", "2", "--client-order-id", "a b"], "a b"),
        (&["order", "cancel", "first"], "first"),
        (&["order", "list", "BTC_USDT", "--limit", "1001"], "1001"),
        (&["ticker", "btc/usdt"], "\"btc/usdt\" is not a symbol"),
        (&["book", "BTC_USDT", "--watch", "--json"], "--json"),
        (&["ticker", "--url", "localhost:8470"], "is not a base URL"),
        (&["ticker", "--url", "ftp://localhost"], "is not a base URL"),
    ] {
        let (code, error) = told(arguments, &[]);
        assert!(code == 2 && error.contains(part), "{arguments:?}: {code} {error}");
    }
}

#[test]
fn nobody_there_is_another_code() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    for arguments in [&["ticker"] as &[&str], &["watch", "BTC_USDT"], &["order", "cancel", "1"]] {
        let key = [("OPENMART_KEY", "k"), ("OPENMART_SECRET", "s"), ("OPENMART_MEMO", "m")];
        let (code, sentence) = told(&[arguments, &["--url", &url]].concat(), &key);
        assert_eq!((code, sentence.lines().count()), (3, 1), "{arguments:?}: {sentence}");
        assert!(sentence.starts_with("openmart: cannot reach "), "{sentence}");
    }
}

#[test]
fn what_the_exchange_refuses_is_told_in_its_words() {
    let demo = Demo::new();
    let alice = demo.trader(ALICE);
    for (arguments, sentence) in [
        (&["ticker", "NO_SUCH"] as &[&str], "the exchange refused: Unknown symbol"),
        (&["order", "show", "99"], "the exchange refused: Not found"),
        (
            &["order", "cancel", "99"],
            "the exchange refused: Not found (there is no such order of this account)",
        ),
        (
            &["order", "place", "BTC_USDT", "buy", "1", "20000.001"],
            "the exchange refused: Invalid price",
        ),
        (
            &["balances", "--secret", "another"],
            "the exchange does not accept the key: Invalid request",
        ),
        (&["watch", "NO_SUCH"], "the exchange refused: Unknown symbol"),
    ] {
        let told = alice.run(arguments);
        assert_eq!(told, (1, String::new(), format!("openmart: {sentence}\n")), "{arguments:?}");
    }
}

#[test]
fn no_help_shows_what_is_secret() {
    for arguments in [&["balances", "--help"] as &[&str], &["order", "place", "-h"]] {
        let mut command = openmart(arguments);
        command.env("OPENMART_SECRET", "very-secret").env("OPENMART_MEMO", "very-secret");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        assert!(help.contains("OPENMART_SECRET") && !help.contains("very-secret"), "{help}");
    }
}

#[test]
fn a_live_book_needs_a_terminal() {
    let output = run(["book", "BTC_USDT", "--watch"]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "openmart: --watch draws in a terminal, and this is none; \
                    without it the book is printed once\n";
    assert_eq!(text(&output.stderr), expected);
}
