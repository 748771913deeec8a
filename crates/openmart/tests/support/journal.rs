//! What lies in a data folder.

use std::path::Path;
use std::sync::Arc;

use openmart_journal::{FileStorage, ReadError, Reader};
use openmart_model::Command;

/// Every command of an exchange that stands still, in order. What is sealed is left out, since every folder has a master key of its own.
pub(crate) fn commands(folder: &Path) -> Vec<Command> {
    let storage = Arc::new(FileStorage::existing(folder).expect("a data folder"));
    let mut reader = Reader::open(storage, 1).expect("a journal");
    let mut commands = Vec::new();
    loop {
        let entry = match reader.next_entry(u64::MAX) {
            Ok(Some(entry)) => entry,
            Ok(None) | Err(ReadError::BeyondEnd { .. }) => return commands,
            Err(damage) => panic!("{damage}"),
        };
        let mut command = Command::decode(entry.payload).expect("a command");
        let keys = match &mut command {
            Command::AddAccount(account) => account.keys.as_mut_slice(),
            Command::AddKey { key, .. } => std::slice::from_mut(key),
            _ => &mut [],
        };
        keys.iter_mut().for_each(|key| key.sealed_secret = Default::default());
        commands.push(command);
    }
}
