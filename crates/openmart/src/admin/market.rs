//! `openmart admin market`: markets added, listed, halted, resumed.

use hyper::Method;
use openmart_wire::admin::markets::{
    HALT, MARKETS, Market, MarketList, MarketName, MarketState, NewMarket, RESUME,
};

use super::arguments::{AdminMarket, AdminNewMarket};
use super::client::Client;
use super::show;
use super::table::table;

pub(super) fn run(client: &Client, wish: &AdminMarket, json: bool) -> anyhow::Result<()> {
    let market: Market = match wish {
        AdminMarket::Add(wish) => client.tell(Method::POST, MARKETS, &new(wish))?,
        AdminMarket::Halt { symbol } => client.tell(Method::POST, HALT, &named(symbol))?,
        AdminMarket::Resume { symbol } => client.tell(Method::POST, RESUME, &named(symbol))?,
        AdminMarket::List => {
            return show(&client.ask::<MarketList>(Method::GET, MARKETS)?, json, lines);
        }
    };
    show(&market, json, |market| format!("market {} is {}\n", market.symbol, word(market.state)))
}

fn named(symbol: &str) -> MarketName {
    MarketName { symbol: symbol.to_owned() }
}

fn new(wish: &AdminNewMarket) -> NewMarket {
    NewMarket {
        symbol: wish.symbol.clone(),
        price_decimals: wish.price_decimals,
        quantity_decimals: wish.quantity_decimals,
        depth_decimals_min: wish.depth_decimals_min,
        quantity_min: wish.quantity_min.clone(),
        quantity_max: wish.quantity_max.clone(),
        notional_min: wish.notional_min.clone(),
        fee_maker: wish.fee_maker.clone(),
        fee_taker: wish.fee_taker.clone(),
        price_band_multiple: wish.price_band_multiple,
    }
}

fn word(state: MarketState) -> &'static str {
    match state {
        MarketState::Trading => "trading",
        MarketState::Halted => "halted",
    }
}

fn lines(list: &MarketList) -> String {
    let row = |market: &Market| {
        [
            market.symbol.clone(),
            word(market.state).to_owned(),
            market.price_decimals.to_string(),
            market.quantity_decimals.to_string(),
            market.fee_maker.clone(),
            market.fee_taker.clone(),
        ]
    };
    let rows: Vec<_> = list.markets.iter().map(row).collect();
    let head = ["MARKET", "STATE", "PRICE DECIMALS", "QUANTITY DECIMALS", "FEE MAKER", "FEE TAKER"];
    table(head, &rows)
}
