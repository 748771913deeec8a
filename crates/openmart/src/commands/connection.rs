//! A client from the arguments that say where and who.

use openmart_client::{Client, Credentials};

use super::arguments::Connection;
use super::exit::WrongUsage;

/// A client for public requests; with credentials, if all of them are given.
pub(super) fn open(connection: &Connection) -> anyhow::Result<Client> {
    let builder = Client::builder(&connection.url);
    match credentials(connection)? {
        Some(credentials) => Ok(builder.credentials(credentials).build()?),
        None => Ok(builder.build()?),
    }
}

/// A client for private requests.
pub(super) fn open_private(connection: &Connection) -> anyhow::Result<Client> {
    match credentials(connection)? {
        Some(credentials) => {
            Ok(Client::builder(&connection.url).credentials(credentials).build()?)
        }
        None => Err(WrongUsage(
            "this needs an API key: give --key, --secret and --memo, \
             or set OPENMART_KEY, OPENMART_SECRET and OPENMART_MEMO"
                .to_owned(),
        )
        .into()),
    }
}

/// Nothing if none is given. Some of them without the others are a mistake, never ignored.
pub(super) fn credentials(connection: &Connection) -> anyhow::Result<Option<Credentials>> {
    let Connection { key, secret, memo, .. } = connection;
    match (key, secret, memo) {
        (None, None, None) => Ok(None),
        // The signing tool's variable alone says nothing about who asks.
        (None, Some(_), None) => Ok(None),
        (Some(key), Some(secret), Some(memo)) => Ok(Some(
            Credentials::new(key, secret, memo)
                .map_err(|error| WrongUsage(format!("the API key cannot be right: {error}")))?,
        )),
        _ => {
            let parts = [("key", key), ("secret", secret), ("memo", memo)];
            let missing = parts.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| {
                format!("the {name} (--{name} or OPENMART_{})", name.to_uppercase())
            });
            let missing: Vec<String> = missing.collect();
            Err(WrongUsage(format!("the API key is incomplete without {}", missing.join(" and ")))
                .into())
        }
    }
}
