//! Every limit of this dialect in one place, with its reason.

/// Longest request body in bytes. An order is about 100 bytes; the rest is room for members that
/// client libraries add.
pub const BODY_BYTES_MAX: usize = 4 * 1024;

/// Longest query string in bytes. The longest documented one is about 100 bytes.
pub const QUERY_BYTES_MAX: usize = 4 * 1024;

/// Longest text of an amount or a price in characters, as the client wrote it.
pub const NUMBER_CHARS_MAX: usize = 40;

/// Largest size of the exponent of an amount or a price, in either direction. Bounds the plain
/// text of a number at about [`NUMBER_CHARS_MAX`] + 30 digits.
pub const NUMBER_EXPONENT_MAX: i32 = 30;

/// Longest symbol in characters.
pub const SYMBOL_CHARS_MAX: usize = 32;

/// Longest `client_order_id` in characters.
pub const CLIENT_ORDER_ID_CHARS_MAX: usize = 32;

/// Most digits of an `entrust_id` in a path: what a `u64` needs.
pub const ENTRUST_ID_CHARS_MAX: usize = 20;

/// Orders or own trades on one page when the client does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 500;

/// Most orders or own trades on one page, and most own trades of one order.
pub const PAGE_ROWS_MAX: u32 = 1000;

/// Largest page index. It is echoed as a JSON number, which clients read exactly up to here only.
pub const PAGE_OFFSET_MAX: u64 = (1 << 53) - 1;

/// Levels on each side of the order book in a REST answer.
pub const DEPTH_LEVELS_MAX: usize = 200;

/// Trades in the answer to the public trades of a symbol.
pub const PUBLIC_TRADES_MAX: usize = 50;

/// Candles in one answer: about 700 KB.
pub const KLINES_MAX: usize = 5_000;

/// Life of an access token in seconds.
pub const TOKEN_LIFE_S: u32 = 900;

/// Largest distance between `X-BM-TIMESTAMP` and the server's clock, in either direction, unless
/// the operator configures another one.
pub const TIMESTAMP_WINDOW_MS: u64 = 60_000;
