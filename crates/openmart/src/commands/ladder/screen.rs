//! The terminal, taken and given back.

use anyhow::Context;
use ratatui::DefaultTerminal;

use super::draw::draw;
use super::model::Ladder;

/// The terminal while it is ours. Given back when dropped, and before the message of a panic.
pub(super) struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    pub(super) fn open() -> anyhow::Result<Self> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                // It may have been taken in part.
                let _ = ratatui::try_restore();
                Err(error).context("cannot draw in this terminal")
            }
        }
    }

    pub(super) fn draw(&mut self, ladder: &Ladder) -> anyhow::Result<()> {
        let drawn = self.terminal.draw(|frame| draw(frame, ladder));
        drawn.map(|_| ()).context("cannot draw in this terminal")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = ratatui::try_restore();
    }
}
