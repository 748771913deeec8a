//! Faults and races, met by clients that know nothing of them, and what they leave of the exchange.

mod frames;
mod races;
mod refusals;
mod requests;

use openmart_model::{AccountId, Amount, AssetId, Balance};
use openmart_wire::admin::faults::FaultRules;

use crate::venue::Venue;

pub(crate) const ACX: AssetId = AssetId(0);
pub(crate) const USDT: AssetId = AssetId(1);

/// Breaks what these rules say, as JSON.
pub(crate) fn break_by(venue: &Venue, rules: &str) {
    let rules: FaultRules =
        serde_json::from_str(&format!(r#"{{"seed":7,"rules":[{rules}]}}"#)).unwrap();
    venue.controls.replace_faults(&rules).unwrap();
}

/// How often each rule struck.
pub(crate) fn struck(venue: &Venue) -> Vec<u64> {
    venue.controls.faults().rules.iter().map(|rule| rule.struck).collect()
}

pub(crate) fn balance(venue: &Venue, name: &str, asset: AssetId) -> Balance {
    venue.exchange.view(|state| {
        let account = state.engine().account_by_name(name).unwrap();
        state.engine().balance(account, asset)
    })
}

/// For every asset: what accounts have and fees took is what came in.
pub(crate) fn is_conserved(venue: &Venue) -> bool {
    venue.exchange.view(|state| {
        let engine = state.engine();
        (0..engine.assets().len()).all(|asset| {
            let asset = AssetId(asset as u16);
            let accounts = (0..engine.accounts_len()).map(|at| AccountId(at as u32));
            let held: u128 = accounts
                .map(|account| engine.balance(account, asset))
                .map(|balance| balance.available.units() + balance.hold.units())
                .sum();
            Amount::new(held + engine.fees_collected(asset).units()) == engine.supply(asset)
        })
    })
}
