//! The examples as programs, against a real exchange.
//!
//! Cargo builds them when it tests the whole package, and puts them beside the tests.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::venue::{DEMO_ALICE, DEMO_BOB, Venue};

/// What each is called with, and what its output has to begin with, line by line.
const EXAMPLES: [(&str, &[&str], &[&str]); 3] = [
    ("follow_book", &["BMX_ETH", "1"], &["bid none  ask none"]),
    (
        "market_maker",
        &["1"],
        &[
            "buy 100 at 0.00009995",
            "sell 100 at 0.00010005",
            "order 2 canceled",
            "order 3 canceled",
        ],
    ),
    (
        "place_and_cancel",
        &[],
        &[
            "order 1 rests in the book",
            "canceled: off the book, its funds free, nothing can fill it any more",
        ],
    ),
];

/// Runs an example to its end, which has to be a good one, and gives what it printed.
pub(crate) async fn run(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let tests = env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    let program = built.with_extension(env::consts::EXE_EXTENSION);
    assert!(
        program.exists(),
        "{} is not built: `cargo test --package openmart-client` without --test builds it",
        program.display()
    );
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    assert_eq!(output.stderr, b"", "{name}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_does_what_it_says() {
    let venue = Venue::with_demo_keys().await;
    let url = format!("http://{}", venue.address);
    // In an order that makes the ids those above.
    for name in ["follow_book", "place_and_cancel", "market_maker"] {
        let (_, arguments, lines) = EXAMPLES.into_iter().find(|(of, ..)| *of == name).unwrap();
        let printed = run(name, arguments, &[("OPENMART_URL", &url)]).await;
        assert_eq!(printed.lines().collect::<Vec<_>>(), lines, "{name}");
    }
    for key in [DEMO_ALICE, DEMO_BOB] {
        let wallet = venue.client(key).wallet().await.unwrap();
        assert!(wallet.iter().all(|row| row.frozen.trim_matches(['0', '.']).is_empty()));
    }
}

#[test]
fn no_example_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort_unstable();
    assert_eq!(files, EXAMPLES.map(|(name, ..)| format!("{name}.rs")));
}
