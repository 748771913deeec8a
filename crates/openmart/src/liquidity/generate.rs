//! `openmart liquidity`: a data folder full of a seed's flow, without an exchange that runs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use openmart_exchange::{HISTORY_FILE_NAME, Location};
use openmart_journal::FileStorage;
use openmart_liquidity::Flow;
use openmart_model::Timestamp;

use super::Seeded;
use super::deferred::Deferred;
use super::feed::Figures;
use super::offline::Offline;
use crate::arguments::Generate;
use crate::demo;
use crate::printing::print;

/// When the flow begins: the first millisecond of 2026, so that folders of one seed are the same.
const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

/// Writes the folder.
pub(crate) fn run(arguments: &Generate) -> anyhow::Result<()> {
    let Generate { seed, commands, data_dir, set } = arguments;
    let mut seeded = demo::seeded(*seed);
    for (name, value) in set {
        let done = seeded.settings.set(name, *value);
        done.with_context(|| format!("cannot set {name} to {value}"))?;
    }
    let Seeded { settings, values } = seeded;
    let mut folder = Folder::create(data_dir, BEGIN)?;
    let exchange = &folder.offline.exchange;
    let flow = exchange.view(|state| Flow::new(settings, &values, state.engine()));
    let figures = folder.offline.run(&mut flow?, *commands)?;
    folder.complete(figures)
}

/// A data folder in the making.
pub(super) struct Folder {
    path: PathBuf,
    storage: Arc<Deferred>,
    pub(super) offline: Offline,
}

impl Folder {
    /// An exchange with the demo's markets in a folder that was empty.
    pub(super) fn create(path: &Path, begin: Timestamp) -> anyhow::Result<Self> {
        if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{} is not empty: the flow needs a folder of its own", path.display());
        }
        let cannot = || format!("cannot use the data folder {}", path.display());
        let storage = FileStorage::create(path).with_context(cannot)?;
        let storage = Arc::new(Deferred::new(storage));
        let location = Location::File(path.join(HISTORY_FILE_NAME));
        let offline = Offline::open(storage.clone(), location, demo::venue(), begin)?;
        Ok(Self { path: path.to_owned(), storage, offline })
    }

    /// Makes all of it durable and tells what is in it.
    pub(super) fn complete(mut self, figures: Figures) -> anyhow::Result<()> {
        let path = self.path.display();
        self.offline.exchange.close()?;
        self.storage.sync_all().with_context(|| format!("cannot write {path}"))?;
        let (sequence, digest, open) = self.offline.exchange.view(|state| {
            let engine = state.engine();
            (engine.sequence(), engine.digest(), engine.orders_open())
        });
        let Figures { commands, refused } = figures;
        print(|out| {
            writeln!(
                out,
                "{path}: {commands} commands, {refused} refused, {open} orders open, sequence {sequence}, \
                 digest {digest:016x}"
            )
        })
    }
}
