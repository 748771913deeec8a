//! What is measured of a series. Floats are fine here: nothing is paid by them.

/// Differences of the logarithms of every `stride`-th price.
pub(crate) fn returns(prices: &[f64], stride: usize) -> Vec<f64> {
    let sampled: Vec<f64> = prices.iter().step_by(stride).map(|price| price.ln()).collect();
    sampled.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The fourth moment over the square of the second: 3 for the normal distribution.
pub(crate) fn kurtosis(values: &[f64]) -> f64 {
    let middle = mean(values);
    let moment = |power| values.iter().map(|value| (value - middle).powi(power)).sum::<f64>();
    moment(4) * values.len() as f64 / moment(2).powi(2)
}

/// Correlation of a series with itself so many places later.
pub(crate) fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let middle = mean(values);
    let square: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    let pairs = values.iter().zip(&values[lag..]);
    pairs.map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>() / square
}

/// Exponent of the tail of the largest share of all values, by Hill's estimate.
pub(crate) fn tail_exponent(values: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let tail = ((sorted.len() as f64 * share) as usize).clamp(2, sorted.len() - 1);
    let least = sorted[tail];
    tail as f64 / sorted[..tail].iter().map(|value| (value / least).ln()).sum::<f64>()
}

/// The value that so much of all values do not exceed.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}
