//! What the caller's account has.

use openmart_model::Balance;

use super::Dialect;
use super::answer::Answer;
use super::routes::Incoming;
use super::translate;
use crate::access::Caller;

/// `GET /v2/wallet`: every asset, also those with nothing in them.
pub(super) fn balances(
    dialect: &Dialect,
    caller: Caller,
    _: &Incoming<'_>,
) -> Result<Answer, Answer> {
    let (assets, balances) = dialect.site.exchange.view(|state| {
        let assets = state.engine().assets().to_vec();
        let balances: Vec<Balance> = (0..assets.len())
            .map(|asset| {
                let asset = openmart_model::AssetId(asset as u16);
                state.engine().balance(caller.account(), asset)
            })
            .collect();
        (assets, balances)
    });
    let entries: Vec<_> =
        assets.iter().zip(&balances).map(|(asset, b)| translate::wallet_entry(asset, b)).collect();
    Ok(Answer::json(&entries))
}
