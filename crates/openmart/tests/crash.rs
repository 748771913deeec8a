//! `kill -9` under load, again and again: nothing that was acknowledged is lost, repeated or half
//! there, and nothing that was not acknowledged is half there.
//!
//! Clients of two accounts place, cancel and cancel all, against each other, until a random number
//! of answers has come; then the program is killed in the middle of whatever it does. After each
//! restart everything is compared over the API with what the clients were told, and every balance is
//! computed anew from the trades and open orders. After some rounds the program ends in order and
//! `openmart journal verify` has the last word, and the history that lived through it is compared row
//! by row with one rebuilt from the journal in a second folder.
//!
//! `OPENMART_CRASH_ROUNDS` sets the number of kills (50), `OPENMART_CRASH_SEED` the seed, which a
//! failure prints. The seed repeats what each client does and when the kill comes, not how the
//! clients interleave.

mod support;

#[path = "crash/audit.rs"]
mod audit;
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/load.rs"]
mod load;
#[path = "crash/venue.rs"]
mod venue;

use std::env;
use std::fs;
use std::path::Path;

use audit::audit;
use ledger::Ledgers;
use openmart_history::{FILE_NAME, dump};
use support::process::{Server, run, text};
use support::random::Random;
use venue::Venue;

const ROUNDS: u64 = 50;
const SEED: u64 = 20_261_122;

/// Kills on one folder. What is compared grows with every round, so that more rounds take further
/// folders.
const ROUNDS_PER_FOLDER: u64 = 50;

/// The kill comes at the latest after so many answers.
const ANSWERS_MAX: u64 = 300;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_done() {
    let number = |name: &str, default| match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number")),
        Err(_) => default,
    };
    let (rounds, seed) =
        (number("OPENMART_CRASH_ROUNDS", ROUNDS), number("OPENMART_CRASH_SEED", SEED));
    println!("OPENMART_CRASH_ROUNDS={rounds} OPENMART_CRASH_SEED={seed}");
    let mut random = Random::new(seed);
    let mut left = rounds;
    while left > 0 {
        let kills = left.min(ROUNDS_PER_FOLDER);
        kill_and_audit(kills, &mut random);
        left -= kills;
    }
}

/// One folder, killed so many times.
fn kill_and_audit(kills: u64, random: &mut Random) {
    let venue = Venue::new();
    let mut ledgers = Ledgers::default();
    for round in 0..kills {
        // Now and then the kill hits a start or a recovery, at no point in particular.
        while random.chance(15) {
            venue.spawn_and_kill();
        }
        let mut server = venue.start();
        audit(server.address, &mut ledgers);
        let answers = random.below(ANSWERS_MAX);
        load::run(&mut server, &mut ledgers, answers, round, random.word());
    }
    let server = venue.start();
    audit(server.address, &mut ledgers);
    let figures = ledgers.figures();
    println!("{figures:?}");
    assert!(figures.could_have_failed(kills), "too little happened to find anything");
    let (status, log) = end(server);
    assert_eq!(status, Some(0), "{log}");
    let output = run(["journal", "verify", venue.data_dir()]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}{}", text(&output.stderr));
    assert!(report.ends_with("\nsound\n"), "{report}");
    assert!(report.contains("snapshot at "), "{report}");
    history_is_what_the_journal_says(&venue);
}

/// The file that lived through all kills must have the rows of one that is written anew elsewhere.
fn history_is_what_the_journal_says(venue: &Venue) {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for file in fs::read_dir(venue.data_dir()).expect("the data folder") {
        let file = file.expect("a file of the data folder");
        if !file.file_name().to_string_lossy().starts_with(FILE_NAME) {
            fs::copy(file.path(), copy.path().join(file.file_name())).expect("a copy");
        }
    }
    let output = run(["journal", "rebuild-history", copy.path().to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let rows = |folder: &Path| {
        let mut rows = Vec::new();
        dump(&folder.join(FILE_NAME), |row| rows.push(row)).expect("a history");
        rows
    };
    let (lived, rebuilt) = (rows(Path::new(venue.data_dir())), rows(copy.path()));
    println!("history has {} rows", lived.len());
    for table in ["orders ", "fills ", "trades "] {
        let some = lived.iter().filter(|row| row.starts_with(table)).count();
        assert!(some > 10, "{some} rows of {table}");
    }
    let differing = lived.iter().zip(&rebuilt).find(|(lived, rebuilt)| lived != rebuilt);
    assert_eq!(differing, None);
    assert_eq!(lived.len(), rebuilt.len());
}

fn end(server: Server) -> (Option<i32>, String) {
    let (status, log) = server.end_with("TERM");
    (status.code(), log)
}
