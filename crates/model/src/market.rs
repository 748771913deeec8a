//! Assets and markets: their decimals, rules and listing conditions.

use alloc::string::String;
use core::fmt;
use core::hint::select_unpredictable;

use crate::ids::AssetId;
use crate::limits::{
    ASSET_CODE_BYTES_MAX, ASSET_DECIMALS_MAX, NAME_BYTES_MAX, PRICE_BAND_MULTIPLE_MAX,
};
use crate::order::Side;
use crate::units::{Amount, FeeSchedule, Price, Quantity};

/// Something that is held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asset {
    /// Code as used in symbols: 1 to 15 upper-case letters and digits.
    pub code: String,
    /// Readable name.
    pub name: String,
    /// Decimals of its smallest unit, at most 18.
    pub decimals: u8,
}

impl Asset {
    /// Checks code, name and decimals.
    pub fn validate(&self) -> Result<(), ListingError> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if self.code.is_empty() || self.code.len() > ASSET_CODE_BYTES_MAX {
            return Err(ListingError::AssetCode);
        }
        if !self.code.bytes().all(allowed) {
            return Err(ListingError::AssetCode);
        }
        if self.name.len() > NAME_BYTES_MAX {
            return Err(ListingError::NameTooLong);
        }
        if self.decimals > ASSET_DECIMALS_MAX {
            return Err(ListingError::AssetDecimals);
        }
        Ok(())
    }
}

/// What happens when an order would trade with another one of its own account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelfTradePolicy {
    /// They trade.
    Allow,
    /// The arriving order is refused as a whole before it trades with anybody.
    RefuseTaker,
    /// The arriving order trades up to its own order; the rest is canceled.
    CancelTaker,
    /// The resting order is canceled and the arriving one goes on.
    CancelMaker,
    /// Both are canceled where they meet.
    CancelBoth,
}

/// Whether a market takes orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarketStatus {
    /// Orders are taken and matched.
    Trading,
    /// New orders are refused; cancels still work.
    Halted,
}

/// The rules of a market.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarketSpec {
    /// What is bought and sold.
    pub base: AssetId,
    /// What it is paid with.
    pub quote: AssetId,
    /// Decimals of a price; one tick is `10^-price_decimals`.
    pub price_decimals: u8,
    /// Decimals of a quantity; one lot is `10^-quantity_decimals`.
    pub quantity_decimals: u8,
    /// Fewest price decimals by which depth can be grouped.
    pub depth_decimals_min: u8,
    /// Smallest quantity of an order.
    pub quantity_min: Quantity,
    /// Largest quantity of an order.
    pub quantity_max: Quantity,
    /// Smallest notional of a buy, in the quote asset.
    pub notional_min_buy: Amount,
    /// Smallest notional of a sell, in the quote asset.
    pub notional_min_sell: Amount,
    /// Fee rates unless an account has its own.
    pub fees: FeeSchedule,
    /// What happens when an account meets its own order.
    pub self_trade: SelfTradePolicy,
    /// Highest price of an order as a multiple of the best price on its own side of the book, or of
    /// the last trade when that side is empty. 0: no bound.
    pub price_band_multiple: u32,
}

/// Why an asset or a market cannot be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListingError {
    /// The code is not 1 to 15 upper-case letters and digits.
    AssetCode,
    /// A name is too long.
    NameTooLong,
    /// More than 18 decimals.
    AssetDecimals,
    /// Base and quote are the same.
    SameAsset,
    /// Price decimals plus quantity decimals exceed the quote asset's, so that a notional would not
    /// be a whole number of units.
    QuoteDecimals,
    /// Quantity decimals exceed the base asset's.
    BaseDecimals,
    /// The fewest depth decimals exceed the price decimals.
    DepthDecimals,
    /// The smallest quantity is zero or above the largest.
    QuantityRange,
    /// The price band is out of range.
    PriceBand,
}

impl fmt::Display for ListingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AssetCode => "an asset code is 1 to 15 upper-case letters and digits",
            Self::NameTooLong => "a name has at most 64 bytes",
            Self::AssetDecimals => "an asset has at most 18 decimals",
            Self::SameAsset => "base and quote are the same asset",
            Self::QuoteDecimals => {
                "price decimals plus quantity decimals exceed the decimals of the quote asset"
            }
            Self::BaseDecimals => "quantity decimals exceed the decimals of the base asset",
            Self::DepthDecimals => "the fewest depth decimals exceed the price decimals",
            Self::QuantityRange => "the smallest quantity is zero or above the largest",
            Self::PriceBand => "the price band is at most 1000000 times the reference",
        })
    }
}

impl core::error::Error for ListingError {}

/// A listed market: its rules and the exact conversions between its units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Market {
    /// The rules.
    pub spec: MarketSpec,
    /// `BASE_QUOTE`.
    pub symbol: String,
    /// Whether it takes orders.
    pub status: MarketStatus,
    base_units_per_lot: u64,
    quote_units_per_tick_lot: u64,
}

impl Market {
    /// Lists a market between two assets, trading.
    pub fn new(spec: MarketSpec, base: &Asset, quote: &Asset) -> Result<Self, ListingError> {
        if spec.base == spec.quote {
            return Err(ListingError::SameAsset);
        }
        let notional_decimals = u32::from(spec.price_decimals) + u32::from(spec.quantity_decimals);
        let quote_spare = u32::from(quote.decimals).checked_sub(notional_decimals);
        let quote_spare = quote_spare.ok_or(ListingError::QuoteDecimals)?;
        let base_spare = base.decimals.checked_sub(spec.quantity_decimals);
        let base_spare = u32::from(base_spare.ok_or(ListingError::BaseDecimals)?);
        if spec.depth_decimals_min > spec.price_decimals {
            return Err(ListingError::DepthDecimals);
        }
        if spec.quantity_min.is_zero() || spec.quantity_min > spec.quantity_max {
            return Err(ListingError::QuantityRange);
        }
        if spec.price_band_multiple > PRICE_BAND_MULTIPLE_MAX {
            return Err(ListingError::PriceBand);
        }
        let mut symbol = base.code.clone();
        symbol.push('_');
        symbol.push_str(&quote.code);
        Ok(Self {
            spec,
            symbol,
            status: MarketStatus::Trading,
            base_units_per_lot: 10u64.pow(base_spare),
            quote_units_per_tick_lot: 10u64.pow(quote_spare),
        })
    }

    /// What an order of a side pays with when it trades a quantity at a price, and how much: quote
    /// asset for a buy, base asset for a sell. Nothing when the amount does not fit 128 bits. Exact.
    #[inline]
    pub fn payment(
        &self,
        side: Side,
        price: Price,
        quantity: Quantity,
    ) -> Option<(AssetId, Amount)> {
        // Which side comes next cannot be foreseen, so that both are made ready and one is chosen.
        let is_buy = side == Side::Buy;
        let asset = select_unpredictable(is_buy, self.spec.quote, self.spec.base);
        let per_lot = u128::from(price.ticks()) * u128::from(self.quote_units_per_tick_lot);
        let Ok(per_lot) = u64::try_from(per_lot) else {
            return self.large_payment(side, price, quantity).map(|amount| (asset, amount));
        };
        let per_lot = select_unpredictable(is_buy, per_lot, self.base_units_per_lot);
        Some((asset, Amount::new(u128::from(quantity.lots()) * u128::from(per_lot))))
    }

    #[cold]
    fn large_payment(&self, side: Side, price: Price, quantity: Quantity) -> Option<Amount> {
        match side {
            Side::Buy => self.notional(price, quantity),
            Side::Sell => Some(self.base_amount(quantity)),
        }
    }

    /// Base asset of a quantity. Exact.
    pub fn base_amount(&self, quantity: Quantity) -> Amount {
        Amount::new(u128::from(quantity.lots()) * u128::from(self.base_units_per_lot))
    }

    /// Quote asset of a quantity at a price, or nothing when it does not fit 128 bits. Exact.
    #[inline]
    pub fn notional(&self, price: Price, quantity: Quantity) -> Option<Amount> {
        let units_per_tick_lot = u128::from(self.quote_units_per_tick_lot);
        let tick_lots = u128::from(price.ticks()) * u128::from(quantity.lots());
        // Checking a product of 128 bits is slow, and almost every factor fits 64 bits.
        match u64::try_from(tick_lots) {
            Ok(small) => Some(Amount::new(u128::from(small) * units_per_tick_lot)),
            Err(_) => tick_lots.checked_mul(units_per_tick_lot).map(Amount::new),
        }
    }

    /// The most whole lots whose notional at this price does not exceed an amount.
    pub fn quantity_for(&self, notional: Amount, price: Price) -> Quantity {
        let per_lot = u128::from(price.ticks()) * u128::from(self.quote_units_per_tick_lot);
        let lots = notional.units().checked_div(per_lot).unwrap_or(0);
        Quantity::new(u64::try_from(lots).unwrap_or(u64::MAX))
    }
}
