//! The clock of an ephemeral exchange: shown, held, moved, hurried.

use http::StatusCode;
use openmart_exchange::{ClockError, ClockPace, ClockRate, ClockReading, ClockWish};
use openmart_model::Timestamp;
use openmart_wire::admin::time::{Clock, Pace, SetClock};

use super::{Admin, Answering, Incoming, Refused, json};

/// `GET /admin/time`.
pub(super) fn show(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async { Ok(json(&shown(admin.ephemeral()?.clock.reading(), last_entry(admin)))) })
}

/// `POST /admin/time`.
pub(super) fn set(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let clock = &admin.ephemeral()?.clock;
        let wish = wish(&incoming.json()?)?;
        let last_entry = last_entry(admin);
        let reading = clock.tell(wish, last_entry)?;
        tracing::info!(?wish, now_ms = reading.now.0, "the clock was told");
        Ok(json(&shown(reading, last_entry)))
    })
}

fn last_entry(admin: &Admin) -> Timestamp {
    admin.controls.site().exchange.view(|state| state.time())
}

fn shown(reading: ClockReading, last_entry: Timestamp) -> Clock {
    let (pace, rate) = match reading.pace {
        ClockPace::Real => (Pace::Real, 1.0),
        ClockPace::Frozen => (Pace::Frozen, 0.0),
        ClockPace::Rate(rate) => (Pace::Rate, rate.thousandths() as f64 / 1_000.0),
    };
    Clock { now_ms: reading.now.0, pace, rate, last_entry_ms: last_entry.0 }
}

fn wish(set: &SetClock) -> Result<ClockWish, Refused> {
    let wishes = [
        set.freeze.map(|freeze| told(freeze, ClockWish::Freeze, "freeze")),
        set.at.map(|ms| Ok(ClockWish::FreezeAt(Timestamp(ms)))),
        set.step_ms.map(|ms| Ok(ClockWish::StepMs(ms))),
        set.jump_to_ms.map(|ms| Ok(ClockWish::JumpTo(Timestamp(ms)))),
        set.rate.map(|times| rate(times).map(ClockWish::Run)),
        set.real.map(|real| told(real, ClockWish::Real, "real")),
    ];
    let mut wishes = wishes.into_iter().flatten();
    match (wishes.next(), wishes.next()) {
        (Some(wish), None) => wish,
        _ => Err(bad(
            "give exactly one of freeze, at, step_ms, jump_to_ms, rate and real".to_owned()
        )),
    }
}

fn told(value: bool, wish: ClockWish, name: &str) -> Result<ClockWish, Refused> {
    let not_true = || bad(format!("{name} can only be true: give a rate, or real, to go on"));
    if value { Ok(wish) } else { Err(not_true()) }
}

fn rate(times: f64) -> Result<ClockRate, Refused> {
    let outside = || bad(format!("a rate is a number from 0.1 to 100000, not {times}"));
    // What is no number, or too large for one, becomes a number that is outside as well.
    ClockRate::from_thousandths((times * 1_000.0).round() as u64).ok_or_else(outside)
}

fn bad(sentence: String) -> Refused {
    Refused(StatusCode::BAD_REQUEST, sentence)
}

impl From<ClockError> for Refused {
    fn from(error: ClockError) -> Self {
        bad(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_one_thing() {
        let wished = |text: &str| {
            let set: SetClock = serde_json::from_str(text).unwrap();
            wish(&set).map_err(|Refused(_, sentence)| sentence)
        };
        assert_eq!(wished(r#"{"freeze":true}"#), Ok(ClockWish::Freeze));
        assert_eq!(wished(r#"{"at":5}"#), Ok(ClockWish::FreezeAt(Timestamp(5))));
        assert_eq!(wished(r#"{"step_ms":5}"#), Ok(ClockWish::StepMs(5)));
        assert_eq!(wished(r#"{"real":true}"#), Ok(ClockWish::Real));
        for (text, thousandths) in
            [("0.1", 100), ("1", 1_000), ("2.5", 2_500), ("100000", 100_000_000)]
        {
            let rate = ClockRate::from_thousandths(thousandths).unwrap();
            assert_eq!(wished(&format!(r#"{{"rate":{text}}}"#)), Ok(ClockWish::Run(rate)));
        }
        for wrong in ["0", "0.09", "-1", "100001", "1e300"] {
            let sentence = wished(&format!(r#"{{"rate":{wrong}}}"#)).unwrap_err();
            assert!(
                sentence.starts_with("a rate is a number from 0.1 to 100000, not "),
                "{sentence}"
            );
        }
        for wrong in ["{}", r#"{"freeze":true,"at":5}"#, r#"{"rate":1,"real":true}"#] {
            assert!(wished(wrong).unwrap_err().starts_with("give exactly one of"), "{wrong}");
        }
        assert!(wished(r#"{"freeze":false}"#).unwrap_err().starts_with("freeze can only be true"));
    }
}
