//! The parameters of the model, in one place: name, default, range, meaning. All are whole numbers with the
//! unit at the end of the name; `_ppm` are millionths.

use core::ops::RangeInclusive;

/// A parameter as it is described to people.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is if nothing else is said.
    pub default: u64,
    /// What it may be.
    pub range: RangeInclusive<u64>,
    /// What it does.
    pub meaning: &'static str,
}

/// Why a parameter was not set.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// There is none of that name.
    #[error("there is no such setting of the liquidity")]
    Unknown,
    /// The value cannot be.
    #[error("it must be from {min} to {max}")]
    Range {
        /// The smallest value.
        min: u64,
        /// The largest.
        max: u64,
    },
}

macro_rules! settings {
    ($($name:ident = $default:literal, $min:literal..=$max:literal: $meaning:literal;)*) => {
        /// Everything that can be chosen about the makers and takers.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Settings {
            $(#[doc = $meaning] pub $name: u64,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Settings {
            /// Every parameter, in the order of the documentation.
            pub const ALL: &[Setting] = &[$(Setting {
                name: stringify!($name),
                default: $default,
                range: $min..=$max,
                meaning: $meaning,
            },)*];

            fn field(&mut self, name: &str) -> Option<&mut u64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

settings! {
    seed = 1, 0..=18446744073709551615: "Same seed, same flow.";
    makers = 4, 1..=100: "Accounts that quote.";
    takers = 4, 1..=100: "Accounts that take.";
    account_value = 20000000, 1000..=1000000000000:
        "What each of them is credited of each asset, and again when it runs out, at the asset's value.";
    commands_per_second_max = 200, 1..=100000: "Bound on the mean rate of all markets together.";
    orders_open_max = 400, 2..=10000: "Bound on the open orders of one market.";
    step_ms = 100, 10..=10000: "How often the values of the assets move.";
    volatility_ppm = 500000, 0..=10000000: "Standard deviation of an asset's value over a year.";
    correlation_ppm = 600000, 0..=1000000: "Part of the deviation that all assets share.";
    swing_fast_ppm = 450000, 0..=1500000: "Standard deviation of the logarithm of volatility, its fast part.";
    swing_fast_ms = 60000, 100..=86400000: "How long the fast part takes to be forgotten.";
    swing_slow_ppm = 550000, 0..=1500000: "The same of the slow part.";
    swing_slow_ms = 3600000, 100..=864000000: "How long the slow part takes to be forgotten.";
    jumps_per_day = 150, 0..=86400: "Jumps of each asset's value.";
    jump_ppm = 400, 0..=100000: "The smallest jump.";
    jump_exponent_ppm = 3000000, 1000000..=10000000: "Exponent of the power law of jumps.";
    jump_max_ppm = 20000, 0..=500000: "The largest jump.";
    reversion_ms = 604800000, 60000..=31536000000:
        "How long a distance from the first value takes to be forgotten.";
    quotes_per_minute = 360, 1..=600000: "Arrivals of quotes on one market.";
    quote_life_ms = 15000, 100..=86400000: "Mean time until a quote is taken back.";
    stale_life_ms = 250, 1..=86400000: "The same of a quote that the value has come too close to.";
    half_spread_ppm = 120, 0..=100000: "Distance of the best quotes from the value, at usual volatility.";
    rung_ppm = 40, 1..=100000: "Distance from one price to the next, rounded down to a power of ten ticks.";
    depth_rungs_mean = 20, 0..=1000: "Mean distance of a quote from the best, geometric.";
    depth_rungs_max = 200, 0..=10000: "The largest distance of a quote from the best.";
    quote_value = 2000, 1..=1000000000: "The smallest quote, by value.";
    quote_exponent_ppm = 1600000, 500000..=10000000: "Exponent of the power law of quotes.";
    quote_value_max = 500000, 1..=1000000000: "The largest quote, by value.";
    takes_per_minute = 12, 0..=600000: "Takes on one market that nothing has excited.";
    excitation_ppm = 650000, 0..=800000: "How many takes to the same side each take excites.";
    excitation_other_ppm = 100000, 0..=150000: "How many takes to the other side each take excites.";
    excitation_ms = 4000, 10..=3600000: "How long excitation takes to be forgotten.";
    take_value = 1000, 1..=1000000000: "The smallest take, by value.";
    take_exponent_ppm = 1500000, 500000..=10000000: "Exponent of the power law of takes.";
    take_value_max = 500000, 1..=1000000000: "The largest take, by value.";
    slippage_ppm = 1500, 0..=1000000: "How far from the best price a take may go.";
    impact_ppm = 8, 0..=10000: "How far the smallest take moves the value, for good; it grows as the root.";
    correction_life_ms = 300, 1..=86400000: "Mean time until an order on the wrong side of the value is taken.";
}

impl Settings {
    /// Sets a parameter by its name.
    ///
    /// # Errors
    /// If there is none of that name, or the value is out of its range; nothing changes then.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), SettingError> {
        let setting = Self::ALL.iter().find(|setting| setting.name == name);
        let range = &setting.ok_or(SettingError::Unknown)?.range;
        if !range.contains(&value) {
            return Err(SettingError::Range { min: *range.start(), max: *range.end() });
        }
        *self.field(name).ok_or(SettingError::Unknown)? = value;
        Ok(())
    }
}

/// A number of millionths.
pub(crate) fn ppm(millionths: u64) -> f64 {
    millionths as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_can_be_set_within_its_range_and_has_its_default() {
        for setting in Settings::ALL {
            assert!(setting.range.contains(&setting.default), "{}", setting.name);
            let mut settings = Settings::default();
            assert_eq!(settings.field(setting.name), Some(&mut setting.default.clone()));
            settings.set(setting.name, *setting.range.end()).unwrap();
            assert_eq!(settings.field(setting.name), Some(&mut setting.range.end().clone()));
            if let Some(beyond) = setting.range.end().checked_add(1) {
                assert!(matches!(
                    settings.set(setting.name, beyond),
                    Err(SettingError::Range { .. })
                ));
            }
        }
        assert_eq!(Settings::default().set("sed", 1), Err(SettingError::Unknown));
    }
}
