//! The same through the whole pipeline, as its callers see it: threads, snapshots of its own, and a
//! history that is folded anew at each start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use openmart_exchange::{Exchange, ManualClock, Options};
use openmart_model::Timestamp;

use crate::script::Script;
use crate::watched::Watched;
use crate::{COMMANDS, Effort, short_segments};

fn options(clock: Arc<ManualClock>) -> Options {
    // History lies in a temporary file, which each start writes anew from the whole journal.
    let journal = openmart_journal::Options {
        retention: openmart_journal::Retention::KeepAll,
        ..short_segments()
    };
    Options { journal, snapshot_entries: 0, clock, ..Options::default() }
}

#[test]
fn a_power_cut_at_any_point_of_the_pipeline() {
    let effort = Effort::from_environment();
    let began = Instant::now();
    let script = Arc::new(Script::new(effort.seed ^ 3, COMMANDS));
    let (answered, point, starts) =
        (Arc::new(AtomicU64::new(0)), AtomicU64::new(0), Arc::new(Mutex::new(0)));
    let every = effort.or_all(41, 1);
    let disk = Watched::new();
    let (expected, told, started) = (script.clone(), answered.clone(), starts.clone());
    disk.watch(Box::new(move |disk, step| {
        let point = point.fetch_add(1, Ordering::SeqCst);
        if point % every != effort.seed % every {
            return;
        }
        let policy = effort.policies(point, 4).nth((point / every % 6) as usize);
        let policy = policy.expect("six policies");
        let what = format!("point {point}, {step:?}, {policy:?}");
        let image = Arc::new(disk.crash_image(policy));
        let opened = Exchange::open(image, options(Arc::default()));
        let (exchange, _) = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
        let acknowledged = told.load(Ordering::SeqCst);
        exchange.view(|state| {
            let found = state.sequence();
            let whole = found == acknowledged || found == acknowledged + 1;
            assert!(whole, "{what}: {found}, {acknowledged}");
            expected.compare(state.engine(), &what);
        });
        *started.lock().expect("no start panicked") += 1;
    }));
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let opened = Exchange::open(Arc::new(disk.clone()), options(clock.clone()));
    let (exchange, _) = opened.expect("an empty folder");
    for (at, (time, command)) in script.commands.iter().enumerate() {
        clock.set(*time);
        let receipt = exchange.execute_blocking(command.clone()).expect("a disk without faults");
        answered.store(receipt.sequence, Ordering::SeqCst);
        if at % 50 == 49 {
            exchange.snapshot().wait().expect("a disk without faults");
        }
    }
    exchange.close().expect("a disk without faults");
    let starts = *starts.lock().expect("no start panicked");
    println!("{starts} starts in {:.1?}", began.elapsed());
    assert!(starts > 50);
}
