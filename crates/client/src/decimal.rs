//! Exact decimal numbers, for reckoning with the texts of the API.
//!
//! What enters: texts such as `"60000.50"` or `"+0.0121"`. What leaves: the same values, added,
//! multiplied, cut to a step, and written again. What it must not know: binary floating point.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Most decimals of a [`Decimal`]: those of a product of two amounts with 18 decimals each, the
/// most an asset may have. A fraction of so many digits fits `i128`.
pub const DECIMALS_MAX: u8 = 36;

/// An exact decimal number: an integer and the number of its digits behind the point.
///
/// Equal values are equal, however they were written. `Display` writes no padding zeros;
/// `{:.8}` writes exactly eight decimals, and cuts off further ones.
///
/// ```
/// use openmart_client::Decimal;
///
/// let price: Decimal = "2.5010".parse()?;
/// let amount: Decimal = "18.4".parse()?;
/// let notional = price.checked_mul(amount).unwrap();
/// assert_eq!(notional.to_string(), "46.0184");
/// assert_eq!(format!("{notional:.8}"), "46.01840000");
/// assert_eq!(notional.cut(2), "46.01".parse()?);
/// # Ok::<(), openmart_client::DecimalError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    /// No multiple of ten unless `decimals` is 0, so that equal values have equal fields.
    units: i128,
    decimals: u8,
}

/// A text that is no [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a decimal number")]
pub struct DecimalError {
    text: String,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { units: 0, decimals: 0 };

    /// `units` divided by ten to the `decimals`: `new(25, 1)` is 2.5, `new(1, 2)` a step of 0.01.
    /// `None` above [`DECIMALS_MAX`] decimals.
    pub fn new(units: i128, decimals: u8) -> Option<Self> {
        (decimals <= DECIMALS_MAX).then(|| Self { units, decimals }.normal())
    }

    fn normal(mut self) -> Self {
        while self.decimals > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.decimals -= 1;
        }
        self
    }

    /// The sum; `None` when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let units = self.units(decimals)?.checked_add(other.units(decimals)?)?;
        Self::new(units, decimals)
    }

    /// The difference; `None` when it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { units: other.units.checked_neg()?, ..other })
    }

    /// The product, never rounded; `None` when it does not fit.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Self::new(self.units.checked_mul(other.units)?, self.decimals + other.decimals)
    }

    /// The value with at most so many decimals; further ones are cut off, towards zero.
    pub fn cut(self, decimals: u8) -> Self {
        if decimals >= self.decimals {
            return self;
        }
        let units = self.units / 10_i128.pow(u32::from(self.decimals - decimals));
        Self { units, decimals }.normal()
    }

    /// The value as a number of steps of 10 to the minus `decimals`; `None` when it is not a whole
    /// number of them, or does not fit.
    pub fn units(self, decimals: u8) -> Option<i128> {
        let more = decimals.checked_sub(self.decimals)?;
        self.units.checked_mul(10_i128.checked_pow(u32::from(more))?)
    }

    /// How many decimals it takes to write the value.
    pub fn decimals(self) -> u8 {
        self.decimals
    }

    /// Whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.units > 0
    }

    /// Whole and fractional part, the latter in steps of 10 to the minus `decimals`.
    fn split(self) -> (i128, i128) {
        let one = 10_i128.pow(u32::from(self.decimals));
        (self.units / one, self.units % one)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((whole, fraction), (other_whole, other_fraction)) = (self.split(), other.split());
        let decimals = self.decimals.max(other.decimals);
        // A fraction is below one, so that with DECIMALS_MAX decimals it still fits.
        let aligned = |fraction: i128, own: u8| fraction * 10_i128.pow(u32::from(decimals - own));
        whole.cmp(&other_whole).then_with(|| {
            aligned(fraction, self.decimals).cmp(&aligned(other_fraction, other.decimals))
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads digits with at most one point between them and at most one sign before them.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        parse(text).ok_or_else(|| DecimalError { text: text.chars().take(40).collect() })
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let units = whole.bytes().chain(fraction.bytes()).try_fold(0_i128, |units, byte| {
        units.checked_mul(10)?.checked_add(i128::from(byte - b'0'))
    })?;
    Decimal::new(if negative { -units } else { units }, u8::try_from(fraction.len()).ok()?)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = f.precision().map(|asked| asked.min(usize::from(u8::MAX)));
        let cut = asked.map_or(*self, |asked| self.cut(u8::try_from(asked).unwrap_or(u8::MAX)));
        let (whole, fraction) = cut.split();
        let mut text = whole.unsigned_abs().to_string();
        if cut.decimals > 0 {
            let width = usize::from(cut.decimals);
            text.push_str(&format!(".{:0width$}", fraction.unsigned_abs()));
        }
        let written = usize::from(cut.decimals);
        if let Some(missing) = asked.and_then(|asked| asked.checked_sub(written)) {
            if written == 0 && missing > 0 {
                text.push('.');
            }
            text.push_str(&"0".repeat(missing));
        }
        // Gives width, fill and sign their usual meaning; precision would cut the text.
        let sign = if cut.units < 0 { "-" } else { "" };
        match f.width() {
            Some(width) => write!(f, "{:>width$}", format!("{sign}{text}")),
            None => write!(f, "{sign}{text}"),
        }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn texts_are_read_and_written_exactly() {
        for (text, plain) in [
            ("0", "0"),
            ("0.000", "0"),
            ("-0", "0"),
            ("60000.50", "60000.5"),
            ("+0.0121", "0.0121"),
            ("-0.0121", "-0.0121"),
            ("007", "7"),
            ("100000000000000000000000000.0000000001", "100000000000000000000000000.0000000001"),
            ("0.000000000000000000000000000000000001", "0.000000000000000000000000000000000001"),
        ] {
            assert_eq!(decimal(text).to_string(), plain, "{text}");
        }
        for text in ["", ".", "1.", ".5", "-", "1e5", "1,5", " 1", "1 ", "1.2.3", "--1", "½"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        let too_long = format!("{}.5", "9".repeat(40));
        assert!(too_long.parse::<Decimal>().is_err());
        assert!(format!("0.{}1", "0".repeat(36)).parse::<Decimal>().is_err());
    }

    #[test]
    fn precision_pads_and_cuts() {
        for (text, precision, written) in
            [("2.5", 4, "2.5000"), ("2.5019", 2, "2.50"), ("-2.509", 2, "-2.50"), ("7", 0, "7")]
        {
            assert_eq!(format!("{:.precision$}", decimal(text)), written);
        }
        assert_eq!(format!("{:>8}", decimal("-1.5")), "    -1.5");
        assert_eq!(format!("{:8.2}", decimal("1.5")), "    1.50");
    }

    #[test]
    fn reckoning_is_exact_or_nothing() {
        let (a, b) = (decimal("0.1"), decimal("0.2"));
        assert_eq!(a.checked_add(b), Some(decimal("0.30")));
        assert_eq!(a.checked_sub(b), Some(decimal("-0.1")));
        assert_eq!(a.checked_mul(b), Some(decimal("0.02")));
        let large = Decimal::new(i128::MAX, 0).unwrap();
        assert_eq!(large.checked_add(Decimal::new(1, 0).unwrap()), None);
        assert_eq!(large.checked_mul(b), None);
        assert_eq!(decimal("2.5").units(4), Some(25_000));
        assert_eq!(decimal("2.55").units(1), None);
        assert_eq!(decimal("-2.55").cut(1), decimal("-2.5"));
    }

    #[test]
    fn order_is_that_of_the_values() {
        let large = Decimal::new(i128::MAX, 0).unwrap();
        let small = Decimal::new(1, DECIMALS_MAX).unwrap();
        let mut values =
            vec![large, decimal("1.5"), small, decimal("-2"), decimal("-1.5"), decimal("1.49")];
        values.sort();
        let sorted =
            [decimal("-2"), decimal("-1.5"), small, decimal("1.49"), decimal("1.5"), large];
        assert_eq!(values, sorted);
    }
}
