//! How long one command takes, by what it does.

use std::time::Instant;

use openmart_model::{Command, OrderKind, TimeInForce};

use crate::exchange::Exchange;

/// Readings of the clock with nothing between them, whose median is what measuring costs.
const EMPTY_PAIRS: usize = 10_001;

/// Nanoseconds that all commands of one kind took, ascending.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    pub(crate) cancels: Vec<u64>,
    pub(crate) places: Vec<u64>,
    pub(crate) takes: Vec<u64>,
}

/// Applies the commands with a clock around each. Events are read and dropped outside of it.
pub(crate) fn run(exchange: &mut Exchange, commands: &[Command]) -> Latencies {
    let empty = empty_pair_ns();
    let mut latencies = Latencies::default();
    for command in commands {
        let start = Instant::now();
        exchange.apply(command);
        let taken = nanoseconds_since(start).saturating_sub(empty);
        latencies.of(command).push(taken);
        exchange.fold_events();
    }
    let Latencies { cancels, places, takes } = &mut latencies;
    [cancels, places, takes].into_iter().for_each(|taken| taken.sort_unstable());
    latencies
}

impl Latencies {
    fn of(&mut self, command: &Command) -> &mut Vec<u64> {
        match command {
            Command::Place(order) => match order.kind {
                OrderKind::Limit { time_in_force: TimeInForce::ImmediateOrCancel, .. } => {
                    &mut self.takes
                }
                _ => &mut self.places,
            },
            _ => &mut self.cancels,
        }
    }
}

/// The value that a share of an ascending list does not exceed.
pub(crate) fn percentile(ascending: &[u64], per_mille: usize) -> u64 {
    let rank = (ascending.len() * per_mille).div_ceil(1_000);
    ascending.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn empty_pair_ns() -> u64 {
    let mut pairs: Vec<u64> = (0..EMPTY_PAIRS).map(|_| nanoseconds_since(Instant::now())).collect();
    pairs.sort_unstable();
    pairs[EMPTY_PAIRS / 2]
}

fn nanoseconds_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
