//! What every account holds for its open orders.

use openmart_model::{AccountId, Amount, AssetId, Quantity, Side};

use super::Ledger;

impl Ledger {
    /// What an account holds of an asset for its open orders.
    pub fn hold(&self, account: AccountId, asset: AssetId) -> Amount {
        Amount::new(self.holds[self.hold_place(account, asset)])
    }

    /// An order enters the book with so much, or so much of it leaves.
    pub(super) fn hold_changes(
        &mut self,
        at: usize,
        quantity: Quantity,
        more: bool,
    ) -> Result<(), &'static str> {
        let known = &self.orders[at];
        let market = &self.markets[known.market.index()];
        let (asset, amount) = match known.side {
            Side::Sell => (market.spec.base, market.base_amount(quantity)),
            Side::Buy => {
                let notional = market.notional(known.price, quantity);
                (market.spec.quote, notional.ok_or("a hold beyond counting")?)
            }
        };
        let place = self.hold_place(known.account, asset);
        let hold = &mut self.holds[place];
        let units = amount.units();
        let changed = if more { hold.checked_add(units) } else { hold.checked_sub(units) };
        *hold = changed.ok_or("more is freed than is held")?;
        Ok(())
    }

    fn hold_place(&self, account: AccountId, asset: AssetId) -> usize {
        account.0 as usize * self.assets + asset.index()
    }
}
