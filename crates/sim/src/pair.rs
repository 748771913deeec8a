//! Engine and oracle side by side: the same commands enter both, and everything they say and hold
//! must be equal after each one. The market data folded from the engine's events must show what the
//! oracle's orders and the list of all trades say.
//!
//! A disagreement is told as text; the caller adds how to repeat it.

use openmart_engine::Engine;
use openmart_marketdata::MarketData;
use openmart_model::{
    AccountId, Amount, AssetId, Command, CommandResult, Event, MarketId, Reader, Side, Timestamp,
    Writer,
};

use crate::oracle::Oracle;
use crate::public_record::PublicRecord;
use crate::random::Random;

/// An engine, an oracle and a ledger of what came from and went to the outside.
#[derive(Debug)]
pub struct Pair {
    /// The state machine that is shipped.
    pub engine: Engine,
    /// The plain one.
    pub oracle: Oracle,
    /// What is shown to the public, by the engine's events alone.
    pub market_data: MarketData,
    public: PublicRecord,
    sequence: u64,
    /// Deposits minus withdrawals of each asset, summed from events alone.
    outside: Vec<Amount>,
    digest: u64,
    engine_events: Vec<Event>,
    oracle_events: Vec<Event>,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

impl Pair {
    /// Two empty exchanges.
    pub fn new() -> Self {
        let (engine, oracle) = (Engine::new(), Oracle::new());
        let (engine_events, oracle_events) = (Vec::new(), Vec::new());
        let digest = oracle.digest();
        Self {
            engine,
            oracle,
            market_data: MarketData::new(),
            public: PublicRecord::default(),
            sequence: 0,
            outside: Vec::new(),
            digest,
            engine_events,
            oracle_events,
        }
    }

    /// Applies a command to both and compares result, events and conservation, but no digest.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn apply(&mut self, time: Timestamp, command: &Command) -> Result<CommandResult, String> {
        self.sequence += 1;
        self.engine_events.clear();
        self.oracle_events.clear();
        let result = self.engine.apply(self.sequence, time, command, &mut self.engine_events);
        let expected = self.oracle.apply(self.sequence, time, command, &mut self.oracle_events);
        same("result", &result, &expected)?;
        same("events", &self.engine_events, &self.oracle_events)?;
        if result.is_err() {
            same("number of events of a refusal", &self.engine_events.len(), &0)?;
        }
        self.market_data.apply(self.sequence, self.engine.time(), &self.engine_events);
        self.public.apply(self.oracle.time(), &self.oracle_events);
        self.follow_outside();
        self.check_conservation()?;
        Ok(result)
    }

    /// As [`apply`](Self::apply), and compares the digests, which a refusal must not change.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn apply_and_digest(
        &mut self,
        time: Timestamp,
        command: &Command,
    ) -> Result<CommandResult, String> {
        let result = self.apply(time, command)?;
        match result {
            Ok(_) => self.compare_digests()?,
            // Refusing is the one thing that the oracle cannot get wrong without being seen to, since
            // the next accepted command has its state compared.
            Err(_) => same("digest after a refusal", &self.engine.digest(), &self.digest)?,
        }
        Ok(result)
    }

    /// Events of the last command.
    pub fn events(&self) -> &[Event] {
        &self.engine_events
    }

    /// Compares the digests of both.
    ///
    /// # Errors
    ///
    /// That they differ.
    pub fn compare_digests(&mut self) -> Result<(), String> {
        self.digest = self.oracle.digest();
        same("digest", &self.engine.digest(), &self.digest)
    }

    /// Compares what can be read from both, and lets the engine check itself.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn compare_reads(&self) -> Result<(), String> {
        self.engine.check().map_err(|violation| format!("engine check: {violation}"))?;
        let (engine, oracle) = (&self.engine, &self.oracle);
        same("sequence", &engine.sequence(), &self.sequence)?;
        same("accounts", &engine.accounts_len(), &oracle.accounts_len())?;
        same("open orders", &engine.orders_open(), &oracle.orders_open())?;
        same("keys", &engine.keys(), &oracle.keys())?;
        for asset in self.assets() {
            same("supply", &engine.supply(asset), &oracle.supply(asset))?;
            same("fees", &engine.fees_collected(asset), &oracle.fees_collected(asset))?;
        }
        for at in 0..oracle.markets_len() {
            let market = MarketId(at as u16);
            same("market", &engine.market(market), &oracle.market(market))?;
            same("last price", &engine.last_price(market), &oracle.last_price(market))?;
            for side in [Side::Buy, Side::Sell] {
                let best = oracle.best_price(market, side);
                same("best price", &engine.best_price(market, side), &best)?;
            }
            let feed = self.market_data.market(market).ok_or("the market has no market data")?;
            // Any number does that differs each time and is the same in each repetition.
            let turn = Random::new(self.sequence).bits() >> 1;
            self.public.compare(market, feed, oracle, oracle.time(), turn)?;
        }
        (0..oracle.accounts_len()).try_for_each(|at| self.compare_account(AccountId(at as u32)))
    }

    fn compare_account(&self, account: AccountId) -> Result<(), String> {
        let (engine, oracle) = (&self.engine, &self.oracle);
        for asset in self.assets() {
            let expected = oracle.balance(account, asset);
            same("balance", &engine.balance(account, asset), &expected)?;
        }
        let open: Vec<_> = oracle.open_orders(account).collect();
        same("open orders", &engine.open_orders(account).collect::<Vec<_>>(), &open)?;
        same("number of open orders", &engine.open_orders_len(account), &open.len())?;
        for order in open {
            same("order", &engine.order(order.id), &Some(order))?;
            if let Some(client_id) = order.client_id {
                let known = engine.client_order(account, &client_id);
                same("client order", &known, &oracle.client_order(account, &client_id))?;
            }
        }
        Ok(())
    }

    /// Goes on with an engine and market data that were restored from the snapshots of the present
    /// ones.
    ///
    /// # Errors
    ///
    /// That it cannot be restored, or is not what it was.
    pub fn restore(&mut self) -> Result<(), String> {
        let mut bytes = Vec::new();
        self.engine.snapshot(&mut Writer::new(&mut bytes));
        let mut reader = Reader::new(&bytes);
        let restored = Engine::restore(&mut reader).map_err(|error| format!("restore: {error}"))?;
        reader.finish().map_err(|error| format!("restore: {error}"))?;
        same("digest after restore", &restored.digest(), &self.engine.digest())?;
        same("sequence after restore", &restored.sequence(), &self.engine.sequence())?;
        same("time after restore", &restored.time(), &self.engine.time())?;
        let mut again = Vec::new();
        restored.snapshot(&mut Writer::new(&mut again));
        if again != bytes {
            return Err("the snapshot of the restored engine differs".into());
        }
        self.engine = restored;
        self.restore_market_data()
    }

    fn restore_market_data(&mut self) -> Result<(), String> {
        let mut bytes = Vec::new();
        self.market_data.snapshot(&mut Writer::new(&mut bytes));
        let mut reader = Reader::new(&bytes);
        let restored = MarketData::restore(&mut reader);
        self.market_data = restored.map_err(|error| format!("restore market data: {error}"))?;
        reader.finish().map_err(|error| format!("restore market data: {error}"))?;
        let mut again = Vec::new();
        self.market_data.snapshot(&mut Writer::new(&mut again));
        if again != bytes {
            return Err("the snapshot of the restored market data differs".into());
        }
        Ok(())
    }

    fn follow_outside(&mut self) {
        let sum = |outside: &mut Vec<Amount>, asset: AssetId, amount: Amount, add: bool| {
            let total = &mut outside[asset.index()];
            let changed = if add { total.checked_add(amount) } else { total.checked_sub(amount) };
            *total = changed.expect("more was withdrawn than deposited");
        };
        for event in &self.engine_events {
            match *event {
                Event::AssetAdded(_) => self.outside.push(Amount::ZERO),
                Event::Deposited { asset, amount, .. } => {
                    sum(&mut self.outside, asset, amount, true);
                }
                Event::Withdrawn { asset, amount, .. } => {
                    sum(&mut self.outside, asset, amount, false);
                }
                _ => {}
            }
        }
    }

    /// Available, hold and fees of the engine against deposits minus withdrawals.
    fn check_conservation(&self) -> Result<(), String> {
        for asset in self.assets() {
            let mut total = self.engine.fees_collected(asset).units();
            for at in 0..self.oracle.accounts_len() {
                let balance = self.engine.balance(AccountId(at as u32), asset);
                total += balance.available.units() + balance.hold.units();
            }
            let outside = self.outside[asset.index()];
            same("sum of balances and fees", &Amount::new(total), &outside)?;
            same("supply", &self.engine.supply(asset), &outside)?;
        }
        Ok(())
    }

    fn assets(&self) -> impl Iterator<Item = AssetId> {
        (0..self.oracle.assets_len()).map(|at| AssetId(at as u16))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} differ\n  found    {found:?}\n  expected {expected:?}"))
}
