//! How long one input may take: CPU time, since the machine may be busy with other things.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What one input may cost. Instrumentation for fuzzing slows a parser down severalfold, so this is
/// stricter than it looks.
const CPU_MAX: Duration = Duration::from_millis(100);
/// An input is too slow when it was so each time: pages of memory come in, other threads work.
const ATTEMPTS: u32 = 3;

/// Runs something that must be quick.
///
/// # Panics
///
/// If it is not.
pub(super) fn bounded(run: impl Fn() -> bool) {
    let took = || {
        let before = cpu_time();
        run();
        cpu_time().saturating_sub(before)
    };
    let least = (0..ATTEMPTS).map(|_| took()).find(|took| *took <= CPU_MAX);
    assert!(least.is_some(), "an input takes more than {CPU_MAX:?} of CPU time");
}

/// Of the whole process: some parsers work in threads of their own.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "an input takes more than")]
    fn a_hang_is_found() {
        bounded(|| {
            let start = cpu_time();
            while cpu_time() < start + 2 * CPU_MAX {}
            true
        });
    }
}
