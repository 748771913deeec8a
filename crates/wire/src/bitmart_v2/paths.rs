//! The paths of the REST endpoints, with `{name}` where a path carries a value.
//!
//! Every path may also be written with one slash at its end; that is for the router to accept.

/// `GET` with an upgrade: the WebSocket, see [`stream`](super::stream).
pub const STREAM: &str = "/";
/// `GET`: answers [`Empty`](super::Empty), to see that the server is there.
pub const PING: &str = "/v2/ping";
/// `GET`: answers [`ServerTime`](super::ServerTime).
pub const TIME: &str = "/v2/time";
/// `GET`: answers [`STEPS_MINUTES`](super::STEPS_MINUTES).
pub const STEPS: &str = "/v2/steps";
/// `GET`: answers an array of [`Currency`](super::Currency).
pub const CURRENCIES: &str = "/v2/currencies";
/// `GET`: answers an array of symbol names.
pub const SYMBOLS: &str = "/v2/symbols";
/// `GET`: answers an array of [`SymbolDetails`](super::SymbolDetails).
pub const SYMBOLS_DETAILS: &str = "/v2/symbols_details";
/// `GET`: answers one [`SymbolDetails`](super::SymbolDetails).
pub const SYMBOL: &str = "/v2/symbols/{symbol}";
/// `GET`: answers one [`Ticker`](super::Ticker), or an array of them when no symbol is asked for.
pub const TICKER: &str = "/v2/ticker";
/// `GET`: answers [`Depth`](super::Depth), the order book.
pub const DEPTH: &str = "/v2/symbols/{symbol}/orders";
/// `GET`: answers an array of [`PublicTrade`](super::PublicTrade).
pub const PUBLIC_TRADES: &str = "/v2/symbols/{symbol}/trades";
/// `GET`: takes [`ListKlines`](super::ListKlines), answers an array of [`Kline`](super::Kline).
pub const KLINES: &str = "/v2/symbols/{symbol}/kline";
/// `POST`: takes [`TokenRequest`](super::TokenRequest), answers [`Token`](super::Token).
pub const AUTHENTICATION: &str = "/v2/authentication";
/// `GET` with a token: answers an array of [`WalletEntry`](super::WalletEntry).
pub const WALLET: &str = "/v2/wallet";
/// With a token. `POST` places ([`PlaceOrder`](super::PlaceOrder), answers
/// [`PlacedOrder`](super::PlacedOrder)); `GET` lists ([`ListOrders`](super::ListOrders), answers
/// [`OrderPage`](super::OrderPage)); `DELETE` cancels all ([`CancelAll`](super::CancelAll),
/// answers [`Empty`](super::Empty)).
pub const ORDERS: &str = "/v2/orders";
/// With a token. `GET` answers [`Order`](super::Order); `DELETE` cancels
/// ([`CancelOrder`](super::CancelOrder)) and answers [`Empty`](super::Empty).
pub const ORDER: &str = "/v2/orders/{entrust_id}";
/// `GET` with a token: takes [`ListTrades`](super::ListTrades), answers
/// [`TradePage`](super::TradePage).
pub const OWN_TRADES: &str = "/v2/trades";
