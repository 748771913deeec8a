//! A random flow: commands over HTTP or from the operator, a clock that jumps, and what came of it.

mod wishes;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use openmart_exchange::{ManualClock, Subscription};
use openmart_gateway::Vault;
use openmart_model::{AccountId, Command, CommandResult, Event, KeyId, MarketId, Timestamp};
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
/// Subscribers of the stream, each to all channels of one market.
const SUBSCRIBERS: usize = 2;
/// Accounts that every flow begins with, as the random commands list them.
const FIRST_ACCOUNTS: u64 = 4;
/// Markets that every flow begins with: five as the random commands list them, and an uneven one.
const FIRST_MARKETS: u64 = 6;

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
