//! The price levels of one side of a book, in the order of their prices.
//!
//! A price and the number of its level enter; the best level, all of them best first, or the level
//! of a price leave. What a level is, or what it has, is not known here.
//!
//! Levels stand in runs of bounded length, and the runs in a list: a new level moves the rest of its
//! run, wherever it comes in and however many there are.

use alloc::vec::Vec;

use openmart_model::{MarketId, Price, Side};

use crate::orders::NONE;
use crate::price_hints::PriceHints;

/// Longest run. At this length moving a run costs as much as finding the place in it.
const RUN_RUNGS_MAX: usize = 512;

/// A shorter run is joined with a neighbour, if both together stay well below the longest: far enough
/// that splitting and joining do not follow upon each other.
const RUN_RUNGS_MIN: usize = RUN_RUNGS_MAX / 4;

/// Hints for each level, at least.
const HINTS_PER_RUNG: usize = 2;

#[derive(Debug)]
pub(crate) struct Ladder {
    market: MarketId,
    side: Side,
    /// What a price differs by from its rank: no bit among bids, every bit among asks.
    rank_bits: u64,
    /// The best rung; its level is [`NONE`] when there is no rung at all.
    best: Rung,
    rungs_len: usize,
    /// Worst first, so that the best prices, where most changes are, stand at the end. None is empty.
    runs: Vec<Run>,
    hints: PriceHints,
}

/// Rungs side by side, worst first.
#[derive(Debug)]
struct Run {
    /// The rank of the first rung.
    lowest: u64,
    rungs: Vec<Rung>,
}

#[derive(Clone, Copy, Debug)]
struct Rung {
    /// Ascends with how good the price is.
    rank: u64,
    level: u32,
}

/// Where a rung stands or would stand: which run, and where in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    run: usize,
    at: usize,
}

const NO_RUNG: Rung = Rung { rank: 0, level: NONE };

impl Ladder {
    pub(crate) fn new(market: MarketId, side: Side) -> Self {
        let (runs, hints) = (Vec::new(), PriceHints::default());
        let rank_bits = if side == Side::Buy { 0 } else { u64::MAX };
        Self { market, side, rank_bits, best: NO_RUNG, rungs_len: 0, runs, hints }
    }

    pub(crate) fn market(&self) -> MarketId {
        self.market
    }

    pub(crate) fn side(&self) -> Side {
        self.side
    }

    /// Number of price levels.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.rungs_len
    }

    /// The best price and its level.
    #[inline]
    pub(crate) fn best(&self) -> Option<(Price, u32)> {
        let Rung { rank, level } = self.best;
        (level != NONE).then(|| (Price::new(self.ranked(rank)), level))
    }

    /// The best price and its level, if it is as good as a limit or better, or if there is no limit.
    #[inline]
    pub(crate) fn best_within(&self, limit: Option<Price>) -> Option<(Price, u32)> {
        let worst = limit.map_or(0, |limit| self.ranked(limit.ticks()));
        self.best().filter(|_| self.best.rank >= worst)
    }

    /// Levels with their prices, best price first.
    pub(crate) fn best_first(&self) -> impl Iterator<Item = (Price, u32)> + '_ {
        let rungs = self.runs.iter().rev().flat_map(|run| run.rungs.iter().rev());
        rungs.map(|rung| (Price::new(self.ranked(rung.rank)), rung.level))
    }

    /// The level that a price most likely has, if it has one.
    #[inline]
    pub(crate) fn hint(&self, price: Price) -> Option<u32> {
        self.hints.get(price.ticks())
    }

    /// Lets the level of a price be found without a search.
    #[inline]
    pub(crate) fn set_hint(&mut self, price: Price, level: u32) {
        self.hints.set(price.ticks(), level);
    }

    /// The level of a price, or the place where it would come in.
    #[inline]
    pub(crate) fn search(&self, price: Price) -> Result<u32, Place> {
        let rank = self.ranked(price.ticks());
        self.position(rank).map(|Place { run, at }| self.runs[run].rungs[at].level)
    }

    fn position(&self, rank: u64) -> Result<Place, Place> {
        let Some(last) = self.runs.last() else { return Err(Place { run: 0, at: 0 }) };
        let run = if last.lowest <= rank {
            self.runs.len() - 1
        } else {
            self.runs.partition_point(|run| run.lowest <= rank).saturating_sub(1)
        };
        let rungs = &self.runs[run].rungs;
        if rank > self.best.rank {
            return Err(Place { run, at: rungs.len() });
        }
        let at = rungs.binary_search_by_key(&rank, |rung| rung.rank);
        at.map(|at| Place { run, at }).map_err(|at| Place { run, at })
    }

    /// Enters the level of a price that has none at the place that the search told.
    pub(crate) fn insert(&mut self, price: Price, level: u32, place: Place) {
        let rung = Rung { rank: self.ranked(price.ticks()), level };
        let Place { run, at } = self.with_room(place);
        let Run { lowest, rungs } = &mut self.runs[run];
        rungs.insert(at, rung);
        *lowest = rungs[0].rank;
        self.rungs_len += 1;
        if self.best.level == NONE || rung.rank > self.best.rank {
            self.best = rung;
        }
        self.hints.reserve(self.rungs_len * HINTS_PER_RUNG);
        self.hints.set(price.ticks(), level);
    }

    /// The same place, in a run that has room for one more.
    fn with_room(&mut self, place: Place) -> Place {
        let Place { run, at } = place;
        if self.runs.is_empty() {
            self.runs.push(Run { lowest: 0, rungs: Vec::new() });
        }
        let rungs = &mut self.runs[run].rungs;
        if rungs.len() < RUN_RUNGS_MAX {
            return place;
        }
        const KEPT: usize = RUN_RUNGS_MAX / 2;
        let rungs = rungs.split_off(KEPT);
        self.runs.insert(run + 1, Run { lowest: rungs[0].rank, rungs });
        if at <= KEPT { place } else { Place { run: run + 1, at: at - KEPT } }
    }

    /// Takes off the level of a price.
    pub(crate) fn remove(&mut self, price: Price, level: u32) {
        let Place { run, at } = if self.best.level == level {
            let run = self.runs.len() - 1;
            Place { run, at: self.runs[run].rungs.len() - 1 }
        } else {
            let rank = self.ranked(price.ticks());
            self.position(rank).expect("a level stands on its ladder")
        };
        let Run { lowest, rungs } = &mut self.runs[run];
        let gone = rungs.remove(at);
        assert_eq!(gone.level, level, "a price has one level");
        self.rungs_len -= 1;
        if let Some(first) = rungs.first() {
            *lowest = first.rank;
        }
        if rungs.len() < RUN_RUNGS_MIN {
            self.close_up(run);
        }
        if self.best.level == level {
            self.best = self.runs.last().map_or(NO_RUNG, |run| run.rungs[run.rungs.len() - 1]);
        }
    }

    /// Drops an empty run, or joins a short one with a neighbour, so that runs follow the levels there
    /// are and not those there were.
    fn close_up(&mut self, run: usize) {
        if self.runs[run].rungs.is_empty() {
            self.runs.remove(run);
            return;
        }
        for lower in [Some(run), run.checked_sub(1)].into_iter().flatten() {
            let Some([first, second]) = self.runs.get(lower..lower + 2) else { continue };
            if first.rungs.len() + second.rungs.len() <= RUN_RUNGS_MAX / 2 {
                let upper = self.runs.remove(lower + 1);
                self.runs[lower].rungs.extend(upper.rungs);
                return;
            }
        }
    }

    /// From ticks to rank, and back.
    #[inline]
    fn ranked(&self, number: u64) -> u64 {
        number ^ self.rank_bits
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    /// A small generator of numbers without a pattern.
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) % bound
        }
    }

    /// A ladder beside what it must tell, by rank.
    struct Pair {
        ladder: Ladder,
        plain: BTreeMap<u64, u32>,
        next: u32,
    }

    impl Pair {
        fn new(side: Side) -> Self {
            let ladder = Ladder::new(MarketId(0), side);
            Self { ladder, plain: BTreeMap::new(), next: 0 }
        }

        fn toggle(&mut self, ticks: u64) {
            let (price, rank) = (Price::new(ticks), self.ladder.ranked(ticks));
            match (self.ladder.search(price), self.plain.remove(&rank)) {
                (Ok(found), Some(level)) => {
                    assert_eq!(found, level);
                    self.ladder.remove(price, level);
                }
                (Err(place), None) => {
                    self.ladder.insert(price, self.next, place);
                    self.plain.insert(rank, self.next);
                    assert_eq!(self.ladder.hint(price), Some(self.next));
                    self.next += 1;
                }
                (found, expected) => panic!("{ticks}: {found:?}, not {expected:?}"),
            }
            let best = self.plain.last_key_value();
            let best = best.map(|(rank, level)| (Price::new(self.ladder.ranked(*rank)), *level));
            assert_eq!((self.ladder.best(), self.ladder.len()), (best, self.plain.len()));
        }

        fn compare(&self) {
            let ranks = self.plain.iter().rev();
            let expected = ranks.map(|(rank, at)| (Price::new(self.ladder.ranked(*rank)), *at));
            assert!(self.ladder.best_first().eq(expected), "levels best first");
            for run in &self.ladder.runs {
                assert!((1..=RUN_RUNGS_MAX).contains(&run.rungs.len()));
                assert_eq!(run.lowest, run.rungs[0].rank);
            }
            let runs_max = 1 + self.plain.len() * 2 / RUN_RUNGS_MIN;
            assert!(self.ladder.runs.len() <= runs_max, "{} runs", self.ladder.runs.len());
        }
    }

    #[test]
    fn a_ladder_tells_what_an_ordered_map_tells() {
        for seed in 0..20 {
            let mut random = Random(seed);
            let side = if seed % 2 == 0 { Side::Buy } else { Side::Sell };
            let prices = [40, 3_000, 20_000, 1 << 40][seed as usize % 4];
            let mut pair = Pair::new(side);
            for step in 0..12_000 {
                let fresh = random.below(prices);
                // Later on most levels go, those at one end first.
                let taken = match seed % 3 {
                    0 => pair.plain.first_key_value(),
                    1 => pair.plain.last_key_value(),
                    _ => pair.plain.range(pair.ladder.ranked(fresh)..).next(),
                };
                let taken = taken.map(|(rank, _)| pair.ladder.ranked(*rank));
                let goes = step > 7_000 && random.below(5) > 0;
                pair.toggle(if goes { taken.unwrap_or(fresh) } else { fresh });
                if step % 500 == 0 {
                    pair.compare();
                }
            }
            pair.compare();
        }
    }

    #[test]
    fn levels_that_come_and_go_at_either_end_leave_no_runs_behind() {
        for (side, ascending) in
            [(Side::Buy, true), (Side::Buy, false), (Side::Sell, true), (Side::Sell, false)]
        {
            let mut pair = Pair::new(side);
            let prices = 1..6_000;
            let ordered = |n: u64| if ascending { n } else { 6_000 - n };
            prices.clone().for_each(|n| pair.toggle(ordered(n)));
            pair.compare();
            // One of a hundred stays.
            for n in prices.filter(|n| n % 100 != 0) {
                pair.toggle(ordered(n));
            }
            pair.compare();
            assert_eq!(pair.ladder.len(), 59);
        }
    }
}
