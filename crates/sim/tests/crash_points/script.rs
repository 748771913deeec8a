//! The commands, and what the oracle says the exchange is after each of them.

use openmart_engine::Engine;
use openmart_model::{AccountId, AssetId, Balance, Command, Order, Timestamp};
use openmart_sim::pair::Pair;
use openmart_sim::workload::random::RandomCommands;

pub(crate) struct Script {
    pub(crate) commands: Vec<(Timestamp, Command)>,
    /// What is there after so many commands.
    expected: Vec<Expected>,
}

#[derive(PartialEq, Debug)]
struct Expected {
    digest: u64,
    listing: Listing,
}

/// All balances and open orders, by account.
#[derive(PartialEq, Debug)]
struct Listing {
    balances: Vec<Vec<Balance>>,
    orders: Vec<Vec<Order>>,
}

impl Script {
    /// Random commands of every kind. Engine and oracle must agree on them.
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        let mut source = RandomCommands::new(seed);
        let mut pair = Pair::new();
        let mut clock = Timestamp(0);
        let (mut commands, mut expected) = (Vec::new(), vec![Expected::of(&pair)]);
        for _ in 0..count {
            // As the sequencer does it: the time of the journal does not go back.
            clock = clock.max(source.time());
            let command = source.command(&pair.oracle);
            let agreed = pair.apply_and_digest(clock, &command);
            let _ = agreed.unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
            commands.push((clock, command));
            expected.push(Expected::of(&pair));
        }
        Self { commands, expected }
    }

    /// Holds an engine against the oracle after as many commands as it has seen.
    pub(crate) fn compare(&self, engine: &Engine, what: &str) {
        let expected = &self.expected[engine.sequence() as usize];
        assert_eq!(engine.digest(), expected.digest, "{what}: digest at {}", engine.sequence());
        let listing = Listing::of(engine);
        assert_eq!(listing, expected.listing, "{what}: listing at {}", engine.sequence());
    }
}

impl Expected {
    fn of(pair: &Pair) -> Self {
        let oracle = &pair.oracle;
        let accounts = || (0..oracle.accounts_len()).map(|at| AccountId(at as u32));
        let assets = || (0..oracle.assets_len()).map(|at| AssetId(at as u16));
        let balances = |account| assets().map(|asset| oracle.balance(account, asset)).collect();
        let listing = Listing {
            balances: accounts().map(balances).collect(),
            orders: accounts().map(|account| oracle.open_orders(account).collect()).collect(),
        };
        Self { digest: oracle.digest(), listing }
    }
}

impl Listing {
    fn of(engine: &Engine) -> Self {
        let accounts = || (0..engine.accounts_len()).map(|at| AccountId(at as u32));
        let assets = || (0..engine.assets().len()).map(|at| AssetId(at as u16));
        let balances = |account| assets().map(|asset| engine.balance(account, asset)).collect();
        Self {
            balances: accounts().map(balances).collect(),
            orders: accounts().map(|account| engine.open_orders(account).collect()).collect(),
        }
    }
}
