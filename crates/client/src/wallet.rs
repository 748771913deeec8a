//! What an account holds.

use openmart_wire::bitmart_v2::{WalletEntry, paths};

use crate::client::Client;
use crate::error::Error;
use crate::request::Request;

impl Client {
    /// What the account has of every currency: free to use, and held by open orders.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], and what any read may meet.
    pub async fn wallet(&self) -> Result<Vec<WalletEntry>, Error> {
        Ok(self.perform(&Request::private_get(paths::WALLET)).await?.value)
    }
}
