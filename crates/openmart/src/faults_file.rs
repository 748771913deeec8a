//! Fault rules in a TOML file, for a start with faults and for `openmart admin faults`.
//!
//! What enters: a file. What leaves: rules as the operator's API has them, and the lines on which
//! they begin. What it must not know: whether a rule makes sense, which the exchange says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use openmart_gateway::{Controls, FaultsError};
use openmart_wire::admin::faults::{FaultRule, FaultRules};
use serde::Deserialize;
use toml::Spanned;

/// Longest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Rules, and where each is written.
#[derive(Debug)]
pub(crate) struct FaultsFile {
    path: PathBuf,
    pub(crate) rules: FaultRules,
    /// By place among the rules, from 1.
    lines: Vec<usize>,
}

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FaultsFileError {
    /// The file cannot be read.
    #[error("cannot read the fault rules {}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No such file is meant for this.
    #[error("{} is longer than {FILE_BYTES_MAX} bytes", file.display())]
    Long {
        /// The file.
        file: PathBuf,
    },
    /// It says something that cannot be.
    #[error("{}, line {line}: {what}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// It may not be done here.
    #[error(transparent)]
    Refused(FaultsError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    fault_header: Option<bool>,
    #[serde(default, rename = "rule")]
    rules: Vec<Spanned<FaultRule>>,
}

impl FaultsFile {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, FaultsFileError> {
        let failed = |source| FaultsFileError::Read { file: path.to_owned(), source };
        let length = fs::metadata(path).map_err(failed)?.len();
        if length > FILE_BYTES_MAX {
            return Err(FaultsFileError::Long { file: path.to_owned() });
        }
        Self::parse(path, &fs::read_to_string(path).map_err(failed)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, FaultsFileError> {
        let file: File = toml::from_str(text).map_err(|error| FaultsFileError::Line {
            file: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            what: error.message().replace('\n', ", "),
        })?;
        let lines = file.rules.iter().map(|rule| line_of(text, rule.span().start)).collect();
        let rules = FaultRules {
            seed: file.seed,
            fault_header: file.fault_header,
            rules: file.rules.into_iter().map(Spanned::into_inner).collect(),
        };
        Ok(Self { path: path.to_owned(), rules, lines })
    }

    /// Has these broken and nothing else.
    pub(crate) fn set(&self, controls: &Controls) -> Result<(), FaultsFileError> {
        match controls.replace_faults(&self.rules) {
            Ok(_) => Ok(()),
            Err(FaultsError::Rule(error)) => Err(FaultsFileError::Line {
                file: self.path.clone(),
                line: self.lines.get(error.number() - 1).copied().unwrap_or(1),
                what: error.to_string(),
            }),
            Err(error) => Err(FaultsFileError::Refused(error)),
        }
    }
}

/// The rules of a text, whose lines are checked.
///
/// # Panics
///
/// If a line that is told is not in the text, rules are not in the order of their lines, or what is
/// wrong takes more than one line to say.
pub(crate) fn check(text: &str) -> Option<FaultRules> {
    let lines = 1..=1 + text.bytes().filter(|byte| *byte == b'\n').count();
    match FaultsFile::parse(Path::new("text"), text) {
        Ok(file) => {
            assert_eq!(file.lines.len(), file.rules.rules.len());
            assert!(file.lines.is_sorted(), "{:?}", file.lines);
            assert!(file.lines.iter().all(|line| lines.contains(line)), "{:?}", file.lines);
            Some(file.rules)
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(!sentence.contains('\n'), "{sentence}");
            let FaultsFileError::Line { line, .. } = error else { panic!("{sentence}") };
            assert!(lines.contains(&line), "{sentence}");
            None
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use openmart_wire::admin::faults::{Delay, Fault, Point};

    use super::*;

    fn parse(text: &str) -> Result<FaultsFile, FaultsFileError> {
        FaultsFile::parse(Path::new("faults.toml"), text)
    }

    #[test]
    fn a_file_has_a_seed_and_rules() {
        let file = parse(
            r#"
seed = 3

[[rule]]
name = "lost"
method = "POST"
path = "/v2/orders"
nth = 2
fault = { kind = "disconnect-after" }

[[rule]]
name = "slow"
probability = 1
[rule.fault]
kind = "latency"
point = "after"
delay = { distribution = "pareto", min_ms = 5, shape = 2 }
"#,
        )
        .unwrap();
        assert_eq!((file.rules.seed, file.rules.fault_header), (Some(3), None));
        assert_eq!(file.lines, [4, 11]);
        let [lost, slow] = &file.rules.rules[..] else { panic!("{file:?}") };
        assert_eq!((lost.nth, &lost.fault), (Some(2), &Fault::DisconnectAfter {}));
        let delay = Delay::Pareto { min_ms: 5, shape: 2.0 };
        assert_eq!(slow.fault, Fault::Latency { delay, point: Point::After });
    }

    #[test]
    fn what_cannot_be_is_refused_by_the_line() {
        for (text, line, what) in [
            ("sead = 3", 1, "unknown field `sead`"),
            ("seed = -3", 1, "invalid value: integer `-3`"),
            ("\n[[rule]]\nname = 3\nfault = { kind = \"drop-frame\" }", 3, "invalid type: integer"),
            ("[[rule]]\nname = \"a\"", 1, "missing field `fault`"),
            ("[[rule]]\nname = \"a\"\nfault = { kind = \"explode\" }", 3, "unknown variant"),
            ("[[rule]]\nname = \"a\"\nfault = { kind = \"slow-body\" }", 3, "missing field"),
            ("[[rule]\n", 1, "unclosed"),
        ] {
            match parse(text) {
                Err(FaultsFileError::Line { line: found, what: said, .. }) => {
                    assert!(said.contains(what), "{text}: {said}");
                    assert_eq!(found, line, "{text}: {said}");
                    assert_eq!(said.lines().count(), 1);
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
