//! What is to be done at start so that an exchange has what it should: only what is missing is added.
//!
//! What enters: the state and the wished-for [`Venue`]. What leaves: commands, one per thing, that
//! lead from one to the other, and what differs and is left as it is. What it must not know: where
//! the wish came from, how commands are carried out.
//!
//! Fees of a market are the one thing that is changed: they act on future trades alone, and the file
//! is where an operator sets them. What the exchange has and the venue has not is left alone.

use std::fmt;

use openmart_engine::Engine;
use openmart_gateway::Vault;
use openmart_model::{AccountId, Asset, AssetId, Command, Market, MarketSpec, NewAccount, NewKey};

use crate::random;
use crate::venue::{Secret, Venue, VenueAccount, VenueKey};

/// The way from what is there to what should be.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// To be carried out in this order.
    pub(crate) steps: Vec<Step>,
    /// What differs and is left as it is, one sentence each.
    pub(crate) differences: Vec<String>,
    /// Keys with generated parts, to be shown to the operator once.
    pub(crate) issued: Vec<IssuedKey>,
}

/// One command and what it is for.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) what: String,
    pub(crate) command: Command,
}

/// A key whose text or secret was generated.
#[derive(Debug)]
pub(crate) struct IssuedKey {
    pub(crate) account: String,
    pub(crate) key: String,
    pub(crate) secret: Secret,
    pub(crate) memo: String,
}

/// Why there is no way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BootstrapError {
    /// All amounts of the venue are in other units than the exchange's.
    #[error(
        "asset {code} has {found} decimals here and {wanted} in the configuration; decimals are \
         fixed once an asset is listed"
    )]
    Decimals {
        /// The asset.
        code: String,
        /// As listed.
        found: u8,
        /// As configured.
        wanted: u8,
    },
    /// A key of the venue acts for another account already.
    #[error("key {key} of account {account} already belongs to account {owner}")]
    KeyTaken {
        /// The key.
        key: String,
        /// The account that should have it.
        account: String,
        /// The account that has it.
        owner: String,
    },
    /// There are no random numbers.
    #[error("cannot generate a key: {0:#}")]
    Random(anyhow::Error),
}

/// Finds out what is missing.
pub(crate) fn plan(engine: &Engine, venue: &Venue, vault: &Vault) -> Result<Plan, BootstrapError> {
    let mut planner = Planner { engine, venue, vault, assets: Vec::new(), plan: Plan::default() };
    planner.assets()?;
    planner.markets();
    for account in &venue.accounts {
        planner.account(account)?;
    }
    Ok(planner.plan)
}

struct Planner<'a> {
    engine: &'a Engine,
    venue: &'a Venue,
    vault: &'a Vault,
    /// The exchange's id of each asset of the venue.
    assets: Vec<AssetId>,
    plan: Plan,
}

impl Planner<'_> {
    fn step(&mut self, what: String, command: Command) {
        self.plan.steps.push(Step { what, command });
    }

    fn differs(&mut self, what: impl fmt::Display) {
        self.plan.differences.push(what.to_string());
    }

    fn assets(&mut self) -> Result<(), BootstrapError> {
        for asset in &self.venue.assets {
            let Some(id) = self.engine.asset_by_code(&asset.code) else {
                // Ids are dense and ascending, so the id of an asset is known before it is added;
                // so far, every step adds one.
                let next = self.engine.assets().len() + self.plan.steps.len();
                self.assets.push(AssetId(next as u16));
                self.step(format!("add asset {}", asset.code), Command::AddAsset(asset.clone()));
                continue;
            };
            let Asset { code, name, decimals } = &self.engine.assets()[id.index()];
            if *decimals != asset.decimals {
                let (code, found, wanted) = (code.clone(), *decimals, asset.decimals);
                return Err(BootstrapError::Decimals { code, found, wanted });
            }
            if *name != asset.name {
                self.differs(format_args!(
                    "asset {code} is named {name:?} here and {:?} in the configuration",
                    asset.name
                ));
            }
            self.assets.push(id);
        }
        Ok(())
    }

    fn markets(&mut self) {
        for spec in &self.venue.markets {
            let code = |asset: AssetId| &self.venue.assets[asset.index()].code;
            let symbol = format!("{}_{}", code(spec.base), code(spec.quote));
            let wanted = MarketSpec {
                base: self.assets[spec.base.index()],
                quote: self.assets[spec.quote.index()],
                ..spec.clone()
            };
            let listed = self.engine.market_by_symbol(&symbol);
            let Some((market, found)) = listed.and_then(|id| Some((id, self.engine.market(id)?)))
            else {
                self.step(format!("list market {symbol}"), Command::AddMarket(wanted));
                continue;
            };
            if found.spec.fees != wanted.fees {
                let set = Command::SetMarketFees { market, fees: wanted.fees };
                self.step(format!("set the fees of market {symbol}"), set);
            }
            if let Some(fields) = fields_that_differ(found, &wanted) {
                self.differs(format_args!(
                    "market {symbol} has other {fields} here than in the configuration"
                ));
            }
        }
    }

    fn account(&mut self, wanted: &VenueAccount) -> Result<(), BootstrapError> {
        let name = &wanted.name;
        let found = self.engine.account_by_name(name);
        let mut missing = Vec::new();
        for key in &wanted.keys {
            match found.map_or(Ok(false), |account| self.has_key(account, name, key))? {
                true => {}
                false => missing.push(self.new_key(name, key)?),
            }
        }
        let Some(account) = found else {
            let deposits = wanted.deposits.iter();
            let opened = NewAccount {
                name: name.clone(),
                deposits: deposits.map(|(at, units)| (self.assets[at.index()], *units)).collect(),
                keys: missing,
            };
            self.step(format!("open account {name}"), Command::AddAccount(opened));
            return Ok(());
        };
        for key in missing {
            let what = format!("add key {} to account {name}", key.key);
            self.step(what, Command::AddKey { account, key });
        }
        Ok(())
    }

    /// Whether the account has the key; what differs about it is noted.
    fn has_key(
        &mut self,
        account: AccountId,
        name: &str,
        wanted: &VenueKey,
    ) -> Result<bool, BootstrapError> {
        let Some(text) = &wanted.key else {
            let same = |key: &&openmart_model::ApiKey| {
                key.account == account && key.spec.memo == wanted.memo
            };
            return Ok(self.engine.keys().iter().any(|key| same(&key)));
        };
        let Some(found) = self.engine.key_by_text(text).filter(|key| key.account == account) else {
            return Ok(false);
        };
        let (spec, revoked) = (found.spec.clone(), found.revoked);
        if revoked {
            self.differs(format_args!("key {text} of account {name} is revoked and stays so"));
            return Ok(true);
        }
        let secret_differs = wanted.secret.as_ref().is_some_and(|secret| {
            let known = self.vault.unseal(&spec.sealed_secret, text);
            known.is_ok_and(|known| known.expose() != secret.reveal())
        });
        let fields = [
            ("secret", secret_differs),
            ("memo", spec.memo != wanted.memo),
            ("scopes", spec.scopes != wanted.scopes),
            ("addresses", spec.ranges != wanted.ranges),
        ];
        if let Some(fields) = named(&fields) {
            self.differs(format_args!(
                "key {text} of account {name} has other {fields} here than in the configuration"
            ));
        }
        Ok(true)
    }

    fn new_key(&mut self, account: &str, wanted: &VenueKey) -> Result<NewKey, BootstrapError> {
        let generate = || random::hex_text().map_err(BootstrapError::Random);
        let key = wanted.key.clone().map_or_else(generate, Ok)?;
        if let Some(found) = self.engine.key_by_text(&key) {
            let owner = self.engine.account_name(found.account).unwrap_or_default().to_owned();
            return Err(BootstrapError::KeyTaken { key, account: account.to_owned(), owner });
        }
        let secret = match &wanted.secret {
            Some(secret) => secret.clone(),
            None => Secret::new(generate()?),
        };
        let sealed_secret = self.vault.seal(secret.reveal(), &key);
        if wanted.key.is_none() || wanted.secret.is_none() {
            let (account, key, memo) = (account.to_owned(), key.clone(), wanted.memo.clone());
            self.plan.issued.push(IssuedKey { account, key, secret, memo });
        }
        let VenueKey { memo, scopes, ranges, .. } = wanted.clone();
        Ok(NewKey { key, sealed_secret, memo, scopes, ranges })
    }
}

/// The rules of a market that cannot be changed once it is listed, where they differ.
fn fields_that_differ(found: &Market, wanted: &MarketSpec) -> Option<String> {
    let found = &found.spec;
    named(&[
        ("price_decimals", found.price_decimals != wanted.price_decimals),
        ("quantity_decimals", found.quantity_decimals != wanted.quantity_decimals),
        ("depth_decimals_min", found.depth_decimals_min != wanted.depth_decimals_min),
        ("quantity_min", found.quantity_min != wanted.quantity_min),
        ("quantity_max", found.quantity_max != wanted.quantity_max),
        ("notional_min_buy", found.notional_min_buy != wanted.notional_min_buy),
        ("notional_min_sell", found.notional_min_sell != wanted.notional_min_sell),
        ("self_trade", found.self_trade != wanted.self_trade),
        ("price_band_multiple", found.price_band_multiple != wanted.price_band_multiple),
    ])
}

fn named(fields: &[(&str, bool)]) -> Option<String> {
    let names: Vec<&str> = fields.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests;
