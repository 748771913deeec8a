//! The stream: every channel of the real gateway, lost connections, servers that say nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use openmart_client::{
    Channel, ChannelRequest, Event, NewOrder, Push, Side, Stream, StreamOptions, UsageError,
};
use openmart_gateway::SignatureMode;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::fake::builder;
use crate::venue::{ALICE, BOB, Venue};

const SYMBOL: &str = "ACX_USDT";

fn request(channel: Channel) -> ChannelRequest {
    ChannelRequest { channel, symbol: SYMBOL.to_owned() }
}

fn order(side: Side, amount: &str, price: &str) -> NewOrder {
    NewOrder::named(SYMBOL, side, amount.parse().unwrap(), price.parse().unwrap())
}

/// The first event that `pick` wants.
async fn next<T>(stream: &mut Stream, pick: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = stream.next().await.expect("the stream goes on");
        if let Some(found) = pick(&event) {
            return found;
        }
    }
}

fn first_ask(event: &Event) -> Option<String> {
    match event {
        Event::Push(Push::Depth { data, .. }) => Some(data.sells.first()?.amount.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_is_followed_and_left() {
    let venue = Venue::new().await;
    let (alice, bob) = (venue.client(ALICE), venue.client(BOB));
    let mut stream = alice.stream().await.unwrap();
    let depth = request(Channel::Depth { precision: None });
    let trade = request(Channel::Trade { precision: None });
    for wish in [&depth, &trade, &request(Channel::Price), &request(Channel::Kline { step: None })]
    {
        stream.subscribe(wish.clone()).unwrap();
    }
    alice.place_order(&order(Side::Sell, "10", "2.5012")).await.unwrap();
    let amount = next(&mut stream, first_ask).await;
    assert_eq!(amount, "10.00");
    bob.place_order(&order(Side::Buy, "4", "2.5012")).await.unwrap();
    let (mut trades, mut prices, mut candles) = (0, 0, 0);
    while trades == 0 || prices == 0 || candles == 0 {
        match stream.next().await.unwrap() {
            Event::Push(Push::Trade { data, .. }) => {
                trades += data.trades.iter().filter(|trade| trade.count == "4.00").count();
            }
            Event::Push(Push::Price { data, .. }) if data.current_price == "2.5012" => prices += 1,
            Event::Push(Push::Kline { step, data, .. }) if data.volume == "4.0000" => {
                assert_eq!(step, "1");
                candles += 1;
            }
            _ => {}
        }
    }
    assert_eq!(trades, 1);
    stream.unsubscribe(depth.clone()).unwrap();
    let ended = next(&mut stream, |event| match event {
        Event::Unsubscribed(request) => Some(request.clone()),
        _ => None,
    });
    assert_eq!(ended.await, depth);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_told_and_made_again() {
    let mut venue = Venue::new().await;
    let alice = venue.client(ALICE);
    alice.place_order(&order(Side::Sell, "10", "2.5")).await.unwrap();
    let mut stream = alice.stream().await.unwrap();
    stream.subscribe(request(Channel::Depth { precision: None })).unwrap();
    assert_eq!(next(&mut stream, first_ask).await, "10.00");
    venue.close().await;
    let cause = next(&mut stream, |event| match event {
        Event::Gap { cause } => Some(cause.clone()),
        _ => None,
    });
    assert!(cause.await.contains("1001"), "the server stops");
    // What is wished for meanwhile counts too.
    stream.subscribe(request(Channel::Price)).unwrap();
    venue.open(SignatureMode::Compat).await;
    alice.place_order(&order(Side::Sell, "7", "2.5")).await.unwrap();
    next(&mut stream, |event| (*event == Event::Reconnected).then_some(())).await;
    assert_eq!(next(&mut stream, first_ask).await, "17.00");
    next(&mut stream, |event| match event {
        Event::Push(Push::Price { .. }) => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_events() {
    let venue = Venue::new().await;
    let mut stream = venue.client(ALICE).stream().await.unwrap();
    let symbol = "NO_SUCH".to_owned();
    stream.subscribe(ChannelRequest { channel: Channel::Price, symbol }).unwrap();
    let refused = Event::Refused { message: "Unknown symbol".to_owned() };
    assert_eq!(stream.next().await.unwrap(), refused);
    let symbol = "a b".to_owned();
    let told = stream.subscribe(ChannelRequest { channel: Channel::Price, symbol });
    assert!(matches!(told, Err(UsageError::Symbol { .. })));
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_stream() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = builder(address).build().unwrap().stream().await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

/// Serves connections, each by one line of the script, and remembers what it heard.
async fn scripted(
    script: impl IntoIterator<Item = &'static [&'static str]>,
) -> (std::net::SocketAddr, Arc<Mutex<Vec<Vec<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let shared = heard.clone();
    let mut script: VecDeque<_> = script.into_iter().collect();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let mut socket = tokio_tungstenite::accept_async(connection).await.unwrap();
            let at = {
                let mut heard = shared.lock().unwrap();
                heard.push(Vec::new());
                heard.len() - 1
            };
            for text in script.pop_front().unwrap_or_default() {
                socket.send(Message::text(*text)).await.unwrap();
            }
            let shared = shared.clone();
            tokio::spawn(async move {
                while let Some(Ok(message)) = socket.next().await {
                    if let Message::Text(text) = message {
                        shared.lock().unwrap()[at].push(text.as_str().to_owned());
                    }
                }
            });
        }
    });
    (address, heard)
}

#[tokio::test]
async fn a_silent_server_is_asked_and_then_left() {
    let (address, heard) = scripted([]).await;
    let mut options = StreamOptions::default();
    options.silence_max = Duration::from_millis(30);
    let client = builder(address).stream_options(options).build().unwrap();
    let mut stream = client.stream().await.unwrap();
    let Some(Event::Gap { cause }) = stream.next().await else { panic!("a gap") };
    assert_eq!(cause, "silent for 60 ms");
    assert_eq!(stream.next().await, Some(Event::Reconnected));
    let Some(Event::Gap { .. }) = stream.next().await else { panic!("a second gap") };
    let ping = r#"{"subscribe":"ping"}"#;
    assert_eq!(heard.lock().unwrap()[0], [ping, ping], "one to be let in, one after the silence");
}

#[tokio::test]
async fn what_is_not_documented_is_passed_on_as_it_is() {
    let (address, _) = scripted([&[r#"{"subscribe":"pong"}"#, "what?"] as &[&str]]).await;
    let mut stream = builder(address).build().unwrap().stream().await.unwrap();
    assert_eq!(stream.next().await, Some(Event::Unknown { text: "what?".to_owned() }));
}
