//! Tests of the v2 dialect through its public entry points: those the server and a client call.

mod cancels;
mod client_renderings;
mod error_texts;
mod headers;
mod numbers;
mod order_bodies;
mod properties;
mod queries;
mod samples;
mod token_requests;
mod vectors;

use openmart_wire::bitmart_v2::{ApiError, PlaceOrder, Signature, SigningKey};

/// The sample secret of the API's documentation.
const SECRET: &str = "8c08d9d5c3d15b105dbddaf96e427ac6";

/// Does with an order what the server does: parse the body, read the header, verify.
fn place(secret: &str, body: &[u8], signature: &str) -> Result<(), ApiError> {
    let order = PlaceOrder::parse(body)?;
    let signature = Signature::parse(Some(signature.as_bytes()))?;
    SigningKey::new(secret).verify_place_order(&order, &signature)
}

/// The verdict on a body whose client signed `message`.
fn place_signed(body: &str, message: &str) -> Result<(), ApiError> {
    place(SECRET, body.as_bytes(), &SigningKey::new(SECRET).sign(message))
}
