//! Signed requests of the demo's accounts, as the bytes that go out.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use openmart_wire::bitmart_v2::{OrderBody, PlacedOrder, SigningKey, Token, TokenProof};

use super::Connection;

/// A key of the demo; they are published.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key itself.
    pub text: &'static str,
    /// What signs.
    pub secret: &'static str,
    /// The third part of a token's proof.
    pub memo: &'static str,
}

/// The demo's first account.
pub const ALICE: Key = Key {
    text: "6591f7c2491db0a23a1d8ad6911c825e",
    secret: "8c08d9d5c3d15b105dbddaf96e427ac6",
    memo: "mymemo",
};

/// The demo's second account.
pub const BOB: Key = Key {
    text: "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
    secret: "5ec2e75ec2e75ec2e75ec2e75ec2e75e",
    memo: "bob",
};

/// An account that has logged in.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    token: String,
}

impl Signer {
    /// Gets a token.
    ///
    /// # Errors
    /// If there is none for this key, or nobody answers.
    pub async fn log_in(address: &str, key: Key) -> Result<Self> {
        let Key { text, secret, memo } = key;
        let proof = TokenProof::new(text, secret, memo).client_secret(None);
        let form = format!("grant_type=client_credentials&client_id={text}&client_secret={proof}");
        let request = format!(
            "POST /v2/authentication HTTP/1.1\r\nhost: local\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        let body = Connection::open(address).await?.ask(request.as_bytes()).await?;
        let token = serde_json::from_slice::<Token>(&body)?.access_token;
        Ok(Self { key: SigningKey::new(secret), token })
    }

    /// The bytes of a request that places an order.
    ///
    /// # Errors
    /// If the order has no text.
    pub fn place(&self, order: &OrderBody) -> Result<Vec<u8>> {
        let signature = self.key.sign(order.signed_message());
        let body = serde_json::to_string(order)?;
        let place = format!(
            "POST /v2/orders HTTP/1.1\r\nhost: local\r\ncontent-type: application/json\r\n\
             x-bm-authorization: Bearer {}\r\nx-bm-timestamp: {}\r\n\
             x-bm-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            now_ms(),
            body.len()
        );
        Ok(place.into_bytes())
    }

    /// The bytes of a request that cancels an order.
    pub fn cancel(&self, id: u64) -> Vec<u8> {
        delete(id, &self.token, now_ms(), &self.key.sign_cancel_order(id))
    }

    /// Places an order that must be taken, and gives its id.
    ///
    /// # Errors
    /// If it is not.
    pub async fn placed(&self, connection: &mut Connection, order: &OrderBody) -> Result<u64> {
        let body = connection.ask(&self.place(order)?).await?;
        Ok(serde_json::from_slice::<PlacedOrder>(&body)?.entrust_id)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(..)")
    }
}

/// The bytes of a request that cancels an order, with these headers.
pub fn delete(id: u64, token: &str, timestamp_ms: u64, signature: &str) -> Vec<u8> {
    let mut request = String::with_capacity(512);
    let _ = write!(
        request,
        "DELETE /v2/orders/{id} HTTP/1.1\r\nhost: local\r\nx-bm-authorization: Bearer {token}\r\n\
         x-bm-timestamp: {timestamp_ms}\r\nx-bm-signature: {signature}\r\n\r\n"
    );
    request.into_bytes()
}

/// The clock of the machine.
pub fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    elapsed.as_millis() as u64
}
