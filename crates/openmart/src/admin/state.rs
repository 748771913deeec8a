//! `openmart admin state`: points, forks and rewinds of an ephemeral exchange.

use hyper::Method;
use openmart_wire::admin::state::{
    FORKS, Fork, MarkPoint, Origin, Point, REWIND, Rewound, SNAPSHOT, STATE, State,
};

use super::client::Client;
use super::show;
use super::table::table;
use crate::arguments::{AdminOrigin, AdminState};

pub(super) fn run(client: &Client, wish: &AdminState, json: bool) -> anyhow::Result<()> {
    match wish {
        AdminState::Show => show(&client.ask::<State>(Method::GET, STATE)?, json, lines),
        AdminState::Snapshot { name } => {
            let mark = MarkPoint { name: name.clone() };
            let point: Point = client.tell(Method::POST, SNAPSHOT, &mark)?;
            show(&point, json, |point| format!("{} is sequence {}\n", point.name, point.sequence))
        }
        AdminState::Fork(from) => {
            let fork: Fork = client.tell(Method::POST, FORKS, &origin(from))?;
            show(&fork, json, |fork| forks(std::slice::from_ref(fork)))
        }
        AdminState::EndFork { id } => {
            let left: State = client.ask(Method::DELETE, &format!("{FORKS}/{id}"))?;
            show(&left, json, lines)
        }
        AdminState::Rewind(to) => {
            let rewound: Rewound = client.tell(Method::POST, REWIND, &origin(to))?;
            show(&rewound, json, |rewound| {
                let Rewound { sequence, discarded, .. } = rewound;
                format!("rewound to sequence {sequence}, {discarded} entries are gone\n")
            })
        }
    }
}

fn origin(AdminOrigin { sequence, point }: &AdminOrigin) -> Origin {
    Origin { sequence: *sequence, point: point.clone() }
}

fn lines(state: &State) -> String {
    let mut text = format!("sequence {} in {}\n", state.sequence, state.folder);
    if !state.points.is_empty() {
        let row = |point: &Point| {
            [point.name.clone(), point.sequence.to_string(), point.time_ms.to_string()]
        };
        let rows: Vec<_> = state.points.iter().map(row).collect();
        text += &table(["POINT", "SEQUENCE", "TIME"], &rows);
    }
    if !state.forks.is_empty() {
        text += &forks(&state.forks);
    }
    text
}

fn forks(forks: &[Fork]) -> String {
    let row = |fork: &Fork| {
        let (id, sequence) = (fork.id.to_string(), fork.sequence.to_string());
        [id, sequence, fork.url.clone(), fork.admin_url.clone()]
    };
    let rows: Vec<_> = forks.iter().map(row).collect();
    table(["FORK", "SEQUENCE", "URL", "OPERATOR'S API"], &rows)
}
