//! `openmart book SYMBOL --watch`: the order book, live in the terminal.
//!
//! What enters: pushes of the book, the account's orders, keys. What leaves: a picture of it all
//! after each, and cancels of the order that is selected. What is shown is decided by [`model`] and
//! drawn by [`draw`], which know neither terminal nor network; here they are put together.

mod draw;
mod input;
mod model;
mod screen;

use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use anyhow::bail;
use openmart_client::{
    Canceled, Channel, ChannelRequest, Client, Error, Event, Order, Push, Stream,
};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::arguments::Book;
use super::connection::{credentials, open};
use super::exit::WrongUsage;
use crate::signals::Signals;
use input::Input;
use model::{Ladder, Wish};
use screen::Screen;

/// How often the account's orders are asked for: the API does not push them.
const ORDERS_INTERVAL: Duration = Duration::from_secs(1);

/// What came of something that was asked for.
enum Told {
    Orders(Result<Vec<Order>, Error>),
    Canceled(u64, Result<Canceled, Error>),
}

/// Draws until `q` is pressed or a signal comes.
pub(super) async fn run(arguments: &Book) -> anyhow::Result<()> {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        let sentence = "--watch draws in a terminal, and this is none; \
                        without it the book is printed once";
        return Err(WrongUsage(sentence.to_owned()).into());
    }
    let Book { symbol, precision, connection, .. } = arguments;
    let client = open(connection)?;
    let has_key = credentials(connection)?.is_some();
    // What can be refused is refused before the terminal is taken.
    client.symbol_details(symbol).await?;
    if has_key {
        client.log_in().await?;
    }
    let stream = client.stream().await?;
    let channel = Channel::Depth { precision: precision.map(u16::from) };
    stream.subscribe(ChannelRequest { channel, symbol: symbol.clone() })?;
    let signals = Signals::listen()?;
    let screen = Screen::open()?;
    Watching { ladder: Ladder::new(symbol, has_key), client, stream, screen }.run(signals).await
}

struct Watching {
    ladder: Ladder,
    client: Client,
    stream: Stream,
    screen: Screen,
}

impl Watching {
    async fn run(mut self, mut signals: Signals) -> anyhow::Result<()> {
        let mut inputs = input::listen();
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut ask_for_orders = interval(ORDERS_INTERVAL);
        ask_for_orders.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.screen.draw(&self.ladder)?;
            tokio::select! {
                _ = signals.received() => return Ok(()),
                event = self.stream.next() => match event {
                    Some(event) => self.take(event)?,
                    None => return Ok(()),
                },
                input = inputs.recv() => match input {
                    Some(Input::Key(key)) => match self.ladder.press(key) {
                        Some(Wish::Quit) => return Ok(()),
                        Some(Wish::Cancel(order)) => self.cancel(order, tell.clone()),
                        None => {}
                    },
                    Some(Input::Resized) => {}
                    // The terminal is gone.
                    None => return Ok(()),
                },
                _ = ask_for_orders.tick(), if self.ladder.has_key() => self.ask(tell.clone()),
                Some(told) = told.recv() => match told {
                    Told::Orders(Ok(orders)) => self.ladder.show_orders(&orders),
                    Told::Orders(Err(error)) => self.ladder.say(error.to_string()),
                    Told::Canceled(order, Ok(_)) => self.ladder.canceled(order),
                    Told::Canceled(order, Err(error)) => {
                        self.ladder.say(format!("order {order} was not canceled: {error}"));
                    }
                },
            }
        }
    }

    fn take(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Push(Push::Depth { data, .. }) => self.ladder.show_book(data),
            Event::Gap { cause } => self.ladder.lose(cause),
            Event::Refused { message } => bail!("the exchange refused: {message}"),
            _ => {}
        }
        Ok(())
    }

    fn ask(&self, tell: mpsc::UnboundedSender<Told>) {
        let (client, symbol) = (self.client.clone(), self.ladder.symbol().to_owned());
        tokio::spawn(async move { tell.send(Told::Orders(client.open_orders(&symbol).await)) });
    }

    fn cancel(&self, order: u64, tell: mpsc::UnboundedSender<Told>) {
        let client = self.client.clone();
        tokio::spawn(async move {
            let outcome = client.cancel_order(order).await;
            tell.send(Told::Canceled(order, outcome))
        });
    }
}
