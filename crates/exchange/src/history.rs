//! History as part of an exchange: it catches up at a start, and answers together with the state.
//!
//! A finished order or a fill is in the tail of the state until it is in the file. Whoever reads opens
//! the file first, which fixes up to where it is seen, and then takes from the state what came after:
//! so nothing is missed and nothing seen twice, and the state is not kept from changing while SQLite
//! works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmart_engine::Engine;
use openmart_history::{
    Audit, Batch, Fill, HistoryError, Location, OrderIds, Reading, Store, TRANSACTION_ROWS_MAX,
};
use openmart_journal::{Reader, Recovery, Storage};
use openmart_model::{AccountId, Command, Event, MarketId, OrderId, Timestamp};

use crate::error::OpenError;
use crate::exchange::Exchange;
use crate::page::{Page, PageRequest};
use crate::state::{OrderFilter, OrderView, State};

impl Exchange {
    /// An order of this account, open or finished, as it is after everything answered before. Nothing
    /// if there is none or it is somebody else's.
    ///
    /// # Errors
    /// If history cannot be read.
    pub fn find_order(
        &self,
        account: AccountId,
        order: OrderId,
    ) -> Result<Option<OrderView>, HistoryError> {
        let recent = self.view(|state| state.recent_order(order));
        let found = match recent {
            Some(view) => Some(view),
            // What is in neither book nor tail by now is in the file by now, or nowhere.
            None => {
                let finished = self.pipeline().history.read()?.order(order)?;
                finished.as_ref().map(OrderView::finished)
            }
        };
        Ok(found.filter(|view| view.order.account == account))
    }

    /// Orders of an account on a market, newest first, as of one entry.
    ///
    /// # Errors
    /// If history cannot be read.
    pub fn orders(
        &self,
        account: AccountId,
        market: MarketId,
        filter: OrderFilter,
        page: PageRequest,
    ) -> Result<Page<OrderView>, HistoryError> {
        let (skipped, size) = (page.skipped(), page.size());
        let statuses = filter.finished();
        if statuses.is_empty() {
            return Ok(self.view(|state| state.open_orders(account, market, filter, skipped, size)));
        }
        let count = skipped.saturating_add(size);
        let (reading, recent) = self
            .read_with(|state, after| state.recent_orders(account, market, filter, after, count))?;
        let written = reading.orders_total(account, market, statuses)?;
        let total = recent.total + to_usize(written);
        let mut merge = Merge { recent: &recent.items, next: 0, rank: 0, skipped, size };
        let mut chosen = Vec::new();
        // No more orders than are recent can lie between those written: begin so many before.
        let begin = skipped.saturating_sub(recent.items.len());
        let ids = OrderIds { account, market, statuses, skipped: begin as u64 };
        let mut begun = begin == 0;
        reading.order_ids(ids, &mut |id| {
            if !begun {
                merge.begin_at(begin, id);
                begun = true;
            }
            merge.written(id, &mut chosen)
        })?;
        if begun {
            merge.rest(&mut chosen);
        }
        let items = chosen.into_iter().map(|chosen| match chosen {
            Chosen::Recent(view) => Ok(Some(view)),
            Chosen::Written(id) => Ok(reading.order(id)?.as_ref().map(OrderView::finished)),
        });
        let items = items.filter_map(Result::transpose).collect::<Result<_, HistoryError>>()?;
        Ok(Page { items, total })
    }

    /// Fills of an account on a market, newest first, as of one entry; only those of one order if it
    /// is named.
    ///
    /// # Errors
    /// If history cannot be read.
    pub fn fills(
        &self,
        account: AccountId,
        market: MarketId,
        order: Option<OrderId>,
        page: PageRequest,
    ) -> Result<Page<Fill>, HistoryError> {
        let (skipped, size) = (page.skipped(), page.size());
        let (reading, recent) =
            self.read_with(|state, after| state.tail.fills((account, market), order, after))?;
        let written = reading.fills_total(account, market, order)?;
        let total = recent.len() + to_usize(written);
        // Every recent one is newer than every written one.
        let mut items: Vec<Fill> = recent.iter().skip(skipped).take(size).copied().collect();
        if items.len() < size && skipped < total {
            let skipped = skipped.saturating_sub(recent.len()) as u64;
            let count = size - items.len();
            items.extend(reading.fills(account, market, order, skipped, count)?);
        }
        Ok(Page { items, total })
    }

    /// The file as of one sequence, and what `read` finds in the state beyond it.
    pub(crate) fn read_with<R>(
        &self,
        read: impl Fn(&State, u64) -> R,
    ) -> Result<(Reading<'_>, R), HistoryError> {
        loop {
            let reading = self.pipeline().history.read()?;
            let after = reading.applied();
            let found = self
                .view(|state| (state.tail.trimmed_through() <= after).then(|| read(state, after)));
            if let Some(found) = found {
                return Ok((reading, found));
            }
            // While this thread slept, two transactions were written and the tail was trimmed: the
            // file as seen is too old. Each further turn takes two more transactions.
        }
    }
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// An item of a page.
enum Chosen {
    Recent(OrderView),
    Written(OrderId),
}

/// Merges recent orders with written ones, both newest first, into one page.
struct Merge<'a> {
    recent: &'a [OrderView],
    /// The recent one that comes next.
    next: usize,
    /// How many of both have gone by.
    rank: usize,
    skipped: usize,
    size: usize,
}

impl Merge<'_> {
    /// Begins in the middle: so many written ones have gone by, and this one is next.
    fn begin_at(&mut self, written: usize, id: OrderId) {
        self.next = self.recent.partition_point(|view| view.order.id > id);
        self.rank = written + self.next;
    }

    /// Takes the next written one, and all recent ones before it. Whether the page wants more.
    fn written(&mut self, id: OrderId, chosen: &mut Vec<Chosen>) -> bool {
        while let Some(view) = self.recent.get(self.next)
            && view.order.id > id
        {
            self.next += 1;
            if !self.choose(Chosen::Recent(*view), chosen) {
                return false;
            }
        }
        self.choose(Chosen::Written(id), chosen)
    }

    /// Takes all recent ones that are left.
    fn rest(&mut self, chosen: &mut Vec<Chosen>) {
        while let Some(view) = self.recent.get(self.next) {
            self.next += 1;
            if !self.choose(Chosen::Recent(*view), chosen) {
                return;
            }
        }
    }

    fn choose(&mut self, item: Chosen, chosen: &mut Vec<Chosen>) -> bool {
        if self.rank >= self.skipped && chosen.len() < self.size {
            chosen.push(item);
        }
        self.rank += 1;
        chosen.len() < self.size
    }
}

/// Brings history up to the snapshot that a start begins from. Gives the entries replayed for it.
pub(crate) fn catch_up(
    storage: &Arc<dyn Storage>,
    recovery: &Recovery,
    history: &mut Store,
    base: u64,
) -> Result<u64, OpenError> {
    let (applied, last, first) =
        (history.applied(), recovery.last_sequence, recovery.first_sequence);
    let file = || history.path().display().to_string();
    if applied > last {
        return Err(OpenError::HistoryAhead { file: file(), applied, last });
    }
    if applied >= base {
        return Ok(0);
    }
    if first > 1 {
        return Err(OpenError::HistoryBehind { file: file(), applied, first });
    }
    replay(storage, history, base)?;
    Ok(base)
}

/// Writes history anew from the whole journal, next to the file and then in its place. The journal
/// must be at rest. Gives the entries replayed. After an error the file is as it was.
///
/// # Errors
/// If the journal does not begin with the first entry or cannot be read, or the file cannot be written.
pub fn rebuild_history(
    storage: &Arc<dyn Storage>,
    last_sequence: u64,
    path: &Path,
) -> Result<u64, OpenError> {
    let new = beside(path, ".rebuild");
    let new_ones = [".rebuild", ".rebuild-wal", ".rebuild-shm", ".rebuild-journal"];
    let remove_new = || remove(path, new_ones);
    remove_new()?;
    if let Err(error) = write_anew(storage, last_sequence, &new) {
        // What was written is of no use, and may be what fills the disk.
        let _ = remove_new();
        return Err(error);
    }
    // The file before its log: interrupted in between, it is missing, and the next start rebuilds it.
    remove(path, ["", "-wal", "-shm"])?;
    std::fs::rename(&new, path).map_err(|source| folder_error(path, source))?;
    Ok(last_sequence)
}

fn write_anew(storage: &Arc<dyn Storage>, until: u64, path: &Path) -> Result<(), OpenError> {
    let mut history = Store::open(Location::File(path.to_owned()))?;
    replay(storage, &mut history, until)?;
    history.sync()?;
    Ok(history.truncate_log()?)
}

/// Holds a file against the journal: its pages, and every row against those of a history that is written
/// anew to a temporary folder, up to where the file reaches. Gives that sequence and the rows compared. Nothing
/// is changed.
///
/// # Errors
/// If the file is damaged or differs, or the journal cannot be read from its first entry up to there.
pub fn check_history(storage: &Arc<dyn Storage>, path: &Path) -> Result<(u64, u64), OpenError> {
    let audit = Audit::open(path)?;
    audit.check_pages()?;
    let through = audit.applied();
    let mut anew = Store::open(Location::Temporary)?;
    replay(storage, &mut anew, through)?;
    let rows = audit.compare(&anew)?;
    Ok((through, rows))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Removes those of the files that are there.
fn remove<const N: usize>(path: &Path, endings: [&str; N]) -> Result<(), OpenError> {
    for ending in endings {
        match std::fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(folder_error(path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn folder_error(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Folder { folder: path.display().to_string(), source }
}

/// Replays the journal from its first entry for history alone.
fn replay(storage: &Arc<dyn Storage>, history: &mut Store, until: u64) -> Result<(), OpenError> {
    let mut reader = Reader::open(storage.clone(), 1)?;
    let (mut engine, mut events) = (Engine::new(), Vec::new());
    let mut history = CatchingUp::new(history);
    while let Some(entry) = reader.next_entry(until)? {
        let sequence = entry.sequence;
        let command = Command::decode(entry.payload)
            .map_err(|source| OpenError::Entry { sequence, source })?;
        events.clear();
        let _ = engine.apply(sequence, Timestamp(entry.time_ms), &command, &mut events);
        history.add(sequence, engine.time(), &events)?;
    }
    Ok(history.finish()?)
}

/// A store that is written while entries are replayed, in large transactions. What it has already is
/// left out.
pub(crate) struct CatchingUp<'a> {
    store: &'a mut Store,
    batch: Batch,
}

impl<'a> CatchingUp<'a> {
    pub(crate) fn new(store: &'a mut Store) -> Self {
        Self { store, batch: Batch::default() }
    }

    pub(crate) fn add(
        &mut self,
        sequence: u64,
        time: Timestamp,
        events: &[Event],
    ) -> Result<(), HistoryError> {
        if sequence <= self.store.applied() {
            return Ok(());
        }
        self.batch.add(sequence, time, events);
        if self.batch.rows() >= TRANSACTION_ROWS_MAX {
            self.store.apply(&std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), HistoryError> {
        self.store.apply(&self.batch)
    }
}
