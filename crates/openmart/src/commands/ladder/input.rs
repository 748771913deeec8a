//! Keys and changes of size, read by a thread of its own since reading them blocks.

use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use tokio::sync::mpsc;

/// How long the thread may outlive whoever listened to it.
const POLL: Duration = Duration::from_millis(100);

/// Something that the user did.
#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    Resized,
}

/// Begins to listen. The channel ends with the terminal.
pub(super) fn listen() -> mpsc::UnboundedReceiver<Input> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        while !sender.is_closed() {
            let input = match event::poll(POLL)
                .and_then(|is_there| is_there.then(event::read).transpose())
            {
                Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => Input::Key(key),
                Ok(Some(Event::Resize(..))) => Input::Resized,
                Ok(_) => continue,
                Err(_) => return,
            };
            if sender.send(input).is_err() {
                return;
            }
        }
    });
    receiver
}
