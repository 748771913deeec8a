//! Requests to the operator's listener: one connection, one request.

use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use openmart_wire::admin::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

/// Time for an answer. All of them come at once.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Longest answer that is read; all rules with their counts are shorter.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// There is no exchange where one was looked for.
#[derive(Debug, thiserror::Error)]
#[error("cannot reach the operator's listener {authority}: {why}")]
pub(crate) struct Unreachable {
    authority: String,
    why: String,
}

/// A name as a segment of a path.
pub(super) fn segment(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let written = |byte| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.bytes().map(written).collect()
}

pub(super) struct Client {
    /// Host and port.
    authority: String,
    token: String,
}

impl Client {
    pub(super) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let authority = authority.filter(|rest| !rest.is_empty() && !rest.contains('/'));
        let authority = authority.with_context(|| {
            format!("{url:?} is not the address of an operator's listener: http://HOST:PORT")
        })?;
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(is_token, "the operator's token is not a text without spaces");
        Ok(Self { authority: authority.to_owned(), token: token.to_owned() })
    }

    /// Asks without a body.
    pub(super) fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> anyhow::Result<T> {
        self.send(method, path, Bytes::new())
    }

    /// Tells something.
    pub(super) fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.send(method, path, serde_json::to_vec(body)?.into())
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let unreachable = |why: String| Unreachable { authority: self.authority.clone(), why };
        let answer = runtime.block_on(async {
            let request = self.exchange(method, path, body);
            let answer = tokio::time::timeout(TIMEOUT, request).await;
            answer.unwrap_or_else(|_| Err("no answer in time".to_owned()))
        });
        let (status, body) = answer.map_err(unreachable)?;
        if status != StatusCode::OK {
            let refusal: Option<Refusal> = serde_json::from_slice(&body).ok();
            match refusal {
                Some(refusal) => bail!("{}", refusal.message),
                None => {
                    bail!("{} answered {status}, as no operator's listener does", self.authority)
                }
            }
        }
        serde_json::from_slice(&body)
            .map_err(|error| anyhow!("{} answered something else: {error}", self.authority))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| text(&error))?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| text(&error))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| text(&error))?;
        let answering = async {
            let answer = sender.send_request(request).await.map_err(|error| text(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| text(error.as_ref()))?;
            Ok((status, body.to_bytes()))
        };
        tokio::pin!(answering);
        tokio::pin!(connection);
        tokio::select! {
            biased;
            answer = &mut answering => answer,
            ended = &mut connection => {
                ended.map_err(|error| text(&error))?;
                // It has ended well, so the answer is there.
                answering.await
            }
        }
    }
}
