//! The table of routes: for each path what it needs, and who answers.
//!
//! What enters: an HTTP request. What leaves: its answer. A route is made by one of a few functions,
//! each of which fixes its policy, and its handler only gets what that policy has established: the
//! handler of a private route takes a [`Caller`], that of a signed one must give a [`Proof`] with
//! what it wants done. So a route without a policy cannot be written down.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, any, on};
use http::Method;
use openmart_wire::bitmart_v2::{ApiError, headers, paths};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::compression::{CompressionLayer, CompressionLevel};

use super::Dialect;
use super::answer::Answer;
use super::authentication::{self, Acquaintance, Proof};
use super::incoming::read_body;
pub(super) use super::incoming::{HeaderValues, Incoming};
use super::translate::Attempt;
use super::{orders, public, stream, trades, wallet};
use crate::access::{Caller, Scope};
use crate::faults::{Skew, races};
use crate::site::{Moment, peer_address};

/// Shorter bodies are not worth compressing, and some of them are compared byte by byte.
const COMPRESSED_BYTES_MIN: u64 = 512;

/// Every route of the dialect.
const ROUTES: [Route; 19] = [
    Route::public(paths::PING, public::ping),
    Route::public(paths::TIME, public::time),
    Route::public(paths::STEPS, public::steps),
    Route::public(paths::CURRENCIES, public::currencies),
    Route::public(paths::SYMBOLS, public::symbols),
    Route::public(paths::SYMBOLS_DETAILS, public::symbols_details),
    Route::public(paths::SYMBOL, public::symbol_details),
    Route::public(paths::TICKER, public::ticker),
    Route::public(paths::DEPTH, public::depth),
    Route::public(paths::PUBLIC_TRADES, public::trades),
    Route::public_past(paths::KLINES, public::klines),
    Route::login(paths::AUTHENTICATION, authentication::issue_token),
    Route::private(paths::WALLET, wallet::balances),
    Route::private_past(paths::ORDERS, orders::list),
    Route::private_past(paths::ORDER, orders::show),
    Route::private_past(paths::OWN_TRADES, trades::own),
    Route::signed(Verb::Post, paths::ORDERS, Scope::Trade, orders::place),
    Route::signed(Verb::Delete, paths::ORDER, Scope::Cancel, orders::cancel),
    Route::signed(Verb::Delete, paths::ORDERS, Scope::Cancel, orders::cancel_all),
];

/// Method and path pattern of every route, in the order of the table; the stream comes last.
pub(crate) const ROUTE_NAMES: &[(&str, &str)] = &names();

const fn names() -> [(&'static str, &'static str); ROUTES.len() + 1] {
    let mut names = [("GET", paths::STREAM); ROUTES.len() + 1];
    let mut place = 0;
    while place < ROUTES.len() {
        names[place] = (ROUTES[place].verb.name(), ROUTES[place].path);
        place += 1;
    }
    names
}

/// A row of the table.
#[derive(Clone, Copy)]
struct Route {
    verb: Verb,
    path: &'static str,
    policy: Policy,
}

/// The methods of this API.
#[derive(Clone, Copy)]
enum Verb {
    Get,
    Post,
    Delete,
}

/// What a request must bring along, and who answers it then.
#[derive(Clone, Copy)]
enum Policy {
    /// Nothing.
    Public(Handler),
    /// The same; the answer may need history.
    PublicPast(PastHandler),
    /// Proof of an API secret, in exchange for a token.
    Login(Handler),
    /// A token of a key with this scope, and a timestamp.
    Private(Scope, PrivateHandler),
    /// The same; the answer may need history.
    PrivatePast(Scope, PrivatePastHandler),
    /// The same, and a signature under the key's secret.
    Signed(Scope, SignedHandler),
}

/// Answers whoever asks.
type Handler = fn(&Dialect, &Incoming<'_>) -> Result<Answer, Answer>;

/// Answers a caller.
type PrivateHandler = fn(&Dialect, Caller, &Incoming<'_>) -> Result<Answer, Answer>;

/// An answer that may have to wait for history.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Answer>> + Send + 'a>>;

/// Answers whoever asks, perhaps from history.
type PastHandler = for<'a> fn(&'a Dialect, &'a Incoming<'a>) -> Answering<'a>;

/// Answers a caller, perhaps from history.
type PrivatePastHandler = for<'a> fn(&'a Dialect, Caller, &'a Incoming<'a>) -> Answering<'a>;

/// Says what a caller wants done, with the proof that he does.
type SignedHandler =
    fn(&Dialect, Caller, &Incoming<'_>, &mut Acquaintance) -> Result<(Proof, Attempt), Answer>;

impl Route {
    const fn public(path: &'static str, handler: Handler) -> Self {
        Self { verb: Verb::Get, path, policy: Policy::Public(handler) }
    }

    const fn public_past(path: &'static str, handler: PastHandler) -> Self {
        Self { verb: Verb::Get, path, policy: Policy::PublicPast(handler) }
    }

    const fn login(path: &'static str, handler: Handler) -> Self {
        Self { verb: Verb::Post, path, policy: Policy::Login(handler) }
    }

    const fn private(path: &'static str, handler: PrivateHandler) -> Self {
        Self { verb: Verb::Get, path, policy: Policy::Private(Scope::Read, handler) }
    }

    const fn private_past(path: &'static str, handler: PrivatePastHandler) -> Self {
        Self { verb: Verb::Get, path, policy: Policy::PrivatePast(Scope::Read, handler) }
    }

    const fn signed(verb: Verb, path: &'static str, scope: Scope, handler: SignedHandler) -> Self {
        Self { verb, path, policy: Policy::Signed(scope, handler) }
    }

    async fn answer(&self, dialect: &Dialect, request: Request) -> Result<Answer, Answer> {
        let (head, body) = request.into_parts();
        let address = peer_address(&head.extensions);
        let mut moment = dialect.site.moment();
        moment.now = Skew::shift(&head.extensions, moment.now);
        let headers = HeaderValues::of(&head.headers);
        // Here nobody knows which connection it is.
        let mut nobody = Acquaintance::default();
        let caller = self.admit(dialect, &headers, address, moment, &mut nobody)?;
        let body = read_body(dialect, body).await?;
        let (path, query) = (head.uri.path(), head.uri.query());
        let incoming = Incoming { path, query, headers, body: &body, address, moment };
        match (self.policy, caller) {
            (Policy::Public(handler) | Policy::Login(handler), _) => handler(dialect, &incoming),
            (Policy::PublicPast(handler), _) => handler(dialect, &incoming).await,
            (Policy::Private(_, handler), Some(caller)) => handler(dialect, caller, &incoming),
            (Policy::PrivatePast(_, handler), Some(caller)) => {
                handler(dialect, caller, &incoming).await
            }
            (Policy::Signed(_, handler), Some(caller)) => {
                let (Proof { .. }, attempt) = handler(dialect, caller, &incoming, &mut nobody)?;
                let site = &dialect.site;
                let receipt = races::carry_out(site, caller.key(), attempt.command()).await;
                Ok(orders::told(dialect, attempt, receipt).await)
            }
            (Policy::Private(..) | Policy::PrivatePast(..) | Policy::Signed(..), None) => {
                Err(ApiError::Unauthorized.into())
            }
        }
    }

    /// Checks budget, token, timestamp, scope and address, in this order. Gives nobody on a route
    /// that asks for none of these.
    fn admit(
        &self,
        dialect: &Dialect,
        headers: &HeaderValues<'_>,
        address: IpAddr,
        Moment { now, pace }: Moment,
        acquaintance: &mut Acquaintance,
    ) -> Result<Option<Caller>, Answer> {
        let site = &dialect.site;
        let scope = match self.policy {
            Policy::Public(_) | Policy::PublicPast(_) => {
                site.limiter.public(address, pace)?;
                return Ok(None);
            }
            Policy::Login(_) => {
                site.limiter.token_asked(address, pace)?;
                return Ok(None);
            }
            Policy::Private(scope, _)
            | Policy::PrivatePast(scope, _)
            | Policy::Signed(scope, _) => scope,
        };
        let identified =
            headers::bearer_token(headers.authorization).map_err(Answer::from).and_then(|token| {
                Ok(site.access.identify(&mut acquaintance.badge, token, address, now)?)
            });
        let identified = match identified {
            Ok(identified) => identified,
            Err(refused) => {
                site.limiter.public(address, pace)?;
                return Err(refused);
            }
        };
        match scope {
            Scope::Cancel => site.limiter.cancel(identified.key(), pace)?,
            Scope::Read | Scope::Trade => site.limiter.private(identified.key(), pace)?,
        }
        let window_ms = site.options.timestamp_window_ms;
        headers::check_timestamp(headers.timestamp, now.0, window_ms)?;
        Ok(Some(identified.permit(scope)?))
    }
}

/// What a request to a signed route wants done, once its policy is satisfied. The way past the
/// router.
pub(super) fn attempt(
    place: usize,
    dialect: &Dialect,
    incoming: &Incoming<'_>,
    acquaintance: &mut Acquaintance,
) -> Result<Attempt, Answer> {
    let route = &ROUTES[place];
    let Incoming { headers, address, moment, .. } = incoming;
    let caller = route.admit(dialect, headers, *address, *moment, acquaintance)?;
    match (route.policy, caller) {
        (Policy::Signed(_, handler), Some(caller)) => {
            let (Proof { .. }, attempt) = handler(dialect, caller, incoming, acquaintance)?;
            Ok(attempt)
        }
        _ => unreachable!("only signed routes are served past the router"),
    }
}

/// The place of the route that places orders.
pub(super) fn place_of_orders() -> usize {
    place_of("POST", paths::ORDERS)
}

/// The place of the route that cancels one order.
pub(super) fn place_of_cancels() -> usize {
    place_of("DELETE", paths::ORDER)
}

fn place_of(method: &str, path: &str) -> usize {
    let place = ROUTE_NAMES.iter().position(|name| *name == (method, path));
    place.expect("a route of the table")
}

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// The table as a router. Every path is also served with one slash at its end.
pub(super) fn router(dialect: Arc<Dialect>) -> Router {
    let mut router = Router::new();
    for (place, route) in ROUTES.iter().enumerate() {
        for path in [route.path.to_owned(), format!("{}/", route.path)] {
            let dialect = dialect.clone();
            let handler = async move |request: Request| -> Response {
                let answer = route.answer(&dialect, request).await;
                let answer = answer.unwrap_or_else(|refused| refused);
                dialect.site.requests.count(Some(place), answer.status());
                answer.into_response()
            };
            let mut methods = on(route.verb.filter(), handler);
            if matches!(route.verb, Verb::Get) {
                methods = methods.layer(compression());
            }
            router = router.route(&path, methods);
        }
    }
    let for_stream = dialect.clone();
    let stream = any(async move |request: Request| upgrade(&for_stream, request).await);
    let (for_paths, for_methods) = (dialect.clone(), dialect);
    router
        .route(paths::STREAM, stream)
        .fallback(async move |request: Request| {
            unserved(&for_paths, &request, ApiError::PathNotFound)
        })
        .method_not_allowed_fallback(async move |request: Request| {
            unserved(&for_methods, &request, ApiError::MethodNotAllowed)
        })
        .layer(CatchPanicLayer::custom(|_| Answer::from(ApiError::Internal).into_response()))
}

/// The stream. Requests that ask for no upgrade find nothing here.
async fn upgrade(dialect: &Arc<Dialect>, request: Request) -> Response {
    if request.method() != Method::GET || !request.headers().contains_key(http::header::UPGRADE) {
        return unserved(dialect, &request, ApiError::PathNotFound);
    }
    let response = match stream::connect(dialect, request).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    };
    dialect.site.requests.count(Some(ROUTES.len()), response.status().as_u16());
    response
}

/// A request to no route. A browser asks with OPTIONS before anything else.
fn unserved(dialect: &Dialect, request: &Request, error: ApiError) -> Response {
    let site = &dialect.site;
    let answer = match site.limiter.public(peer_address(request.extensions()), site.pace()) {
        Err(wait) => Answer::from(wait),
        Ok(()) if request.method() == Method::OPTIONS => Answer::preflight(),
        Ok(()) => Answer::from(error),
    };
    site.requests.count(None, answer.status());
    answer.into_response()
}

fn compression() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESSED_BYTES_MIN))
}
