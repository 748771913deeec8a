//! Standard output, for readers that may stop reading (`openmart journal show | head`).

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

use anyhow::Context;

/// Writes to standard output and flushes it. A reader that went away ends the writing early and is
/// no failure; `write` should pass every error on, so that a long output stops there.
pub(crate) fn print(
    write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    // What a failed flush left in the buffer must not be tried again when it is dropped.
    let (_, _rest) = out.into_parts();
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
