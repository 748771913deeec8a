//! `openmart journal verify`: is everything in the folder what the exchange wrote, and does it lead
//! to a sound state?

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{bail, ensure};
use openmart_exchange::check_history;
use openmart_journal::{SnapshotCheck, Storage, VerifyReport, verify};

use super::history::History;
use crate::printing::print;

/// Entries between two checks of all invariants, which cost time proportional to the state.
const CHECK_ENTRIES: u64 = 100_000;

/// Prints what is found as it is found. The first damage is the error.
pub(super) fn run(storage: Arc<dyn Storage>, history_file: Option<&Path>) -> anyhow::Result<()> {
    let report = verify(storage.clone())?;
    print(|out| files(out, &report))?;
    let mut history = History::open(storage.clone())?;
    let mut damage = None;
    for snapshot in &report.snapshots {
        advance_checked(&mut history, snapshot.sequence)?;
        let sequence = snapshot.sequence;
        match compare(snapshot, &history) {
            Ok(()) => print(|out| writeln!(out, "snapshot at {sequence}: sound"))?,
            Err(error) => {
                print(|out| writeln!(out, "snapshot at {sequence}: damaged"))?;
                damage.get_or_insert(error);
            }
        }
    }
    advance_checked(&mut history, report.last_sequence)?;
    history.check()?;
    let engine = history.engine();
    let (accounts, orders) = (engine.accounts_len(), engine.orders_open());
    print(|out| {
        writeln!(out, "state: {accounts} accounts, {orders} open orders, every asset conserved")?;
        writeln!(out, "digest: {:016x}", engine.digest())
    })?;
    if let Some(Err(error)) = history_file.map(|file| rows(&storage, file)) {
        print(|out| writeln!(out, "history: damaged"))?;
        damage.get_or_insert(error);
    }
    match damage {
        Some(error) => Err(error),
        None => print(|out| writeln!(out, "sound")),
    }
}

fn files(out: &mut impl Write, report: &VerifyReport) -> std::io::Result<()> {
    let VerifyReport { segments, entries, first_sequence, last_sequence, .. } = report;
    writeln!(out, "segments: {segments}")?;
    writeln!(out, "entries: {entries}, from sequence {first_sequence} to {last_sequence}")?;
    let chain: String = report.chain.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(out, "chain: {chain}")?;
    match &report.torn_tail {
        Some(torn) => writeln!(
            out,
            "torn end: {} bytes at byte {} of {}, never acknowledged; the next start cuts them",
            torn.bytes, torn.offset, torn.file
        ),
        None => Ok(()),
    }
}

/// Holds the rows of history against those that the entries lead to.
fn rows(storage: &Arc<dyn Storage>, file: &Path) -> anyhow::Result<()> {
    if !file.exists() {
        return print(|out| writeln!(out, "history: none, the next start writes it"));
    }
    let (through, rows) = check_history(storage, file)?;
    print(|out| writeln!(out, "history at {through}: sound, {rows} rows"))
}

/// Holds a snapshot against the state that the entries before it lead to.
fn compare(snapshot: &SnapshotCheck, history: &History) -> anyhow::Result<()> {
    if let Some(damage) = &snapshot.damage {
        return Err(damage.clone().into());
    }
    let (sequence, written) = (snapshot.sequence, snapshot.digest);
    let found = history.engine().digest();
    if found != written {
        bail!(
            "the snapshot at sequence {sequence} has digest {written:016x}, \
             but the entries lead to {found:016x}"
        );
    }
    Ok(())
}

fn advance_checked(history: &mut History, until: u64) -> anyhow::Result<()> {
    while history.engine().sequence() < until {
        let next = until.min(history.engine().sequence() + CHECK_ENTRIES);
        history.advance(next)?;
        ensure!(history.engine().sequence() == next, "the journal ends before sequence {next}");
        history.check()?;
    }
    Ok(())
}
