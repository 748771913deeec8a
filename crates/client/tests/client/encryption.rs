//! `https` and `wss`: encrypted, and only with whom the certificate names.
//!
//! As people run it: an exchange that speaks in the clear, and before it a proxy with a certificate
//! that an authority of their own has signed.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use openmart_client::{
    Channel, ChannelRequest, Client, Event, NewOrder, Push, RetryPolicy, Side, UsageError,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::examples;
use crate::venue::{BOB, DEMO_ALICE, Venue};

/// An authority whose certificate nobody has unless told.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of one's own");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Lets a venue be reached over TLS by whoever believes that it has this name.
    async fn stand_before(&self, venue: &Venue, name: &str) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, behind) = (listener.local_addr().unwrap(), venue.address);
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not like the certificate goes away.
                    let Ok(mut encrypted) = acceptor.accept(connection).await else { return };
                    let mut plain = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut encrypted, &mut plain).await;
                });
            }
        });
        address
    }
}

/// Why a client that trusts an authority cannot talk to an address.
async fn refusal(address: SocketAddr, authority: &Authority) -> String {
    let client = Client::builder(format!("https://{address}"))
        .trust_authorities(authority.pem())
        .retry_policy(RetryPolicy::never())
        .build()
        .unwrap();
    let error = client.ping().await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    let of_the_stream = client.stream().await.map(drop).unwrap_err();
    assert!(of_the_stream.is_unreachable(), "{of_the_stream:?}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_stream_go_to_an_exchange_with_a_certificate_of_ones_own() {
    let venue = Venue::new().await;
    let authority = Authority::new();
    let address = authority.stand_before(&venue, "127.0.0.1").await;
    let [key, secret, memo] = BOB;
    let client = Client::builder(format!("https://{address}"))
        .credentials(openmart_client::Credentials::new(key, secret, memo).unwrap())
        .trust_authorities(authority.pem())
        .build()
        .unwrap();
    let (amount, price) = ("10".parse().unwrap(), "2.5".parse().unwrap());
    let placed =
        client.place_order(&NewOrder::named("ACX_USDT", Side::Buy, amount, price)).await.unwrap();

    let mut stream = client.stream().await.unwrap();
    let channel = Channel::Depth { precision: None };
    stream.subscribe(ChannelRequest { channel, symbol: "ACX_USDT".to_owned() }).unwrap();
    let pushed = stream.next().await;
    let Some(Event::Push(Push::Depth { data, .. })) = pushed else { panic!("{pushed:?}") };
    assert_eq!(data.buys[0].price, "2.5000");
    client.cancel_order(placed.order_id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_the_right_one_is_refused() {
    let venue = Venue::new().await;
    let (authority, other) = (Authority::new(), Authority::new());
    let address = authority.stand_before(&venue, "127.0.0.1").await;
    let refused = refusal(address, &other).await;
    assert!(refused.contains("invalid peer certificate"), "{refused}");

    let elsewhere = authority.stand_before(&venue, "exchange.example").await;
    let refused = refusal(elsewhere, &authority).await;
    assert!(refused.contains("not valid for name"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_can_be_told_of_an_authority() {
    let venue = Venue::with_demo_keys().await;
    let authority = Authority::new();
    let url = format!("https://{}", authority.stand_before(&venue, "127.0.0.1").await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    fs::write(&file, authority.pem()).unwrap();
    let variables = [("OPENMART_URL", url.as_str()), ("SSL_CERT_FILE", file.to_str().unwrap())];
    let printed = examples::run("place_and_cancel", &[], &variables).await;
    assert!(printed.starts_with("order 1 rests in the book\ncanceled: "), "{printed}");
    assert_eq!(venue.client(DEMO_ALICE).open_orders("BMX_ETH").await.unwrap(), []);
}

#[test]
fn what_is_no_authority_is_said_so() {
    let cut = Authority::new().pem().replace("-----END CERTIFICATE-----", "");
    for (pem, reason) in [
        ("", "there is none in them"),
        ("hello", "there is none in them"),
        (cut.as_str(), "section end"),
        ("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "invalid"),
    ] {
        let error = Client::builder("https://host").trust_authorities(pem).build().unwrap_err();
        assert!(matches!(error, UsageError::Authorities { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}
