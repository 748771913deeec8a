//! What clients are told when the exchange itself cannot: too busy, out of space, stopped.

use std::sync::Arc;

use openmart_journal::MemoryStorage;
use openmart_model::{AccountId, Amount, AssetId, Command, MarketId, MarketStatus};

use crate::venue::{ALICE, Setup, Venue, message};
use openmart_journal::{Gate, GatedStorage};

fn deposit() -> Command {
    Command::Deposit { account: AccountId(0), asset: AssetId(0), amount: Amount::new(1) }
}

#[test]
fn an_overloaded_exchange_says_when_to_come_back() {
    let gate = Gate::default();
    let mut setup = Setup::default();
    let inner = MemoryStorage::new();
    setup.storage = Arc::new(GatedStorage { inner, gate: gate.clone(), gated: "" });
    setup.exchange.queue_orders_max = 1;
    setup.exchange.queue_cancels_max = 1;
    let venue = Venue::with(setup);
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    gate.shut();
    let running = venue.exchange.submit(deposit()).unwrap();
    gate.wait_for_sync();
    let waiting = venue.exchange.submit(deposit()).unwrap();
    let cancel_all = Command::CancelAll { account: AccountId(1), market: None, side: None };
    let cancel = venue.exchange.submit(cancel_all).unwrap();
    let text = message("Visit too often, please try again later");
    for call in [venue.order(ALICE, "sell", "10", "2.5"), venue.cancel(ALICE, id)] {
        let reply = venue.send(call);
        assert_eq!(reply.told(), (503, text.as_str()));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(reply.sequence(), None);
    }
    assert_eq!(venue.get("/v2/ticker").status, 200, "reads go on");
    gate.open();
    for pending in [running, waiting, cancel] {
        pending.wait().unwrap();
    }
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
}

#[test]
fn a_full_disk_refuses_orders_and_lets_cancels_through() {
    let storage = MemoryStorage::new();
    let venue = Venue::with(Setup { storage: Arc::new(storage.clone()), ..Setup::default() });
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    storage.set_capacity(Some(storage.used_bytes()));
    let full = (0..10_000).any(|_| venue.exchange.execute_blocking(deposit()).is_err());
    assert!(full, "the disk is never full");
    let reply = venue.send(venue.order(ALICE, "sell", "10", "2.5"));
    let text = message("Storage full, new orders are refused");
    assert_eq!(reply.told(), (503, text.as_str()));
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
}

#[test]
fn a_stopped_exchange_still_shows_what_there_is() {
    let venue = Venue::new();
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    venue.exchange.close().unwrap();
    let text = message("Service unavailable");
    let target = "/v2/orders?symbol=ACX_USDT&side=sell";
    for call in [
        venue.order(ALICE, "sell", "10", "2.5"),
        venue.cancel(ALICE, id),
        venue.private(ALICE, "DELETE", target),
    ] {
        assert_eq!(venue.send(call).told(), (503, text.as_str()));
    }
    let shown = venue.private(ALICE, "GET", &format!("/v2/orders/{id}"));
    assert_eq!(venue.send(shown).status, 200);
}

#[test]
fn a_failed_sync_leaves_the_outcome_in_doubt() {
    let storage = MemoryStorage::new();
    let venue = Venue::with(Setup { storage: Arc::new(storage.clone()), ..Setup::default() });
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    storage.fail_sync_after(0);
    let reply = venue.send(venue.cancel(ALICE, id));
    assert_eq!(reply.told(), (500, message("Internal Server Error").as_str()));
    let reply = venue.send(venue.cancel(ALICE, id));
    assert_eq!(reply.told(), (503, message("Service unavailable").as_str()));
}

#[test]
fn a_halted_market_refuses_orders_and_lets_cancels_through() {
    let venue = Venue::new();
    let id = venue.placed(ALICE, "sell", "10", "2.5");
    let halt = Command::SetMarketStatus { market: MarketId(0), status: MarketStatus::Halted };
    venue.execute(halt);
    let reply = venue.send(venue.order(ALICE, "sell", "10", "2.5"));
    assert_eq!(reply.told(), (400, message("Place order error").as_str()));
    assert_eq!(venue.send(venue.cancel(ALICE, id)).told(), (200, "{}"));
}
