//! `openmart completions`: what a shell offers when the tabulator key is pressed.

use std::io::Write;

use clap::CommandFactory;

use super::arguments::Completions;
use crate::arguments::Arguments;
use crate::printing::print;

pub(super) fn run(arguments: &Completions) -> anyhow::Result<()> {
    // Into memory first: the library would panic at a reader that has gone away.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "openmart", &mut script);
    print(|out| out.write_all(&script))
}
