//! The engine against the oracle, over random commands.
//!
//! `OPENMART_SIM_COMMANDS` is the number of commands in all, `OPENMART_SIM_SEED` the seed of the
//! first run; each further run has the next seed. `OPENMART_SIM_SEEDS` is a number of whole runs
//! instead, `OPENMART_SIM_THREADS` how many run at a time. A failure prints what repeats it.

mod tally;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use openmart_model::{Command, CommandResult, Timestamp};
use openmart_sim::environment::{number, threads};
use openmart_sim::pair::Pair;
use openmart_sim::seeds;
use openmart_sim::workload::random::RandomCommands;
use tally::Tally;

const COMMANDS_DEFAULT: u64 = 1_000_000;
const SEED_DEFAULT: u64 = 1;
/// Commands of one run, after which everything starts anew. Bounds the remembered client order ids.
const COMMANDS_PER_RUN: u64 = 2_000;
/// Commands between two comparisons of everything that can be read.
const READS_EVERY: u64 = 20;
/// Commands between two restorations of the engine from its snapshot.
const RESTORE_EVERY: u64 = 97;
const HISTORY_SHOWN: usize = 20;

#[test]
fn engine_and_oracle_agree_on_random_commands() {
    let seeds = number("OPENMART_SIM_SEEDS", 0) * COMMANDS_PER_RUN;
    let default = if seeds == 0 { COMMANDS_DEFAULT } else { seeds };
    let commands = number("OPENMART_SIM_COMMANDS", default);
    let first = number("OPENMART_SIM_SEED", SEED_DEFAULT);
    let run = |seed| {
        let left = commands - (seed - first) * COMMANDS_PER_RUN;
        run_one(seed, left.min(COMMANDS_PER_RUN))
    };
    let seeds = first..first + commands.div_ceil(COMMANDS_PER_RUN);
    let tallies = seeds::for_each(seeds.clone(), threads(), run);
    let mut sum = Tally::default();
    tallies.iter().for_each(|tally| sum.add(tally));
    println!("{commands} commands of the seeds {seeds:?} agreed");
    if commands >= COMMANDS_DEFAULT {
        sum.assert_everything_happened();
    }
}

/// Feeds the commands of one seed; panics at the first disagreement.
fn run_one(seed: u64, count: u64) -> Tally {
    let mut tally = Tally::default();
    let mut source = RandomCommands::new(seed);
    let mut pair = Pair::new();
    let mut history = VecDeque::new();
    for step in 1..=count {
        let (time, command) = (source.time(), source.command(&pair.oracle));
        let applied = catch_unwind(AssertUnwindSafe(|| apply(&mut pair, step, time, &command)));
        let applied = applied.unwrap_or_else(|_| Err("a panic, told above".into()));
        history.push_back((step, time, command.clone()));
        if history.len() > HISTORY_SHOWN {
            history.pop_front();
        }
        match applied {
            Ok(result) => tally.count(&command, &result, pair.events()),
            Err(difference) => {
                let last: Vec<String> = history.iter().map(|entry| format!("{entry:?}")).collect();
                panic!(
                    "seed {seed}, command {step}: {difference}\nlast commands:\n{}\nrepeat with \
                     make sim SEED={seed} COMMANDS={step}",
                    last.join("\n"),
                );
            }
        }
    }
    tally
}

fn apply(
    pair: &mut Pair,
    step: u64,
    time: Timestamp,
    command: &Command,
) -> Result<CommandResult, String> {
    let result = pair.apply_and_digest(time, command)?;
    if step.is_multiple_of(READS_EVERY) {
        pair.compare_reads()?;
    }
    if step.is_multiple_of(RESTORE_EVERY) {
        pair.restore()?;
    }
    Ok(result)
}
