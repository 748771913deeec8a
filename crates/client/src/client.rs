//! The client: what it is made of, and how it is made.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Uri;

use crate::authentication::TokenStore;
use crate::credentials::Credentials;
use crate::error::{Error, UsageError};
use crate::retry::RetryPolicy;
use crate::stream::StreamOptions;
use crate::transport::Transport;

/// Time for a request, from connecting to the last byte of its answer, unless told otherwise. The
/// exchange itself answers within milliseconds or says that it is too busy.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// A client of one exchange. Cheap to clone; clones share connections, token and clock.
///
/// ```no_run
/// use openmart_client::{Client, Credentials, NewOrder, Side};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let credentials = Credentials::new(
///     "6591f7c2491db0a23a1d8ad6911c825e",
///     "8c08d9d5c3d15b105dbddaf96e427ac6",
///     "mymemo",
/// )?;
/// let client = Client::builder("http://127.0.0.1:8470").credentials(credentials).build()?;
/// let order = NewOrder::named("BTC_USDT", Side::Buy, "0.5".parse()?, "20000".parse()?);
/// let placed = client.place_order(&order).await?;
/// client.cancel_order(placed.order_id).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Without a slash at its end.
    base_url: String,
    stream_url: Uri,
    transport: Transport,
    credentials: Option<Credentials>,
    signs_token_time: bool,
    token: TokenStore,
    retry_policy: RetryPolicy,
    stream_options: StreamOptions,
    chance: Mutex<fastrand::Rng>,
    /// The exchange's clock minus ours.
    clock_offset_ms: AtomicI64,
}

/// Settings of a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    base_url: String,
    stream_url: Option<String>,
    credentials: Option<Credentials>,
    signs_token_time: bool,
    timeout: Duration,
    authorities: Vec<u8>,
    retry_policy: RetryPolicy,
    stream_options: StreamOptions,
    seed: Option<u64>,
    clock_offset_ms: i64,
}

impl ClientBuilder {
    /// The key of an account, for private requests.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Time for one attempt of a request, from connecting to the last byte. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Certificates of authorities to trust beside those of the system, in PEM: for an exchange whose
    /// certificate comes from an authority of one's own. May be called for each.
    #[cfg(feature = "tls")]
    pub fn trust_authorities(mut self, pem: impl AsRef<[u8]>) -> Self {
        // A file need not end with a line feed.
        self.authorities.push(b'\n');
        self.authorities.extend_from_slice(pem.as_ref());
        self
    }

    /// How often and how fast requests are repeated that may be.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry_policy = policy;
        self
    }

    /// Makes the random part of the waits between repetitions the same in every run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Where the WebSocket is, as `ws://` or `wss://`. Default: the base URL, at `/`.
    pub fn stream_url(mut self, url: impl Into<String>) -> Self {
        self.stream_url = Some(url.into());
        self
    }

    /// When a stream that is silent is given up.
    pub fn stream_options(mut self, options: StreamOptions) -> Self {
        self.stream_options = options;
        self
    }

    /// Whether the proof in a token request covers its time. Openmart always takes it and, in
    /// strict mode, insists on it; other servers of this API do not know it. Default true.
    pub fn sign_token_time(mut self, signs: bool) -> Self {
        self.signs_token_time = signs;
        self
    }

    /// The exchange's clock minus ours, in milliseconds, where it is known. Default 0. See
    /// [`Client::sync_clock`].
    pub fn clock_offset_ms(mut self, offset_ms: i64) -> Self {
        self.clock_offset_ms = offset_ms;
        self
    }

    /// Makes the client. Opens no connection yet.
    ///
    /// # Errors
    /// [`UsageError::Url`]; [`UsageError::Authorities`] where those to trust are none; where `https`
    /// is asked for, [`UsageError::Certificates`] if the system's certificates cannot be read and
    /// no others are trusted.
    pub fn build(self) -> Result<Client, UsageError> {
        let base_url = self.base_url.trim_end_matches('/').to_owned();
        let scheme = check_url(&base_url, ["http", "https"])?;
        let stream_url = match self.stream_url {
            Some(url) => url,
            // http becomes ws, https becomes wss.
            None => format!("ws{}/", &base_url["http".len()..]),
        };
        let stream_scheme = check_url(&stream_url, ["ws", "wss"])?;
        let encrypted = scheme == "https" || stream_scheme == "wss";
        let stream_url = stream_url.parse().map_err(|_| UsageError::Url {
            url: stream_url.clone(),
            reason: "it cannot be read".to_owned(),
        })?;
        let chance = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let inner = Inner {
            base_url,
            stream_url,
            transport: Transport::new(encrypted, &self.authorities, self.timeout)?,
            credentials: self.credentials,
            signs_token_time: self.signs_token_time,
            token: TokenStore::default(),
            retry_policy: self.retry_policy,
            stream_options: self.stream_options,
            chance: Mutex::new(chance),
            clock_offset_ms: AtomicI64::new(self.clock_offset_ms),
        };
        Ok(Client { inner: Arc::new(inner) })
    }
}

/// The scheme of a URL that is one of two and has a host and no query.
fn check_url(url: &str, schemes: [&'static str; 2]) -> Result<&'static str, UsageError> {
    let wrong = |reason: String| Err(UsageError::Url { url: url.to_owned(), reason });
    let parsed: Uri = match url.parse() {
        Ok(parsed) => parsed,
        Err(error) => return wrong(error.to_string()),
    };
    let [plain, encrypted] = schemes;
    let Some(scheme) = schemes.into_iter().find(|scheme| parsed.scheme_str() == Some(*scheme))
    else {
        return wrong(format!("it does not begin with {plain}:// or {encrypted}://"));
    };
    match (parsed.host(), parsed.query()) {
        (None | Some(""), _) => wrong("it names no host".to_owned()),
        (_, Some(_)) => wrong("it has a query".to_owned()),
        _ => Ok(scheme),
    }
}

impl Client {
    /// Begins to make a client of the exchange at a base URL such as `http://127.0.0.1:8470`,
    /// without `/v2`.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            base_url: base_url.into(),
            stream_url: None,
            credentials: None,
            signs_token_time: true,
            timeout: TIMEOUT_DEFAULT,
            authorities: Vec::new(),
            retry_policy: RetryPolicy::default(),
            stream_options: StreamOptions::default(),
            seed: None,
            clock_offset_ms: 0,
        }
    }

    /// The base URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    /// The exchange's clock minus ours, in milliseconds, as far as the client knows.
    pub fn clock_offset_ms(&self) -> i64 {
        self.inner.clock_offset_ms.load(Ordering::Relaxed)
    }

    /// Asks the exchange for its time and from then on stamps requests with it. Worth calling at
    /// start where clocks may be wrong by more than some seconds: requests whose time is a minute
    /// off are refused. Returns the new offset in milliseconds.
    ///
    /// # Errors
    /// As [`Client::server_time`].
    pub async fn sync_clock(&self) -> Result<i64, Error> {
        let asked_ms = clock_ms();
        let server_ms = self.server_time().await?;
        // The server looked at its clock somewhere between question and answer.
        let middle_ms = asked_ms.midpoint(clock_ms());
        let offset_ms = i64::try_from(i128::from(server_ms) - i128::from(middle_ms)).unwrap_or(0);
        self.inner.clock_offset_ms.store(offset_ms, Ordering::Relaxed);
        Ok(offset_ms)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        clock_ms().saturating_add_signed(self.clock_offset_ms())
    }

    pub(crate) fn credentials(&self) -> Result<&Credentials, Error> {
        Ok(self.inner.credentials.as_ref().ok_or(UsageError::NoCredentials)?)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.inner.retry_policy
    }

    pub(crate) fn stream_options(&self) -> &StreamOptions {
        &self.inner.stream_options
    }

    pub(crate) fn stream_url(&self) -> &Uri {
        &self.inner.stream_url
    }

    pub(crate) fn token_store(&self) -> &TokenStore {
        &self.inner.token
    }

    pub(crate) fn signs_token_time(&self) -> bool {
        self.inner.signs_token_time
    }

    /// A uniform random number.
    pub(crate) fn chance(&self) -> u32 {
        self.inner.chance.lock().unwrap_or_else(PoisonError::into_inner).u32(..)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .field("credentials", &self.inner.credentials)
            .finish_non_exhaustive()
    }
}

/// Milliseconds since 1970 UTC.
fn clock_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_none_are_said_so() {
        for (url, reason) in [
            ("127.0.0.1:8470", "does not begin with http://"),
            ("ftp://host", "does not begin with http://"),
            ("http://", "is not a base URL"),
            ("http://host?x=1", "has a query"),
            ("", "is not a base URL"),
            ("http://ho st", "is not a base URL"),
        ] {
            let error = Client::builder(url).build().unwrap_err().to_string();
            assert!(error.contains(reason), "{url}: {error}");
        }
        let error = Client::builder("http://host").stream_url("http://host").build().unwrap_err();
        assert!(error.to_string().contains("does not begin with ws://"), "{error}");
    }

    #[test]
    fn the_stream_is_where_the_rest_is() {
        for (url, stream) in
            [("http://host:1/", "ws://host:1/"), ("http://host:1/prefix", "ws://host:1/prefix/")]
        {
            let client = Client::builder(url).build().unwrap();
            assert_eq!(client.stream_url().to_string(), stream);
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let credentials = Credentials::new("thekey", "thesecret", "thememo").unwrap();
        let builder = Client::builder("http://host").credentials(credentials);
        let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        assert!(shown.contains("thekey"), "{shown}");
        assert!(!shown.contains("thesecret") && !shown.contains("thememo"), "{shown}");
    }
}
