//! A source and an exchange without threads or network, in the time of the source: the same journal each time,
//! byte for byte.

use std::sync::Arc;

use anyhow::{Context, bail};
use openmart_exchange::{Location, ManualClock, Options, Pending, Stepped};
use openmart_gateway::Vault;
use openmart_journal::Storage;
use openmart_liquidity::{Batch, Source};
use openmart_model::{Command, CommandResult, Timestamp};

use super::feed::Figures;
use crate::bootstrap;
use crate::venue::Venue;

/// Commands between two turns of history, which stays within what it may be behind.
const HISTORY_EVERY: u64 = 256;

/// An exchange that moves when it is told to.
pub(crate) struct Offline {
    pub(crate) exchange: Stepped,
    clock: Arc<ManualClock>,
    begin: Timestamp,
    figures: Figures,
    history_at: u64,
}

impl Offline {
    /// Opens an exchange in this storage and lists what the venue has; its accounts are left out, since keys
    /// are sealed by chance.
    pub(crate) fn open(
        storage: Arc<dyn Storage>,
        location: Location,
        venue: Venue,
        begin: Timestamp,
    ) -> anyhow::Result<Self> {
        let clock = Arc::new(ManualClock::new(begin));
        let mut options = Options { clock: clock.clone(), ..Options::default() };
        options.journal.background = false;
        options.snapshot_entries = 0;
        let (exchange, _) = Stepped::open(storage, location, options)?;
        let venue = Venue { accounts: Vec::new(), ..venue };
        // There is no account whose key could be sealed.
        let vault = Vault::from_key([0; 32]);
        let plan = exchange.view(|state| bootstrap::plan(state.engine(), &venue, &vault))?;
        let figures = Figures::default();
        let mut offline = Self { exchange, clock, begin, figures, history_at: 0 };
        for step in plan.steps {
            if let Err(reject) = offline.execute(step.command)? {
                bail!("the exchange refuses to {}: {reject}", step.what);
            }
        }
        Ok(offline)
    }

    /// Carries out up to so many commands, or all that there are.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn Source,
        commands_max: u64,
    ) -> anyhow::Result<Figures> {
        self.figures = Figures::default();
        while self.figures.commands < commands_max {
            let next = self.exchange.view(|state| source.next(state.engine()));
            let Some(Batch { due_us, mut commands }) = next else { break };
            let left = commands_max - self.figures.commands;
            commands.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            self.carry_out(source, Batch { due_us, commands })?;
        }
        Ok(self.figures)
    }

    /// Carries out one batch.
    pub(crate) fn carry_out(
        &mut self,
        source: &mut dyn Source,
        batch: Batch,
    ) -> anyhow::Result<()> {
        self.clock.set(Timestamp(self.begin.0.saturating_add(batch.due_us / 1_000)));
        let submitted = batch.commands.into_iter().map(|command| self.exchange.submit(command));
        let submitted: Vec<Pending> = submitted.collect::<Result<_, _>>()?;
        let answers = submitted.into_iter().map(|pending| self.answer(pending).map(Some));
        let answers: Vec<Option<CommandResult>> = answers.collect::<Result<_, _>>()?;
        self.count(&answers);
        source.answered(&answers);
        Ok(())
    }

    /// Carries out a command of somebody else's.
    pub(crate) fn execute(&mut self, command: Command) -> anyhow::Result<CommandResult> {
        let pending = self.exchange.submit(command)?;
        self.answer(pending)
    }

    fn answer(&mut self, mut pending: Pending) -> anyhow::Result<CommandResult> {
        loop {
            if let Some(answer) = pending.try_take() {
                return Ok(answer?.result);
            }
            if !self.exchange.step_sequencer(usize::MAX) {
                let answer = pending.try_take().context("the journal broke")?;
                return Ok(answer?.result);
            }
        }
    }

    fn count(&mut self, answers: &[Option<CommandResult>]) {
        self.figures.commands += answers.len() as u64;
        self.figures.refused += answers.iter().filter(|a| matches!(a, Some(Err(_)))).count() as u64;
        if self.figures.commands - self.history_at >= HISTORY_EVERY {
            self.history_at = self.figures.commands;
            while self.exchange.step_history() {}
        }
    }
}
