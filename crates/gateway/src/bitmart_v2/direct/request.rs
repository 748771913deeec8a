//! Recognises the requests that need no router, in the bytes of a connection.
//!
//! What enters: what a client sent. What leaves: a request to place or to cancel an order, if the
//! bytes begin with one that can be read in one way only. Anything unusual is left to the HTTP
//! server that serves everything else: other methods, paths and versions, bodies whose length is not
//! plainly given, headers that ask for something or are there twice. So nothing is refused here, and
//! no byte is looked at twice with different eyes: both read with the same parser of heads.

use std::mem::MaybeUninit;

use httparse::{Request, Status};
use openmart_wire::bitmart_v2::limits;

use super::super::routes::HeaderValues;

/// More headers than this are unusual; clients of this API send a dozen.
const HEADERS_MAX: usize = 32;

/// Digits of the longest order id.
const ID_DIGITS_MAX: usize = 20;

const ORDERS: &str = "/v2/orders";

/// What the request wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// `POST /v2/orders`.
    Place,
    /// `DELETE /v2/orders/{entrust_id}`.
    Cancel,
}

/// A request that is all there.
#[derive(Debug)]
pub(super) struct DirectRequest<'a> {
    pub(super) kind: Kind,
    pub(super) path: &'a str,
    pub(super) headers: HeaderValues<'a>,
    pub(super) body: &'a [u8],
    /// How many bytes it takes.
    pub(super) bytes: usize,
}

/// What the bytes begin with.
#[derive(Debug)]
pub(super) enum Recognized<'a> {
    /// A request.
    Whole(DirectRequest<'a>),
    /// So far, the beginning of a head.
    HeadMissing,
    /// A head whose body is not there yet.
    BodyMissing,
    /// Something else.
    Other,
}

/// Looks at what the bytes begin with.
pub(super) fn recognize(bytes: &[u8]) -> Recognized<'_> {
    match bytes {
        [] => return Recognized::HeadMissing,
        [b'D' | b'P', ..] => {}
        _ => return Recognized::Other,
    }
    let mut headers = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut head = Request::new(&mut []);
    match head.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(head_bytes)) => {
            recognize_head(&head, bytes, head_bytes).unwrap_or(Recognized::Other)
        }
        Ok(Status::Partial) => Recognized::HeadMissing,
        Err(_) => Recognized::Other,
    }
}

/// Nothing: something else.
fn recognize_head<'a>(
    head: &Request<'_, 'a>,
    bytes: &'a [u8],
    head_bytes: usize,
) -> Option<Recognized<'a>> {
    if head.version != Some(1) {
        return None;
    }
    let path = head.path?;
    let kind = kind(head.method?, path)?;
    let Headers { values, body_bytes } = Headers::read(head.headers)?;
    let body_bytes = match (kind, body_bytes) {
        (Kind::Cancel, None | Some(0)) => 0,
        (Kind::Place, Some(bytes @ 1..=limits::BODY_BYTES_MAX)) => bytes,
        _ => return None,
    };
    let end = head_bytes + body_bytes;
    let Some(body) = bytes.get(head_bytes..end) else {
        return Some(Recognized::BodyMissing);
    };
    Some(Recognized::Whole(DirectRequest { kind, path, headers: values, body, bytes: end }))
}

fn kind(method: &str, path: &str) -> Option<Kind> {
    let rest = path.strip_prefix(ORDERS)?;
    match (method, rest) {
        ("POST", "" | "/") => Some(Kind::Place),
        ("DELETE", _) => {
            let id = rest.strip_prefix('/')?;
            let id = id.strip_suffix('/').unwrap_or(id);
            let is_id = (1..=ID_DIGITS_MAX).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_digit());
            is_id.then_some(Kind::Cancel)
        }
        _ => None,
    }
}

/// The headers that matter.
#[derive(Default)]
struct Headers<'a> {
    values: HeaderValues<'a>,
    body_bytes: Option<usize>,
}

impl<'a> Headers<'a> {
    /// Nothing: one of them asks for something, or is there twice.
    fn read(headers: &[httparse::Header<'a>]) -> Option<Self> {
        let mut read = Self::default();
        let mut connection = None;
        for header in headers {
            let value = header.value;
            let name = header.name.as_bytes();
            // By length first: most names are looked at no further.
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            let place = match name.len() {
                18 if is("x-bm-authorization") => &mut read.values.authorization,
                14 if is("x-bm-timestamp") => &mut read.values.timestamp,
                14 if is("x-bm-signature") => &mut read.values.signature,
                12 if is("content-type") => &mut read.values.content_type,
                10 if is("connection") && value.eq_ignore_ascii_case(b"keep-alive") => {
                    &mut connection
                }
                14 if is("content-length") && read.body_bytes.is_none() => {
                    read.body_bytes = Some(length(value)?);
                    continue;
                }
                14 if is("content-length") => return None,
                10 if is("connection") || is("keep-alive") => return None,
                17 if is("transfer-encoding") => return None,
                16 if is("proxy-connection") => return None,
                14 if is("http2-settings") => return None,
                7 if is("upgrade") || is("trailer") => return None,
                6 if is("expect") => return None,
                2 if is("te") => return None,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        read.values.signed = read.values.signature.is_some();
        Some(read)
    }
}

/// A length in plain digits, and not many of them.
fn length(value: &[u8]) -> Option<usize> {
    let plain = (1..=6).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    plain.then(|| value.iter().fold(0, |length, digit| 10 * length + usize::from(digit - b'0')))
}

/// How many of these bytes are a request that is served without the router; nothing for less than
/// one, or for anything else. For fuzzing.
pub fn direct_request_bytes(bytes: &[u8]) -> Option<usize> {
    match recognize(bytes) {
        Recognized::Whole(request) => Some(request.bytes),
        Recognized::HeadMissing | Recognized::BodyMissing | Recognized::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancel(path: &str, headers: &str) -> String {
        format!("DELETE {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n")
    }

    fn place(headers: &str, body: &str) -> String {
        format!("POST /v2/orders HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}")
    }

    #[test]
    fn a_cancel_and_an_order_are_recognized() {
        let text = cancel("/v2/orders/17", "X-BM-SIGNATURE: ab \r\nConnection: Keep-Alive\r\n");
        let Recognized::Whole(request) = recognize(text.as_bytes()) else { panic!("{text}") };
        assert_eq!((request.kind, request.path), (Kind::Cancel, "/v2/orders/17"));
        assert_eq!((request.bytes, request.body), (text.len(), &b""[..]));
        assert_eq!((request.headers.signature, request.headers.signed), (Some(&b"ab"[..]), true));
        assert_eq!(request.headers.authorization, None);
        let text = place("content-length: 2\r\n", "{}GET");
        let Recognized::Whole(request) = recognize(text.as_bytes()) else { panic!("{text}") };
        assert_eq!((request.kind, request.body), (Kind::Place, &b"{}"[..]));
        assert_eq!(request.bytes, text.len() - 3);
        for path in ["/v2/orders/17/", "/v2/orders/0", "/v2/orders/99999999999999999999"] {
            let text = cancel(path, "content-length: 0\r\n");
            assert_eq!(direct_request_bytes(text.as_bytes()), Some(text.len()), "{path}");
        }
    }

    #[test]
    fn every_beginning_of_a_request_waits_for_more() {
        let text = place("content-length: 2\r\n", "{}");
        for end in 0..text.len() {
            let begun = recognize(&text.as_bytes()[..end]);
            let in_body = end >= text.len() - 2;
            let waits = match begun {
                Recognized::HeadMissing => !in_body,
                Recognized::BodyMissing => in_body,
                _ => false,
            };
            assert!(waits, "{end}: {begun:?}");
        }
    }

    #[test]
    fn whatever_is_unusual_is_left_to_others() {
        let unusual = [
            "GET /v2/orders/17 HTTP/1.1\r\n\r\n".to_owned(),
            "DELETE /v2/orders/17 HTTP/1.0\r\n\r\n".to_owned(),
            "DELETE http://x/v2/orders/17 HTTP/1.1\r\n\r\n".to_owned(),
            "DELETE /v2/orders/17\r\n\r\n".to_owned(),
            "PUT /v2/orders HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
            "\r\nDELETE /v2/orders/17 HTTP/1.1\r\n\r\n".to_owned(),
            cancel("/v2/orders", ""),
            cancel("/v2/orders/", ""),
            cancel("/v2/orders/17?a=b", ""),
            cancel("/v2/orders/17//", ""),
            cancel("/v2/orders/%31", ""),
            cancel("/v2/orders/+1", ""),
            cancel("/v2/orders/999999999999999999999", ""),
            cancel("/v2/orders/17", "content-length: 2\r\n"),
            cancel("/v2/orders/17", "content-length: 0\r\ncontent-length: 0\r\n"),
            cancel("/v2/orders/17", "transfer-encoding: chunked\r\n"),
            cancel("/v2/orders/17", "transfer-encoding : chunked\r\n"),
            cancel("/v2/orders/17", "connection: close\r\n"),
            cancel("/v2/orders/17", "connection: keep-alive, upgrade\r\n"),
            cancel("/v2/orders/17", "connection: keep-alive\r\nconnection: keep-alive\r\n"),
            cancel("/v2/orders/17", "upgrade: websocket\r\n"),
            cancel("/v2/orders/17", "x-bm-timestamp: 1\r\nX-BM-Timestamp: 1\r\n"),
            cancel("/v2/orders/17", "a: b\r\n c: d\r\n"),
            cancel("/v2/orders/17", "no colon\r\n"),
            cancel("/v2/orders/17", &"a: b\r\n".repeat(HEADERS_MAX)),
            place("", "{}"),
            place("content-length: 0\r\n", ""),
            place("content-length: +2\r\n", "{}"),
            place("content-length: 2, 2\r\n", "{}"),
            place("content-length: 0000002\r\n", "{}"),
            place("content-length: 2\r\ncontent-length: 2\r\n", "{}"),
            place("content-length: 4097\r\n", "{}"),
            place("content-length: 2\r\ntransfer-encoding: chunked\r\n", "{}"),
            place("content-length: 2\r\nexpect: 100-continue\r\n", "{}"),
        ];
        for text in unusual {
            let recognized = recognize(text.as_bytes());
            assert!(matches!(recognized, Recognized::Other), "{text:?}: {recognized:?}");
        }
    }
}
