//! Exact conversion between decimal text and integer units. No float takes part.

use core::fmt;

/// Why a text is not a number of units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecimalError {
    /// Not `digits [ "." digits ] [ "e" ["+" | "-"] digits ]`.
    Malformed,
    /// A non-zero digit beyond the last decimal.
    TooPrecise,
    /// More units than 128 bits hold.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a decimal number",
            Self::TooPrecise => "more decimals than allowed",
            Self::TooLarge => "number too large",
        })
    }
}

impl core::error::Error for DecimalError {}

/// Reads `1`, `1.50` or `1e-7` as a whole number of units of `10^-decimals`.
///
/// Trailing zeros never matter: what counts is the value. Signs and blanks are malformed.
pub fn parse_decimal(text: &str, decimals: u8) -> Result<u128, DecimalError> {
    let (mantissa, exponent) = split_exponent(text)?;
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(DecimalError::Malformed),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) {
        return Err(DecimalError::Malformed);
    }
    // A digit at position p counts 10^(-p) of the mantissa; its power in units must not be negative.
    let mut units: u128 = 0;
    let mut power = i32::from(decimals) + exponent + whole.len() as i32 - 1;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = u128::from(digit - b'0');
        if digit != 0 {
            let power = u32::try_from(power).map_err(|_| DecimalError::TooPrecise)?;
            let value = 10u128.checked_pow(power).and_then(|p| p.checked_mul(digit));
            units = value.and_then(|v| units.checked_add(v)).ok_or(DecimalError::TooLarge)?;
        }
        power -= 1;
    }
    Ok(units)
}

/// Texts longer than this are malformed, which bounds the arithmetic on positions.
const TEXT_BYTES_MAX: usize = 100;
const EXPONENT_MAX: i32 = 100;

fn split_exponent(text: &str) -> Result<(&str, i32), DecimalError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(DecimalError::Malformed);
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Ok((text, 0));
    };
    let (negative, magnitude) = match exponent.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    if magnitude.is_empty() || !digits_only(magnitude) {
        return Err(DecimalError::Malformed);
    }
    let magnitude: i32 = magnitude.parse().map_err(|_| DecimalError::Malformed)?;
    if magnitude > EXPONENT_MAX {
        return Err(DecimalError::Malformed);
    }
    Ok((mantissa, if negative { -magnitude } else { magnitude }))
}

fn digits_only(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Shows units of `10^-decimals` as plain decimal text with exactly `shown` decimals: padded with
/// zeros when there are fewer, cut off when there are more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecimalText {
    /// The number of units.
    pub units: u128,
    /// Decimals of one unit; at most 38.
    pub decimals: u8,
    /// Decimals of the text; at most 38.
    pub shown: u8,
}

impl DecimalText {
    /// The text with all of the unit's decimals.
    pub const fn new(units: u128, decimals: u8) -> Self {
        Self { units, decimals, shown: decimals }
    }

    /// The text with another number of decimals.
    pub const fn shown(self, shown: u8) -> Self {
        Self { shown, ..self }
    }
}

impl fmt::Display for DecimalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10u128.pow(u32::from(self.decimals));
        let (whole, fraction) = (self.units / one, self.units % one);
        write!(f, "{whole}")?;
        if self.shown == 0 {
            return Ok(());
        }
        if self.shown <= self.decimals {
            let cut = fraction / 10u128.pow(u32::from(self.decimals - self.shown));
            write!(f, ".{cut:0width$}", width = usize::from(self.shown))
        } else {
            let padding = usize::from(self.shown - self.decimals);
            if self.decimals == 0 {
                write!(f, ".{:0<padding$}", "")
            } else {
                let width = usize::from(self.decimals);
                write!(f, ".{fraction:0width$}{:0<padding$}", "")
            }
        }
    }
}

/// Converts units of `10^-from` to units of `10^-to`, rounding half up. Nothing when the result does
/// not fit 128 bits.
pub fn rescale_half_up(units: u128, from: u8, to: u8) -> Option<u128> {
    if to >= from {
        return units.checked_mul(10u128.checked_pow(u32::from(to - from))?);
    }
    let step = 10u128.checked_pow(u32::from(from - to))?;
    let (quotient, rest) = (units / step, units % step);
    Some(if rest >= step - step / 2 { quotient + 1 } else { quotient })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_becomes_exact_units() {
        for (text, decimals, units) in [
            ("1", 2, 100),
            ("1.0000000000", 2, 100),
            ("0.00001", 8, 1_000),
            ("1e-05", 8, 1_000),
            ("1.5E+2", 0, 150),
            ("000.10", 1, 1),
            ("0", 0, 0),
            ("0e100", 0, 0),
            ("340282366920938463463374607431768211455", 0, u128::MAX),
        ] {
            assert_eq!(parse_decimal(text, decimals), Ok(units), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        use DecimalError::*;
        for (text, error) in [
            ("", Malformed),
            (".5", Malformed),
            ("5.", Malformed),
            ("-1", Malformed),
            ("+1", Malformed),
            (" 1", Malformed),
            ("1e", Malformed),
            ("1e+-1", Malformed),
            ("1e101", Malformed),
            ("0x1", Malformed),
            ("1_000", Malformed),
            ("NaN", Malformed),
            ("0.001", TooPrecise),
            ("1e-3", TooPrecise),
            ("1e37", TooLarge),
            ("340282366920938463463374607431768211456", TooLarge),
        ] {
            assert_eq!(parse_decimal(text, 2), Err(error), "{text}");
        }
    }

    #[test]
    fn units_become_text_of_the_asked_length() {
        let text = |units, decimals, shown| DecimalText { units, decimals, shown }.to_string();
        assert_eq!(text(123_456, 4, 4), "12.3456");
        assert_eq!(text(123_456, 4, 2), "12.34");
        assert_eq!(text(123_456, 4, 0), "12");
        assert_eq!(text(123_456, 4, 6), "12.345600");
        assert_eq!(text(7, 0, 3), "7.000");
        assert_eq!(text(7, 0, 0), "7");
        assert_eq!(text(5, 10, 10), "0.0000000005");
    }

    #[test]
    fn rounding_is_half_up() {
        // 425.5 x 0.00000343, as the stream of the API showed it with eight decimals.
        assert_eq!(rescale_half_up(1_459_465, 9, 8), Some(145_947));
        assert_eq!(rescale_half_up(1_459_464, 9, 8), Some(145_946));
        assert_eq!(rescale_half_up(3, 0, 2), Some(300));
        assert_eq!(rescale_half_up(u128::MAX, 0, 1), None);
    }
}
