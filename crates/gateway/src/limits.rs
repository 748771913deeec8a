//! Budgets of requests per key and per address.
//!
//! What enters: who asks, for what, and the time. What leaves: go on, or how long to wait. Each
//! budget is a bucket that refills evenly and may be used in one burst (the generic cell rate
//! algorithm: one number per name). Time is told by the caller, so that tests need none.
//! Memory is bounded: a table keeps only names with something used up, and takes no new name while
//! it is full of those.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use openmart_model::{KeyId, Timestamp};
use openmart_wire::bitmart_v2::limits::STREAM_CONNECTION_INTERVAL_MS;

/// So many requests per minute, in one burst if need be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Requests per minute, and in one burst.
    pub per_minute: NonZeroU32,
}

impl Budget {
    /// A budget of so many requests per minute; 0 counts as 1.
    pub const fn per_minute(requests: u32) -> Self {
        match NonZeroU32::new(requests) {
            Some(per_minute) => Self { per_minute },
            None => Self { per_minute: NonZeroU32::MIN },
        }
    }
}

/// The budgets of a gateway. Requests that are refused for another reason count as well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimits {
    /// Tokens issued per key. Failed requests do not count here, or else anybody could use up the
    /// budget of a key whose name he knows.
    pub token_key: Budget,
    /// Token requests per address, failed ones included.
    pub token_address: Budget,
    /// Public requests, and private ones without a good token, per address.
    pub public_address: Budget,
    /// Private requests other than cancels, per key.
    pub private_key: Budget,
    /// Cancels per key. Larger, since whoever cannot cancel cannot get out.
    pub cancel_key: Budget,
    /// Milliseconds between two new stream connections of one address; 0 for no limit.
    pub stream_interval_ms: u64,
}

impl RateLimits {
    /// What the historic server is known to have allowed, and ten times as many cancels as other
    /// private requests.
    pub const fn historic() -> Self {
        Self {
            token_key: Budget::per_minute(5),
            token_address: Budget::per_minute(30),
            public_address: Budget::per_minute(1_200),
            private_key: Budget::per_minute(600),
            cancel_key: Budget::per_minute(6_000),
            stream_interval_ms: STREAM_CONNECTION_INTERVAL_MS,
        }
    }
}

/// Names with something used up, per table. 65,536 take about 3 MiB.
const NAMES_MAX: usize = 65_536;

/// Parts of a table that are locked on their own, so that requests on two cores seldom wait.
const SHARDS: usize = 16;

const MINUTE_NS: u64 = 60_000_000_000;

/// How long to wait before the next request would be allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wait {
    /// Seconds, at least one: the unit of `Retry-After`.
    pub(crate) seconds: u64,
}

/// One budget for each of many names.
#[derive(Debug)]
struct Table<K> {
    period_ns: u64,
    /// The time in which a bucket that is used up refills.
    refill_ns: u64,
    shards: [Mutex<HashMap<K, u64>>; SHARDS],
    hasher: RandomState,
}

impl<K: Hash + Eq> Table<K> {
    fn new(budget: Budget) -> Self {
        Self::with(MINUTE_NS / u64::from(budget.per_minute.get()), MINUTE_NS)
    }

    /// A budget of one, again after each interval.
    fn spaced(interval_ms: u64) -> Self {
        let interval_ns = interval_ms.saturating_mul(1_000_000);
        Self::with(interval_ns, interval_ns)
    }

    fn with(period_ns: u64, refill_ns: u64) -> Self {
        Self { period_ns, refill_ns, shards: Default::default(), hasher: RandomState::new() }
    }

    /// Uses one request of the budget, if there is one.
    fn take(&self, name: K, now: Timestamp) -> Result<(), Wait> {
        let now_ns = now.0.saturating_mul(1_000_000);
        let place = self.hasher.hash_one(&name) as usize % SHARDS;
        // A map that a panic left behind is still a map.
        let mut shard = self.shards[place].lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= NAMES_MAX / SHARDS && !shard.contains_key(&name) {
            shard.retain(|_, full_at| *full_at > now_ns);
            if shard.len() >= NAMES_MAX / SHARDS {
                return Err(Wait::from_ns(self.period_ns));
            }
        }
        // The bucket is full again at this time; one request moves it on by one period.
        let full_at = shard.entry(name).or_insert(now_ns);
        let next = (*full_at).max(now_ns).saturating_add(self.period_ns);
        let allowed_until = now_ns.saturating_add(self.refill_ns);
        if next > allowed_until {
            return Err(Wait::from_ns(next - allowed_until));
        }
        *full_at = next;
        Ok(())
    }
}

impl Wait {
    fn from_ns(ns: u64) -> Self {
        Self { seconds: ns.div_ceil(1_000_000_000).max(1) }
    }
}

/// The network that an address counts as: an IPv4 address alone, 64 bits of an IPv6 address, since
/// one host usually has all addresses below them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Network(u64);

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(u32::from(address))),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                // IPv6 networks in use begin above any 32-bit number.
                Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
        }
    }
}

/// The tables of all budgets, or of none.
#[derive(Debug)]
pub(crate) struct Limiter {
    tables: Option<Tables>,
}

#[derive(Debug)]
struct Tables {
    token_key: Table<KeyId>,
    token_address: Table<Network>,
    public_address: Table<Network>,
    private_key: Table<KeyId>,
    cancel_key: Table<KeyId>,
    stream_address: Option<Table<Network>>,
}

impl Limiter {
    pub(crate) fn new(limits: Option<RateLimits>) -> Self {
        let tables = limits.map(|limits| Tables {
            token_key: Table::new(limits.token_key),
            token_address: Table::new(limits.token_address),
            public_address: Table::new(limits.public_address),
            private_key: Table::new(limits.private_key),
            cancel_key: Table::new(limits.cancel_key),
            stream_address: (limits.stream_interval_ms > 0)
                .then(|| Table::spaced(limits.stream_interval_ms)),
        });
        Self { tables }
    }

    pub(crate) fn token_issued(&self, key: KeyId, now: Timestamp) -> Result<(), Wait> {
        self.tables.as_ref().map_or(Ok(()), |tables| tables.token_key.take(key, now))
    }

    pub(crate) fn token_asked(&self, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let take = |tables: &Tables| tables.token_address.take(Network::of(address), now);
        self.tables.as_ref().map_or(Ok(()), take)
    }

    pub(crate) fn public(&self, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let take = |tables: &Tables| tables.public_address.take(Network::of(address), now);
        self.tables.as_ref().map_or(Ok(()), take)
    }

    pub(crate) fn private(&self, key: KeyId, now: Timestamp) -> Result<(), Wait> {
        self.tables.as_ref().map_or(Ok(()), |tables| tables.private_key.take(key, now))
    }

    pub(crate) fn cancel(&self, key: KeyId, now: Timestamp) -> Result<(), Wait> {
        self.tables.as_ref().map_or(Ok(()), |tables| tables.cancel_key.take(key, now))
    }

    pub(crate) fn stream(&self, address: IpAddr, now: Timestamp) -> Result<(), Wait> {
        let table = self.tables.as_ref().and_then(|tables| tables.stream_address.as_ref());
        table.map_or(Ok(()), |table| table.take(Network::of(address), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spaced_has_no_burst() {
        let table = Table::spaced(4_000);
        assert_eq!(table.take("a", START), Ok(()));
        assert_eq!(table.take("a", START), Err(Wait { seconds: 4 }));
        assert_eq!(table.take("a", Timestamp(START.0 + 3_999)), Err(Wait { seconds: 1 }));
        assert_eq!(table.take("a", Timestamp(START.0 + 4_000)), Ok(()));
        assert_eq!(table.take("b", START), Ok(()), "names do not share");
    }

    const START: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_budget_is_a_burst_and_then_a_rate() {
        let table = Table::new(Budget::per_minute(5));
        for _ in 0..5 {
            assert_eq!(table.take("a", START), Ok(()));
        }
        assert_eq!(table.take("a", START), Err(Wait { seconds: 12 }));
        assert_eq!(table.take("b", START), Ok(()), "names do not share");
        assert_eq!(table.take("a", Timestamp(START.0 + 11_999)), Err(Wait { seconds: 1 }));
        assert_eq!(table.take("a", Timestamp(START.0 + 12_000)), Ok(()));
        assert_eq!(table.take("a", Timestamp(START.0 + 12_000)), Err(Wait { seconds: 12 }));
        let full_again = Timestamp(START.0 + 12_000 + 60_000);
        for _ in 0..5 {
            assert_eq!(table.take("a", full_again), Ok(()));
        }
        assert!(table.take("a", full_again).is_err());
    }

    #[test]
    fn a_table_full_of_used_names_takes_no_new_one() {
        let table = Table::new(Budget::per_minute(1));
        let names = |table: &Table<u32>| -> usize {
            table.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
        };
        let allowed = (0..2 * NAMES_MAX as u32).filter(|n| table.take(*n, START).is_ok()).count();
        assert_eq!(allowed, NAMES_MAX);
        assert_eq!(names(&table), NAMES_MAX);
        let later = Timestamp(START.0 + 60_000);
        assert_eq!(table.take(u32::MAX, later), Ok(()));
        assert!(names(&table) < NAMES_MAX, "names with nothing used up are dropped");
    }

    #[test]
    fn a_network_is_one_v4_address_or_64_bits() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
