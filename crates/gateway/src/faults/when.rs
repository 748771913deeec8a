//! Which of the matches of a rule are struck, by their number.

use openmart_wire::admin::faults::FaultRule;

use super::chance::{Chance, Probability};
use super::problem::Problem;

/// A choice by number, and then by chance.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    turns: Turns,
    probability: Probability,
}

#[derive(Clone, Copy, Debug)]
enum Turns {
    All,
    Nth(u64),
    Every(u64),
    First(u64),
    Burst { length: u64, every: u64 },
}

impl When {
    pub(super) fn new(rule: &FaultRule) -> Result<Self, Problem> {
        let turns = [
            rule.nth.map(Turns::Nth),
            rule.every.map(Turns::Every),
            rule.first.map(Turns::First),
            rule.burst.map(|burst| Turns::Burst { length: burst.length, every: burst.every }),
        ];
        let mut given = turns.into_iter().flatten();
        let turns = given.next().unwrap_or(Turns::All);
        if given.next().is_some() {
            return Err(Problem::TwoChoices);
        }
        match turns {
            Turns::Nth(0) => return Err(Problem::Zero("nth")),
            Turns::Every(0) => return Err(Problem::Zero("every")),
            Turns::First(0) => return Err(Problem::Zero("first")),
            Turns::Burst { length, every } if length == 0 || every < length => {
                return Err(Problem::Burst);
            }
            _ => {}
        }
        let probability = match rule.probability {
            None => Probability::CERTAIN,
            Some(share) => Probability::new(share).ok_or(Problem::Probability(share))?,
        };
        Ok(Self { turns, probability })
    }

    /// Whether the `number`th match, from 1, is struck.
    pub(super) fn strikes(&self, number: u64, chance: &mut Chance) -> bool {
        let turn = match self.turns {
            Turns::All => true,
            Turns::Nth(nth) => number == nth,
            Turns::Every(every) => number.is_multiple_of(every),
            Turns::First(first) => number <= first,
            Turns::Burst { length, every } => (number - 1) % every < length,
        };
        turn && chance.happens(self.probability)
    }
}

#[cfg(test)]
mod tests {
    use openmart_wire::admin::faults::{Burst, Fault};

    use super::*;

    fn rule() -> FaultRule {
        FaultRule {
            name: "a".into(),
            key: None,
            method: None,
            path: None,
            channel: None,
            symbol: None,
            nth: None,
            every: None,
            first: None,
            burst: None,
            probability: None,
            fault: Fault::DropFrame {},
        }
    }

    fn struck(rule: FaultRule) -> Vec<u64> {
        let when = When::new(&rule).unwrap();
        (1..=9).filter(|n| when.strikes(*n, &mut Chance::of(0, "a", None, *n))).collect()
    }

    #[test]
    fn matches_are_chosen_by_their_number() {
        assert_eq!(struck(rule()), (1..=9).collect::<Vec<_>>());
        assert_eq!(struck(FaultRule { nth: Some(3), ..rule() }), [3]);
        assert_eq!(struck(FaultRule { every: Some(4), ..rule() }), [4, 8]);
        assert_eq!(struck(FaultRule { first: Some(2), ..rule() }), [1, 2]);
        let burst = Some(Burst { length: 2, every: 4 });
        assert_eq!(struck(FaultRule { burst, ..rule() }), [1, 2, 5, 6, 9]);
    }

    #[test]
    fn a_choice_must_be_possible_and_only_one() {
        let burst = |length, every| Some(Burst { length, every });
        for bad in [
            FaultRule { nth: Some(0), ..rule() },
            FaultRule { every: Some(0), ..rule() },
            FaultRule { first: Some(0), ..rule() },
            FaultRule { burst: burst(0, 1), ..rule() },
            FaultRule { burst: burst(3, 2), ..rule() },
            FaultRule { nth: Some(1), every: Some(2), ..rule() },
            FaultRule { probability: Some(1.5), ..rule() },
        ] {
            assert!(When::new(&bad).is_err(), "{bad:?}");
        }
    }
}
