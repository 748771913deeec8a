//! Commands a second, without a clock inside the loop.

use std::time::{Duration, Instant};

use openmart_engine::LOOK_AHEAD_MAX;
use openmart_model::Command;
use rustix::time::{ClockId, clock_gettime};

use crate::exchange::Exchange;

/// How long all timed commands took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// Time on a core; the figure to compare on a shared machine.
    pub(crate) cpu: Duration,
}

/// Applies the commands as the pipeline does: in batches, looking ahead over each, and reading the
/// events after every command. Reading them and folding the trades is timed as well, since somebody
/// always does it.
pub(crate) fn run(exchange: &mut Exchange, commands: &[Command]) -> Run {
    let (wall, cpu) = (Instant::now(), thread_cpu_time());
    for batch in commands.chunks(LOOK_AHEAD_MAX) {
        exchange.look_ahead(batch);
        for command in batch {
            exchange.apply(command);
            exchange.fold_events();
        }
    }
    Run { cpu: thread_cpu_time() - cpu, wall: wall.elapsed() }
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
