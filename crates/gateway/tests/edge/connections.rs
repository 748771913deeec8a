//! Connections: used again, bounded, and let finish at the end.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use openmart_exchange::Exchange;
use openmart_gateway::{BindError, Gateway, Options, SignatureMode, Vault};
use openmart_journal::MemoryStorage;
use tower::ServiceExt;

use crate::http::{Call, connect, read_one};
use crate::venue::{ALICE, HERE, NOW, Setup, Venue};
use openmart_journal::{Gate, GatedStorage};

#[test]
fn a_connection_serves_many_requests_whatever_their_bodies() {
    let venue = Venue::new();
    let mut stream = connect(venue.address);
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    for call in [
        Call::new("GET", "/v2/ping").body("never read by anybody"),
        venue.private(ALICE, "GET", "/v2/wallet").body("{}"),
        venue.cancel(ALICE, id).body(format!(r#"{{"entrust_id":{id}}}"#)),
        Call::new("GET", "/v2/nothing"),
        Call::new("GET", "/v2/time"),
    ] {
        // Head and body apart, as some clients send them.
        let bytes = call.bytes();
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        stream.write_all(&bytes[..head]).unwrap();
        stream.write_all(&bytes[head..]).unwrap();
        let reply = read_one(&mut stream);
        assert!([200, 404].contains(&reply.status), "{reply:?}");
    }
}

#[test]
fn whoever_comes_when_all_seats_are_taken_is_hung_up_on() {
    let mut setup = Setup::default();
    setup.gateway.connections_per_address_max = 2;
    let venue = Venue::with(setup);
    let ping = Call::new("GET", "/v2/ping").bytes();
    let mut seated = [connect(venue.address), connect(venue.address)];
    for stream in &mut seated {
        stream.write_all(&ping).unwrap();
        assert_eq!(read_one(stream).status, 200);
    }
    let mut late = connect(venue.address);
    // Closed or reset, depending on who was faster.
    let _ = late.write_all(&ping);
    assert!(matches!(late.read(&mut [0; 16]), Ok(0) | Err(_)));
    for stream in &mut seated {
        stream.write_all(&ping).unwrap();
        assert_eq!(read_one(stream).status, 200);
    }
}

#[test]
fn a_request_in_flight_is_answered_at_shutdown() {
    let gate = Gate::default();
    let mut setup = Setup::default();
    let inner = MemoryStorage::new();
    setup.storage = Arc::new(GatedStorage { inner, gate: gate.clone(), gated: "" });
    let mut venue = Venue::with(setup);
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    let mut idle = connect(venue.address);
    let mut stream = connect(venue.address);
    gate.shut();
    stream.write_all(&venue.cancel(ALICE, id).bytes()).unwrap();
    gate.wait_for_sync();
    venue.tell_to_stop();
    // The idle connection ends first, which shows that the gateway has heard.
    assert_eq!(idle.read(&mut [0; 16]).unwrap(), 0);
    gate.open();
    assert_eq!(read_one(&mut stream).told(), (200, "{}"));
    venue.shut_down();
    assert!(std::net::TcpStream::connect(venue.address).is_err());
}

#[test]
fn a_public_bind_needs_to_be_asked_for() {
    let setup = Setup::default();
    let (exchange, _) = Exchange::open(setup.storage, setup.exchange).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bind = |public: bool| {
        let mut options = Options::new(SocketAddr::from(([0, 0, 0, 0], 0)));
        assert_eq!(options.mode, SignatureMode::Strict);
        options.public_bind_without_tls = public;
        let vault = Arc::new(Vault::from_key([1; 32]));
        runtime.block_on(Gateway::bind(exchange.clone(), vault, options))
    };
    assert!(matches!(bind(false), Err(BindError::PublicWithoutTls { .. })));
    assert_ne!(bind(true).unwrap().local_addr().port(), 0);
    let loopback = Options::new("[::1]:0".parse().unwrap());
    assert_eq!(loopback.mode, SignatureMode::Compat);
}

/// Behind somebody else's server the address of the peer may be unknown: it is in no range then.
#[test]
fn a_router_without_a_socket_answers_and_trusts_no_address() {
    let venue = Venue::new();
    let Setup { mut gateway, clock, .. } = Setup::default();
    gateway.clock = clock;
    let router = openmart_gateway::router(venue.exchange.clone(), venue.vault.clone(), gateway);
    let status = |key| {
        let request = ::http::Request::get("/v2/wallet")
            .header("x-bm-authorization", format!("Bearer {}", venue.token(key)))
            .header("x-bm-timestamp", NOW)
            .body(axum::body::Body::empty());
        let answer = router.clone().oneshot(request.unwrap());
        venue.runtime.block_on(answer).unwrap().status().as_u16()
    };
    assert_eq!((status(ALICE), status(HERE)), (200, 403));
}
