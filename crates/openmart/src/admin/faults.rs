//! `openmart admin faults`: rules listed, added, replaced, removed.

use anyhow::{Context, ensure};
use hyper::Method;
use openmart_wire::admin::faults::{AddFaults, FAULTS, FaultList, FaultRule};
use serde_json::Value;

use super::client::Client;
use super::show;
use super::table::table;
use crate::arguments::AdminFaults;
use crate::faults_file::FaultsFile;

pub(super) fn run(client: &Client, wish: &AdminFaults, json: bool) -> anyhow::Result<()> {
    let list: FaultList = match wish {
        AdminFaults::List => client.ask(Method::GET, FAULTS)?,
        AdminFaults::Clear => client.ask(Method::DELETE, FAULTS)?,
        AdminFaults::Remove { name } => {
            // The exchange says what a name is; here it must only stay one segment.
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            ensure!(name.bytes().all(sound) && !name.is_empty(), "there is no fault rule {name:?}");
            client.ask(Method::DELETE, &format!("{FAULTS}/{name}"))?
        }
        AdminFaults::Add { file } => {
            let rules = FaultsFile::load(file)?.rules;
            ensure!(
                rules.seed.is_none() && rules.fault_header.is_none(),
                "{}: seed and fault_header are for all rules: use `openmart admin faults set`",
                file.display()
            );
            let add = AddFaults { rules: rules.rules };
            let told = client.tell(Method::POST, FAULTS, &add);
            told.with_context(|| file.display().to_string())?
        }
        AdminFaults::Set { file } => {
            let told = client.tell(Method::PUT, FAULTS, &FaultsFile::load(file)?.rules);
            told.with_context(|| file.display().to_string())?
        }
    };
    show(&list, json, lines)
}

fn lines(list: &FaultList) -> String {
    if list.rules.is_empty() {
        return "no faults\n".to_owned();
    }
    let rows: Vec<[String; 6]> = list
        .rules
        .iter()
        .map(|counted| {
            let rule = &counted.rule;
            let (seen, struck) = (counted.seen.to_string(), counted.struck.to_string());
            [rule.name.clone(), matched(rule), when(rule), fault(rule), seen, struck]
        })
        .collect();
    let header = if list.fault_header { ", touched answers say so" } else { "" };
    let table = table(["NAME", "MATCHES", "WHEN", "FAULT", "SEEN", "STRUCK"], &rows);
    format!("seed {}{header}\n{table}", list.seed)
}

fn matched(rule: &FaultRule) -> String {
    let plain = [&rule.method, &rule.path, &rule.channel, &rule.symbol];
    let mut words: Vec<String> = plain.into_iter().flatten().cloned().collect();
    words.extend(rule.key.as_ref().map(|key| format!("key {key}")));
    if words.is_empty() { "all".to_owned() } else { words.join(" ") }
}

fn when(rule: &FaultRule) -> String {
    let numbers = [("nth", rule.nth), ("every", rule.every), ("first", rule.first)];
    let given = |(name, number): (&str, Option<u64>)| Some(format!("{name} {}", number?));
    let mut words: Vec<String> = numbers.into_iter().filter_map(given).collect();
    words.extend(rule.burst.map(|burst| format!("{} of every {}", burst.length, burst.every)));
    words.extend(rule.probability.map(|share| format!("probability {share}")));
    if words.is_empty() { "always".to_owned() } else { words.join(", ") }
}

/// The kind, and what belongs to it.
fn fault(rule: &FaultRule) -> String {
    let mut words = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::to_value(&rule.fault) {
        words.extend(fields.get("kind").and_then(Value::as_str).map(str::to_owned));
        for (name, value) in fields.iter().filter(|(name, _)| *name != "kind") {
            match value {
                Value::Object(inner) => words
                    .extend(inner.iter().map(|(name, value)| format!("{name}={}", word(value)))),
                value => words.push(format!("{name}={}", word(value))),
            }
        }
    }
    words.join(" ")
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
