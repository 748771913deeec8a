//! Integers with a unit. Operators exist only where their result has a unit that means something.

use core::cmp::Ordering;
use core::fmt;

/// A price, in ticks of its market: quote asset for one base asset, at the market's price decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Price(u64);

impl Price {
    /// A price of so many ticks.
    pub const fn new(ticks: u64) -> Self {
        Self(ticks)
    }

    /// The number of ticks.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// The price times a whole number, or nothing when it does not fit.
    pub fn checked_mul(self, factor: u64) -> Option<Self> {
        self.0.checked_mul(factor).map(Self)
    }
}

/// An amount of base asset on an order or a trade, in lots of its market.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Quantity(u64);

impl Quantity {
    /// No lots at all.
    pub const ZERO: Self = Self(0);

    /// A quantity of so many lots.
    pub const fn new(lots: u64) -> Self {
        Self(lots)
    }

    /// The number of lots.
    pub const fn lots(self) -> u64 {
        self.0
    }

    /// Whether there are no lots.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or nothing when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or nothing when `other` is the larger one.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

/// An amount of one asset, in its smallest unit. Which asset is told by the place it stands in.
///
/// Kept as two words, since 128 bits in one would have to be aligned as such: orders and events hold
/// several amounts between smaller fields and would be a fifth larger.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Amount {
    high: u64,
    low: u64,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self { high: 0, low: 0 };

    /// An amount of so many smallest units.
    #[inline]
    pub const fn new(units: u128) -> Self {
        Self { high: (units >> 64) as u64, low: units as u64 }
    }

    /// The number of smallest units.
    #[inline]
    pub const fn units(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// Whether it is nothing.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.high | self.low == 0
    }

    /// The sum, or nothing when it does not fit.
    #[inline]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.units().checked_add(other.units()).map(Self::new)
    }

    /// The difference, or nothing when `other` is the larger one.
    #[inline]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.units().checked_sub(other.units()).map(Self::new)
    }
}

impl Ord for Amount {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.units().cmp(&other.units())
    }
}

impl PartialOrd for Amount {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.units())
    }
}

/// A fee rate in parts per million, at most one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct FeeRate(u32);

impl FeeRate {
    /// No fee.
    pub const ZERO: Self = Self(0);

    const ONE: u32 = 1_000_000;

    /// A rate of so many parts per million, or nothing above one million.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm <= Self::ONE { Some(Self(ppm)) } else { None }
    }

    /// The parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// The fee on a received amount, truncated to the asset's smallest unit.
    ///
    /// The only rounding in the system. The amount must not exceed
    /// [`SUPPLY_MAX`](crate::limits::SUPPLY_MAX), which keeps the product within 128 bits.
    pub fn fee_on(self, received: Amount) -> Amount {
        // Dividing 128 bits is slow, and almost every amount fits 64 bits after the product.
        let product = received.units() * u128::from(self.0);
        Amount::new(match u64::try_from(product) {
            Ok(small) => u128::from(small / u64::from(Self::ONE)),
            Err(_) => product / u128::from(Self::ONE),
        })
    }
}

/// What the two sides of a trade pay.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FeeSchedule {
    /// Rate of the resting order.
    pub maker: FeeRate,
    /// Rate of the arriving order.
    pub taker: FeeRate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SUPPLY_MAX;

    #[test]
    fn fee_is_truncated_to_the_smallest_unit() {
        let rate = FeeRate::from_ppm(1_000).unwrap();
        // 32216 units sold at 0.00000471 and ten decimals, as the API's own history has it.
        assert_eq!(rate.fee_on(Amount::new(1_517_373_600)), Amount::new(1_517_373));
        assert_eq!(rate.fee_on(Amount::new(999)), Amount::ZERO);
        assert_eq!(rate.fee_on(Amount::new(1_000)), Amount::new(1));
    }

    #[test]
    fn fee_on_the_whole_supply_does_not_overflow() {
        let all = FeeRate::from_ppm(1_000_000).unwrap();
        assert_eq!(all.fee_on(SUPPLY_MAX), SUPPLY_MAX);
        assert_eq!(FeeRate::from_ppm(1_000_001), None);
    }
}
