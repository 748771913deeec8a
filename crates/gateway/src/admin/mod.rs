//! The operator's API: a small router on the operator's listener.
//!
//! What enters: JSON with the operator's token. What leaves: JSON. A noun is a file here and a few
//! lines of the table below, each of which says what a request must bring along; a route without a
//! policy cannot be written down. What it must not know: dialects of the exchange's own API.

mod accounts;
mod assets;
mod faults;
mod keys;
mod markets;
mod races;
mod state;
mod status;
mod time;
mod token;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use openmart_exchange::{ControlledClock, Exchange, SubmitError};
use openmart_model::{Command, DecimalError, Outcome, Reject};
use openmart_wire::admin::{self as wire, Refusal};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::faults::{Controls, FaultsError};

pub use state::{Keeping, StateError, StateKeeper};
pub use token::{AdminToken, AdminTokenError};

/// Time for a body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of what is wrong with a body that its sender is told.
const QUOTED_BYTES_MAX: usize = 500;

/// Every route. The policy of each is its second word.
const ROUTES: [Route; 31] = [
    Route::with_token("GET", wire::faults::FAULTS, faults::list),
    Route::with_token("POST", wire::faults::FAULTS, faults::add),
    Route::with_token("PUT", wire::faults::FAULTS, faults::replace),
    Route::with_token("DELETE", wire::faults::FAULTS, faults::clear),
    Route::with_token("DELETE", wire::faults::FAULT, faults::remove),
    Route::with_token("GET", wire::races::RACES, races::list),
    Route::with_token("POST", wire::races::RACES, races::arm),
    Route::with_token("DELETE", wire::races::RACES, races::clear),
    Route::with_token("GET", wire::time::TIME, time::show),
    Route::with_token("POST", wire::time::TIME, time::set),
    Route::with_token("GET", wire::state::STATE, state::show),
    Route::with_token("POST", wire::state::SNAPSHOT, state::mark),
    Route::with_token("POST", wire::state::FORKS, state::fork),
    Route::with_token("DELETE", wire::state::FORK, state::end_fork),
    Route::with_token("POST", wire::state::REWIND, state::rewind),
    Route::with_token("GET", wire::accounts::ACCOUNTS, accounts::list),
    Route::with_token("POST", wire::accounts::ACCOUNTS, accounts::open),
    Route::with_token("GET", wire::accounts::ACCOUNT, accounts::show),
    Route::with_token("POST", wire::accounts::DEPOSITS, accounts::deposit),
    Route::with_token("POST", wire::accounts::WITHDRAWALS, accounts::withdraw),
    Route::with_token("GET", wire::keys::KEYS, keys::list),
    Route::with_token("POST", wire::keys::KEYS, keys::create),
    Route::with_token("DELETE", wire::keys::KEY, keys::revoke),
    Route::with_token("GET", wire::assets::ASSETS, assets::list),
    Route::with_token("POST", wire::assets::ASSETS, assets::add),
    Route::with_token("GET", wire::markets::MARKETS, markets::list),
    Route::with_token("POST", wire::markets::MARKETS, markets::add),
    Route::with_token("POST", wire::markets::HALT, markets::halt),
    Route::with_token("POST", wire::markets::RESUME, markets::resume),
    Route::with_token("GET", wire::status::STATUS, status::show),
    Route::with_token("POST", wire::status::SNAPSHOT, status::snapshot),
];

/// What the handlers use.
#[derive(Debug)]
pub struct Admin {
    token: AdminToken,
    controls: Controls,
    ephemeral: Option<Ephemeral>,
}

/// What can be told only to an exchange whose data folder goes with it.
#[derive(Debug)]
struct Ephemeral {
    clock: Arc<ControlledClock>,
    keeper: Arc<dyn StateKeeper>,
}

impl Admin {
    /// For whoever has the token.
    pub fn new(token: AdminToken, controls: Controls) -> Self {
        Self { token, controls, ephemeral: None }
    }

    /// Lets the operator move the clock, and the state. For an exchange whose data folder goes with it.
    pub fn with_ephemeral(self, clock: Arc<ControlledClock>, keeper: Arc<dyn StateKeeper>) -> Self {
        Self { ephemeral: Some(Ephemeral { clock, keeper }), ..self }
    }

    fn ephemeral(&self) -> Result<&Ephemeral, Refused> {
        let what = "time and state are controlled on ephemeral exchanges only, whose data goes with them: \
                    `openmart demo` without --data-dir, or `openmart serve --ephemeral`";
        self.ephemeral.as_ref().ok_or_else(|| Refused(StatusCode::FORBIDDEN, what.to_owned()))
    }

    /// The exchange of now: after a rewind it is another one.
    fn exchange(&self) -> Exchange {
        self.controls.site().exchange.clone()
    }

    /// Carries out a command of the operator's. Where it stands in the journal, and what it did.
    async fn carry_out(&self, command: Command) -> Result<(u64, Outcome), Refused> {
        let receipt = self.exchange().execute(command).await?;
        Ok((receipt.sequence, receipt.result?))
    }

    /// What it is told to break.
    pub(crate) fn controls(&self) -> &Controls {
        &self.controls
    }
}

#[derive(Clone, Copy)]
struct Route {
    method: &'static str,
    path: &'static str,
    policy: Policy,
}

/// What a request must bring along, and who answers it then.
#[derive(Clone, Copy)]
enum Policy {
    /// The operator's token.
    Token(Handler),
}

/// Answers the operator.
type Handler = for<'a> fn(&'a Admin, Incoming) -> Answering<'a>;

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Response, Refused>> + Send + 'a>>;

/// What handlers see of a request.
struct Incoming {
    path: String,
    query: Option<String>,
    body: Bytes,
}

/// A refusal: its status and its sentence.
#[derive(Debug)]
struct Refused(StatusCode, String);

impl Route {
    const fn with_token(method: &'static str, path: &'static str, handler: Handler) -> Self {
        Self { method, path, policy: Policy::Token(handler) }
    }

    async fn answer(&self, admin: &Admin, request: Request) -> Result<Response, Refused> {
        let (head, body) = request.into_parts();
        let Policy::Token(handler) = self.policy;
        let given = head.headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        if !admin.token.is(given.and_then(|value| value.strip_prefix(b"Bearer "))) {
            let what = "this needs the operator's token, which lies in the data folder";
            return Err(Refused(StatusCode::UNAUTHORIZED, what.to_owned()));
        }
        let path = head.uri.path().to_owned();
        let query = head.uri.query().map(str::to_owned);
        handler(admin, Incoming { path, query, body: read(body).await? }).await
    }

    fn filter(&self) -> MethodFilter {
        match self.method {
            "GET" => MethodFilter::GET,
            "PUT" => MethodFilter::PUT,
            "DELETE" => MethodFilter::DELETE,
            _ => MethodFilter::POST,
        }
    }
}

impl Incoming {
    /// The last segment of the path.
    fn name(&self) -> String {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        percent_decode_str(last).decode_utf8_lossy().into_owned()
    }

    /// The number at which a page is to begin.
    fn from(&self) -> Result<u32, Refused> {
        let Some(query) = &self.query else { return Ok(0) };
        let number = query.strip_prefix("from=").and_then(|number| number.parse().ok());
        number.ok_or_else(|| {
            let sentence = format!("the query is nothing or from=NUMBER, not {query:?}");
            Refused(StatusCode::BAD_REQUEST, sentence)
        })
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let sentence = format!("the body is not what this takes: {}", quotable(&error));
            Refused(StatusCode::BAD_REQUEST, sentence)
        })
    }
}

/// What is wrong with a body, fit for a sentence: the names in it are quoted as they came, of any length and
/// with whatever would move a terminal's cursor.
fn quotable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut told = String::new();
    for letter in text.chars() {
        if told.len() > QUOTED_BYTES_MAX {
            return told + "...";
        }
        match letter.is_control() {
            true => told.extend(letter.escape_default()),
            false => told.push(letter),
        }
    }
    told
}

async fn read(body: Body) -> Result<Bytes, Refused> {
    let whole = Limited::new(body, wire::BODY_BYTES_MAX).collect();
    let refused = |status, what: &str| Refused(status, what.to_owned());
    match tokio::time::timeout(BODY_TIMEOUT, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(_)) => Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long")),
        Err(_) => Err(refused(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            let sentence = format!("the answer does not serialize: {error}");
            Refused(StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response()
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = json(&Refusal { message: self.1 });
        *response.status_mut() = self.0;
        response
    }
}

impl From<FaultsError> for Refused {
    fn from(error: FaultsError) -> Self {
        let status = match error {
            FaultsError::PublicBind(_) => StatusCode::FORBIDDEN,
            FaultsError::Rule(_) | FaultsError::Race(_) => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

impl From<SubmitError> for Refused {
    fn from(error: SubmitError) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<Reject> for Refused {
    fn from(reject: Reject) -> Self {
        let status = match reject {
            Reject::AlreadyExists => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, format!("the exchange refused: {reject}"))
    }
}

/// What is named is not there.
fn missing(what: &str, name: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("there is no {what} {name:?}"))
}

/// A number that cannot be read.
fn unreadable(what: &str, text: &str, error: DecimalError) -> Refused {
    Refused(StatusCode::BAD_REQUEST, format!("{what} {text:?}: {error}"))
}

/// The table as a router.
pub(crate) fn router(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    let mut router = Router::new();
    for route in &ROUTES {
        let admin = admin.clone();
        let handler = async move |request: Request| -> Response {
            route.answer(&admin, request).await.unwrap_or_else(IntoResponse::into_response)
        };
        let methods: MethodRouter = on(route.filter(), handler);
        router = router.route(route.path, methods);
    }
    router
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_quoted_cannot_break_the_sentence() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        let told = |name: &str| {
            let body = format!("{{{}:1}}", serde_json::to_string(name).unwrap());
            quotable(&serde_json::from_str::<Nothing>(&body).unwrap_err())
        };
        assert!(told("a\nb").starts_with(r"unknown field `a\nb`, there are no fields at line 1"));
        assert!(told("\u{7f}\u{9b}").starts_with(r"unknown field `\u{7f}\u{9b}`, there"));
        let long = told(&"ä".repeat(10_000));
        assert!(long.len() < 600 && long.ends_with("ä..."), "{long}");
    }
}
