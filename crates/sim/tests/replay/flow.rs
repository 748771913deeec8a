//! A random flow: commands over HTTP or from the operator, a clock that jumps, and what came of it.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use openmart_exchange::{ManualClock, Subscription};
use openmart_gateway::Vault;
use openmart_model::{
    AccountId, Amount, Asset, AssetId, Command, CommandResult, Event, FeeRate, FeeSchedule, KeyId,
    MarketId, MarketSpec, MarketStatus, NewKey, NewOrder, OrderKind, Price, Quantity, Scopes,
    SelfTradePolicy, Side, TimeInForce, Timestamp,
};
use openmart_sim::oracle::Oracle;
use openmart_sim::random::Random;
use openmart_sim::workload::random::RandomCommands;

use crate::client::{Call, Http};
use crate::difference::differences;
use crate::model::{Listing, Model, Record};
use crate::questions::Question;
use crate::stream::Subscriber;
use crate::venue::{TRADE_PAGE_URL, Venue, token, vault};
use crate::writes;

/// Updates that may wait: one command is carried out at a time.
const UPDATES_MAX: usize = 16;
/// Price levels that a ladder adds: more than an answer shows.
const LADDER_LEVELS: u64 = 210;
/// Subscribers of the stream, each to all channels of one market.
const SUBSCRIBERS: usize = 2;
/// Accounts that every flow begins with, as the random commands list them.
const FIRST_ACCOUNTS: u64 = 4;
/// Markets that every flow begins with: five as the random commands list them, and an uneven one.
const FIRST_MARKETS: u64 = 6;
/// About what a market begins to trade at.
const PRICE_FIRST: Price = Price::new(12_345);

pub(crate) struct Flow<'a> {
    seed: u64,
    folder: &'a Path,
    clock: Arc<ManualClock>,
    now_ms: u64,
    pub(crate) random: Random,
    commands: RandomCommands,
    /// Commands that come before further random ones.
    wanted: VecDeque<Command>,
    oracle: Oracle,
    sequence: u64,
    records: Vec<Record>,
    vault: Vault,
    /// By account, the key that asks for it.
    keys: BTreeMap<AccountId, KeyId>,
    keys_made: u64,
    running: Option<Running>,
    pub(crate) tally: BTreeMap<&'static str, u64>,
}

/// What ends at a restart.
struct Running {
    venue: Venue,
    http: Http,
    updates: Subscription,
    subscribers: Vec<Subscriber>,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(seed: u64, folder: &'a Path) -> Self {
        // A Sunday, so that days, weeks and months begin soon.
        let now_ms = 1_600_000_000_000;
        let clock = Arc::new(ManualClock::new(Timestamp(now_ms)));
        let mut flow = Self {
            seed,
            folder,
            clock,
            now_ms,
            random: Random::new(seed ^ 0x5eed),
            commands: RandomCommands::new(seed),
            wanted: VecDeque::new(),
            oracle: Oracle::new(),
            sequence: 0,
            records: Vec::new(),
            vault: vault(),
            keys: BTreeMap::new(),
            keys_made: 0,
            running: None,
            tally: BTreeMap::new(),
        };
        flow.open();
        flow
    }

    /// Starts the exchange on what is in the folder.
    pub(crate) fn open(&mut self) {
        let venue = Venue::open(self.folder, &self.clock);
        let updates = venue.exchange.subscribe(UPDATES_MAX);
        let http = Http::new(venue.address);
        self.running = Some(Running { venue, http, updates, subscribers: Vec::new() });
    }

    /// Ends the exchange.
    pub(crate) fn close(&mut self) {
        let Running { venue, http, updates, subscribers } = self.running.take().unwrap();
        for subscriber in &subscribers {
            *self.tally.entry("pushes").or_default() += subscriber.pushes;
        }
        drop((http, updates, subscribers));
        venue.close();
    }

    fn model(&self) -> Model<'_> {
        model(&self.records, self.now_ms)
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// Fails, if there is anything to tell.
    fn must_agree(&self, what: &str, wrong: &[String]) {
        assert!(
            wrong.is_empty(),
            "seed {}, command {}, {what} at {} ms:\n  {}",
            self.seed,
            self.sequence,
            self.now_ms,
            wrong.join("\n  ")
        );
    }

    /// Lets some time go by: none, milliseconds, minutes, and now and then days.
    fn pass_time(&mut self) {
        let longest_ms = match self.random.weighted(&[40, 30, 20, 12, 4, 1]) {
            0 => 1,
            1 => 1_000,
            2 => 60_000,
            3 => 20 * 60_000,
            4 => 8 * 3_600_000,
            _ => 9 * 86_400_000,
        };
        self.now_ms += self.random.below(longest_ms);
        self.clock.set(Timestamp(self.now_ms));
    }

    /// Carries out commands until everything is listed that trades and is subscribed to.
    pub(crate) fn list(&mut self) {
        while (self.oracle.markets_len() as u64) < FIRST_MARKETS {
            self.step();
        }
    }

    /// Carries out a command, and compares its answer and its events.
    pub(crate) fn step(&mut self) {
        self.pass_time();
        if self.wanted.is_empty() && self.random.percent(30) {
            self.want_trade();
        }
        let command = match self.wanted.pop_front() {
            Some(command) => command,
            None => self.commands.command(&self.oracle),
        };
        self.sequence += 1;
        let (time, mut events) = (Timestamp(self.now_ms), Vec::new());
        let result = self.oracle.apply(self.sequence, time, &command, &mut events);
        self.carry_out(&command, &result);
        if events.is_empty() {
            return;
        }
        let update = self.running.as_mut().unwrap().updates.next_blocking().unwrap();
        let found = (update.sequence, update.time, &*update.events);
        assert_eq!(found, (self.sequence, time, &*events), "seed {}: {command:?}", self.seed);
        self.follow(&command, &events);
        let listed = match command {
            Command::AddAsset(asset) => Some(Listing::Asset(asset)),
            Command::AddMarket(spec) => Some(Listing::Market(spec)),
            _ => None,
        };
        let trades = events.iter().filter(|event| matches!(event, Event::Traded(_))).count();
        *self.tally.entry("trades").or_default() += trades as u64;
        self.records.push(Record { time_ms: self.now_ms, events, listed });
    }

    /// By HTTP if a client can send it, else as the operator does.
    fn carry_out(&mut self, command: &Command, result: &CommandResult) {
        let account = match command {
            Command::Place(order) => Some(order.account),
            Command::Cancel { account, .. } | Command::CancelAll { account, .. } => Some(*account),
            _ => None,
        };
        let key = account.and_then(|account| self.keys.get(&account).copied());
        let request = key.and_then(|_| writes::request(command, self.model()));
        let (Some(key), Some(write)) = (key, request) else {
            let exchange = &self.running.as_ref().unwrap().venue.exchange;
            let receipt = exchange.execute_blocking(command.clone()).unwrap();
            let found = (receipt.sequence, receipt.result);
            assert_eq!(found, (self.sequence, *result), "seed {}: {command:?}", self.seed);
            return;
        };
        let mut headers = self.headers(key);
        headers.push(("x-bm-signature", write.signature));
        headers.push(("content-type", "application/json".to_owned()));
        let call = Call {
            method: write.method,
            target: &write.target,
            headers: &headers,
            body: &write.body,
        };
        let reply = self.running.as_mut().unwrap().http.ask(&call);
        let (status, body, reason) = writes::answer(command, result, self.model());
        let mut wrong = differences(&reply.body, &body);
        if (reply.status, reply.header("x-openmart-reason")) != (status, reason) {
            wrong.push(format!("{reply:?}, expected {status} and {reason:?}"));
        }
        if reply.header("x-openmart-sequence") != Some(&self.sequence.to_string()) {
            wrong.push(format!("{reply:?}, expected sequence {}", self.sequence));
        }
        self.must_agree(&format!("{} {} {command:?}", write.method, write.target), &wrong);
        self.count(match (status, write.method) {
            (200, "POST") => "placed over HTTP",
            (200, _) => "canceled over HTTP",
            _ => "refused over HTTP",
        });
    }

    fn headers(&self, key: KeyId) -> Vec<(&'static str, String)> {
        let bearer = format!("Bearer {}", token(&self.vault, key));
        vec![("x-bm-authorization", bearer), ("x-bm-timestamp", self.now_ms.to_string())]
    }

    /// Every account gets a key of ours, and another one when that is revoked.
    fn follow(&mut self, command: &Command, events: &[Event]) {
        for event in events {
            match event {
                Event::AccountAdded(account) => {
                    self.want_key(*account);
                    if account.index() + 1 == FIRST_ACCOUNTS as usize {
                        self.want_uneven_market();
                    }
                }
                Event::KeyAdded(id) => {
                    if let Command::AddKey { account, key } = command
                        && key.memo == "replay"
                    {
                        self.keys.insert(*account, *id);
                    }
                }
                Event::KeyRevoked(revoked) => {
                    let owner = self.keys.iter().find(|(_, key)| *key == revoked);
                    if let Some((account, _)) = owner.map(|(account, key)| (*account, *key)) {
                        self.keys.remove(&account);
                        self.want_key(account);
                    }
                }
                _ => {}
            }
        }
    }

    /// Wants a market whose assets, prices and quantities all have decimals of their own: those of
    /// the random commands share them.
    fn want_uneven_market(&mut self) {
        let first = self.oracle.assets_len() as u16;
        for (code, decimals) in [("SEVEN", 7), ("TWELVE", 12)] {
            let (code, name) = (code.to_owned(), format!("asset of {decimals} decimals"));
            self.wanted.push_back(Command::AddAsset(Asset { code, name, decimals }));
        }
        let rate = |ppm| FeeRate::from_ppm(ppm).unwrap();
        self.wanted.push_back(Command::AddMarket(MarketSpec {
            base: AssetId(first),
            quote: AssetId(first + 1),
            price_decimals: 4,
            quantity_decimals: 3,
            depth_decimals_min: 1,
            quantity_min: Quantity::new(5),
            quantity_max: Quantity::new(1_000_000),
            notional_min_buy: Amount::new(700),
            notional_min_sell: Amount::new(800),
            fees: FeeSchedule { maker: rate(1_000), taker: rate(2_500) },
            self_trade: SelfTradePolicy::Allow,
            price_band_multiple: 0,
        }));
    }

    fn want_key(&mut self, account: AccountId) {
        self.keys_made += 1;
        let key = format!("replay-{}", self.keys_made);
        let key = NewKey {
            sealed_secret: self.vault.seal(writes::SECRET, &key),
            key,
            memo: "replay".into(),
            scopes: Scopes::ALL,
            ranges: Vec::new(),
        };
        self.wanted.push_back(Command::AddKey { account, key });
    }

    /// Wants an order that is paid for, close to where its market trades: the random commands alone
    /// are refused half of the time.
    fn want_trade(&mut self) {
        let account = AccountId(self.random.below(FIRST_ACCOUNTS) as u32);
        let market = MarketId(self.random.below(FIRST_MARKETS) as u16);
        let side = self.random.pick(&[Side::Buy, Side::Sell]);
        let Some(listed) = self.oracle.market(market) else { return };
        let price = self.oracle.best_price(market, side.opposite());
        let price = price.or(self.oracle.last_price(market)).unwrap_or(PRICE_FIRST);
        let near = price.ticks().saturating_sub(2).saturating_add(self.random.below(5)).max(1);
        let spec = &listed.spec;
        let lots = spec.quantity_min.lots() + self.random.below(30);
        let (price, quantity) = (Price::new(near), Quantity::new(lots));
        let (asset, amount) = match side {
            Side::Buy => (spec.quote, listed.notional(price, quantity)),
            Side::Sell => (spec.base, Some(listed.base_amount(quantity))),
        };
        let Some(amount) = amount else { return };
        let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
        let order = NewOrder { account, market, side, kind, client_id: None };
        self.wanted.push_back(Command::Deposit { account, asset, amount });
        self.wanted.push_back(Command::Place(order));
    }

    /// Places orders at more price levels of a side than any answer shows, on a market that takes
    /// them.
    pub(crate) fn climb(&mut self) {
        let account = AccountId(0);
        for market in (0..FIRST_MARKETS).map(|market| MarketId(market as u16)) {
            let Some((base, price, quantity)) = self.rung(market) else { continue };
            for level in 0..LADDER_LEVELS {
                let amount = self.oracle.market(market).unwrap().base_amount(quantity);
                self.wanted.push_back(Command::Deposit { account, asset: base, amount });
                let price = Price::new(price + level);
                let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
                let (side, client_id) = (Side::Sell, None);
                let order = NewOrder { account, market, side, kind, client_id };
                self.wanted.push_back(Command::Place(order));
            }
        }
        while !self.wanted.is_empty() {
            self.step();
        }
    }

    /// The lowest price of a ladder and the quantity at each; nothing if the market refuses one.
    fn rung(&self, market: MarketId) -> Option<(AssetId, u64, Quantity)> {
        let listed = self.oracle.market(market)?;
        let spec = &listed.spec;
        let best = |side| self.oracle.best_price(market, side).map(Price::ticks);
        let last = self.oracle.last_price(market).map(Price::ticks);
        let price = best(Side::Sell).or(best(Side::Buy)).or(last)?;
        let quantity = Quantity::new(spec.quantity_min.lots().checked_add(1_000)?);
        let notional = listed.notional(Price::new(price), quantity)?;
        let takes = listed.status == MarketStatus::Trading
            && price < u64::MAX / 2
            && quantity <= spec.quantity_max
            && notional >= spec.notional_min_sell
            && spec.price_band_multiple == 0;
        takes.then(|| (spec.base, price + 1, quantity))
    }

    /// Subscribes to everything of some markets.
    pub(crate) fn subscribe(&mut self) {
        let model = model(&self.records, self.now_ms);
        let Running { venue, subscribers, .. } = self.running.as_mut().unwrap();
        let mut wrong = Vec::new();
        for _ in 0..SUBSCRIBERS {
            let market = MarketId(self.random.below(FIRST_MARKETS) as u16);
            match Subscriber::new(venue.address, market, model, &mut self.random) {
                Ok(subscriber) => subscribers.push(subscriber),
                Err(different) => wrong.extend(different),
            }
        }
        self.must_agree("stream", &wrong);
    }

    /// Makes a tick of the stream, and compares what is pushed.
    pub(crate) fn tick(&mut self) {
        let model = model(&self.records, self.now_ms);
        let Running { venue, subscribers, .. } = self.running.as_mut().unwrap();
        let mut wrong = Vec::new();
        venue.tick(subscribers.len());
        for subscriber in subscribers {
            wrong.extend(subscriber.after_tick(model).err().unwrap_or_default());
            if self.random.percent(10) {
                wrong.extend(subscriber.change(model, &mut self.random).err().unwrap_or_default());
            }
        }
        self.must_agree("stream", &wrong);
    }

    /// Asks everything, or some of it, and compares the answers.
    pub(crate) fn ask(&mut self, when: &str, questions_max: usize) {
        let accounts: Vec<AccountId> = self.keys.keys().copied().collect();
        let model = model(&self.records, self.now_ms);
        let mut questions = Question::all(model, &accounts, &mut self.random);
        while questions.len() > questions_max {
            let place = self.random.index(questions.len());
            questions.swap_remove(place);
        }
        for question in questions {
            self.ask_one(when, &question);
        }
    }

    fn ask_one(&mut self, when: &str, question: &Question) {
        let target = question.target(self.model());
        let headers = match question.account() {
            Some(account) => self.headers(self.keys[&account]),
            None => Vec::new(),
        };
        let call = Call { method: "GET", target: &target, headers: &headers, body: "" };
        let reply = self.running.as_mut().unwrap().http.ask(&call);
        let (status, body) = question.answer(self.model());
        let mut wrong = differences(&reply.body, &body);
        if reply.status != status {
            wrong.push(format!("status {}, expected {status}", reply.status));
        }
        self.must_agree(&format!("{when}, {question:?}, GET {target}"), &wrong);
        self.count("questions");
        if body["total_pages"].as_u64() > Some(2) {
            self.count("lists of more than two pages");
        }
        if body["sells"].as_array().is_some_and(|levels| levels.len() == 200) {
            self.count("full books");
        }
        if body.as_array().is_some_and(|rows| rows.len() == 5_000) {
            self.count("full candle answers");
        }
    }
}

fn model(records: &[Record], now_ms: u64) -> Model<'_> {
    Model { records, now_ms, trade_page_url: TRADE_PAGE_URL }
}
