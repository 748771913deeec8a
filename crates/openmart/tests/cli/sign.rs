//! `openmart sign` gives what the documented `openssl` line gives.

use crate::support::account::ALICE;
use crate::support::process::{openmart, run, text};

const MESSAGE: &str = "entrust_id=1223181";
const SIGNATURE: &str = "de4ed768cea4eb2f0fe081009eab1f41c5fd6ff6ed53768df7fe252472c257b3\n";

#[test]
fn the_documented_message_has_the_documented_signature() {
    let output = run(["sign", MESSAGE, "--secret", ALICE.secret]);
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), (SIGNATURE, Some(0)));
    let mut command = openmart(["sign", MESSAGE]);
    let output = command.env("OPENMART_SECRET", ALICE.secret).output().unwrap();
    assert_eq!(text(&output.stdout), SIGNATURE);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn without_a_secret_it_is_wrong_usage() {
    let output = run(["sign", MESSAGE]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains("--secret"));
}

#[test]
fn help_shows_no_secret() {
    let mut command = openmart(["sign", "--help"]);
    let output = command.env("OPENMART_SECRET", "very-secret").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!text(&output.stdout).contains("very-secret"));
}
