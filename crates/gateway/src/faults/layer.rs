//! What the rules want, done to requests and answers: a layer around a dialect's router.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use openmart_model::{KeyId, Timestamp};
use openmart_wire::admin::faults::HEADER;

use super::bodies;
use super::plan::{Effects, End, Shape};
use super::rule::Asked;
use super::stale::Said;
use crate::listener::HangUp;
use crate::site::{Site, peer_address};

/// Longest answer that is held as a whole; our own are far shorter.
const ANSWER_BYTES_MAX: usize = 64 * 1_024 * 1_024;

const FAULT: HeaderName = HeaderName::from_static(HEADER);

/// What a dialect knows about its requests and answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    /// Whose request it is, whether or not his token has expired.
    pub(crate) key_of: fn(&Site, &HeaderMap, IpAddr) -> Option<KeyId>,
    /// The answer that something failed. Without a body, that of the dialect.
    pub(crate) failure: fn(StatusCode, Option<String>, Option<u32>) -> Response,
}

/// How far the server's clock is ahead for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Skew {
    ms: i64,
}

impl Skew {
    /// The time as a request is to see it.
    pub(crate) fn shift(extensions: &Extensions, now: Timestamp) -> Timestamp {
        let ms = extensions.get::<Self>().map_or(0, |skew| skew.ms);
        Timestamp(now.0.saturating_add_signed(ms))
    }
}

/// Puts the layer around a router.
pub(crate) fn layer(router: Router, site: &Arc<Site>, voice: Voice) -> Router {
    let site = site.clone();
    router.layer(from_fn(move |request: Request, next: Next| {
        let site = site.clone();
        async move { pass(&site, voice, request, next).await }
    }))
}

async fn pass(site: &Site, voice: Voice, mut request: Request, next: Next) -> Response {
    let Some(plan) = site.faults.plan() else { return next.run(request).await };
    let address = peer_address(request.extensions());
    let key = (voice.key_of)(site, request.headers(), address);
    let asked = Asked { key, method: request.method(), path: request.uri().path() };
    let effects = plan.effects(&asked);
    if effects.struck.is_empty() && effects.stale.is_empty() {
        return next.run(request).await;
    }
    let target = (!effects.stale.is_empty()).then(|| target_of(&request));
    wait(effects.before).await;
    match &effects.end {
        Some(End::HangUpBefore) => return hang_up(),
        Some(End::Answer { status, retry_after_s, body }) => {
            let status = StatusCode::from_u16(*status).unwrap_or_default();
            let answer = (voice.failure)(status, body.clone(), *retry_after_s);
            return named(answer, &effects, plan.names_itself);
        }
        Some(End::HangUpAfter) | None => {}
    }
    if effects.skew_ms != 0 {
        request.extensions_mut().insert(Skew { ms: effects.skew_ms });
    }
    let mut answer = next.run(request).await;
    wait(effects.after).await;
    if matches!(effects.end, Some(End::HangUpAfter)) {
        return hang_up();
    }
    if effects.skew_ms != 0 {
        skew_date(answer.headers_mut(), effects.skew_ms);
    }
    // A connection that is taken over has no body.
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        if let Some(target) = target {
            answer = earlier(answer, &effects, key, &target).await;
        }
        if let Some(shape) = effects.shape {
            answer = shaped(answer, shape).await;
        }
    }
    named(answer, &effects, plan.names_itself)
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    // For a server that does not know the sign.
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.extensions_mut().insert(HangUp);
    response
}

/// What makes two requests the same: what is asked for, and in which form.
fn target_of(request: &Request) -> String {
    let form = request.headers().get(header::ACCEPT_ENCODING);
    let form = form.and_then(|form| form.to_str().ok()).unwrap_or_default();
    format!("{} {form}", request.uri())
}

/// The answer, or what was answered earlier. A refusal is neither kept nor replaced.
async fn earlier(
    answer: Response,
    effects: &Effects,
    key: Option<KeyId>,
    target: &str,
) -> Response {
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (head, body) = whole(answer).await;
    let fresh = Said { status: head.status, headers: head.headers.clone(), body: body.clone() };
    let mut given = None;
    for (rule, strikes) in &effects.stale {
        let earlier = rule.stale.as_ref().and_then(|kept| kept.exchange(key, target, &fresh));
        given = given.or(earlier.filter(|_| *strikes));
    }
    match given {
        None => Response::from_parts(head, Body::from(body)),
        Some(said) => {
            let mut answer = Response::new(Body::from(said.body.clone()));
            *answer.status_mut() = said.status;
            *answer.headers_mut() = said.headers.clone();
            answer
        }
    }
}

async fn shaped(answer: Response, shape: Shape) -> Response {
    let (mut head, body) = whole(answer).await;
    if body.is_empty() {
        return Response::from_parts(head, Body::empty());
    }
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    head.headers.remove(header::TRANSFER_ENCODING);
    let body = match shape {
        Shape::Truncated { bytes } => bodies::truncated(body, bytes),
        Shape::Slow { chunk_bytes, interval_ms } => bodies::slow(body, chunk_bytes, interval_ms),
    };
    Response::from_parts(head, body)
}

async fn whole(answer: Response) -> (http::response::Parts, Bytes) {
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be held as a whole");
        Bytes::new()
    });
    (head, body)
}

fn skew_date(headers: &mut HeaderMap, ms: i64) {
    let distance = Duration::from_millis(ms.unsigned_abs());
    let now = SystemTime::now();
    let shifted = if ms > 0 { now.checked_add(distance) } else { now.checked_sub(distance) };
    let text = httpdate::fmt_http_date(shifted.unwrap_or(now));
    if let Ok(date) = HeaderValue::from_str(&text) {
        headers.insert(header::DATE, date);
    }
}

/// Names the rules that touched an answer, if that is wanted.
fn named(mut answer: Response, effects: &Effects, wanted: bool) -> Response {
    if wanted && !effects.struck.is_empty() {
        let names: Vec<&str> = effects.struck.iter().map(|rule| rule.told.name.as_str()).collect();
        if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
            answer.headers_mut().insert(FAULT, names);
        }
    }
    answer
}
