//! A process of this program's own for each exchange, and what the system says of its memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// A data folder that is empty at first and gone at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        if path.exists() {
            std::fs::remove_dir_all(path)?;
        }
        std::fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn text(&self) -> Result<String> {
        Ok(self.0.to_str().context("a folder that is text")?.to_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs this program with these arguments; what it prints is what it measured.
pub(crate) fn measure_in_child(arguments: &[String]) -> Result<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} failed", arguments[0]);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Resident memory of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) resident_kib: u64,
    /// The most that ever was.
    pub(crate) peak_kib: u64,
    /// Of the resident: not the pages of files, such as the program itself.
    pub(crate) anonymous_kib: u64,
}

impl Memory {
    pub(crate) fn now() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.trim_end_matches("kB").trim().parse().ok());
            number.with_context(|| format!("/proc/self/status has no {name}"))
        };
        Ok(Self {
            resident_kib: of("VmRSS:")?,
            peak_kib: of("VmHWM:")?,
            anonymous_kib: of("RssAnon:")?,
        })
    }

    pub(crate) fn to_json(self) -> Value {
        json!({
            "resident_kib": self.resident_kib,
            "peak_kib": self.peak_kib,
            "anonymous_kib": self.anonymous_kib,
        })
    }
}
