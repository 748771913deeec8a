//! `openmart admin time`: the clock of an ephemeral exchange.

use anyhow::ensure;
use hyper::Method;
use openmart_wire::admin::time::{Clock, Pace, SetClock, TIME};

use super::client::Client;
use super::show;
use crate::arguments::AdminTime;

pub(super) fn run(client: &Client, wish: &AdminTime, json: bool) -> anyhow::Result<()> {
    let set = SetClock::default();
    let set = match *wish {
        AdminTime::Show => return show(&client.ask::<Clock>(Method::GET, TIME)?, json, line),
        AdminTime::Freeze { at: None } => SetClock { freeze: Some(true), ..set },
        AdminTime::Freeze { at } => SetClock { at, ..set },
        AdminTime::Step { ms } => SetClock { step_ms: Some(ms), ..set },
        AdminTime::Jump { to_ms } => SetClock { jump_to_ms: Some(to_ms), ..set },
        AdminTime::Rate { times } => {
            // JSON has no word for these.
            ensure!(times.is_finite(), "a rate is a number from 0.1 to 100000, not {times}");
            SetClock { rate: Some(times), ..set }
        }
        AdminTime::Real => SetClock { real: Some(true), ..set },
    };
    show(&client.tell::<Clock>(Method::POST, TIME, &set)?, json, line)
}

fn line(clock: &Clock) -> String {
    let pace = match clock.pace {
        Pace::Real => "as the machine's".to_owned(),
        Pace::Frozen => "frozen".to_owned(),
        Pace::Rate => format!("at {} times the machine's pace", clock.rate),
    };
    format!("{} {pace}, last entry at {}\n", clock.now_ms, clock.last_entry_ms)
}
