//! The HTTP edge of the exchange.
//!
//! What enters: bytes from the network. What leaves: commands for the
//! [`Exchange`](openmart_exchange::Exchange), and answers in the words of a published API. Each
//! dialect is one folder here and one module in `openmart-wire`; everything beside those folders
//! knows no dialect. What it must not know: how orders match, how anything is stored.
//!
//! A request passes these stations, and is answered by the first that refuses it: the connection's
//! limits ([`listener`](Gateway)), the route's policy (token, address, scope), the rate limit, the
//! dialect's reading of body and query, the signature, the exchange.
//!
//! ```no_run
//! use std::sync::Arc;
//! use openmart_exchange::Exchange;
//! use openmart_gateway::{Gateway, Options, Vault};
//!
//! # async fn serve(exchange: Exchange) -> Result<(), Box<dyn std::error::Error>> {
//! let vault = Arc::new(Vault::open_or_create("openmart-data/master.key".as_ref())?);
//! let gateway = Gateway::bind(exchange, vault, Options::new("127.0.0.1:8470".parse()?)).await?;
//! println!("listening on http://{}", gateway.local_addr());
//! gateway.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

mod access;
mod address;
mod admin;
mod badge;
mod bitmart_v2;
mod faults;
mod limits;
mod listener;
mod metrics;
mod operations;
mod options;
mod past;
mod rewound;
mod rounds;
mod seats;
mod site;
mod ticks;
mod vault;

pub use address::parse_address_range;
pub use admin::{Admin, AdminToken, AdminTokenError, Keeping, StateError, StateKeeper};
pub use bitmart_v2::direct_request_bytes;
pub use faults::{Controls, FaultsError, RaceError, RuleError};
pub use limits::{Budget, RateLimits};
pub use listener::{BindError, Ending, Gateway, HeldAddress};
pub use metrics::Requests;
pub use operations::Operations;
pub use options::{MonotonicClock, Options, SignatureMode};
pub use site::router;
pub use ticks::{TickDriver, Ticks};
pub use vault::{Secret, TokenError, Vault, VaultError};
