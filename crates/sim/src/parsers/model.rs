//! Commands as they stand in the journal, and decimal text.

use openmart_model::{Command, DecimalText, Timestamp, parse_decimal};

use crate::oracle::Oracle;
use crate::workload::random::RandomCommands;

/// Decimals that a text can be shown with.
const DECIMALS_MAX: u8 = 38;

/// What decodes must encode to the same bytes.
pub(super) fn command(bytes: &[u8]) -> bool {
    let Ok(command) = Command::decode(bytes) else { return false };
    assert_eq!(encoded(&command), bytes, "{command:?} has two byte forms");
    true
}

pub(super) fn commands() -> Vec<Vec<u8>> {
    let (mut source, mut oracle) = (RandomCommands::new(1), Oracle::new());
    let mut next = || {
        let command = source.command(&oracle);
        let _ = oracle.apply(0, Timestamp(0), &command, &mut Vec::new());
        encoded(&command)
    };
    (0..400).map(|_| next()).collect()
}

fn encoded(command: &Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    command.encode(&mut bytes);
    bytes
}

/// The first byte is the number of decimals, the rest the text. What parses must show as a text of
/// the same value.
pub(super) fn decimal(bytes: &[u8]) -> bool {
    let Some((decimals, text)) = bytes.split_first() else { return false };
    let decimals = decimals % (DECIMALS_MAX + 1);
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Ok(units) = parse_decimal(text, decimals) else { return false };
    let shown = DecimalText::new(units, decimals).to_string();
    assert_eq!(parse_decimal(&shown, decimals), Ok(units), "{text:?} shown as {shown:?}");
    true
}

pub(super) fn decimals() -> Vec<Vec<u8>> {
    let texts =
        ["\u{8}0.00001", "\u{8}1e-05", "\u{2}1.50", "\u{0}340282366920938463463374607431768211455"];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
