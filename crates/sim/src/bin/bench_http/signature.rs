//! What checking the signature of a cancel costs, with the key prepared as the gateway keeps it.

use std::hint::black_box;
use std::time::Instant;

use openmart_wire::bitmart_v2::{CancelOrder, Signature, SigningKey};

const CHECKS: u32 = 200_000;
const RUNS: usize = 7;

/// Nanoseconds of one check, the median of several runs.
pub(crate) fn measure() -> f64 {
    let key = SigningKey::new("8c08d9d5c3d15b105dbddaf96e427ac6");
    let digest = key.sign("entrust_id=1223181");
    let mut runs: Vec<f64> = (0..RUNS).map(|_| run(&key, &digest)).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

fn run(key: &SigningKey, digest: &str) -> f64 {
    let begun = Instant::now();
    for _ in 0..CHECKS {
        let cancel = CancelOrder::parse(black_box("1223181"), b"").expect("an order id");
        let signature = Signature::parse(Some(black_box(digest.as_bytes()))).expect("a digest");
        key.verify_cancel_order(&cancel, &signature).expect("the right digest");
    }
    begun.elapsed().as_nanos() as f64 / f64::from(CHECKS)
}
