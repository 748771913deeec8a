//! Completion scripts.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::process::{run, text};

#[test]
fn every_promised_shell_has_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(["completions", shell]);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
        let script = text(&output.stdout);
        for word in ["cancel-all", "balances", "client-order-id", "demo"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let output = run(["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a shell is `bash`, `zsh` or `fish`"));
}

#[test]
fn the_script_for_bash_is_one() {
    let script = run(["completions", "bash"]).stdout;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(&script).unwrap();
    assert!(bash.wait().unwrap().success());
}
