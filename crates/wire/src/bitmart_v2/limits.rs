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

/// Longest message of a client on the stream in bytes. The longest documented one is about 60.
pub const STREAM_MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// Most digits of a precision or step on the stream, leading zeros included.
pub const STREAM_NUMBER_DIGITS_MAX: usize = 10;

/// Largest precision that is echoed with trades. It has no meaning there, and each is a text of its
/// own, so there must not be any number of them.
pub const STREAM_TRADE_PRECISION_MAX: u16 = 999;

/// Subscriptions of one connection.
pub const STREAM_SUBSCRIPTIONS_MAX: usize = 200;

/// Messages in a row that are refused before the connection is closed.
pub const STREAM_ERRORS_MAX: u32 = 20;

/// Time for the first good subscribe or ping to arrive, else the connection is closed.
pub const STREAM_SUBSCRIBE_WAIT_MS: u64 = 5_000;

/// Time between two pushes of a subscription.
pub const STREAM_PUSH_INTERVAL_MS: u64 = 250;

/// Time between two pings of the server.
pub const STREAM_PING_INTERVAL_MS: u64 = 30_000;

/// Price levels on each side in a push of the order book.
pub const STREAM_DEPTH_LEVELS_MAX: usize = 20;

/// Trades in the first push of a subscription.
pub const STREAM_TRADES_FIRST: usize = 15;

/// Time between two new stream connections of one address.
pub const STREAM_CONNECTION_INTERVAL_MS: u64 = 4_000;
