//! Rules and races that make no sense change nothing, and are refused with one sentence.

use openmart_gateway::{FaultsError, Gateway, Options};
use openmart_wire::admin::faults::{AddFaults, FaultRules};
use openmart_wire::admin::races::{ArmRace, RaceKind};

use super::{break_by, struck};
use crate::venue::{ALICE, REVOKED, Venue};

const GOOD: &str = r#"{"name":"good","path":"/v2/ping","fault":{"kind":"answer","status":503}}"#;

#[test]
fn one_bad_rule_refuses_all_and_changes_nothing() {
    let venue = Venue::new();
    venue.revoke(REVOKED);
    break_by(&venue, GOOD);
    assert_eq!(venue.get("/v2/ping").status, 503);
    let before = venue.controls.faults();
    let drop = r#""fault":{"kind":"drop-frame"}"#;
    let cut = r#""fault":{"kind":"disconnect-after"}"#;
    let revoked = format!(r#"{{"name":"x","key":"{}",{cut}}}"#, REVOKED.text);
    let many = vec![r#"{"name":"n","fault":{"kind":"drop-frame"}}"#; 129].join(",");
    for (rule, problem) in [
        (format!(r#"{{"name":"a b",{cut}}}"#), "a name has 1 to 64 letters"),
        (format!(r#"{{"name":"good",{cut}}}"#), "there is a rule of this name already"),
        (format!(r#"{{"name":"x","key":"nobody",{cut}}}"#), "there is no API key \"nobody\""),
        (revoked, "there is no API key"),
        (format!(r#"{{"name":"x","method":"get",{cut}}}"#), "\"get\" is no method"),
        (format!(r#"{{"name":"x","path":"v2",{cut}}}"#), "\"v2\" is no path"),
        (format!(r#"{{"name":"x","path":"/v2/order",{cut}}}"#), "no route has this method and path"),
        (format!(r#"{{"name":"x","method":"POST","path":"/v2/ping",{cut}}}"#), "no route has"),
        (format!(r#"{{"name":"x","channel":"trade",{cut}}}"#), "channel belongs to rules about"),
        (format!(r#"{{"name":"x","path":"/",{drop}}}"#), "path belongs to rules about requests"),
        (format!(r#"{{"name":"x","channel":"news",{drop}}}"#), "\"news\" is no channel"),
        (format!(r#"{{"name":"x","symbol":"NO_NE",{drop}}}"#), "there is no market \"NO_NE\""),
        (format!(r#"{{"name":"x","nth":1,"first":1,{cut}}}"#), "only one of nth, every, first"),
        (format!(r#"{{"name":"x","nth":0,{cut}}}"#), "nth counts from 1"),
        (format!(r#"{{"name":"x","probability":1.1,{cut}}}"#), "probability 1.1 is not above 0"),
        (r#"{"name":"x","fault":{"kind":"answer","status":200}}"#.into(), "status 200 is not"),
        (r#"{"name":"x","fault":{"kind":"clock-skew","ms":86400001}}"#.into(), "a clock may be"),
        (r#"{"name":"x","fault":{"kind":"delay-frame","ticks":0}}"#.into(), "ticks is 1 to"),
        (r#"{"name":"x","fault":{"kind":"stale-read","behind":0}}"#.into(), "behind is 1 to"),
        (
            r#"{"name":"x","method":"POST","fault":{"kind":"stale-read"}}"#.into(),
            "only reads are stale",
        ),
        (
            r#"{"name":"x","fault":{"kind":"slow-body","chunk_bytes":0,"interval_ms":1}}"#.into(),
            "chunk_bytes is at least 1",
        ),
        (
            r#"{"name":"x","fault":{"kind":"latency","delay":{"distribution":"fixed","ms":600001}}}"#
                .into(),
            "longer than the longest delay",
        ),
    ] {
        let fine = r#"{"name":"fine","fault":{"kind":"disconnect-before"}}"#;
        let add: AddFaults =
            serde_json::from_str(&format!(r#"{{"rules":[{fine},{rule}]}}"#)).unwrap();
        let error = venue.controls.add_faults(&add).unwrap_err().to_string();
        assert!(error.starts_with("fault rule 2 (") && error.contains(problem), "{rule}: {error}");
        assert_eq!(error.lines().count(), 1);
        assert_eq!(venue.controls.faults(), before, "{rule}");
    }
    let many: FaultRules = serde_json::from_str(&format!(r#"{{"rules":[{many}]}}"#)).unwrap();
    assert!(venue.controls.replace_faults(&many).is_err());
    assert_eq!(venue.controls.faults(), before);
    assert_eq!(venue.get("/v2/ping").status, 503);
    assert_eq!(struck(&venue), [2], "and the one that was there goes on");
}

#[test]
fn rules_come_and_go_by_name_and_go_on_counting() {
    let venue = Venue::new();
    break_by(&venue, GOOD);
    venue.get("/v2/ping");
    let add =
        r#"{"rules":[{"name":"other","path":"/v2/time","fault":{"kind":"answer","status":500}}]}"#;
    venue.controls.add_faults(&serde_json::from_str(add).unwrap()).unwrap();
    assert_eq!(struck(&venue), [1, 0]);
    assert_eq!(venue.get("/v2/time").status, 500);
    assert!(venue.controls.remove_fault("nothing").is_none());
    assert_eq!(venue.controls.remove_fault("good").unwrap().rules.len(), 1);
    assert_eq!(venue.get("/v2/ping").status, 200);
    assert_eq!(struck(&venue), [1]);
    assert!(venue.controls.clear_faults().rules.is_empty());
    assert_eq!(venue.get("/v2/time").status, 200);
}

#[test]
fn a_race_is_for_a_key_that_there_is_and_a_share_that_there_can_be() {
    let venue = Venue::new();
    let arm = |key: &str, race, percent| {
        venue.controls.arm_race(&ArmRace { key: key.into(), race, percent }).map(|race| race.id)
    };
    for (key, race, percent, problem) in [
        ("nobody", RaceKind::FillBeforeCancel, None, "there is no API key \"nobody\""),
        (ALICE.text, RaceKind::PartialBeforeCancel, Some(100), "percent is 1 to 99 here"),
        (ALICE.text, RaceKind::PartialBeforeCancel, Some(0), "percent is 1 to 99 here"),
        (ALICE.text, RaceKind::FillBeforeCancel, Some(50), "percent is 100 here"),
        (ALICE.text, RaceKind::EventBeforeResponse, Some(101), "percent is 1 to 100 here"),
    ] {
        let error = arm(key, race, percent).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
    assert!(venue.controls.races().races.is_empty());
    for id in 1..=64 {
        assert_eq!(arm(ALICE.text, RaceKind::FillBeforeCancel, None), Ok(id));
    }
    assert!(arm(ALICE.text, RaceKind::FillBeforeCancel, None).is_err());
    assert!(venue.controls.clear_races().races.is_empty());
}

#[test]
fn a_public_address_needs_to_be_allowed() {
    let venue = Venue::new();
    let rules: FaultRules = serde_json::from_str(&format!(r#"{{"rules":[{GOOD}]}}"#)).unwrap();
    let arm = ArmRace { key: ALICE.text.into(), race: RaceKind::FillBeforeCancel, percent: None };
    for allowed in [false, true] {
        let mut options = Options::new("0.0.0.0:0".parse().unwrap());
        options.public_bind_without_tls = true;
        options.faults_on_public_bind = allowed;
        let gateway = Gateway::bind(venue.exchange.clone(), venue.vault.clone(), options);
        let controls = venue.runtime.block_on(gateway).unwrap().controls();
        if allowed {
            controls.replace_faults(&rules).unwrap();
            controls.arm_race(&arm).unwrap();
            continue;
        }
        for refused in
            [controls.replace_faults(&rules).map(drop), controls.arm_race(&arm).map(drop)]
        {
            let error = refused.unwrap_err();
            assert!(matches!(error, FaultsError::PublicBind(_)), "{error}");
            assert!(error.to_string().contains("--allow-faults-on-public-bind"));
        }
        assert!(controls.faults().rules.is_empty() && controls.races().races.is_empty());
    }
}
