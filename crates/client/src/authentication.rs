//! The access token: fetched with the first private request, kept, and renewed in time.
//!
//! What enters: credentials and a clock. What leaves: the text of a token that is good for a while
//! yet. Requests that need one at the same moment share one fetching.

use std::fmt;
use std::time::{Duration, Instant};

use openmart_wire::bitmart_v2::{Token, paths};
use tokio::sync::Mutex;

use crate::calls::Answered;
use crate::client::Client;
use crate::error::Error;
use crate::request::Request;

/// A token is renewed when it has less than this left, or half of its life if that is shorter: long
/// enough for a request to be repeated and still be in time.
const RENEWAL_MARGIN: Duration = Duration::from_secs(60);

/// The token of a client, if it has one.
#[derive(Default)]
pub(crate) struct TokenStore {
    held: Mutex<Option<HeldToken>>,
}

struct HeldToken {
    text: String,
    renew_at: Instant,
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStore").finish_non_exhaustive()
    }
}

impl Client {
    /// Fetches a token, unless one is at hand that is good for a while yet. Private requests do so
    /// by themselves; calling it beforehand takes the fetching out of the first one's time, and
    /// tells whether the key is good.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for a key, secret or memo that is wrong, and what any read may meet.
    pub async fn log_in(&self) -> Result<(), Error> {
        self.token().await.map(|_| ())
    }

    pub(crate) async fn token(&self) -> Result<String, Error> {
        let mut held = self.token_store().held.lock().await;
        if let Some(token) = held.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.text.clone());
        }
        let asked_at = Instant::now();
        let Token { access_token, expires_in } = self.fetch_token().await?;
        let life = Duration::from_secs(u64::from(expires_in));
        let renew_at = asked_at + life.saturating_sub(RENEWAL_MARGIN.min(life / 2));
        *held = Some(HeldToken { text: access_token.clone(), renew_at });
        Ok(access_token)
    }

    /// Forgets a token that the exchange has refused, unless it has been replaced already.
    pub(crate) async fn forget_token(&self, refused: &str) {
        let mut held = self.token_store().held.lock().await;
        if held.as_ref().is_some_and(|token| token.text == refused) {
            *held = None;
        }
    }

    async fn fetch_token(&self) -> Result<Token, Error> {
        let time_ms = self.signs_token_time().then(|| self.now_ms());
        let form = self.credentials()?.token_request(time_ms).to_form();
        let request = Request::form(paths::AUTHENTICATION, form);
        // Boxed, since carrying out a request may in turn ask for a token.
        let answered: Answered<Token> = Box::pin(self.perform(&request)).await?;
        Ok(answered.value)
    }
}
