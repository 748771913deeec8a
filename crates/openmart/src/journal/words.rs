//! Commands and outcomes as people read them, with names and decimals instead of numbers and units.
//!
//! Names come from the state before the command. What it does not know is shown by number.

use openmart_engine::Engine;
use openmart_model::{
    AccountId, Amount, AssetId, Command, CommandResult, DecimalText, Event, MarketId, NewOrder,
    OrderKind, Outcome, Price, Quantity, Side, TimeInForce,
};

/// Names and numbers in the terms of one state.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) engine: &'a Engine,
}

impl Words<'_> {
    pub(super) fn account(self, account: AccountId) -> String {
        self.engine.account_name(account).map_or_else(|| format!("#{account}"), str::to_owned)
    }

    pub(super) fn asset(self, asset: AssetId) -> String {
        let listed = self.engine.assets().get(asset.index());
        listed.map_or_else(|| format!("#{asset}"), |asset| asset.code.clone())
    }

    pub(super) fn market(self, market: MarketId) -> String {
        let listed = self.engine.market(market);
        listed.map_or_else(|| format!("#{market}"), |market| market.symbol.clone())
    }

    /// An amount in whole coins.
    pub(super) fn amount(self, asset: AssetId, amount: Amount) -> String {
        let decimals = self.engine.assets().get(asset.index()).map_or(0, |asset| asset.decimals);
        DecimalText::new(amount.units(), decimals).to_string()
    }

    pub(super) fn price(self, market: MarketId, price: Price) -> String {
        let decimals = self.engine.market(market).map_or(0, |market| market.spec.price_decimals);
        DecimalText::new(u128::from(price.ticks()), decimals).to_string()
    }

    pub(super) fn quantity(self, market: MarketId, quantity: Quantity) -> String {
        let decimals = self.engine.market(market).map_or(0, |market| market.spec.quantity_decimals);
        DecimalText::new(u128::from(quantity.lots()), decimals).to_string()
    }

    /// Quote asset of a market in whole coins.
    pub(super) fn notional(self, market: MarketId, notional: Amount) -> String {
        match self.engine.market(market) {
            Some(market) => self.amount(market.spec.quote, notional),
            None => notional.units().to_string(),
        }
    }

    /// A command in one line. Secrets, sealed as they are, are left out.
    pub(super) fn command(self, command: &Command) -> String {
        match command {
            Command::Place(order) => self.place(order),
            Command::Cancel { account, order } => {
                format!("cancel order {order} of {}", self.account(*account))
            }
            Command::CancelAll { account, market, side } => {
                let market = market.map(|market| format!(" on {}", self.market(market)));
                let side = side.map(|side| format!(" {}", side_word(side)));
                let (side, market) = (side.unwrap_or_default(), market.unwrap_or_default());
                format!("cancel all{side} orders of {}{market}", self.account(*account))
            }
            Command::Deposit { account, asset, amount } => {
                let (asset, amount) = (self.asset(*asset), self.amount(*asset, *amount));
                format!("deposit {amount} {asset} to {}", self.account(*account))
            }
            Command::Withdraw { account, asset, amount } => {
                let (asset, amount) = (self.asset(*asset), self.amount(*asset, *amount));
                format!("withdraw {amount} {asset} from {}", self.account(*account))
            }
            Command::AddAsset(asset) => {
                format!("add asset {} ({}, {} decimals)", asset.code, asset.name, asset.decimals)
            }
            Command::AddMarket(spec) => {
                format!("list market {}_{}", self.asset(spec.base), self.asset(spec.quote))
            }
            Command::SetMarketStatus { market, status } => {
                format!("set market {} to {}", self.market(*market), status_word(*status))
            }
            Command::SetMarketFees { market, fees } => format!(
                "set fees of {} to maker {} and taker {} ppm",
                self.market(*market),
                fees.maker.ppm(),
                fees.taker.ppm()
            ),
            Command::SetAccountFees { account, market, fees } => {
                let (account, market) = (self.account(*account), self.market(*market));
                match fees {
                    Some(fees) => format!(
                        "set fees of {account} on {market} to maker {} and taker {} ppm",
                        fees.maker.ppm(),
                        fees.taker.ppm()
                    ),
                    None => format!("set fees of {account} on {market} to the market's"),
                }
            }
            Command::AddAccount(account) => {
                let deposits: Vec<String> = account
                    .deposits
                    .iter()
                    .map(|(asset, amount)| {
                        format!("{} {}", self.amount(*asset, *amount), self.asset(*asset))
                    })
                    .collect();
                let keys = account.keys.len();
                format!("open account {} with [{}], {keys} keys", account.name, deposits.join(", "))
            }
            Command::AddKey { account, key } => {
                format!("add key {} to {}", key.key, self.account(*account))
            }
            Command::RevokeKey { key } => {
                let known = self.engine.key(*key);
                let text = known.map_or_else(|| format!("#{key}"), |known| known.spec.key.clone());
                format!("revoke key {text}")
            }
            Command::SetRules { version } => format!("set rules to version {version}"),
        }
    }

    fn place(self, order: &NewOrder) -> String {
        let NewOrder { account, market, side, kind, client_id } = order;
        let terms = match kind {
            OrderKind::Limit { price, quantity, time_in_force } => {
                let (price, quantity) =
                    (self.price(*market, *price), self.quantity(*market, *quantity));
                format!("{quantity} at {price} {}", time_in_force_word(*time_in_force))
            }
            OrderKind::Market { quantity } => {
                format!("{} at market", self.quantity(*market, *quantity))
            }
            OrderKind::MarketNotional { notional } => {
                format!("for {} at market", self.notional(*market, *notional))
            }
        };
        let client_id = client_id.map(|id| format!(" as {}", id.as_str())).unwrap_or_default();
        let (account, market) = (self.account(*account), self.market(*market));
        format!("{account} {} {market} {terms}{client_id}", side_word(*side))
    }
}

/// What a command led to.
pub(super) fn outcome(result: &CommandResult, events: &[Event]) -> String {
    let done = match result {
        Err(reject) => return format!("refused: {reject}"),
        Ok(Outcome::Done) => "done".into(),
        Ok(Outcome::Placed { order, duplicate: true }) => format!("order {order} of before"),
        Ok(Outcome::Placed { order, duplicate: false }) => format!("order {order}"),
        Ok(Outcome::Canceled { order, .. }) => format!("order {order} canceled"),
        Ok(Outcome::CanceledAll { orders }) => format!("{orders} orders canceled"),
        Ok(Outcome::AssetAdded(id)) => format!("asset #{id}"),
        Ok(Outcome::MarketAdded(id)) => format!("market #{id}"),
        Ok(Outcome::AccountAdded(id)) => format!("account #{id}"),
        Ok(Outcome::KeyAdded(id)) => format!("key #{id}"),
    };
    match trades(events) {
        0 => done,
        trades => format!("{done}, {trades} trades"),
    }
}

/// How many trades are among the events.
pub(super) fn trades(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Traded(_))).count()
}

pub(super) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

pub(super) const fn status_word(status: openmart_model::MarketStatus) -> &'static str {
    match status {
        openmart_model::MarketStatus::Trading => "trading",
        openmart_model::MarketStatus::Halted => "halted",
    }
}

pub(super) const fn time_in_force_word(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::GoodTillCanceled { post_only: false } => "gtc",
        TimeInForce::GoodTillCanceled { post_only: true } => "post_only",
        TimeInForce::ImmediateOrCancel => "ioc",
        TimeInForce::FillOrKill => "fok",
    }
}
