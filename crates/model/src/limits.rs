//! Every bound of the exchange's state, with its reason. Full means a refusal, never growth.

use crate::units::Amount;

/// Decimals of an asset unless it is configured otherwise; what the v2 API prints.
pub const ASSET_DECIMALS_DEFAULT: u8 = 10;

/// Most decimals an asset may have, so that ten to that power fits 64 bits.
pub const ASSET_DECIMALS_MAX: u8 = 18;

/// Assets of one exchange. Bounds a balance row to 32 KiB.
pub const ASSETS_MAX: usize = 1_024;

/// Markets of one exchange. Their numbers fit 16 bits with room to spare.
pub const MARKETS_MAX: usize = 4_096;

/// Accounts of one exchange. Their numbers fit 32 bits with room to spare.
pub const ACCOUNTS_MAX: usize = 1 << 22;

/// API keys of one account, revoked ones included: a key is never forgotten, so that its tokens
/// stay refused.
pub const KEYS_PER_ACCOUNT_MAX: usize = 1_000;

/// Address ranges of one API key.
pub const ADDRESS_RANGES_PER_KEY_MAX: usize = 30;

/// Open orders of one account. Large enough for a market maker on every market, small enough that
/// cancelling them all stays one short step.
pub const ORDERS_OPEN_PER_ACCOUNT_MAX: usize = 200_000;

/// Open orders of the exchange. Order slots are 32-bit, and an order costs about 120 bytes.
pub const ORDERS_OPEN_MAX: usize = 1 << 24;

/// Price levels of one side of one book. Bounds the cost of opening a level.
pub const PRICE_LEVELS_PER_SIDE_MAX: usize = 65_536;

/// Client order ids of finished orders that are remembered for each account, newest first. The ids
/// of open orders are remembered beside them without counting here.
pub const CLIENT_IDS_FINISHED_PER_ACCOUNT_MAX: usize = 10_000;

/// The largest total of one asset over all accounts and fees. Sums of balances then fit 128 bits,
/// and so does a balance times a fee rate in parts per million.
pub const SUPPLY_MAX: Amount = Amount::new(1 << 107);

/// Order and trade ids stay below this, since JavaScript clients hold them in a double.
pub const ID_LIMIT: u64 = 1 << 53;

/// Bytes of an asset code.
pub const ASSET_CODE_BYTES_MAX: usize = 15;

/// Bytes of the readable name of an asset or account, of a key, and of a memo.
pub const NAME_BYTES_MAX: usize = 64;

/// Bytes of a sealed API secret.
pub const SEALED_SECRET_BYTES_MAX: usize = 512;

/// Bytes of a client order id.
pub const CLIENT_ORDER_ID_BYTES_MAX: usize = 32;

/// Largest price band, as a multiple of the reference price.
pub const PRICE_BAND_MULTIPLE_MAX: u32 = 1_000_000;
