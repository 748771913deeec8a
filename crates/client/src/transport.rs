//! One request sent once, and one connection opened for the stream.
//!
//! What enters: a request with all its headers. What leaves: status, the headers that matter and
//! the whole body; or what went wrong, and whether the request may have reached the exchange. What
//! it must not know: what requests mean, and whether they may be repeated.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tower_service::Service;

use crate::error::UsageError;

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

/// A connection for the stream, encrypted or not.
pub(crate) type Io = TokioIo<<Connector as Service<Uri>>::Response>;

/// Longest body of an answer. The longest documented one, 5,000 candles, has 700 KB.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Time for a connection to come about, unless the whole request has less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// No whole answer came.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Whether the request may have reached the exchange.
    pub(crate) sent: bool,
    pub(crate) reason: String,
}

/// Keeps connections and uses them again.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: Client<Connector, Full<Bytes>>,
    connector: Connector,
    timeout: Duration,
}

impl Transport {
    /// Loads the system's certificates only if one of the addresses needs them.
    pub(crate) fn new(
        encrypted: bool,
        authorities: &[u8],
        timeout: Duration,
    ) -> Result<Self, UsageError> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT.min(timeout)));
        let connector = connector(http, encrypted, authorities)?;
        let client = Client::builder(TokioExecutor::new()).build(connector.clone());
        Ok(Self { client, connector, timeout })
    }

    /// Sends a request and reads the whole answer, within the timeout.
    pub(crate) async fn send(&self, request: http::Request<Full<Bytes>>) -> Result<Answer, Lost> {
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(told) => told,
            // It may have been waiting for a connection; that cannot be told.
            Err(_) => Err(Lost {
                sent: true,
                reason: format!("no answer within {} ms", self.timeout.as_millis()),
            }),
        }
    }

    async fn exchange(&self, request: http::Request<Full<Bytes>>) -> Result<Answer, Lost> {
        let response = self.client.request(request).await;
        let response = response
            .map_err(|error| Lost { sent: !error.is_connect(), reason: innermost(&error) })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Lost {
            sent: true,
            reason: format!("the answer broke off: {}", innermost(error.as_ref())),
        })?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
    }

    /// Time for one attempt.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Opens a connection of its own.
    pub(crate) async fn connect(&self, address: Uri) -> Result<Io, String> {
        let mut connector = self.connector.clone();
        let connecting = async {
            std::future::poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(address).await
        };
        match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Ok(connection)) => Ok(TokioIo::new(connection)),
            Ok(Err(error)) => Err(reason_of(error)),
            Err(_) => Err(format!("no connection within {} ms", self.timeout.as_millis())),
        }
    }
}

/// The error of a connector, whichever type it has.
fn reason_of(error: impl Into<Box<dyn StdError + Send + Sync>>) -> String {
    innermost(error.into().as_ref())
}

/// The cause of the causes: what lies above it says only that something failed.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(not(feature = "tls"))]
fn connector(http: HttpConnector, encrypted: bool, _: &[u8]) -> Result<Connector, UsageError> {
    match encrypted {
        false => Ok(http),
        true => Err(UsageError::Certificates { reason: "this build has no TLS".to_owned() }),
    }
}

#[cfg(feature = "tls")]
fn connector(
    mut http: HttpConnector,
    encrypted: bool,
    authorities: &[u8],
) -> Result<Connector, UsageError> {
    http.enforce_http(false);
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls_config(encrypted, authorities)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

#[cfg(feature = "tls")]
fn tls_config(encrypted: bool, authorities: &[u8]) -> Result<rustls::ClientConfig, UsageError> {
    let certificates = |reason: String| UsageError::Certificates { reason };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificates(error.to_string()))?;
    let mut roots = own_roots(authorities)?;
    // Reading the system's certificates takes longer than a request to a local exchange.
    if encrypted {
        match system_roots() {
            Ok(system) => roots.extend(system.roots),
            Err(reason) if roots.is_empty() => return Err(certificates(reason)),
            // Those that were asked for are enough.
            Err(_) => {}
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(feature = "tls")]
fn own_roots(pem: &[u8]) -> Result<rustls::RootCertStore, UsageError> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    let wrong = |reason: String| UsageError::Authorities { reason };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    match roots.is_empty() && !pem.is_empty() {
        true => Err(wrong("there is none in them".to_owned())),
        false => Ok(roots),
    }
}

#[cfg(feature = "tls")]
fn system_roots() -> Result<rustls::RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    match (added, found.errors.first()) {
        (0, Some(error)) => Err(error.to_string()),
        (0, None) => Err("there are none".to_owned()),
        _ => Ok(roots),
    }
}
