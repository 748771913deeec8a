//! `openmart watch`: what the exchange pushes, a line each.
//!
//! With `--json` a line is the push as it came, with the names of the API; what the client itself
//! has to say is an object with a member `event`.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, bail};
use openmart_client::{ChannelRequest, Event, Push};
use serde_json::json;

use super::arguments::{Channel, Watch};
use super::connection::open;
use super::output::{assets, time};

pub(super) async fn run(arguments: &Watch) -> anyhow::Result<()> {
    let Watch { symbol, channels, step, count, connection } = arguments;
    let mut stream = open(connection)?.stream().await?;
    for channel in channels {
        let channel = request(*channel, *step);
        stream.subscribe(ChannelRequest { channel, symbol: symbol.clone() })?;
    }
    let mut left = count.unwrap_or(u64::MAX);
    while let Some(event) = stream.next().await {
        if let Event::Refused { message } = &event {
            bail!("the exchange refused: {message}");
        }
        let lines = match connection.json {
            true => vec![json_line(&event)?],
            false => lines(&event),
        };
        for line in lines {
            if left == 0 || !say(&line)? {
                return Ok(());
            }
            left -= 1;
        }
        if left == 0 {
            return Ok(());
        }
    }
    Ok(())
}

fn request(channel: Channel, step: u32) -> openmart_client::Channel {
    match channel {
        Channel::Trades => openmart_client::Channel::Trade { precision: None },
        Channel::Book => openmart_client::Channel::Depth { precision: None },
        Channel::Price => openmart_client::Channel::Price,
        Channel::Kline => openmart_client::Channel::Kline { step: Some(step) },
    }
}

/// Prints a line at once; whether anybody still reads.
fn say(line: &str) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("cannot write to standard output"),
    }
}

fn json_line(event: &Event) -> anyhow::Result<String> {
    match event {
        Event::Push(push) => serde_json::to_string(push).context("a push is no JSON"),
        Event::Gap { cause } => Ok(json!({ "event": "gap", "cause": cause }).to_string()),
        Event::Reconnected => Ok(json!({ "event": "reconnected" }).to_string()),
        other => Ok(json!({ "event": "other", "text": format!("{other:?}") }).to_string()),
    }
}

fn lines(event: &Event) -> Vec<String> {
    match event {
        Event::Push(push) => push_lines(push),
        Event::Gap { cause } => vec![format!("gap: {cause}")],
        Event::Reconnected => vec!["reconnected".to_owned()],
        other => vec![format!("{other:?}")],
    }
}

fn push_lines(push: &Push) -> Vec<String> {
    match push {
        Push::Pong => Vec::new(),
        Push::Trade { symbol, data, .. } => {
            let (base, quote) = assets(symbol);
            // The API has the newest first; lines that follow each other in time are read easier.
            let line = |trade: &openmart_client::StreamTrade| {
                let (time, price, amount) = (time(trade.time), &trade.price, &trade.count);
                format!("{time} {symbol} trade {} {amount} {base} at {price} {quote}", trade.side)
            };
            data.trades.iter().rev().map(line).collect()
        }
        Push::Depth { symbol, data, .. } => {
            let (base, _) = assets(symbol);
            let best = |levels: &[openmart_client::DepthLevel]| match levels.first() {
                Some(level) => format!("{} ({} {base})", level.price, level.amount),
                None => "none".to_owned(),
            };
            vec![format!("{symbol} book bid {} ask {}", best(&data.buys), best(&data.sells))]
        }
        Push::Price { symbol, data } => {
            let (_, quote) = assets(symbol);
            vec![format!(
                "{} {symbol} price {} {quote} change {} low {} high {} turnover {} {quote}",
                time(data.timestamp),
                data.current_price,
                data.fluctuation,
                data.lowest_price,
                data.highest_price,
                data.volume,
            )]
        }
        Push::Kline { symbol, step, data } => {
            let (base, _) = assets(symbol);
            vec![format!(
                "{} {symbol} kline {step} min open {} high {} low {} close {} volume {} {base}",
                time(data.timestamp),
                data.open_price,
                data.highest_price,
                data.lowest_price,
                data.current_price,
                data.volume,
            )]
        }
    }
}
