//! The program as a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

/// The program, with nothing of the tester's own settings.
pub(crate) fn openmart<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openmart"));
    for variable in ["LOG", "URL", "KEY", "SECRET", "MEMO", "MASTER_KEY"] {
        let variable = format!("OPENMART_{variable}");
        command.env_remove(variable);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Output {
    openmart(arguments).output().expect("openmart runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

/// A server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it printed before it listened.
    pub(crate) before: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one and waits until it listens. Otherwise gives what it said.
    pub(crate) fn start(mut command: Command) -> Result<Self, Output> {
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("openmart starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut before = Vec::new();
        match address(&mut stdout, &mut before) {
            Some(address) => Ok(Self { child, stdout, before, address }),
            None => Err(child.wait_with_output().expect("openmart ends")),
        }
    }

    /// The next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("output is UTF-8");
        line.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("openmart can be killed");
        self.child.wait().expect("openmart ends");
    }

    /// Sends a signal by name and waits for the end. Gives the rest of standard error as well.
    pub(crate) fn end_with(mut self, signal: &str) -> (ExitStatus, String) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("sh").success());
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut log).expect("the log is UTF-8");
        (self.child.wait().expect("openmart ends"), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where it listens; nothing if it ended instead. What it printed before goes to `before`.
fn address(stdout: &mut impl BufRead, before: &mut Vec<String>) -> Option<SocketAddr> {
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).expect("output is UTF-8") == 0 {
            return None;
        }
        let line = line.trim_end();
        if let Some(address) = line.strip_prefix("listening on http://") {
            return Some(address.parse().expect("host and port"));
        }
        before.push(line.to_owned());
    }
}
