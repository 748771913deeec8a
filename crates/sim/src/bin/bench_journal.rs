//! The journal's batches beside bare positioned writes and syncs of as many bytes, on one thread.
//!
//! Enters: a folder on the disk. Leaves: batches a second, the time of one, and the CPU time that it
//! took its thread, as a table and as JSON. The journal is the one of production, which encodes, hashes,
//! checks and rotates, and prepares its segments beside it; the bare file is written with zeros
//! before, and neither hashes nor checks anything. They take turns, round by round.
//!
//! ```text
//! bench_journal DATA [--small] [--rounds N] [--json FILE]
//! ```

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use openmart_journal::{FileStorage, Journal, Options, SECTOR_BYTES};
use openmart_model::{AccountId, Command, OrderId};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Commands of a batch: a lone caller's, what comes together under load, and the row that is compared.
const BATCHES: [usize; 3] = [1, 32, 256];

/// Fixed bytes of a batch and of an entry, as `docs/journal-format.md` has them.
const BATCH_HEADER_BYTES: usize = 72;
const ENTRY_HEADER_BYTES: usize = 20;

/// Length of the bare file, which is written round and round.
const BARE_BYTES: usize = 32 << 20;

/// What to run; all of it can be given on the command line.
struct Plan {
    data: PathBuf,
    json: Option<PathBuf>,
    rounds: usize,
    /// Batches of each turn.
    batches: usize,
}

/// One turn.
struct Turn {
    batches_per_second: f64,
    /// CPU time of the writing thread for each batch.
    cpu_us: f64,
    /// Ascending.
    waits_us: Vec<f64>,
}

/// A file that is written and synced, and nothing else.
struct Bare {
    file: File,
    offset: usize,
}

fn main() -> Result<()> {
    let plan = plan(std::env::args().skip(1))?;
    std::fs::create_dir_all(&plan.data)?;
    let folder = plan.data.join("journal");
    let bare_file = plan.data.join("bare");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let (mut journal, _) =
        Journal::open(Arc::new(FileStorage::create(&folder)?), Options::default())?;
    let mut bare = Bare::create(&bare_file)?;
    println!("commands | bytes | | batches/s | p50 us | p99 us | CPU us");
    let rows = BATCHES.map(|commands| measure(&mut journal, &mut bare, commands, &plan));
    let rows = rows.into_iter().collect::<Result<Vec<_>>>()?;
    drop(journal);
    std::fs::remove_dir_all(&folder)?;
    std::fs::remove_file(&bare_file)?;
    if let Some(path) = &plan.json {
        let report = json!({ "rounds": plan.rounds, "batches": plan.batches, "rows": rows });
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan> {
    let data = arguments.next().context("usage: bench_journal DATA [--small] [--json FILE]")?;
    let mut plan = Plan { data: data.into(), json: None, rounds: 5, batches: 2_000 };
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--small" => (plan.rounds, plan.batches) = (1, 20),
            "--rounds" => plan.rounds = arguments.next().context("how many rounds?")?.parse()?,
            "--json" => plan.json = Some(arguments.next().context("which file?")?.into()),
            other => bail!("unknown argument {other}"),
        }
    }
    Ok(plan)
}

/// Prints the lines of one size of batch. Gives the same as JSON.
fn measure(journal: &mut Journal, bare: &mut Bare, commands: usize, plan: &Plan) -> Result<Value> {
    let cancel = Command::Cancel { account: AccountId(7), order: OrderId(1_000_000) };
    let mut payload = Vec::new();
    cancel.encode(&mut payload);
    let body = commands * (ENTRY_HEADER_BYTES + payload.len());
    let bytes = vec![0xA5; (BATCH_HEADER_BYTES + body).next_multiple_of(SECTOR_BYTES)];
    let (mut journaled, mut written) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        journaled.push(turn(plan.batches, || {
            for _ in 0..commands {
                journal.append_with(1_800_000_000_000, |buffer| cancel.encode(buffer))?;
            }
            Ok(journal.commit()?)
        })?);
        written.push(turn(plan.batches, || bare.write(&bytes))?);
    }
    let [journaled, written] = [("journal", journaled), ("bare", written)].map(|(name, turns)| {
        let row = Row::of(&turns);
        let Row { batches_per_second, p50_us, p99_us, cpu_us } = row;
        println!(
            "{commands} | {} | {name} | {batches_per_second:.0} | {p50_us:.0} | {p99_us:.0} | {cpu_us:.1}",
            bytes.len()
        );
        row
    });
    let ratio = journaled.batches_per_second / written.batches_per_second;
    println!("{commands} | | ratio | {ratio:.2} | | |");
    Ok(json!({
        "commands": commands, "bytes": bytes.len(),
        "journal": journaled.to_json(), "bare": written.to_json(), "ratio": ratio,
    }))
}

fn turn(batches: usize, mut commit: impl FnMut() -> Result<()>) -> Result<Turn> {
    let mut waits_us = Vec::with_capacity(batches);
    let (cpu_before, begun) = (cpu_seconds(), Instant::now());
    for _ in 0..batches {
        let begun = Instant::now();
        commit()?;
        waits_us.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_us = (cpu_seconds() - cpu_before) * 1e6 / batches as f64;
    waits_us.sort_unstable_by(f64::total_cmp);
    Ok(Turn { batches_per_second: batches as f64 / seconds, cpu_us, waits_us })
}

/// CPU time of this thread so far, in user and kernel.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Medians of all turns.
struct Row {
    batches_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    cpu_us: f64,
}

impl Row {
    fn of(turns: &[Turn]) -> Self {
        let median = |figure: &dyn Fn(&Turn) -> f64| {
            let mut figures: Vec<f64> = turns.iter().map(figure).collect();
            figures.sort_unstable_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let rank = |turn: &Turn, percent: usize| turn.waits_us[turn.waits_us.len() * percent / 100];
        Self {
            batches_per_second: median(&|turn| turn.batches_per_second),
            p50_us: median(&|turn| rank(turn, 50)),
            p99_us: median(&|turn| rank(turn, 99)),
            cpu_us: median(&|turn| turn.cpu_us),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "batches_per_second": self.batches_per_second, "p50_us": self.p50_us,
            "p99_us": self.p99_us, "cpu_us": self.cpu_us,
        })
    }
}

impl Bare {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path)?;
        file.write_all_at(&vec![0; BARE_BYTES], 0)?;
        file.sync_all()?;
        Ok(Self { file, offset: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.offset + bytes.len() > BARE_BYTES {
            self.offset = 0;
        }
        self.file.write_all_at(bytes, self.offset as u64)?;
        self.file.sync_data()?;
        self.offset += bytes.len();
        Ok(())
    }
}
