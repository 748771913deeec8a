//! What an operator breaks: a file of fault rules, and the bodies of the operator's API.
//!
//! Rules and races that are read go to a real gateway, which says whether they make sense.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use openmart::parse_faults_text;
use openmart_exchange::Exchange;
use openmart_gateway::{Controls, FaultsError, Gateway, Options, Vault};
use openmart_wire::admin::BODY_BYTES_MAX;
use openmart_wire::admin::faults::{
    AddFaults, Delay, Fault, FaultList, FaultRule, FaultRules, RULES_MAX,
};
use openmart_wire::admin::races::{ArmRace, Race, RaceState};

use super::venue;
use super::wire::texts;

static DESK: Mutex<Option<Desk>> = Mutex::new(None);

/// Faults and races of a gateway that nobody talks to.
struct Desk {
    controls: Controls,
    _exchange: Exchange,
}

impl Desk {
    fn open() -> Self {
        let vault = Arc::new(Vault::from_key([7; 32]));
        let exchange = venue::open(&vault, openmart_exchange::Options::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let options = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let gateway = Gateway::bind(exchange.clone(), vault, options);
        let gateway = runtime.expect("a runtime").block_on(gateway).expect("a free port");
        Self { controls: gateway.controls(), _exchange: exchange }
    }
}

/// Has something done at the desk, alone, before and after which there are no rules and no races.
fn at_the_desk(run: impl FnOnce(&Controls) -> bool) -> bool {
    let mut desk = DESK.lock().unwrap_or_else(PoisonError::into_inner);
    let controls = &desk.get_or_insert_with(Desk::open).controls;
    controls.clear_faults();
    controls.clear_races();
    let accepted = run(controls);
    controls.clear_faults();
    controls.clear_races();
    accepted
}

/// The rules of a file can be sent to the operator's API, and mean the same there.
pub(super) fn faults_file(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Some(rules) = parse_faults_text(text) else { return false };
    let accepted = at_the_desk(|controls| replace(controls, &rules));
    if accepted {
        let json = serde_json::to_string(&rules).expect("rules serialise");
        let again: FaultRules = serde_json::from_str(&json).expect("our own body is acceptable");
        assert_eq!(without_fractions(&again.rules), without_fractions(&rules.rules), "{json}");
        assert_eq!((again.seed, again.fault_header), (rules.seed, rules.fault_header), "{json}");
    }
    accepted
}

/// A body is read as each of those that there are.
pub(super) fn admin_body(bytes: &[u8]) -> bool {
    if bytes.len() > BODY_BYTES_MAX {
        return false;
    }
    let rules = serde_json::from_slice::<FaultRules>(bytes);
    let more = serde_json::from_slice::<AddFaults>(bytes);
    let race = serde_json::from_slice::<ArmRace>(bytes);
    if rules.is_err() && more.is_err() && race.is_err() {
        return false;
    }
    at_the_desk(|controls| {
        let replaced = rules.is_ok_and(|rules| replace(controls, &rules));
        let added = more.is_ok_and(|more| add(controls, &more));
        let armed = race.is_ok_and(|race| arm(controls, &race));
        replaced || added || armed
    })
}

/// Rules that are accepted are listed as they were told; of others one is named, and nothing has
/// changed.
fn replace(controls: &Controls, rules: &FaultRules) -> bool {
    let before = controls.faults();
    let answer = controls.replace_faults(rules);
    check_answer(controls, &before, &answer, rules.rules.len());
    let Ok(list) = answer else { return false };
    assert_eq!(told(&list), rules.rules);
    // Without rules there is nothing that a seed would decide.
    if !rules.rules.is_empty() {
        assert_eq!(list.seed, rules.seed.unwrap_or(0));
        assert_eq!(list.fault_header, rules.fault_header.unwrap_or(false));
    }
    true
}

/// The same, behind the rules that there are. Names are unique, so none can be added twice.
fn add(controls: &Controls, more: &AddFaults) -> bool {
    controls.clear_faults();
    let before = controls.faults();
    let answer = controls.add_faults(more);
    check_answer(controls, &before, &answer, more.rules.len());
    let Ok(list) = answer else { return false };
    assert_eq!(told(&list), more.rules);
    let twice = controls.add_faults(more);
    assert!(twice.is_err() || more.rules.is_empty(), "a name was taken twice");
    check_answer(controls, &list, &twice, more.rules.len());
    true
}

fn check_answer(
    controls: &Controls,
    before: &FaultList,
    answer: &Result<FaultList, FaultsError>,
    rules: usize,
) {
    match answer {
        Ok(list) => {
            assert!(list.rules.len() <= RULES_MAX);
            assert_eq!(*list, controls.faults());
            let json = serde_json::to_string(list).expect("a list serialises");
            let read: FaultList = serde_json::from_str(&json).expect("a client reads it");
            assert_eq!(without_fractions(&told(&read)), without_fractions(&told(list)), "{json}");
        }
        Err(error) => {
            assert_eq!(*before, controls.faults(), "{error}, but something was changed");
            assert!(!error.to_string().contains('\n'), "{error}");
            match error {
                FaultsError::Rule(error) => assert!((1..=rules).contains(&error.number())),
                other => panic!("{other}"),
            }
        }
    }
}

fn told(list: &FaultList) -> Vec<FaultRule> {
    list.rules.iter().map(|counted| counted.rule.clone()).collect()
}

/// Chances and shapes may lose their last bit in JSON, where they are decimals; nothing else may.
/// So these are left out, but for being there.
fn without_fractions(rules: &[FaultRule]) -> Vec<FaultRule> {
    let mut rules = rules.to_vec();
    for rule in &mut rules {
        rule.probability = rule.probability.map(|_| 1.0);
        if let Fault::Latency { delay: Delay::Pareto { shape, .. }, .. } = &mut rule.fault {
            *shape = 1.0;
        }
    }
    rules
}

/// A race that is armed is listed as it was told, and can be forgotten.
fn arm(controls: &Controls, arm: &ArmRace) -> bool {
    let Ok(race) = controls.arm_race(arm) else {
        assert!(controls.races().races.is_empty(), "a race was refused and is armed");
        return false;
    };
    assert_eq!((&race.key, race.race, race.state), (&arm.key, arm.race, RaceState::Armed));
    assert!(
        (1..=100).contains(&race.percent) && arm.percent.is_none_or(|told| told == race.percent)
    );
    let json = serde_json::to_string(&race).expect("a race serialises");
    assert_eq!(serde_json::from_str::<Race>(&json).ok().as_ref(), Some(&race), "{json}");
    assert_eq!(controls.races().races, [race]);
    assert!(controls.clear_races().races.is_empty());
    true
}

pub(super) fn faults_files() -> Vec<Vec<u8>> {
    texts(&[REQUESTS, FRAMES, ""])
}

const REQUESTS: &str = r#"
seed = 3
fault_header = true

[[rule]]
name = "lost"
key = "6591f7c2491db0a23a1d8ad6911c825e"
method = "POST"
path = "/v2/orders"
nth = 2
fault = { kind = "disconnect-after" }

[[rule]]
name = "slow"
burst = { length = 20, every = 200 }
probability = 0.25
[rule.fault]
kind = "latency"
point = "after"
delay = { distribution = "pareto", min_ms = 5, shape = 1.5 }

[[rule]]
name = "down"
path = "/v2/**"
first = 3
fault = { kind = "answer", status = 502, retry_after_s = 2, body = "<html>" }
"#;

const FRAMES: &str = r#"
rule = [
  { name = "a", channel = "order", symbol = "A_B", fault = { kind = "drop-frame" } },
  { name = "b", every = 3, fault = { kind = "delay-frame", ticks = 4 } },
]
"#;

pub(super) fn admin_bodies() -> Vec<Vec<u8>> {
    texts(&[
        "{}",
        r#"{"rules":[{"name":"a","nth":2,"fault":{"kind":"disconnect-after"}}]}"#,
        concat!(
            r#"{"seed":7,"fault_header":true,"rules":[{"name":"lag","method":"GET","path":"/v2/orders/{id}","#,
            r#""every":3,"fault":{"kind":"stale-read","behind":2}},{"name":"off","fault":{"kind":"clock-skew","ms":-5}}]}"#
        ),
        concat!(
            r#"{"rules":[{"name":"slow","probability":0.02,"fault":{"kind":"latency","delay":"#,
            r#"{"distribution":"uniform","min_ms":1,"max_ms":20},"point":"after"}},{"name":"late","#,
            r#""channel":"trade","symbol":"A_B","fault":{"kind":"delay-frame","ticks":4}}]}"#
        ),
        r#"{"key":"6591f7c2491db0a23a1d8ad6911c825e","race":"fill-before-cancel"}"#,
        r#"{"key":"6591f7c2491db0a23a1d8ad6911c825e","race":"partial-before-cancel","percent":30}"#,
    ])
}
