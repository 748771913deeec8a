//! A temporary data folder, of the demo or of another ephemeral exchange, gone when that ends, whatever ends
//! it.
//!
//! A demo that is killed cannot remove its folder; the next one does. A file that its process keeps
//! locked says that a folder is in use.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

const PREFIX: &str = "openmart-demo-";
const IN_USE: &str = "in-use";

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    folder: TempDir,
    /// Keeps the lock.
    _in_use: File,
}

impl TemporaryFolder {
    /// Makes a new one, and removes those of demos that were killed.
    pub(crate) fn create() -> anyhow::Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(parent: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot make a temporary folder in {}", parent.display());
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
        let folder = folder.with_context(cannot)?;
        // Locked before it has its name: whoever can lock a file of that name knows that its owner
        // is gone.
        let path = folder.path().join(IN_USE);
        let unnamed = path.with_extension("new");
        let file = File::create(&unnamed).with_context(cannot)?;
        file.lock().with_context(cannot)?;
        fs::rename(&unnamed, &path).with_context(cannot)?;
        let owner = folder.path().metadata().with_context(cannot)?.uid();
        remove_abandoned(parent, owner);
        Ok(Self { folder, _in_use: file })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes folders of this owner that nobody uses. What cannot be removed stays.
fn remove_abandoned(parent: &Path, owner: u32) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let is_ours = |metadata: &Metadata| metadata.is_dir() && metadata.uid() == owner;
    for entry in entries {
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        // Does not follow links.
        if named && entry.metadata().is_ok_and(|metadata| is_ours(&metadata)) {
            let path = entry.path();
            if is_abandoned(&path) && fs::remove_dir_all(&path).is_ok() {
                tracing::info!(folder = %path.display(), "removed what a killed demo left");
            }
        }
    }
}

fn is_abandoned(folder: &Path) -> bool {
    let in_use: PathBuf = folder.join(IN_USE);
    File::open(in_use).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_demo_and_abandoned_ones_with_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let abandoned = parent.path().join(format!("{PREFIX}killed"));
        fs::create_dir(&abandoned).unwrap();
        fs::write(abandoned.join(IN_USE), "").unwrap();
        let foreign = parent.path().join("something-else");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join(IN_USE), "").unwrap();

        let first = TemporaryFolder::create_in(parent.path()).unwrap();
        assert!(!abandoned.exists());
        let second = TemporaryFolder::create_in(parent.path()).unwrap();
        assert!(first.path().exists() && second.path().exists() && foreign.exists());
        let (first_path, second_path) = (first.path().to_owned(), second.path().to_owned());
        drop(first);
        drop(second);
        assert!(!first_path.exists() && !second_path.exists());
    }
}
