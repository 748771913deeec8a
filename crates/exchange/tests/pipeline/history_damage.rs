//! A history file with damage within its pages, which have no checksums: what finds it, and that nothing
//! but history suffers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openmart_exchange::{
    Condition, Exchange, Location, OpenError, OrderFilter, PageRequest, SubmitError, check_history,
    rebuild_history,
};
use openmart_history::dump;
use openmart_journal::{MemoryStorage, Storage};
use openmart_model::{AccountId, OrderId, Outcome, Side};
use tempfile::TempDir;

use crate::venue::{
    ACCOUNTS, Dice, MARKET, cancel, listing, options, placed, portrait, resting, run,
};

const PAGE_BYTES: usize = 4_096;
const COMMANDS: usize = 300;
/// Flipped bits, evenly spread, that the check meets; and an exchange that starts and runs.
const FLIPS_CHECKED: usize = 200;
const FLIPS_STARTED: usize = 40;

/// A journal at rest with an order that waits, and the history that belongs to it.
struct Past {
    journal: MemoryStorage,
    last_sequence: u64,
    digest: u64,
    open: OrderId,
    folder: TempDir,
    file: Vec<u8>,
    rows: Vec<String>,
}

impl Past {
    fn new() -> Self {
        let (journal, folder) = (MemoryStorage::new(), tempfile::tempdir().unwrap());
        let path = folder.path().join("history.sqlite");
        let exchange = open(&journal, &path).unwrap();
        run(&exchange, listing());
        let open = placed(run(&exchange, [resting(0, Side::Buy)]).remove(0));
        let mut dice = Dice(5);
        // The account of the order that waits cancels nothing.
        let account = |dice: &mut Dice| 1 + dice.below(u64::from(ACCOUNTS) - 1) as u32;
        let commands = (0..COMMANDS).map(|_| {
            let account = account(&mut dice);
            dice.command(account)
        });
        run(&exchange, commands);
        let shown = portrait(&exchange);
        exchange.close().unwrap();
        drop(exchange);
        let (file, rows) = (fs::read(&path).unwrap(), rows(&path));
        assert!(rows.iter().filter(|row| row.starts_with("trades ")).count() > 30);
        let (last_sequence, digest) = (shown.sequence, shown.digest);
        Self { journal, last_sequence, digest, open, folder, file, rows }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("history.sqlite")
    }

    /// The file with this damage, and nothing of an earlier one.
    fn damaged(&self, damage: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.file.clone();
        damage(&mut bytes);
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.path().join(format!("history.sqlite{ending}")));
        }
        fs::write(self.path(), bytes).unwrap();
    }

    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.journal.clone())
    }

    /// Whether the check finds the damage. If not, every row must be what it was.
    fn found(&self, context: &str) -> bool {
        let before = fs::read(self.path()).unwrap();
        let checked = check_history(&self.storage(), &self.path());
        assert!(fs::read(self.path()).unwrap() == before, "{context}");
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 1, "{context}");
        match checked {
            Ok((through, count)) => {
                assert_eq!((through, count), (self.last_sequence, self.rows.len() as u64));
                assert!(rows(&self.path()) == self.rows, "{context}");
                false
            }
            Err(OpenError::History(_) | OpenError::Read(_)) => true,
            Err(other) => panic!("{context}: {other}"),
        }
    }

    /// Starts on the damaged file and goes on as far as it lets. Whether it started.
    fn lived(&self, context: &str) -> bool {
        let journal = MemoryStorage::with_files(self.journal.files());
        let mut last_sequence = self.last_sequence;
        let started = match open(&journal, &self.path()) {
            Err(OpenError::History(_) | OpenError::HistoryAhead { .. }) => false,
            Err(other) => panic!("{context}: {other}"),
            Ok(exchange) => {
                let digest = exchange.view(|state| state.engine().digest());
                assert_eq!(digest, self.digest, "{context}");
                read_all(&exchange);
                let canceled = exchange.execute_blocking(cancel(0, self.open));
                let refused = exchange.execute_blocking(cancel(0, self.open));
                // It may have stopped by then, and says so; what it answered is so.
                match canceled {
                    Ok(receipt) => {
                        assert!(
                            matches!(receipt.result, Ok(Outcome::Canceled { .. })),
                            "{context}"
                        );
                        last_sequence = exchange.status().sequence;
                    }
                    Err(error) => panic!("{context}: {error}"),
                }
                if let Err(error) = refused {
                    assert!(matches!(error, SubmitError::Stopped { .. }), "{context}: {error}");
                }
                let _ = exchange.snapshot().wait();
                read_all(&exchange);
                let _ = exchange.close();
                last_sequence = last_sequence.max(exchange.status().sequence);
                true
            }
        };
        rebuild_history(&(Arc::new(journal.clone()) as _), last_sequence, &self.path()).unwrap();
        let exchange = open(&journal, &self.path()).unwrap();
        assert_eq!(exchange.status().condition, Condition::Running, "{context}");
        let open = exchange.view(|state| state.engine().order(self.open).is_some());
        assert_eq!(open, !started, "{context}");
        exchange.close().unwrap();
        started
    }
}

fn open(journal: &MemoryStorage, path: &Path) -> Result<Exchange, OpenError> {
    let location = Location::File(path.to_owned());
    Exchange::open_with(Arc::new(journal.clone()), location, options())
        .map(|(exchange, _)| exchange)
}

fn rows(path: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    dump(path, |row| rows.push(row)).unwrap();
    rows
}

/// Errors are allowed, panics and reads without an end are not.
fn read_all(exchange: &Exchange) {
    let page = PageRequest { index: 0, size: 1_000 };
    for account in (0..ACCOUNTS).map(AccountId) {
        let _ = exchange.orders(account, MARKET, OrderFilter::ALL, page);
        let _ = exchange.fills(account, MARKET, None, page);
        for order in (1..200).map(OrderId) {
            let _ = exchange.find_order(account, order);
        }
    }
}

#[test]
fn the_check_finds_whatever_changes_a_row() {
    let past = Past::new();
    past.damaged(|_| ());
    assert!(!past.found("sound"));
    let mut found = 0;
    for flip in 0..FLIPS_CHECKED {
        let bit = past.file.len() * 8 / FLIPS_CHECKED * flip + flip % 8;
        past.damaged(|bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        found += usize::from(past.found(&format!("bit {bit}")));
    }
    // The others lie where nothing is stored.
    assert!(found > FLIPS_CHECKED / 10, "{found}");
    for page in 0..past.file.len() / PAGE_BYTES {
        let range = page * PAGE_BYTES..(page + 1) * PAGE_BYTES;
        past.damaged(|bytes| bytes[range].fill(0));
        assert!(past.found(&format!("page {page} zeroed")));
        past.damaged(|bytes| bytes.truncate(page * PAGE_BYTES));
        assert!(past.found(&format!("{page} pages left")));
    }
}

#[test]
fn nothing_but_history_suffers_from_its_damage() {
    let past = Past::new();
    let mut started = 0;
    for flip in 0..FLIPS_STARTED {
        let bit = past.file.len() * 8 / FLIPS_STARTED * flip + flip % 8;
        past.damaged(|bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        started += usize::from(past.lived(&format!("bit {bit}")));
    }
    assert!(started > FLIPS_STARTED / 2, "{started}");
    for page in 0..past.file.len() / PAGE_BYTES {
        let range = page * PAGE_BYTES..(page + 1) * PAGE_BYTES;
        past.damaged(|bytes| bytes[range].fill(0));
        past.lived(&format!("page {page} zeroed"));
    }
}
