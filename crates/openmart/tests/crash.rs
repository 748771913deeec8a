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
//! A second test does the same under a flood: a hundred connections, a thousand answers and more in
//! a round, and an audit that does not grow with the folder. `OPENMART_CRASH_FLOOD_ROUNDS` sets its
//! number of kills (10).
//!
//! `OPENMART_CRASH_ROUNDS` sets the number of kills (50), `OPENMART_CRASH_SEED` the seed, which a
//! failure prints. The seed repeats what each client does and when the kill comes, not how the
//! clients interleave.

mod support;

#[path = "crash/audit.rs"]
mod audit;
#[path = "crash/flood.rs"]
mod flood;
#[path = "crash/fuse.rs"]
mod fuse;
#[path = "crash/history.rs"]
mod history;
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/load.rs"]
mod load;
#[path = "crash/replay.rs"]
mod replay;
#[path = "crash/venue.rs"]
mod venue;

use std::env;
use std::ops::Range;
use std::time::Instant;

use audit::audit;
use history::history_is_what_the_journal_says;
use ledger::Ledgers;
use replay::Replay;
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

/// Kills under a flood, in `make test`.
const FLOOD_ROUNDS: u64 = 10;

/// Kills under a flood on one folder: some thirty thousand commands.
const FLOODS_PER_FOLDER: u64 = 25;

/// How many folders share one comparison of history row by row, which costs more than a round.
const FOLDERS_PER_HISTORY: u64 = 10;

/// The kill comes after so many answers.
const FLOOD_ANSWERS: Range<u64> = 500..2_000;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_done() {
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
    end_and_verify(server, &venue);
    history_is_what_the_journal_says(&venue);
}

/// Some hundred requests at a time, more than a thousand a round. Each entry of the journal is held
/// against what was asked and told, and what is served against an engine that replays it.
#[test]
fn a_flood_of_commands_is_neither_lost_nor_repeated_nor_reordered() {
    let rounds = number("OPENMART_CRASH_FLOOD_ROUNDS", FLOOD_ROUNDS);
    let seed = number("OPENMART_CRASH_SEED", SEED);
    println!("OPENMART_CRASH_FLOOD_ROUNDS={rounds} OPENMART_CRASH_SEED={seed}");
    let (mut random, mut figures, began) =
        (Random::new(seed), replay::Figures::default(), Instant::now());
    for folder in 0..rounds.div_ceil(FLOODS_PER_FOLDER) {
        let kills = FLOODS_PER_FOLDER.min(rounds - folder * FLOODS_PER_FOLDER);
        let history = folder % FOLDERS_PER_HISTORY == 0;
        figures += flood_and_audit(kills, &mut random, history);
        if folder % 10 == 0 || (folder + 1) * FLOODS_PER_FOLDER >= rounds {
            println!(
                "{} rounds in {:.1?}: {figures:?}",
                folder * FLOODS_PER_FOLDER + kills,
                began.elapsed()
            );
        }
    }
    assert!(figures.could_have_failed(rounds), "too little happened to find anything: {figures:?}");
}

/// One folder, killed so many times.
fn flood_and_audit(kills: u64, random: &mut Random, history: bool) -> replay::Figures {
    let venue = Venue::new();
    let mut server = venue.start();
    let mut replay = Replay::of(venue.data_dir(), server.address);
    for round in 0..kills {
        let answers = FLOOD_ANSWERS.start + random.below(FLOOD_ANSWERS.end - FLOOD_ANSWERS.start);
        let asked = flood::run(&mut server, replay.open_orders(), answers, round, random.word());
        while random.chance(15) {
            venue.spawn_and_kill();
        }
        server = venue.start();
        replay.audit(server.address, asked);
    }
    end_and_verify(server, &venue);
    if history {
        history_is_what_the_journal_says(&venue);
    }
    replay.figures
}

fn end_and_verify(server: Server, venue: &Venue) {
    let (status, log) = end(server);
    assert_eq!(status, Some(0), "{log}");
    let output = run(["journal", "verify", venue.data_dir()]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}{}", text(&output.stderr));
    assert!(report.ends_with("\nsound\n"), "{report}");
    assert!(report.contains("snapshot at "), "{report}");
}

fn number(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number")),
        Err(_) => default,
    }
}

fn end(server: Server) -> (Option<i32>, String) {
    let (status, log) = server.end_with("TERM");
    (status.code(), log)
}
