//! Every point at which the power can go while 1,000 commands are carried out: before and after
//! each write, sync, creation, removal and rename, with what was not synced dropped, kept or torn.
//! What comes up again is the state after exactly the commands that were acknowledged, or after
//! those and the whole batch that was being written, by the word of the oracle.
//!
//! On the way segments change and are removed, and snapshots are written while commands go on. The
//! start after a cut is cut short at each of its own points as well, and so is what it goes on with.
//! A process may also be killed before the power goes, with the system's memory of the disk intact.
//!
//! `make test` takes every point of a run with four ways to tear, and samples of the second cuts.
//! `OPENMART_CRASH_POINTS=all` takes every second cut and more ways. Everything follows from
//! `OPENMART_CRASH_SEED`, which a failure prints.

mod exchange;
mod life;
mod script;
mod watched;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use openmart_journal::{CrashPolicy, MemoryStorage, Options, Retention};

use life::{Known, Life, Pace, recover};
use script::Script;
use watched::{Step, Watched};

const COMMANDS: usize = 1_000;
const SEED: u64 = 20_261_122;

/// How much is tried.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) all: bool,
    pub(crate) seed: u64,
}

impl Effort {
    pub(crate) fn from_environment() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let seed = match variable("OPENMART_CRASH_SEED").as_str() {
            "" => SEED,
            text => text.parse().expect("OPENMART_CRASH_SEED is a number"),
        };
        let all = match variable("OPENMART_CRASH_POINTS").as_str() {
            "" => false,
            "all" => true,
            other => panic!("OPENMART_CRASH_POINTS is {other}, neither all nor empty"),
        };
        println!(
            "OPENMART_CRASH_POINTS={} OPENMART_CRASH_SEED={seed}",
            if all { "all" } else { "" }
        );
        Self { all, seed }
    }

    /// One of the two.
    pub(crate) fn or_all<T>(self, sample: T, all: T) -> T {
        if self.all { all } else { sample }
    }

    /// What may become of the unsynced at the point of that number.
    pub(crate) fn policies(self, point: u64, torn: u64) -> impl Iterator<Item = CrashPolicy> {
        let first = self.seed.wrapping_add(point * torn);
        let torn = (0..torn).map(move |n| CrashPolicy::Mixed(first.wrapping_add(n)));
        [CrashPolicy::Drop, CrashPolicy::Keep].into_iter().chain(torn)
    }
}

/// Segments of a few batches, removed once snapshots cover them.
pub(crate) fn short_segments() -> Options {
    Options {
        segment_bytes: 8 << 10,
        segment_bytes_first: 8 << 10,
        reserve_bytes: 8 << 10,
        batch_bytes_max: 4 << 10,
        background: false,
        retention: Retention::SnapshotsCover,
        ..Options::default()
    }
}

/// What was met, so that a test that meets too little fails.
#[derive(Default, Debug)]
struct Tally {
    points: u64,
    steps: BTreeMap<Step, u64>,
    starts: u64,
    acknowledged_only: u64,
    /// Starts that found the batch that was being written.
    unacknowledged_too: u64,
    torn_tails: u64,
    from_snapshot: u64,
}

impl Tally {
    fn meet(&mut self, step: Step) {
        self.points += 1;
        *self.steps.entry(step).or_default() += 1;
    }

    fn count(&mut self, known: Known, found: &life::Found) {
        self.starts += 1;
        match found.sequence == known.acknowledged {
            true => self.acknowledged_only += 1,
            false => self.unacknowledged_too += 1,
        }
        self.torn_tails += u64::from(found.torn_tail);
        self.from_snapshot += u64::from(found.from_snapshot);
    }

    fn assert_everything_happened(&self) {
        for step in Step::ALL {
            assert!(self.steps.get(&step).is_some_and(|count| *count > 5), "{step:?}: {self:?}");
        }
        let enough = self.unacknowledged_too > 50 && self.torn_tails > 50;
        assert!(enough && self.from_snapshot > self.starts / 2, "{self:?}");
    }
}

/// One run from an empty disk, cut at every point.
fn cut_everywhere(effort: Effort, script: Script, options: Options, pace: Pace, torn: u64) {
    let began = Instant::now();
    let (tally, disk) = (Arc::new(Mutex::new(Tally::default())), Watched::new());
    let life = Arc::new(Life::new(script, options.clone(), pace, Known::default()));
    let (counted, cut) = (tally.clone(), life.clone());
    disk.watch(life.interleaved(move |disk, step, known| {
        let mut tally = counted.lock().expect("no start panicked");
        tally.meet(step);
        for policy in effort.policies(tally.points, torn) {
            let what = format!("point {}, {step:?}, {policy:?}, {known:?}", tally.points);
            let found = recover(&disk.crash_image(policy), &cut.options, &cut.script, known, &what);
            tally.count(known, &found);
        }
    }));
    life.run(&disk);
    let tally = tally.lock().expect("no start panicked");
    println!("{pace:?}: {tally:?} in {:.1?}", began.elapsed());
    assert_eq!(life.known().acknowledged, life.script.commands.len() as u64);
    tally.assert_everything_happened();
}

#[test]
fn a_power_cut_at_any_point_leaves_whole_batches() {
    let effort = Effort::from_environment();
    let script = Script::new(effort.seed, COMMANDS);
    let options = short_segments();
    let pace = Pace { batch_max: 6, snapshot_every: 8, batches: usize::MAX };
    cut_everywhere(effort, script, options, pace, effort.or_all(6, 50));
}

#[test]
fn a_power_cut_at_any_point_leaves_single_commands() {
    let effort = Effort::from_environment();
    let script = Script::new(effort.seed ^ 1, COMMANDS);
    let options =
        Options { segment_bytes: 64 << 10, segment_bytes_first: 16 << 10, ..short_segments() };
    let pace = Pace { batch_max: 1, snapshot_every: 25, batches: usize::MAX };
    cut_everywhere(effort, script, options, pace, effort.or_all(4, 50));
}

/// The start after a cut, and some batches and a snapshot after it, are cut at every point again.
#[test]
fn a_second_power_cut_at_any_point_loses_nothing_either() {
    let effort = Effort::from_environment();
    let began = Instant::now();
    let script = Script::new(effort.seed ^ 2, COMMANDS);
    let pace = Pace { batch_max: 6, snapshot_every: 8, batches: usize::MAX };
    let life = Arc::new(Life::new(script, short_segments(), pace, Known::default()));
    let every = effort.or_all(23, 1);
    let firsts = Arc::new(Mutex::new(Vec::new()));
    let (taken, disk, point) = (firsts.clone(), Watched::new(), AtomicU64::new(0));
    disk.watch(life.interleaved(move |disk, step, known| {
        let point = point.fetch_add(1, Ordering::SeqCst);
        if point % every == effort.seed % every {
            // Each policy in turn.
            let policy = effort.policies(point, 4).nth((point / every % 6) as usize);
            let policy = policy.expect("six policies");
            let what = format!("first cut at {point}, {step:?}, {policy:?}");
            taken.lock().expect("nobody panicked").push((what, disk.crash_image(policy), known));
        }
    }));
    life.run(&disk);
    let firsts = std::mem::take(&mut *firsts.lock().expect("nobody panicked"));
    let tally = Arc::new(Mutex::new(Tally::default()));
    for (first, image, known) in &firsts {
        let pace = Pace { batch_max: 6, snapshot_every: 2, batches: 5 };
        cut_again(effort, first, image, life.after_cut(pace, *known), &tally);
    }
    let tally = tally.lock().expect("no start panicked");
    println!("{} first cuts, then {tally:?} in {:.1?}", firsts.len(), began.elapsed());
    tally.assert_everything_happened();
}

/// First only the process is killed, and what it had not synced is still in the system's memory. Its
/// successor goes on from there, and then the power goes. Nothing that the successor built on, or
/// said, may turn out to be lost.
#[test]
fn a_power_cut_after_a_killed_process_loses_nothing_either() {
    let effort = Effort::from_environment();
    let began = Instant::now();
    let script = Arc::new(Script::new(effort.seed ^ 4, COMMANDS));
    let tally = Arc::new(Mutex::new(Tally::default()));
    let every = effort.or_all(29, 1);
    let mut kills = 0;
    for kill_at in (effort.seed % every..).step_by(every as usize) {
        let pace = Pace { batch_max: 6, snapshot_every: 8, batches: usize::MAX };
        let life = Life::new(script.clone(), short_segments(), pace, Known::default());
        let (life, counted, point) = (Arc::new(life), tally.clone(), AtomicU64::new(0));
        let (killed, disk) = (life.clone(), Watched::new());
        disk.watch(life.interleaved(move |disk, step, known| {
            if point.fetch_add(1, Ordering::SeqCst) == kill_at {
                let pace = Pace { batch_max: 6, snapshot_every: 2, batches: 5 };
                let first = format!("killed at {kill_at}, {step:?}");
                cut_again(effort, &first, disk, killed.after_cut(pace, known), &counted);
                std::panic::resume_unwind(Box::new("killed"));
            }
        }));
        let ended = catch_unwind(AssertUnwindSafe(|| life.run(&disk)));
        life.forget();
        match ended {
            Ok(()) => break,
            Err(cause) if cause.is::<&str>() && cause.downcast_ref() == Some(&"killed") => {
                kills += 1;
            }
            Err(cause) => std::panic::resume_unwind(cause),
        }
    }
    let tally = tally.lock().expect("no start panicked");
    println!("{kills} kills, then {tally:?} in {:.1?}", began.elapsed());
    assert!(kills > 30);
    tally.assert_everything_happened();
}

fn cut_again(
    effort: Effort,
    first: &str,
    image: &MemoryStorage,
    life: Life,
    tally: &Arc<Mutex<Tally>>,
) {
    let (disk, life, first) = (Watched::abandoned(image.clone()), Arc::new(life), first.to_owned());
    let (counted, cut) = (tally.clone(), life.clone());
    disk.watch(life.interleaved(move |disk, step, known| {
        let mut tally = counted.lock().expect("no start panicked");
        tally.meet(step);
        for policy in effort.policies(tally.points, 2) {
            let what = format!("{first}; second at {step:?}, {policy:?}, {known:?}");
            let found = recover(&disk.crash_image(policy), &cut.options, &cut.script, known, &what);
            tally.count(known, &found);
        }
    }));
    life.run(&disk);
}
