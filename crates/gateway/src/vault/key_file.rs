//! The file of the master key: 64 hex characters and a line end, readable by its owner alone.
//!
//! What enters: a path. What leaves: the key. A new file appears under its name only when it is
//! whole and on disk, so that a crash never leaves half a key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KEY_BYTES, VaultError, hex, unhex};

/// Permission bits of the file.
#[cfg(unix)]
const MODE: u32 = 0o600;

/// Longer files are not read to their end.
const FILE_BYTES_MAX: u64 = 1_024;

pub(super) fn read_or_create(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
    let failed = |source| VaultError::File { path: path.to_owned(), source };
    if !path.try_exists().map_err(failed)? {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *key).map_err(VaultError::Random)?;
        match create(path, &key) {
            Ok(()) => return Ok(key),
            // Somebody else was faster: that one counts.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let file = File::open(path).map_err(failed)?;
    check_mode(path, &file)?;
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    let key = unhex(text.trim_end().as_bytes());
    key.map(Zeroizing::new).ok_or_else(|| VaultError::Form { path: path.to_owned() })
}

fn create(path: &Path, key: &[u8; KEY_BYTES]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = write(&temporary, key).and_then(|()| {
        // Unlike a rename, a link does not replace what is there.
        fs::hard_link(&temporary, path)
    });
    fs::remove_file(&temporary)?;
    written?;
    File::open(folder)?.sync_all()
}

fn write(path: &Path, key: &[u8; KEY_BYTES]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, MODE);
    let mut file = options.open(path)?;
    let text = Zeroizing::new(hex(key));
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn check_mode(path: &Path, file: &File) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata();
    let metadata = metadata.map_err(|source| VaultError::File { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(VaultError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &File) -> Result<(), VaultError> {
    Ok(())
}
