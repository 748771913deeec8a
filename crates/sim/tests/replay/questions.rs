//! Every question that can be asked over HTTP, and the answer by the model.

use openmart_model::{AccountId, MarketId};
use openmart_sim::random::Random;
use serde_json::{Value, json};

use crate::model::Model;

/// Minutes of the candles that there are.
pub(crate) const STEPS: [u64; 13] = [1, 3, 5, 15, 30, 45, 60, 120, 180, 240, 1_440, 10_080, 43_200];

/// Levels of a side of the order book.
const LEVELS_MAX: usize = 200;
/// Rows of a page unless the client says.
const LIMIT_DEFAULT: u64 = 500;
/// The largest page index: clients read a JSON number exactly up to here only.
const OFFSET_MAX: u64 = (1 << 53) - 1;
/// Candles of a short range.
const CANDLES_SHORT: u64 = 40;

#[derive(Clone, Debug)]
pub(crate) enum Question {
    Ping,
    Time,
    Steps,
    Currencies,
    Symbols,
    SymbolsDetails,
    Symbol(MarketId),
    Tickers,
    Ticker(MarketId),
    Depth(MarketId, Option<u8>),
    Trades(MarketId),
    Klines { market: MarketId, step: u64, from: u64, to: u64 },
    Wallet(AccountId),
    Orders { account: AccountId, market: MarketId, filter: u8, page: Page },
    Order { account: AccountId, id: u64 },
    Fills { account: AccountId, market: MarketId, order: Option<u64>, page: Page },
}

/// What a client says of the page it wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    offset: Option<u64>,
    limit: Option<u64>,
}

impl Page {
    fn offset(self) -> u64 {
        self.offset.unwrap_or(0)
    }

    fn limit(self) -> u64 {
        self.limit.unwrap_or(LIMIT_DEFAULT)
    }

    fn query(self) -> String {
        let offset = self.offset.map_or(String::new(), |offset| format!("&offset={offset}"));
        let limit = self.limit.map_or(String::new(), |limit| format!("&limit={limit}"));
        offset + &limit
    }

    /// All rows on one page, and the first, a middle, the last and two pages past the end of a list
    /// of so many.
    fn all(total: usize, random: &mut Random) -> Vec<Self> {
        let limit = random.pick(&[1, 2, 3, 7, 1_000]);
        let pages = (total as u64).div_ceil(limit);
        let offsets =
            [0, pages / 2, pages.saturating_sub(1), pages, OFFSET_MAX >> random.below(53)];
        let mut all = vec![Self { offset: None, limit: None }];
        for offset in offsets {
            all.push(Self { offset: Some(offset), limit: Some(limit) });
        }
        all
    }
}

impl Question {
    /// Everything there is to ask, by the accounts that have keys.
    pub(crate) fn all(model: Model<'_>, accounts: &[AccountId], random: &mut Random) -> Vec<Self> {
        let mut all = vec![Self::Ping, Self::Time, Self::Steps, Self::Currencies, Self::Symbols];
        all.extend([Self::SymbolsDetails, Self::Tickers]);
        for market in model.market_ids() {
            all.extend([Self::Symbol(market), Self::Ticker(market), Self::Trades(market)]);
            all.push(Self::Depth(market, None));
            let spec = model.spec(market);
            for precision in spec.depth_decimals_min..=spec.price_decimals {
                all.push(Self::Depth(market, Some(precision)));
            }
            for step in STEPS {
                Self::klines(model, market, step, random, &mut all);
            }
        }
        for account in accounts {
            Self::private(model, *account, random, &mut all);
        }
        all
    }

    /// Short ranges: up to now and beyond, around the first and some other trade, reversed. A long
    /// one of the steps that do not fill an answer with flat candles.
    fn klines(
        model: Model<'_>,
        market: MarketId,
        step: u64,
        random: &mut Random,
        all: &mut Vec<Self>,
    ) {
        let short_ms = step * 60_000 * CANDLES_SHORT;
        let now = model.now_ms;
        let mut range = |from, to| all.push(Self::Klines { market, step, from, to });
        range(now - short_ms, now);
        range(now, now - 1);
        let trades = model.trades_of(market);
        if let Some((first_ms, _)) = trades.first() {
            let some_ms = trades[random.index(trades.len())].0;
            range(first_ms - short_ms / 2, first_ms + short_ms / 2);
            range(some_ms, some_ms + random.below(short_ms));
            // Both bounds begin a candle (of a day at most), and are included.
            let length_ms = step.min(1_440) * 60_000;
            let even_ms = some_ms / length_ms * length_ms;
            range(even_ms, even_ms + 3 * length_ms);
            if step >= 240 || random.percent(5) {
                range(first_ms - 1, now + short_ms);
            }
        }
    }

    fn private(model: Model<'_>, account: AccountId, random: &mut Random, all: &mut Vec<Self>) {
        all.push(Self::Wallet(account));
        for market in model.market_ids() {
            for filter in 0..=6 {
                let total = model.orders_total(account, market, filter);
                for page in Page::all(total, random) {
                    all.push(Self::Orders { account, market, filter, page });
                }
            }
            let total = model.fills_total(account, market, None);
            for page in Page::all(total, random) {
                all.push(Self::Fills { account, market, order: None, page });
            }
        }
        let lives = model.lives();
        for life in &lives {
            let order = life.placed;
            // Some of somebody else's as well, which are not shown.
            if order.account == account || random.percent(3) {
                let id = order.id.0;
                all.push(Self::Order { account, id });
                let pages = Page::all(3, random);
                let page = random.pick(&pages);
                let market = match random.percent(95) {
                    true => order.market,
                    false => MarketId(random.index(model.markets().len()) as u16),
                };
                all.push(Self::Fills { account, market, order: Some(id), page });
            }
        }
        all.push(Self::Order { account, id: lives.len() as u64 + 1 });
    }

    /// Who asks, unless anybody may.
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Self::Wallet(account)
            | Self::Orders { account, .. }
            | Self::Order { account, .. }
            | Self::Fills { account, .. } => Some(*account),
            _ => None,
        }
    }

    pub(crate) fn target(&self, model: Model<'_>) -> String {
        let symbol = |market: &MarketId| model.symbol(*market);
        match self {
            Self::Ping => "/v2/ping".to_owned(),
            Self::Time => "/v2/time".to_owned(),
            Self::Steps => "/v2/steps".to_owned(),
            Self::Currencies => "/v2/currencies".to_owned(),
            Self::Symbols => "/v2/symbols".to_owned(),
            Self::SymbolsDetails => "/v2/symbols_details".to_owned(),
            Self::Symbol(market) => format!("/v2/symbols/{}", symbol(market)),
            Self::Tickers => "/v2/ticker".to_owned(),
            Self::Ticker(market) => format!("/v2/ticker?symbol={}", symbol(market)),
            Self::Depth(market, None) => format!("/v2/symbols/{}/orders", symbol(market)),
            Self::Depth(market, Some(precision)) => {
                format!("/v2/symbols/{}/orders?precision={precision}", symbol(market))
            }
            Self::Trades(market) => format!("/v2/symbols/{}/trades", symbol(market)),
            Self::Klines { market, step, from, to } => {
                format!("/v2/symbols/{}/kline?step={step}&from={from}&to={to}", symbol(market))
            }
            Self::Wallet(_) => "/v2/wallet".to_owned(),
            Self::Orders { market, filter, page, .. } => {
                format!("/v2/orders?symbol={}&status={filter}{}", symbol(market), page.query())
            }
            Self::Order { id, .. } => format!("/v2/orders/{id}"),
            Self::Fills { market, order, page, .. } => {
                let order = order.map_or(String::new(), |order| format!("&entrust_id={order}"));
                format!("/v2/trades?symbol={}{order}{}", symbol(market), page.query())
            }
        }
    }

    /// Status and body.
    pub(crate) fn answer(&self, model: Model<'_>) -> (u16, Value) {
        let body = match self {
            Self::Ping => json!({}),
            Self::Time => json!({ "server_time": model.now_ms }),
            Self::Steps => json!(STEPS),
            Self::Currencies => model.currencies(),
            Self::Symbols => model.symbols(),
            Self::SymbolsDetails => model.symbols_details(),
            Self::Symbol(market) => model.symbol_details(*market),
            Self::Tickers => model.tickers(),
            Self::Ticker(market) => model.ticker(*market),
            Self::Depth(market, precision) => {
                let precision = precision.unwrap_or(model.spec(*market).price_decimals);
                model.depth(*market, precision, LEVELS_MAX)
            }
            Self::Trades(market) => model.trades(*market),
            Self::Klines { market, step, from, to } => model.klines(*market, *step, *from, *to),
            Self::Wallet(account) => model.wallet(*account),
            Self::Orders { account, market, filter, page } => {
                model.order_page((*account, *market), *filter, page.offset(), page.limit())
            }
            Self::Order { account, id } => match model.order(*account, *id) {
                Some(order) => order,
                None => return (404, json!({ "message": "Not found" })),
            },
            Self::Fills { account, market, order, page } => {
                model.fill_page((*account, *market), *order, page.offset(), page.limit())
            }
        };
        (200, body)
    }
}
