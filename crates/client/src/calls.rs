//! Carrying requests out: tokens, repetitions, and what an answer means.
//!
//! What enters: a [`Request`]. What leaves: its parsed answer, or an [`Error`] that says whether
//! the request may have taken effect.
//!
//! A repetition can only help if its answer tells what became of all attempts. So, once an attempt
//! of a write is in doubt, only an answer that settles the doubt counts: a success; for an order
//! with a name, a refusal that came from the exchange's order of commands, since names are looked
//! up there first; for a cancel, a refusal that gives the reason.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::Full;
use openmart_wire::bitmart_v2::{ErrorBody, headers};
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::{CancelReason, Error, Refusal};
use crate::request::{Effect, Request};
use crate::transport::{Answer, Lost};

/// A good answer.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) value: T,
    /// Where a write stands in the exchange's journal (Openmart).
    pub(crate) sequence: Option<u64>,
}

/// Why one attempt has no good answer.
struct Setback {
    error: Error,
    /// Whether this attempt may have taken effect.
    in_doubt: bool,
    /// Whether another attempt may do better.
    passing: bool,
    /// What the exchange asked to wait.
    retry_after: Option<Duration>,
}

/// Why a request has no good answer, after all its repetitions.
pub(crate) struct Unanswered {
    pub(crate) error: Error,
    /// Whether some attempt may have taken effect.
    pub(crate) in_doubt: bool,
    effect: Effect,
}

impl From<Unanswered> for Error {
    /// With an attempt in doubt, whatever does not settle it leaves it open.
    fn from(unanswered: Unanswered) -> Self {
        let Unanswered { error, in_doubt, effect } = unanswered;
        let Some(action) = effect.action().filter(|_| in_doubt) else { return error };
        let settles = match (&error, effect) {
            (Error::Refused(refusal), Effect::PlacesNamed) => refusal.sequence.is_some(),
            (Error::Refused(refusal), Effect::Cancels) => refusal.reason.is_some(),
            _ => false,
        };
        if settles { error } else { Error::OutcomeUnknown { action, cause: Box::new(error) } }
    }
}

impl Setback {
    fn lasting(error: Error) -> Self {
        Self { error, in_doubt: false, passing: false, retry_after: None }
    }

    fn passing(error: Error, in_doubt: bool) -> Self {
        Self { error, in_doubt, passing: true, retry_after: None }
    }
}

impl Client {
    /// Carries a request out, repeating it as its effect and the policy allow.
    pub(crate) async fn perform<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<Answered<T>, Unanswered> {
        let effect = request.effect;
        let policy = self.retry_policy();
        let (mut in_doubt, mut repetitions, mut renewed) = (false, 0, false);
        loop {
            let token = match request.private {
                true => match self.token().await {
                    Ok(token) => Some(token),
                    Err(error) => return Err(Unanswered { error, in_doubt, effect }),
                },
                false => None,
            };
            let setback = match self.attempt(request, token.as_deref()).await {
                Ok(answered) => return Ok(answered),
                Err(setback) => setback,
            };
            if let (Some(token), Error::Unauthorized { .. }) = (&token, &setback.error)
                && !renewed
            {
                // Refused at the door: nothing happened, so any request may go again.
                self.forget_token(token).await;
                renewed = true;
                continue;
            }
            in_doubt |= setback.in_doubt;
            let waits = setback.retry_after.unwrap_or_default();
            let goes_on = setback.passing
                && effect.may_be_repeated()
                && repetitions + 1 < policy.attempts_max
                && waits <= policy.retry_after_max;
            if !goes_on {
                return Err(Unanswered { error: setback.error, in_doubt, effect });
            }
            tokio::time::sleep(policy.wait(repetitions, self.chance()).max(waits)).await;
            repetitions += 1;
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        request: &Request,
        token: Option<&str>,
    ) -> Result<Answered<T>, Setback> {
        let message = self.message(request, token).map_err(Setback::lasting)?;
        let answer = match self.transport().send(message).await {
            Ok(answer) => answer,
            Err(Lost { sent, reason }) => {
                let error = Error::Unreachable { url: self.base_url().to_owned(), reason };
                return Err(Setback::passing(error, sent));
            }
        };
        match answer.status {
            // Whatever the status: no success has a message, and `{}` must not be taken for one.
            200 if request.effect != Effect::Reads && has_message(&answer) => Err(setback(answer)),
            200 => match serde_json::from_slice(&answer.body) {
                Ok(value) => Ok(Answered { value, sequence: sequence(&answer.headers) }),
                Err(error) => Err(Setback::passing(
                    Error::Malformed { request: request.name(), reason: error.to_string() },
                    true,
                )),
            },
            status @ ..400 => {
                let reason = format!("status {status}");
                let error = Error::Malformed { request: request.name(), reason };
                Err(Setback { in_doubt: true, ..Setback::lasting(error) })
            }
            _ => Err(setback(answer)),
        }
    }

    /// The request with everything that is said anew each time.
    fn message(
        &self,
        request: &Request,
        token: Option<&str>,
    ) -> Result<http::Request<Full<Bytes>>, Error> {
        let mut message = http::Request::builder()
            .method(request.method.clone())
            .uri(format!("{}{}", self.base_url(), request.target))
            .header(header::CONTENT_TYPE, request.content_type);
        if let Some(token) = token {
            message = message
                .header(headers::AUTHORIZATION, format!("Bearer {token}"))
                .header(headers::TIMESTAMP, self.now_ms());
        }
        if let Some(signature) = &request.signature {
            message = message.header(headers::SIGNATURE, signature);
        }
        message.body(Full::new(request.body.clone())).map_err(|error| Error::Malformed {
            request: request.name(),
            reason: format!("it cannot be sent: {error}"),
        })
    }
}

fn has_message(answer: &Answer) -> bool {
    serde_json::from_slice::<ErrorBody>(&answer.body).is_ok()
}

/// What an answer that is no success means for one attempt.
fn setback(answer: Answer) -> Setback {
    let Answer { status, headers, body } = answer;
    let message = match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => body.message,
        Err(_) => format!("status {status} without a message"),
    };
    let retry_after = retry_after(&headers);
    match status {
        401 => Setback::lasting(Error::Unauthorized { message }),
        429 => {
            let error = Error::RateLimited { retry_after };
            Setback { retry_after, ..Setback::passing(error, false) }
        }
        500.. => {
            // Openmart's 503 says that nothing happened; somebody else's, such as a proxy's whose
            // server did not answer, says nothing at all.
            let untouched = status == 503 && UNTOUCHED.contains(&message.as_str());
            let passing = message != DISK_FULL;
            let error = Error::Failed { status, message };
            Setback { error, in_doubt: !untouched, passing, retry_after }
        }
        _ => Setback::lasting(Error::Refused(Refusal {
            status,
            message,
            reason: header(&headers, headers::REASON).and_then(CancelReason::parse),
            sequence: sequence(&headers),
        })),
    }
}

/// Messages of a 503 after which nothing has happened.
const UNTOUCHED: [&str; 3] =
    ["Visit too often, please try again later", "Service unavailable", DISK_FULL];
/// Asking again soon would not help.
const DISK_FULL: &str = "Storage full, new orders are refused";

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn sequence(headers: &HeaderMap) -> Option<u64> {
    header(headers, headers::SEQUENCE)?.parse().ok()
}

/// In seconds; the other form, a date, is not used by any exchange we know.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    header(headers, "retry-after")?.parse().ok().map(Duration::from_secs)
}
