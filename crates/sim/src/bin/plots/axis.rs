//! What an axis spans and where it is marked.

/// How many marks an axis from zero has, more or less.
const MARKS: f64 = 6.0;

/// A straight or logarithmic scale.
pub(crate) struct Axis {
    pub(crate) label: String,
    low: f64,
    high: f64,
    logarithmic: bool,
    pub(crate) marks: Vec<f64>,
}

impl Axis {
    /// From zero to a round number above everything.
    pub(crate) fn from_zero(label: &str, values: &[f64]) -> Self {
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let step = round_step(most / MARKS);
        let count = (most / step).ceil() as u32;
        let marks: Vec<f64> = (0..=count).map(|mark| f64::from(mark) * step).collect();
        let high = f64::from(count) * step;
        Self { label: label.to_owned(), low: 0.0, high, logarithmic: false, marks }
    }

    /// Logarithmic, marked at 1, 2 and 5 of every power of ten.
    pub(crate) fn logarithmic(label: &str, values: &[f64]) -> Self {
        let mut axis = Self::at(label, values);
        let (first, last) = (axis.low.log10().floor() as i32, axis.high.log10().ceil() as i32);
        let marks = (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * 10f64.powi(power)));
        axis.marks = marks.filter(|mark| (axis.low..=axis.high).contains(mark)).collect();
        axis
    }

    /// Logarithmic, marked at these values, which are above zero.
    pub(crate) fn at(label: &str, values: &[f64]) -> Self {
        let mut marks = values.to_vec();
        marks.sort_by(f64::total_cmp);
        marks.dedup();
        let (low, high) = match marks[..] {
            [low, .., high] => (low, high),
            [only] => (only / 2.0, only * 2.0),
            [] => (1.0, 10.0),
        };
        Self { label: label.to_owned(), low, high, logarithmic: true, marks }
    }

    /// Where a value is, from 0 at the low end to 1 at the high one.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match self.logarithmic {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below this.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors.into_iter().find(|factor| factor * power >= least);
    factor.unwrap_or(10.0) * power
}

/// A mark as it is written: 12,000 or 0.25.
pub(crate) fn mark_text(value: f64) -> String {
    if value < 10.0 {
        return format!("{}", (value * 1e3).round() / 1e3);
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_cover_everything() {
        let axis = Axis::from_zero("", &[3.0, 17.2]);
        assert_eq!(axis.marks, [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!((axis.place(0.0), axis.place(20.0)), (0.0, 1.0));
        let axis = Axis::logarithmic("", &[15.0, 700.0]);
        assert_eq!(axis.marks, [20.0, 50.0, 100.0, 200.0, 500.0]);
        assert_eq!(Axis::at("", &[64.0, 1.0, 64.0]).marks, [1.0, 64.0]);
        assert_eq!(["0", "0.25", "1,000,000"], [0.0, 0.25, 1e6].map(mark_text));
    }
}
