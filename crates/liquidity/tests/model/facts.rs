//! The facts of `docs/liquidity.md`, held loosely on a seed that stays the same.

use openmart_liquidity::Settings;

use crate::record::run;
use crate::statistics::{autocorrelation, kurtosis, mean, quantile, returns, tail_exponent};

const SEED: u64 = 1;
const HOURS: u64 = 8;

#[test]
fn the_flow_has_the_facts_of_a_market() {
    let record = run(Settings { seed: SEED, ..Settings::default() }, HOURS * 3_600);
    println!("seed {SEED}, {HOURS} hours");
    assert_eq!(record.refused, 0);
    assert!(record.one_sided_s < HOURS * 3_600 / 1_000, "{} s one-sided", record.one_sided_s);
    assert!(record.trades > HOURS * 60 * 10, "{} trades", record.trades);

    for stride in [1, 10, 60] {
        let returns = returns(&record.middles, stride);
        let fat = kurtosis(&returns);
        assert!(fat > 4.5, "kurtosis of {stride} s returns is {fat}");
        let tail = tail_exponent(&returns, 0.02);
        assert!((2.0..6.0).contains(&tail), "tail exponent of {stride} s returns is {tail}");
    }
    let returns = returns(&record.middles, 10);
    let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
    for lag in 1..=12 {
        let clusters = autocorrelation(&sizes, lag);
        assert!(clusters > 0.04, "sizes of returns {lag} later: {clusters}");
    }
    for lag in 2..=12 {
        let signed = autocorrelation(&returns, lag);
        assert!(signed.abs() < 0.1, "returns {lag} later: {signed}");
    }
    assert!(autocorrelation(&record.signs, 1) > 0.05, "sides of takes follow each other");
    let middle = mean(&record.takes_per_s);
    let square = record.takes_per_s.iter().map(|takes| (takes - middle).powi(2)).sum::<f64>();
    let dispersion = square / record.takes_per_s.len() as f64 / middle;
    assert!(dispersion > 1.15, "takes excite each other: {dispersion}");
}

#[test]
fn the_book_has_the_shape_of_a_book() {
    let record = run(Settings { seed: SEED, ..Settings::default() }, 2 * 3_600);
    let (usual, wide) = (quantile(&record.spreads, 0.5), quantile(&record.spreads, 0.95));
    assert!((1.0..5.0).contains(&usual) && wide > 1.4 * usual, "spread {usual}, {wide}");
    let deepest = record.depth.iter().cloned().fold(0.0, f64::max);
    let at = record.depth.iter().position(|coins| *coins == deepest).unwrap_or_default();
    assert!((1..15).contains(&at), "deepest {at} hundredths of a percent from the middle");
    assert!(record.depth[0] < deepest && record.depth[60] < deepest / 10.0, "{:?}", record.depth);
    for (name, sizes) in [("quotes", &record.quotes), ("takes", &record.takes)] {
        let exponent = tail_exponent(sizes, 0.1);
        assert!((1.2..2.0).contains(&exponent), "{name}: {exponent}");
    }
}
