//! Room for connections: how many there may be, in all and from one network.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::Network;
use crate::listener::ConnectionLimits;

/// How many connections there are, in all and by address.
#[derive(Debug)]
pub(crate) struct Seats {
    limits: ConnectionLimits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_network: HashMap<Network, usize>,
}

/// A place for one connection, given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    network: Network,
}

impl Seats {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self { limits, taken: Mutex::default() }
    }

    pub(crate) fn take(seats: &Arc<Self>, peer: SocketAddr) -> Option<Seat> {
        let network = Network::of(peer.ip());
        let mut taken = seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = taken.by_network.get(&network).copied().unwrap_or(0);
        if taken.all >= seats.limits.connections_max
            || of_network >= seats.limits.connections_per_address_max
        {
            return None;
        }
        taken.all += 1;
        taken.by_network.insert(network, of_network + 1);
        Some(Seat { seats: seats.clone(), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(count) = taken.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.by_network.remove(&self.network);
            }
        }
    }
}
