//! Keys created, listed and revoked. A secret leaves in the answer that creates it, and is sealed
//! before it becomes part of a command.

use http::StatusCode;
use openmart_engine::Engine;
use openmart_model::{ApiKey, Command, NewKey, Scopes};
use openmart_wire::admin::keys as wire;
use openmart_wire::admin::keys::Scope;
use zeroize::Zeroizing;

use super::{Admin, Answering, Incoming, Refused, json, missing};
use crate::address::{address_range_text, parse_address_range};
use crate::vault::hex;

/// Bytes of a key or secret: 128 bits cannot be guessed, and the text has the length that the API's
/// own keys had.
const BYTES: usize = 16;

/// `GET /admin/keys`.
pub(super) fn list(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let from = incoming.from()?;
        Ok(json(&admin.exchange().view(|state| page(state.engine(), from))))
    })
}

fn page(engine: &Engine, from: u32) -> wire::KeyPage {
    let later = engine.keys().get(from as usize..).unwrap_or_default();
    let shown = &later[..later.len().min(wire::KEYS_MAX)];
    let next = (shown.len() < later.len()).then(|| from.saturating_add(wire::KEYS_MAX as u32));
    wire::KeyPage { keys: shown.iter().map(|key| told(engine, key)).collect(), next }
}

fn told(engine: &Engine, key: &ApiKey) -> wire::Key {
    let Scopes { read, trade, cancel } = key.spec.scopes;
    let scopes = [(read, Scope::Read), (trade, Scope::Trade), (cancel, Scope::Cancel)];
    wire::Key {
        key: key.spec.key.clone(),
        account: engine.account_name(key.account).unwrap_or_default().to_owned(),
        memo: key.spec.memo.clone(),
        scopes: scopes.into_iter().filter_map(|(may, scope)| may.then_some(scope)).collect(),
        addresses: key.spec.ranges.iter().map(address_range_text).collect(),
        revoked: key.revoked,
    }
}

/// The key of a text.
fn shown(admin: &Admin, text: &str) -> Result<wire::Key, Refused> {
    let shown = admin.exchange().view(|state| {
        let engine = state.engine();
        engine.key_by_text(text).map(|key| told(engine, key))
    });
    shown.ok_or_else(|| missing("key", text))
}

/// `POST /admin/keys`.
pub(super) fn create(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let wire::NewKey { account: name, memo, scopes, addresses } = incoming.json()?;
        let account = admin.exchange().view(|state| state.engine().account_by_name(&name));
        let account = account.ok_or_else(|| missing("account", &name))?;
        let ranges = addresses.iter().map(|text| {
            parse_address_range(text).map_err(|rule| {
                Refused(StatusCode::BAD_REQUEST, format!("address {text:?}: {rule}"))
            })
        });
        let ranges = ranges.collect::<Result<_, Refused>>()?;
        let has = |scope| scopes.is_empty() || scopes.contains(&scope);
        let scopes =
            Scopes { read: has(Scope::Read), trade: has(Scope::Trade), cancel: has(Scope::Cancel) };
        let (key, secret) = (random_text()?, random_text()?);
        let sealed_secret = admin.controls.site().access.seal(&secret, &key);
        let new = NewKey { key: key.to_string(), sealed_secret, memo, scopes, ranges };
        let (sequence, _) = admin.carry_out(Command::AddKey { account, key: new }).await?;
        let created =
            wire::CreatedKey { key: shown(admin, &key)?, secret: secret.to_string(), sequence };
        Ok(json(&created))
    })
}

fn random_text() -> Result<Zeroizing<String>, Refused> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        let sentence = format!("the system gives no random numbers: {error}");
        Refused(StatusCode::INTERNAL_SERVER_ERROR, sentence)
    })?;
    Ok(Zeroizing::new(hex(&*bytes)))
}

/// `DELETE /admin/keys/{key}`.
pub(super) fn revoke(admin: &Admin, incoming: Incoming) -> Answering<'_> {
    Box::pin(async move {
        let text = incoming.name();
        let key = admin.exchange().view(|state| {
            let key = state.engine().key_by_text(&text)?;
            Some((key.id, key.revoked))
        });
        let (key, revoked) = key.ok_or_else(|| missing("key", &text))?;
        if !revoked {
            admin.carry_out(Command::RevokeKey { key }).await?;
        }
        Ok(json(&shown(admin, &text)?))
    })
}
