//! Markets listed, added, halted and resumed.

use http::StatusCode;
use openmart_model::{
    Amount, Command, DecimalText, FeeRate, FeeSchedule, Market, MarketSpec, MarketStatus, Quantity,
    SelfTradePolicy, parse_decimal,
};
use openmart_wire::admin::markets as wire;

use super::{Admin, Answering, Incoming, Refused, json, missing, unreadable};

/// Decimals of a fee rate: parts per million.
const FEE_DECIMALS: u8 = 6;

/// Largest order of a market that does not say, in whole coins.
const QUANTITY_MAX_COINS: u64 = 1_000_000_000;

/// `GET /admin/markets`.
pub(super) fn list(admin: &Admin, _: Incoming) -> Answering<'_> {
    Box::pin(async {
        let markets =
            |state: &openmart_exchange::State| state.engine().markets().map(told).collect();
        Ok(json(&wire::MarketList { markets: admin.exchange().view(markets) }))
    })
}

fn told(market: &Market) -> wire::Market {
    let fee = |rate: FeeRate| DecimalText::new(u128::from(rate.ppm()), FEE_DECIMALS).to_string();
    wire::Market {
        symbol: market.symbol.clone(),
        state: match market.status {
            MarketStatus::Trading => wire::MarketState::Trading,
            MarketStatus::Halted => wire::MarketState::Halted,
        },
        price_decimals: market.spec.price_decimals,
        quantity_decimals: market.spec.quantity_decimals,
        fee_maker: fee(market.spec.fees.maker),
        fee_taker: fee(market.spec.fees.taker),
    }
}

/// The market of a symbol.
fn shown(admin: &Admin, symbol: &str) -> Result<wire::Market, Refused> {
    let shown = admin.exchange().view(|state| {
        let engine = state.engine();
        engine.market_by_symbol(symbol).and_then(|id| engine.market(id)).map(told)
    });
    shown.ok_or_else(|| missing("market", symbol))
}

/// `POST /admin/markets`.
pub(super) fn add(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let wish: wire::NewMarket = incoming.json()?;
        let spec = spec(admin, &wish)?;
        admin.carry_out(Command::AddMarket(spec)).await?;
        Ok(json(&shown(admin, &wish.symbol)?))
    })
}

fn spec(admin: &Admin, wish: &wire::NewMarket) -> Result<MarketSpec, Refused> {
    let refused = |sentence: String| Refused(StatusCode::BAD_REQUEST, sentence);
    let symbol = &wish.symbol;
    let codes = symbol.split_once('_');
    let (base, quote) =
        codes.ok_or_else(|| refused(format!("{symbol:?} is not a symbol such as BTC_USDT")))?;
    let asset = |code: &str| {
        let found = admin.exchange().view(|state| {
            let engine = state.engine();
            let id = engine.asset_by_code(code)?;
            Some((id, engine.assets().get(id.index())?.decimals))
        });
        found.ok_or_else(|| missing("asset", code))
    };
    let ((base, _), (quote, quote_decimals)) = (asset(base)?, asset(quote)?);
    let quantity = |what: &str, text: &Option<String>, default: u64| {
        let Some(text) = text else { return Ok(Quantity::new(default)) };
        let lots = parse_decimal(text, wish.quantity_decimals);
        let lots = lots.map_err(|error| unreadable(what, text, error))?;
        let lots = u64::try_from(lots);
        lots.map(Quantity::new).map_err(|_| refused(format!("{what} {text:?} is too large")))
    };
    let lots_per_coin = 10u64.checked_pow(u32::from(wish.quantity_decimals));
    let quantity_max =
        lots_per_coin.map_or(u64::MAX, |lots| lots.saturating_mul(QUANTITY_MAX_COINS));
    let notional_min = match &wish.notional_min {
        None => Amount::new(0),
        Some(text) => parse_decimal(text, quote_decimals)
            .map(Amount::new)
            .map_err(|error| unreadable("notional_min", text, error))?,
    };
    Ok(MarketSpec {
        base,
        quote,
        price_decimals: wish.price_decimals,
        quantity_decimals: wish.quantity_decimals,
        depth_decimals_min: wish.depth_decimals_min.unwrap_or(0),
        quantity_min: quantity("quantity_min", &wish.quantity_min, 1)?,
        quantity_max: quantity("quantity_max", &wish.quantity_max, quantity_max)?,
        notional_min_buy: notional_min,
        notional_min_sell: notional_min,
        fees: FeeSchedule {
            maker: fee("fee_maker", &wish.fee_maker)?,
            taker: fee("fee_taker", &wish.fee_taker)?,
        },
        self_trade: SelfTradePolicy::RefuseTaker,
        price_band_multiple: wish.price_band_multiple.unwrap_or(0),
    })
}

fn fee(what: &str, text: &str) -> Result<FeeRate, Refused> {
    let ppm = parse_decimal(text, FEE_DECIMALS).map_err(|error| unreadable(what, text, error))?;
    u32::try_from(ppm).ok().and_then(FeeRate::from_ppm).ok_or_else(|| {
        Refused(StatusCode::BAD_REQUEST, format!("{what} {text:?} is more than everything"))
    })
}

/// `POST /admin/markets/halt`.
pub(super) fn halt(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(set(admin, incoming, MarketStatus::Halted))
}

/// `POST /admin/markets/resume`.
pub(super) fn resume(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(set(admin, incoming, MarketStatus::Trading))
}

async fn set(
    admin: &Admin,
    incoming: Incoming,
    status: MarketStatus,
) -> Result<axum::response::Response, Refused> {
    let wire::MarketName { symbol } = incoming.json()?;
    let market = admin.exchange().view(|state| state.engine().market_by_symbol(&symbol));
    let market = market.ok_or_else(|| missing("market", &symbol))?;
    admin.carry_out(Command::SetMarketStatus { market, status }).await?;
    Ok(json(&shown(admin, &symbol)?))
}
