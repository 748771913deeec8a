//! Writes valid inputs of every parser into a folder, one folder for each, for fuzzing to start
//! from: `fuzz_examples FOLDER`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use openmart_sim::parsers::PARSERS;

fn main() -> Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).context("which folder?")?.into();
    for parser in &PARSERS {
        let folder = folder.join(parser.name);
        std::fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
        for (number, bytes) in (parser.examples)().iter().enumerate() {
            std::fs::write(folder.join(format!("example-{number}")), bytes)?;
        }
    }
    Ok(())
}
