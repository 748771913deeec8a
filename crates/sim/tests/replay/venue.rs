//! A real gateway over a real exchange in a folder, on a clock that is set by hand.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use openmart_exchange::{Exchange, ManualClock};
use openmart_gateway::{Gateway, Options, TickDriver, Ticks, Vault};
use openmart_model::{KeyId, Timestamp};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const TRADE_PAGE_URL: &str = "https://www.example.org/trade?symbol=";

pub(crate) struct Venue {
    pub(crate) exchange: Exchange,
    pub(crate) address: SocketAddr,
    runtime: Runtime,
    ticks: TickDriver,
    stop: oneshot::Sender<()>,
    gateway: JoinHandle<()>,
}

/// The same at every opening.
pub(crate) fn vault() -> Vault {
    Vault::from_key([42; 32])
}

/// A token that outlives every flow.
pub(crate) fn token(vault: &Vault, key: KeyId) -> String {
    vault.issue(key, Timestamp(u64::MAX / 2))
}

impl Venue {
    pub(crate) fn open(folder: &Path, clock: &Arc<ManualClock>) -> Self {
        let mut options = openmart_exchange::Options { clock: clock.clone(), ..Default::default() };
        options.journal.background = false;
        let (exchange, _) = Exchange::open_folder(folder, options).unwrap();
        let mut options = Options::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        options.clock = clock.clone();
        // It stands still, so that no connection seems to be silent for days.
        options.pace_clock = Arc::new(ManualClock::new(Timestamp(0)));
        options.rate_limits = None;
        options.trade_page_url = TRADE_PAGE_URL.to_owned();
        let (stream_ticks, ticks) = Ticks::driven();
        options.stream_ticks = stream_ticks;
        let runtime = Runtime::new().unwrap();
        let bound = Gateway::bind(exchange.clone(), Arc::new(vault()), options);
        let bound = runtime.block_on(bound).unwrap();
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel();
        let gateway = runtime.spawn(bound.run(async {
            let _ = stopped.await;
        }));
        Self { exchange, address, runtime, ticks, stop, gateway }
    }

    /// Makes a tick of the stream; there must be so many sessions.
    pub(crate) fn tick(&self, sessions: usize) {
        let left = self.runtime.block_on(self.ticks.tick());
        assert_eq!(left, Some(sessions), "sessions");
    }

    /// Ends everything and leaves the folder.
    pub(crate) fn close(self) {
        let Self { exchange, runtime, stop, gateway, .. } = self;
        drop(stop);
        runtime.block_on(gateway).unwrap();
        exchange.close().unwrap();
    }
}
