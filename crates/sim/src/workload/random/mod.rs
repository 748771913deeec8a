//! Random commands of every kind, most of them meaningful, from a seed and a look at the state.
//!
//! The state that is looked at is the oracle's. Whoever repeats a run with the same seed gets the
//! same commands as long as the oracle answers the same. Prices of a market stay within a few ticks
//! of each other, so that books cross often; amounts are small, exact to the available balance, or
//! at the edge of what can be counted.

mod listing;
mod orders;

use openmart_model::limits::SUPPLY_MAX;
use openmart_model::{
    AccountId, Amount, AssetId, Command, FeeRate, FeeSchedule, MarketId, MarketStatus, NewOrder,
    Price, Timestamp,
};

use crate::oracle::Oracle;
use crate::random::Random;

/// How large the state may become. Everything is compared after every command, so that most seeds
/// have a small world and more of them fit into an hour.
#[derive(Clone, Copy, Debug)]
struct World {
    /// Open orders above which most commands cancel.
    orders_open_aim: usize,
    /// Different client order ids, few enough to meet again.
    client_ids: u64,
}

const SMALL: World = World { orders_open_aim: 24, client_ids: 10 };
const LARGE: World = World { orders_open_aim: 60, client_ids: 40 };
/// One seed in so many has a large world.
const LARGE_EVERY: u64 = 8;

/// Leaps of the clock: over the ends of minutes, hours, days and months, so that candles end and the
/// ticker forgets.
const LEAPS_MS: [u64; 5] = [20_000, 60_000, 3_600_000, 86_400_000, 40 * 86_400_000];
/// Accounts above which no more are asked for.
const ACCOUNTS_AIM: usize = 8;
/// Assets and markets above which no more are asked for.
const LISTED_AIM: usize = 8;
/// Keys above which no more are asked for.
const KEYS_AIM: usize = 12;

/// A stream of commands.
#[derive(Debug)]
pub struct RandomCommands {
    random: Random,
    world: World,
    /// The first commands, which list what the rest trades; last one first.
    opening: Vec<Command>,
    /// The price around which each market trades.
    mids: Vec<u64>,
    /// Orders with a client order id that were asked for lately, for asking again.
    asked: Vec<NewOrder>,
    /// The market that half of the orders go to.
    busy: MarketId,
    /// How many names were given out, so that the next is new.
    named: u64,
    clock: u64,
}

impl RandomCommands {
    /// Starts a stream.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let clock = 1_600_000_000_000 + random.below(1_000);
        let busy = MarketId(random.below(listing::FIRST_MARKETS) as u16);
        let (opening, mids, asked) = (Vec::new(), Vec::new(), Vec::new());
        let world = if seed.is_multiple_of(LARGE_EVERY) { LARGE } else { SMALL };
        let mut commands = Self { random, world, opening, mids, asked, busy, named: 0, clock };
        commands.opening = commands.listing();
        commands.opening.reverse();
        commands
    }

    /// The time of the next command. Now and then it stands still or goes back.
    pub fn time(&mut self) -> Timestamp {
        self.clock += self.random.below(3);
        if self.random.percent(1) {
            let leap = self.random.pick(&LEAPS_MS);
            self.clock += self.random.below(leap);
        }
        let behind = if self.random.percent(5) { self.random.below(2_000) } else { 0 };
        Timestamp(self.clock - behind)
    }

    /// The next command.
    pub fn command(&mut self, state: &Oracle) -> Command {
        if let Some(command) = self.opening.pop() {
            return command;
        }
        let crowded = state.orders_open() > self.world.orders_open_aim;
        let (place, cancel) = if crowded { (400, 350) } else { (640, 90) };
        match self.random.weighted(&[place, cancel, 6, 70, 30, 8, 8, 12, 30]) {
            0 => self.place(state),
            1 => self.cancel(state),
            2 => self.cancel_all(state),
            3 => self.deposit(state),
            4 => self.withdraw(state),
            5 => self.market_status(state),
            6 => Command::SetMarketFees { market: self.market(state), fees: self.fees() },
            7 => self.account_fees(state),
            _ => self.rare(state),
        }
    }

    fn deposit(&mut self, state: &Oracle) -> Command {
        let (account, asset) = (self.account(state), self.asset(state));
        let listed = asset.index() < state.assets_len();
        let supply = if listed { state.supply(asset) } else { Amount::ZERO };
        let room = SUPPLY_MAX.units() - supply.units();
        let amount = match self.random.weighted(&[85, 1, 1, 1, 2, 10]) {
            0 => self.funds(state, asset),
            1 => room,
            2 => room + 1,
            3 => u128::MAX,
            4 => 0,
            _ => u128::from(self.random.below(1_000)),
        };
        Command::Deposit { account, asset, amount: Amount::new(amount) }
    }

    fn withdraw(&mut self, state: &Oracle) -> Command {
        let (account, asset) = (self.account(state), self.asset(state));
        let known = account.index() < state.accounts_len();
        let available = if known { state.balance(account, asset).available.units() } else { 5 };
        let amount = match self.random.weighted(&[40, 20, 10, 10, 5, 2]) {
            0 => available / 3,
            1 => available,
            2 => available.saturating_add(1),
            3 => u128::from(self.random.below(1_000)),
            4 => 0,
            _ => u128::MAX,
        };
        Command::Withdraw { account, asset, amount: Amount::new(amount) }
    }

    /// What pays for a few orders of some market that has this asset.
    fn funds(&mut self, state: &Oracle, asset: AssetId) -> u128 {
        let lots = openmart_model::Quantity::new(1 + self.random.below(300));
        let markets = (0..state.markets_len()).map(|at| MarketId(at as u16));
        let amounts = markets.filter_map(|id| {
            let market = state.market(id)?;
            if market.spec.base == asset {
                return Some(market.base_amount(lots));
            }
            let mid = Price::new(self.mid(id));
            if market.spec.quote == asset { market.notional(mid, lots) } else { None }
        });
        let amounts: Vec<Amount> = amounts.collect();
        if amounts.is_empty() { 1 } else { self.random.pick(&amounts).units() }
    }

    fn market_status(&mut self, state: &Oracle) -> Command {
        let halted = |id: &MarketId| {
            state.market(*id).is_some_and(|market| market.status == MarketStatus::Halted)
        };
        let mut markets = (0..state.markets_len()).map(|at| MarketId(at as u16));
        // A halted market is resumed before long, whatever the number of markets.
        match markets.rfind(halted) {
            Some(market) => Command::SetMarketStatus { market, status: MarketStatus::Trading },
            None => {
                let status = self.random.pick(&[MarketStatus::Trading, MarketStatus::Halted]);
                Command::SetMarketStatus { market: self.market(state), status }
            }
        }
    }

    fn account_fees(&mut self, state: &Oracle) -> Command {
        let fees = if self.random.percent(40) { None } else { Some(self.fees()) };
        Command::SetAccountFees { account: self.account(state), market: self.market(state), fees }
    }

    fn fees(&mut self) -> FeeSchedule {
        let mut rate = || {
            let ppm = self.random.pick(&[0, 1, 1_000, 2_000, 2_500, 333_333, 999_999, 1_000_000]);
            FeeRate::from_ppm(ppm).expect("at most a million")
        };
        FeeSchedule { maker: rate(), taker: rate() }
    }

    /// An account, mostly one that exists.
    fn account(&mut self, state: &Oracle) -> AccountId {
        AccountId(self.mostly_below(state.accounts_len()))
    }

    /// An asset, mostly one that is listed.
    fn asset(&mut self, state: &Oracle) -> AssetId {
        AssetId(self.mostly_below(state.assets_len()) as u16)
    }

    /// A market, mostly one that is listed, and every other time the busy one.
    fn market(&mut self, state: &Oracle) -> MarketId {
        if self.random.percent(50) {
            return self.busy;
        }
        MarketId(self.mostly_below(state.markets_len()) as u16)
    }

    fn mostly_below(&mut self, length: usize) -> u32 {
        if length == 0 || self.random.percent(1) {
            return self.random.pick(&[length as u32, u32::MAX]);
        }
        self.random.index(length) as u32
    }

    /// The price around which a market trades; one that this stream did not list has one as well.
    fn mid(&self, market: MarketId) -> u64 {
        self.mids.get(market.index()).copied().unwrap_or(1_000)
    }
}
