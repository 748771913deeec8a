//! A small exchange to test with: two assets, two markets, three accounts; commands at random; and a
//! portrait of everything a state shows.

use std::sync::Arc;

use openmart_engine::Engine;
use openmart_exchange::{
    Exchange, Fill, ManualClock, Options, OrderFilter, OrderView, Page, PageRequest, State,
};
use openmart_journal::{MemoryStorage, Reader, Storage};
use openmart_model::{
    AccountId, Amount, Asset, AssetId, ClientOrderId, Command, CommandResult, Event, FeeRate,
    FeeSchedule, MarketId, MarketSpec, NewAccount, NewOrder, OrderId, OrderKind, Outcome, Price,
    Quantity, SelfTradePolicy, Side, TimeInForce, Timestamp, Writer,
};

pub(crate) const BASE: AssetId = AssetId(0);
pub(crate) const QUOTE: AssetId = AssetId(1);
pub(crate) const MARKET: MarketId = MarketId(0);
pub(crate) const ACCOUNTS: u32 = 3;
/// Where the clocks of the tests begin.
pub(crate) const START_MS: u64 = 1_600_000_000_000;

/// Commands that list both markets and open the accounts.
pub(crate) fn listing() -> Vec<Command> {
    let asset = |code: &str| {
        Command::AddAsset(Asset { code: code.into(), name: code.into(), decimals: 10 })
    };
    let market = |base, quote, self_trade| {
        let ppm = |ppm| FeeRate::from_ppm(ppm).unwrap();
        Command::AddMarket(MarketSpec {
            base,
            quote,
            price_decimals: 2,
            quantity_decimals: 2,
            depth_decimals_min: 0,
            quantity_min: Quantity::new(1),
            quantity_max: Quantity::new(1_000_000),
            notional_min_buy: Amount::ZERO,
            notional_min_sell: Amount::ZERO,
            fees: FeeSchedule { maker: ppm(1_000), taker: ppm(2_000) },
            self_trade,
            price_band_multiple: 0,
        })
    };
    let account = |n: u32| {
        let much = Amount::new(1_000_000_000_000_000);
        let deposits = vec![(BASE, much), (QUOTE, much)];
        Command::AddAccount(NewAccount { name: format!("account-{n}"), deposits, keys: vec![] })
    };
    let mut commands = vec![asset("BASE"), asset("QUOTE")];
    commands.push(market(BASE, QUOTE, SelfTradePolicy::Allow));
    commands.push(market(QUOTE, BASE, SelfTradePolicy::CancelMaker));
    commands.extend((0..ACCOUNTS).map(account));
    commands
}

/// An order that rests: far below or above any other.
pub(crate) fn resting(account: u32, side: Side) -> Command {
    let price = match side {
        Side::Buy => 10,
        Side::Sell => 1_000_000,
    };
    limit(account, side, price, 5)
}

pub(crate) fn limit(account: u32, side: Side, price: u64, quantity: u64) -> Command {
    let (price, quantity) = (Price::new(price), Quantity::new(quantity));
    let kind = OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC };
    let account = AccountId(account);
    Command::Place(NewOrder { account, market: MARKET, side, kind, client_id: None })
}

pub(crate) fn deposit(account: u32, units: u128) -> Command {
    let amount = Amount::new(units);
    Command::Deposit { account: AccountId(account), asset: BASE, amount }
}

pub(crate) fn cancel(account: u32, order: OrderId) -> Command {
    Command::Cancel { account: AccountId(account), order }
}

/// The id of the order that a result placed.
pub(crate) fn placed(result: CommandResult) -> OrderId {
    match result {
        Ok(Outcome::Placed { order, .. }) => order,
        other => panic!("not placed: {other:?}"),
    }
}

/// SplitMix64: a seed in, the same numbers out on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// A command of this account: mostly orders that meet each other and cancels of orders that may
    /// exist, sometimes one that is refused.
    pub(crate) fn command(&mut self, account: u32) -> Command {
        let market = MarketId(self.below(2) as u16);
        match self.below(20) {
            0..=10 => self.order(account, market),
            11..=16 => cancel(account, OrderId(1 + self.below(200))),
            17 => Command::CancelAll { account: AccountId(account), market: None, side: None },
            18 => deposit(account, u128::from(self.below(3))),
            _ => Command::Withdraw {
                account: AccountId(account),
                asset: QUOTE,
                amount: Amount::new(1 + u128::from(self.below(1_000))),
            },
        }
    }

    fn order(&mut self, account: u32, market: MarketId) -> Command {
        let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
        let (price, quantity) = (Price::new(95 + self.below(10)), Quantity::new(1 + self.below(9)));
        let kind = match self.below(8) {
            0 => OrderKind::Market { quantity },
            1 => {
                OrderKind::Limit { price, quantity, time_in_force: TimeInForce::ImmediateOrCancel }
            }
            _ => OrderKind::Limit { price, quantity, time_in_force: TimeInForce::GTC },
        };
        let named = self.below(4) == 0;
        let name = format!("name-{}", self.below(30));
        let client_id = named.then(|| ClientOrderId::new(&name).unwrap());
        Command::Place(NewOrder { account: AccountId(account), market, side, kind, client_id })
    }
}

/// Settings under which runs repeat exactly and segments are short.
pub(crate) fn options() -> Options {
    Options { clock: Arc::new(ManualClock::new(Timestamp(START_MS))), ..Options::default() }
        .with_short_segments()
}

pub(crate) trait ShortSegments {
    fn with_short_segments(self) -> Self;
}

impl ShortSegments for Options {
    fn with_short_segments(mut self) -> Self {
        self.snapshot_entries = 0;
        self.journal.background = false;
        self.journal.batch_bytes_max = 8 << 10;
        self.journal.segment_bytes = 32 << 10;
        self.journal.segment_bytes_first = 16 << 10;
        self.journal.reserve_bytes = 16 << 10;
        self
    }
}

/// Opens an exchange in memory and lists everything.
pub(crate) fn listed(storage: &MemoryStorage) -> Exchange {
    let exchange = open(storage);
    run(&exchange, listing());
    exchange
}

/// Opens an exchange in memory.
pub(crate) fn open(storage: &MemoryStorage) -> Exchange {
    Exchange::open(Arc::new(storage.clone()), options()).unwrap().0
}

/// Carries commands out one after the other.
pub(crate) fn run(
    exchange: &Exchange,
    commands: impl IntoIterator<Item = Command>,
) -> Vec<CommandResult> {
    let execute = |command| exchange.execute_blocking(command).unwrap().result;
    commands.into_iter().map(execute).collect()
}

/// Everything that a state shows.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Portrait {
    pub(crate) sequence: u64,
    pub(crate) time: Timestamp,
    pub(crate) digest: u64,
    market_data: Vec<u8>,
    orders: Vec<Page<OrderView>>,
    fills: Vec<Page<Fill>>,
}

pub(crate) fn portrait(exchange: &Exchange) -> Portrait {
    let page = PageRequest { index: 0, size: 1_000 };
    let markets = (0..ACCOUNTS).flat_map(|a| [(AccountId(a), MARKET), (AccountId(a), MarketId(1))]);
    let orders = |(account, market)| exchange.orders(account, market, OrderFilter::ALL, page);
    let fills = |(account, market)| exchange.fills(account, market, None, page);
    let orders = markets.clone().map(|place| orders(place).unwrap()).collect();
    let fills = markets.map(|place| fills(place).unwrap()).collect();
    exchange.view(|state| {
        let mut market_data = Vec::new();
        state.market_data().snapshot(&mut Writer::new(&mut market_data));
        Portrait {
            sequence: state.sequence(),
            time: state.time(),
            digest: state.engine().digest(),
            market_data,
            orders,
            fills,
        }
    })
}

/// What an account holds of the base asset, in smallest units.
pub(crate) fn base_units(state: &State, account: u32) -> u128 {
    state.engine().balance(AccountId(account), BASE).available.units()
}

/// The entries of a journal applied to an engine that has seen nothing else.
pub(crate) struct Replayed {
    pub(crate) engine: Engine,
    pub(crate) results: Vec<CommandResult>,
    pub(crate) times: Vec<Timestamp>,
    pub(crate) events: Vec<Vec<Event>>,
    /// The digest before the first entry, and after each.
    pub(crate) digests: Vec<u64>,
}

/// Replays the first so many entries.
pub(crate) fn replayed(storage: &MemoryStorage, until: u64) -> Replayed {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let mut reader = Reader::open(storage, 1).unwrap();
    let engine = Engine::new();
    let digests = vec![engine.digest()];
    let mut replayed = Replayed { engine, results: vec![], times: vec![], events: vec![], digests };
    while let Some(entry) = reader.next_entry(until).unwrap() {
        let command = Command::decode(entry.payload).unwrap();
        let time = Timestamp(entry.time_ms);
        let mut events = Vec::new();
        let result = replayed.engine.apply(entry.sequence, time, &command, &mut events);
        replayed.engine.check().unwrap();
        replayed.results.push(result);
        replayed.times.push(time);
        replayed.events.push(events);
        replayed.digests.push(replayed.engine.digest());
    }
    replayed
}

/// The same folder without its snapshots.
pub(crate) fn without_snapshots(storage: &MemoryStorage) -> MemoryStorage {
    let files = storage.files().into_iter();
    MemoryStorage::with_files(files.filter(|(name, _)| !name.starts_with("snapshot-")))
}
