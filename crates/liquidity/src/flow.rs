//! Makers and takers of one seed, on all markets of an exchange: who does what when.
//!
//! Time is cut at the steps of the values. Within a step all rates are constant but for what happens itself, so
//! that waiting times are exponential and exact (Gillespie's method), and a step without an event ends in a
//! batch without commands, which bounds how long a call takes.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use openmart_engine::Engine;
use openmart_model::{AccountId, Command, CommandResult, NewOrder, Outcome, Side};

use crate::chance::Chance;
use crate::market::{Scene, Trading, passed};
use crate::quoting::{hold, quote};
use crate::reference::Reference;
use crate::settings::{Settings, ppm};
use crate::setup::{SetupError, continued, credit, homes, markets};
use crate::taking::{correct, take};
use crate::traders::Traders;
use crate::{Batch, Source};

/// The flow of a seed.
#[derive(Debug)]
pub struct Flow {
    settings: Settings,
    chance: Chance,
    reference: Reference,
    makers: Traders,
    takers: Traders,
    markets: Vec<Trading>,
    stage: Stage,
    now_us: u64,
    step_ends_us: u64,
    /// The commands of the last batch.
    asked: Vec<Command>,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    OpenAccounts,
    FillBooks,
    Trade,
}

/// What can happen on a market.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Quote,
    Withdraw,
    WithdrawStale,
    Take(Side),
    Correct,
}

const HAPPENINGS: [Happening; 6] = [
    Happening::Quote,
    Happening::Withdraw,
    Happening::WithdrawStale,
    Happening::Take(Side::Buy),
    Happening::Take(Side::Sell),
    Happening::Correct,
];

impl Flow {
    /// Makers and takers on every market of which both assets have a value: code, and what one coin is worth, in
    /// a measure of the caller's choice with ten decimals. What is worth exactly 1 stays so; the others move.
    /// Where a market has traded before, its last price goes before the values.
    ///
    /// # Errors
    /// If there is nothing to trade on, or an account is in the way.
    pub fn new(
        settings: Settings,
        values: &BTreeMap<String, u128>,
        engine: &Engine,
    ) -> Result<Self, SetupError> {
        let mut chance = Chance::new(settings.seed);
        let homes = homes(values, engine)?;
        let begin = continued(&homes, engine);
        let begun = homes.iter().map(|(asset, home)| {
            let value = begin.get(asset).copied().unwrap_or(*home);
            (*asset, *home, value, *home == 1.0)
        });
        let reference = Reference::new(&settings, begun, &mut chance);
        let markets = markets(&reference, engine);
        if markets.is_empty() {
            return Err(SetupError::NoMarket);
        }
        let credits: Vec<_> = homes
            .iter()
            .map(|(asset, home)| (*asset, credit(settings.account_value, *home, *asset, engine)))
            .collect();
        let makers = Traders::new("maker", settings.makers, credits.clone());
        let takers = Traders::new("taker", settings.takers, credits);
        for name in makers.names().iter().chain(takers.names()) {
            let account = engine.account_by_name(name);
            if engine.keys().iter().any(|key| Some(key.account) == account) {
                return Err(SetupError::AccountInUse(name.clone()));
            }
        }
        Ok(Self {
            settings,
            chance,
            reference,
            makers,
            takers,
            markets,
            stage: Stage::OpenAccounts,
            now_us: 0,
            step_ends_us: 0,
            asked: Vec::new(),
        })
    }

    fn scene<'a>(&'a self, engine: &'a Engine) -> Scene<'a> {
        Scene { engine, reference: &self.reference, settings: &self.settings }
    }

    fn open_accounts(&mut self, engine: &Engine) -> Vec<Command> {
        self.stage = Stage::FillBooks;
        self.makers.missing(engine).chain(self.takers.missing(engine)).collect()
    }

    /// As many quotes as stand there in the long run, all at once.
    fn fill_books(&mut self, engine: &Engine) -> Vec<Command> {
        self.stage = Stage::Trade;
        self.makers.look_up(engine);
        self.takers.look_up(engine);
        self.adopt(engine);
        let usual = self.settings.quotes_per_minute * self.settings.quote_life_ms / 60_000;
        let wanted = usual.clamp(2, self.settings.orders_open_max) as usize;
        let mut commands = Vec::new();
        for at in 0..self.markets.len() {
            let mut orders = self.standing(at);
            while orders[0] + orders[1] < wanted {
                let Some(order) = self.draw_quote(at, orders, engine) else { break };
                orders[order.side.index()] += 1;
                commands.push(Command::Place(order));
            }
        }
        commands
    }

    /// Takes over what the makers have open from a run before.
    fn adopt(&mut self, engine: &Engine) {
        for maker in &self.makers.accounts {
            for order in engine.open_orders(*maker) {
                let trading = self.markets.iter_mut().find(|own| own.market == order.market);
                if let (Some(trading), Some(price)) = (trading, order.kind.price()) {
                    trading.add(order.id, *maker, order.side, price);
                }
            }
        }
    }

    fn standing(&self, at: usize) -> [usize; 2] {
        [Side::Buy, Side::Sell].map(|side| self.markets[at].standing(side))
    }

    fn draw_quote(&mut self, at: usize, orders: [usize; 2], engine: &Engine) -> Option<NewOrder> {
        let maker = one_of(&mut self.chance, &self.makers)?;
        // Not `scene`, which would borrow the chance with everything else.
        let scene = Scene { engine, reference: &self.reference, settings: &self.settings };
        quote(&self.markets[at], orders, maker, scene, &mut self.chance)
    }

    /// Goes on to the next event of this step, or to its end.
    fn trade(&mut self, engine: &Engine) -> Vec<Command> {
        if self.now_us >= self.step_ends_us {
            self.begin_step(engine);
        }
        let rates = self.rates(engine);
        let total: f64 = rates.iter().sum();
        let total = total.min(self.settings.commands_per_second_max as f64);
        let wait_us = match total > 0.0 {
            true => self.chance.exponential(total) * 1e6,
            false => f64::INFINITY,
        };
        let left_us = self.step_ends_us - self.now_us;
        if wait_us >= left_us as f64 {
            self.now_us = self.step_ends_us;
            return Vec::new();
        }
        self.now_us += wait_us as u64;
        let drawn = self.chance.weighted(&rates);
        self.happen(drawn / HAPPENINGS.len(), HAPPENINGS[drawn % HAPPENINGS.len()], engine)
    }

    fn begin_step(&mut self, engine: &Engine) {
        let step_us = self.settings.step_ms * 1_000;
        self.step_ends_us = self.now_us + step_us;
        self.reference.step(&mut self.chance);
        let kept = libm::exp(-(self.settings.step_ms as f64) / self.settings.excitation_ms as f64);
        for trading in &mut self.markets {
            trading.forget_finished(engine);
            trading.excited.iter_mut().for_each(|excited| *excited *= kept);
        }
    }

    /// Events a second: of every market, every happening.
    fn rates(&self, engine: &Engine) -> Vec<f64> {
        let settings = &self.settings;
        let mut rates = Vec::with_capacity(self.markets.len() * HAPPENINGS.len());
        for trading in &self.markets {
            let open = trading.is_open(engine);
            let moment = trading.moment(self.scene(engine));
            let quotes = trading.quotes.len();
            let room = open && quotes < settings.orders_open_max as usize;
            let takes = settings.takes_per_minute as f64 / 120.0;
            rates.extend(HAPPENINGS.map(|happening| match happening {
                Happening::Quote if room => settings.quotes_per_minute as f64 / 60.0,
                Happening::Withdraw => quotes as f64 * 1e3 / settings.quote_life_ms as f64,
                Happening::WithdrawStale => {
                    trading.stale(moment).count() as f64 * 1e3 / settings.stale_life_ms as f64
                }
                Happening::Take(side) if open => takes + trading.excited[side.index()],
                Happening::Correct if open && passed(engine, trading.market, moment).is_some() => {
                    1e3 / settings.correction_life_ms as f64
                }
                _ => 0.0,
            }));
        }
        rates
    }

    fn happen(&mut self, at: usize, what: Happening, engine: &Engine) -> Vec<Command> {
        match what {
            Happening::Quote => {
                let orders = self.standing(at);
                let order = self.draw_quote(at, orders, engine);
                order.map_or_else(Vec::new, |order| self.funded(order, &self.makers, engine))
            }
            Happening::Withdraw => {
                let drawn = self.chance.index(self.markets[at].quotes.len().max(1));
                self.withdraw(at, drawn, engine)
            }
            Happening::WithdrawStale => {
                let moment = self.markets[at].moment(self.scene(engine));
                let stale: Vec<usize> = self.markets[at].stale(moment).collect();
                let drawn = self.chance.index(stale.len().max(1));
                stale.get(drawn).map_or_else(Vec::new, |quote| self.withdraw(at, *quote, engine))
            }
            Happening::Take(side) => self.take(at, side, engine),
            Happening::Correct => self.correct(at, engine),
        }
    }

    fn withdraw(&mut self, at: usize, drawn: usize, engine: &Engine) -> Vec<Command> {
        let quotes = &mut self.markets[at].quotes;
        if drawn >= quotes.len() {
            return Vec::new();
        }
        let quote = quotes.swap_remove(drawn);
        let open = engine.order(quote.order).is_some();
        let cancel = Command::Cancel { account: quote.maker, order: quote.order };
        if open { [cancel].into() } else { Vec::new() }
    }

    fn take(&mut self, at: usize, side: Side, engine: &Engine) -> Vec<Command> {
        let Some(taker) = one_of(&mut self.chance, &self.takers) else { return Vec::new() };
        let scene = Scene { engine, reference: &self.reference, settings: &self.settings };
        let taken = take(&self.markets[at], side, taker, scene, &mut self.chance);
        let Some(taken) = taken else { return Vec::new() };
        self.excite(at, side);
        let impact = ppm(self.settings.impact_ppm) * libm::sqrt(taken.ratio);
        let by = if side == Side::Buy { impact } else { -impact };
        let (base, quote) = (self.markets[at].base, self.markets[at].quote);
        self.reference.push(base, quote, by);
        self.funded(taken.order, &self.takers, engine)
    }

    /// More takes follow, most of them to the same side.
    fn excite(&mut self, at: usize, side: Side) {
        let per_second = 1e3 / self.settings.excitation_ms as f64;
        let excited = &mut self.markets[at].excited;
        excited[side.index()] += ppm(self.settings.excitation_ppm) * per_second;
        excited[side.opposite().index()] += ppm(self.settings.excitation_other_ppm) * per_second;
    }

    fn correct(&mut self, at: usize, engine: &Engine) -> Vec<Command> {
        let scene = Scene { engine, reference: &self.reference, settings: &self.settings };
        let trading = &self.markets[at];
        let moment = trading.moment(scene);
        let passed = passed(engine, trading.market, moment);
        let (Some(passed), Some(taker)) = (passed, one_of(&mut self.chance, &self.takers)) else {
            return Vec::new();
        };
        let order = correct(trading, passed, moment, taker, scene, &mut self.chance);
        order.map_or_else(Vec::new, |order| self.funded(order, &self.takers, engine))
    }

    /// The order, after what brings the account's balance in order.
    fn funded(&self, order: NewOrder, traders: &Traders, engine: &Engine) -> Vec<Command> {
        let needed = engine.market(order.market).and_then(|market| hold(market, &order));
        let refill =
            needed.and_then(|(asset, needed)| traders.refill(engine, order.account, asset, needed));
        refill.into_iter().chain([Command::Place(order)]).collect()
    }
}

impl Source for Flow {
    fn next(&mut self, engine: &Engine) -> Option<Batch> {
        let commands = match self.stage {
            Stage::OpenAccounts => self.open_accounts(engine),
            Stage::FillBooks => self.fill_books(engine),
            Stage::Trade => self.trade(engine),
        };
        self.asked.clone_from(&commands);
        Some(Batch { due_us: self.now_us, commands })
    }

    fn answered(&mut self, answers: &[Option<CommandResult>]) {
        for (command, answer) in self.asked.iter().zip(answers) {
            let (Command::Place(order), Some(Ok(Outcome::Placed { order: id, .. }))) =
                (command, answer)
            else {
                continue;
            };
            let trading = self.markets.iter_mut().find(|own| own.market == order.market);
            let quoted = self.makers.accounts.contains(&order.account);
            if let (Some(trading), Some(price), true) = (trading, order.kind.price(), quoted) {
                trading.add(*id, order.account, order.side, price);
            }
        }
        self.asked.clear();
    }
}

fn one_of(chance: &mut Chance, traders: &Traders) -> Option<AccountId> {
    let accounts = &traders.accounts;
    let drawn = chance.index(accounts.len().max(1));
    accounts.get(drawn).copied()
}
