//! A request as the handlers of this dialect see it: path, query, the headers that count, body.

use std::net::IpAddr;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};
use openmart_model::{KeyId, Timestamp};
use openmart_wire::bitmart_v2::{ApiError, Query, RequestFault, headers, limits};

use super::Dialect;
use super::answer::Answer;
use crate::badge::Badge;
use crate::site::{Moment, Site};

const AUTHORIZATION: HeaderName = HeaderName::from_static("x-bm-authorization");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-bm-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-bm-signature");

/// The headers that this dialect reads. One that is given twice counts as missing, since it must not
/// be the server who chooses.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct HeaderValues<'a> {
    pub(super) authorization: Option<&'a [u8]>,
    pub(super) timestamp: Option<&'a [u8]>,
    pub(super) signature: Option<&'a [u8]>,
    pub(super) content_type: Option<&'a [u8]>,
    /// Whether there is a signature at all, be it twice or empty.
    pub(super) signed: bool,
}

impl<'a> HeaderValues<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        Self {
            authorization: single(headers, &AUTHORIZATION),
            timestamp: single(headers, &TIMESTAMP),
            signature: single(headers, &SIGNATURE),
            content_type: single(headers, &http::header::CONTENT_TYPE),
            signed: headers.contains_key(&SIGNATURE),
        }
    }
}

/// What handlers see of a request.
pub(super) struct Incoming<'a> {
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: HeaderValues<'a>,
    pub(super) body: &'a [u8],
    pub(super) address: IpAddr,
    pub(super) moment: Moment,
}

impl<'a> Incoming<'a> {
    /// A request without a query.
    pub(super) fn new(
        path: &'a str,
        headers: HeaderValues<'a>,
        body: &'a [u8],
        address: IpAddr,
        moment: Moment,
    ) -> Self {
        Self { path, query: None, headers, body, address, moment }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.moment.now
    }

    /// The variable segment of the path as sent: in all patterns it is the third.
    pub(super) fn segment(&self) -> &'a str {
        self.path.split('/').nth(3).unwrap_or_default()
    }

    pub(super) fn raw_query(&self) -> Option<&'a str> {
        self.query
    }

    pub(super) fn query(&self) -> Result<Query<'a>, ApiError> {
        Query::parse(self.query)
    }

    pub(super) fn content_type(&self) -> Option<&'a [u8]> {
        self.headers.content_type
    }

    pub(super) fn signature(&self) -> Option<&'a [u8]> {
        self.headers.signature
    }

    /// Whether there is a signature at all, be it twice or empty.
    pub(super) fn is_signed(&self) -> bool {
        self.headers.signed
    }
}

/// The value of a header that is given once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.as_bytes())
}

/// Reads what there is of a body. Bodies of requests that need none are read as well, so that the
/// connection can be used again.
pub(super) async fn read_body(dialect: &Dialect, body: Body) -> Result<Bytes, Answer> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let too_long = || Answer::from(ApiError::from(RequestFault::BodyTooLong));
    if body.size_hint().lower() > limits::BODY_BYTES_MAX as u64 {
        return Err(too_long());
    }
    let whole = Limited::new(body, limits::BODY_BYTES_MAX).collect();
    match tokio::time::timeout(dialect.site.options.body_timeout, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        // Too long, cut off or too slow: what there is of it is not acceptable in any case.
        Ok(Err(_)) | Err(_) => Err(too_long()),
    }
}

/// Whose request it is, by its token, whether or not that has expired.
pub(super) fn key_of(site: &Site, headers: &HeaderMap, address: IpAddr) -> Option<KeyId> {
    let token = headers::bearer_token(single(headers, &AUTHORIZATION)).ok()?;
    let identified =
        site.access.identify(&mut Badge::default(), token, address, Timestamp(0)).ok()?;
    Some(identified.key())
}
