//! A server process: started, measured and killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

/// A running server; ends with the value.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: String,
    folder: Option<PathBuf>,
}

/// Clock ticks of `/proc/PID/stat` in a second; a constant of the Linux ABI.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server that uses less than a tick of the clock in this time is at rest.
const REST: Duration = Duration::from_millis(150);

/// One that never rests is not waited for.
const RESTS_MAX: usize = 60;

impl Server {
    /// Any program that says where it listens, on core 0.
    ///
    /// # Errors
    /// If it does not say so.
    pub fn pinned(program: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = on_core_0(program);
        command.args(arguments);
        Self::start(command, None)
    }

    /// A demo exchange on core 0 with an empty data folder of its own, on the disk that is to be
    /// measured.
    ///
    /// # Errors
    /// If it does not start.
    pub fn exchange(openmart: &Path, data: &Path) -> Result<Self> {
        Self::demo(on_core_0(openmart), data)
    }

    /// The same on any core.
    ///
    /// # Errors
    /// If it does not start.
    pub fn exchange_anywhere(openmart: &Path, data: &Path) -> Result<Self> {
        Self::demo(Command::new(openmart), data)
    }

    fn demo(mut command: Command, data: &Path) -> Result<Self> {
        let folder = data.join("exchange");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(data)?;
        command.args(["demo", "--no-liquidity", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(&folder);
        Self::start(command, Some(folder))
    }

    fn start(mut command: Command, folder: Option<PathBuf>) -> Result<Self> {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = process.stdout.take().context("the server's output")?;
        let mut lines = BufReader::new(output).lines();
        let address = loop {
            let line = lines.next().context("the server ended before it was ready")??;
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.trim().to_owned();
            }
        };
        // Whatever else it prints must not block it.
        std::thread::spawn(move || lines.count());
        Ok(Self { process, address, folder })
    }

    /// CPU time of all threads of the server so far, in user and kernel.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("a process name in brackets")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>();
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    /// The same once it has nothing left to do: history is written behind the answers.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn cpu_seconds_at_rest(&self) -> Result<f64> {
        let mut before = f64::NAN;
        for _ in 0..RESTS_MAX {
            let now = self.cpu_seconds()?;
            if now == before {
                break;
            }
            before = now;
            std::thread::sleep(REST);
        }
        Ok(before)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn on_core_0(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}
