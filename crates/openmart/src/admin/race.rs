//! `openmart admin race`: races armed, listed, forgotten.

use hyper::Method;
use openmart_wire::admin::races::{ArmRace, RACES, Race, RaceKind, RaceList};
use serde::Serialize;

use super::client::Client;
use super::show;
use super::table::table;
use crate::arguments::{AdminRace, RaceName};

pub(super) fn run(client: &Client, wish: &AdminRace, json: bool) -> anyhow::Result<()> {
    match wish {
        AdminRace::Arm { race, key, percent } => {
            let arm = ArmRace { key: key.clone(), race: kind(*race), percent: *percent };
            let race: Race = client.tell(Method::POST, RACES, &arm)?;
            show(&race, json, |race| lines(std::slice::from_ref(race)))
        }
        AdminRace::List => {
            let list: RaceList = client.ask(Method::GET, RACES)?;
            show(&list, json, |list| lines(&list.races))
        }
        AdminRace::Clear => {
            let list: RaceList = client.ask(Method::DELETE, RACES)?;
            show(&list, json, |list| lines(&list.races))
        }
    }
}

fn kind(race: RaceName) -> RaceKind {
    match race {
        RaceName::FillBeforeCancel => RaceKind::FillBeforeCancel,
        RaceName::PartialBeforeCancel => RaceKind::PartialBeforeCancel,
        RaceName::CancelBeforeFill => RaceKind::CancelBeforeFill,
        RaceName::EventBeforeResponse => RaceKind::EventBeforeResponse,
    }
}

fn lines(races: &[Race]) -> String {
    if races.is_empty() {
        return "no races\n".to_owned();
    }
    let rows: Vec<[String; 8]> = races
        .iter()
        .map(|race| {
            let house: Vec<String> = race.house_orders.iter().map(u64::to_string).collect();
            [
                race.id.to_string(),
                name(&race.race),
                race.key.clone(),
                race.percent.to_string(),
                name(&race.state),
                race.order.map(|order| order.to_string()).unwrap_or_default(),
                house.join(" "),
                race.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(["ID", "RACE", "KEY", "PERCENT", "STATE", "ORDER", "HOUSE ORDERS", "REASON"], &rows)
}

/// As it travels.
fn name(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
