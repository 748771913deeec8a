//! Counts what the random commands brought about, and what they must have.

use std::collections::BTreeMap;

use openmart_model::{Command, CommandResult, Event, OrderKind, Outcome, TimeInForce};

/// How often each thing happened: a generator that misses a rule proves nothing about it.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(super) fn count(&mut self, command: &Command, result: &CommandResult, events: &[Event]) {
        let what = match command {
            Command::Place(order) => match order.kind {
                OrderKind::Limit { time_in_force, .. } => match time_in_force {
                    TimeInForce::GoodTillCanceled { post_only: false } => "Limit",
                    TimeInForce::GoodTillCanceled { post_only: true } => "PostOnly",
                    TimeInForce::ImmediateOrCancel => "ImmediateOrCancel",
                    TimeInForce::FillOrKill => "FillOrKill",
                },
                OrderKind::Market { .. } => "Market",
                OrderKind::MarketNotional { .. } => "MarketNotional",
            }
            .to_owned(),
            other => first_word(other),
        };
        let how = match result {
            Ok(Outcome::Placed { duplicate: true, .. }) => "Duplicate".to_owned(),
            Ok(_) => "Ok".to_owned(),
            Err(reject) => format!("{reject:?}").split(" {").next().unwrap_or_default().to_owned(),
        };
        *self.0.entry(format!("{what} {how}")).or_default() += 1;
        for event in events {
            let name = match event {
                Event::Closed { reason, rested, .. } => {
                    format!("Closed {reason:?}{}", if *rested { " rested" } else { "" })
                }
                other => first_word(other),
            };
            *self.0.entry(format!("event {name}")).or_default() += 1;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    pub(super) fn assert_everything_happened(&self) {
        let expected = EXPECTED
            .iter()
            .flat_map(|(what, hows)| hows.split(", ").map(move |how| format!("{what} {how}")));
        let missing: Vec<String> = expected.filter(|key| !self.0.contains_key(key)).collect();
        assert!(missing.is_empty(), "never happened: {missing:?}\nhappened: {:#?}", self.0);
    }
}

fn first_word(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

/// What a million commands must have brought about. Not here: the limits that small states cannot
/// reach (`Full`), which have tests of their own.
const EXPECTED: &[(&str, &str)] = &[
    (
        "Limit",
        "Ok, Duplicate, ClientIdTaken, MarketHalted, ZeroQuantity, QuantityTooSmall, \
         QuantityTooLarge, ZeroPrice, NotionalTooSmall, NotionalTooLarge, PriceAboveBand, \
         InsufficientFunds, UnknownMarket, UnknownAccount, SelfTrade",
    ),
    (
        "PostOnly",
        "Ok, Duplicate, ClientIdTaken, MarketHalted, ZeroQuantity, QuantityTooSmall, \
         QuantityTooLarge, ZeroPrice, NotionalTooSmall, NotionalTooLarge, PriceAboveBand, \
         InsufficientFunds, UnknownMarket, WouldTake",
    ),
    (
        "ImmediateOrCancel",
        "Ok, Duplicate, ClientIdTaken, MarketHalted, ZeroQuantity, QuantityTooSmall, \
         QuantityTooLarge, ZeroPrice, NotionalTooSmall, NotionalTooLarge, PriceAboveBand, \
         InsufficientFunds, UnknownMarket, SelfTrade",
    ),
    (
        "FillOrKill",
        "Ok, Duplicate, ClientIdTaken, MarketHalted, ZeroQuantity, QuantityTooSmall, \
         QuantityTooLarge, ZeroPrice, NotionalTooSmall, NotionalTooLarge, PriceAboveBand, \
         InsufficientFunds, UnknownMarket, SelfTrade, NotFillable",
    ),
    (
        "Market",
        "Ok, Duplicate, ClientIdTaken, MarketHalted, ZeroQuantity, QuantityTooSmall, \
         QuantityTooLarge, SelfTrade, InsufficientFunds, UnknownAccount, UnknownMarket",
    ),
    (
        "MarketNotional",
        "Ok, Duplicate, ClientIdTaken, MarketHalted, NotionalTooSmall, NotionalTooLarge, \
         ZeroAmount, SelfTrade, InsufficientFunds, UnknownMarket",
    ),
    ("Cancel", "Ok, UnknownAccount, OrderNotOpen"),
    ("CancelAll", "Ok, UnknownAccount, UnknownMarket"),
    ("Deposit", "Ok, UnknownAccount, UnknownAsset, ZeroAmount, SupplyTooLarge"),
    ("Withdraw", "Ok, UnknownAccount, UnknownAsset, ZeroAmount, InsufficientFunds"),
    (
        "AddAsset",
        "Ok, AlreadyExists, NotListable(AssetCode), NotListable(AssetDecimals), \
         NotListable(NameTooLong)",
    ),
    (
        "AddMarket",
        "Ok, UnknownAsset, AlreadyExists, NotListable(SameAsset), \
         NotListable(QuoteDecimals), NotListable(BaseDecimals), \
         NotListable(DepthDecimals), NotListable(QuantityRange), NotListable(PriceBand)",
    ),
    ("AddAccount", "Ok, UnknownAsset, AlreadyExists, InvalidText, ZeroAmount, SupplyTooLarge"),
    ("AddKey", "Ok, UnknownAccount, AlreadyExists, InvalidText"),
    ("RevokeKey", "Ok, UnknownKey"),
    ("SetAccountFees", "Ok, UnknownAccount, UnknownMarket"),
    ("SetMarketFees", "Ok, UnknownMarket"),
    ("SetMarketStatus", "Ok, UnknownMarket"),
    ("SetRules", "Ok, UnknownRules"),
    (
        "event",
        "Placed, Traded, Rested, Closed Filled, Closed Filled rested, Closed Canceled \
         rested, Closed Expired, Closed SelfTrade, Closed SelfTrade rested, Deposited, \
         Withdrawn, AssetAdded, MarketAdded, MarketStatusSet, FeesSet, AccountAdded, \
         KeyAdded, KeyRevoked",
    ),
];
