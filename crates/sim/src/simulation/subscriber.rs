//! A reader of updates, now and then a slow one, who knows what must come.

use openmart_exchange::{Stepped, Subscription, SubscriptionEnd, Update};

use super::model::Model;

#[derive(Debug)]
pub(super) struct Subscriber {
    subscription: Subscription,
    /// The sequence up to which it has seen everything.
    seen: u64,
}

/// How reading went on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Read {
    /// So many updates.
    Updates(u64),
    /// It was cut off.
    CutOff,
}

impl Subscriber {
    pub(super) fn new(exchange: &Stepped, updates_max: usize) -> Self {
        let subscription = exchange.subscribe(updates_max);
        let seen = subscription.start();
        Self { subscription, seen }
    }

    /// Reads up to so many updates, which must be the next ones.
    pub(super) fn read(&mut self, model: &Model, updates_max: u64) -> Result<Read, String> {
        for read in 0..updates_max {
            match self.subscription.try_next() {
                Ok(Some(update)) => self.check(model, &update)?,
                Ok(None) => return self.all_seen(model).map(|()| Read::Updates(read)),
                Err(SubscriptionEnd::CutOff) if self.next(model).is_some() => {
                    return Ok(Read::CutOff);
                }
                Err(SubscriptionEnd::CutOff) => {
                    return Err("a subscriber was cut off who has missed nothing".to_owned());
                }
                Err(SubscriptionEnd::Stopped) => {
                    return Err("a subscription ended while the exchange ran".to_owned());
                }
            }
        }
        Ok(Read::Updates(updates_max))
    }

    /// Reads to the end, after the exchange has gone.
    pub(super) fn read_rest(mut self, model: &Model) -> Result<Read, String> {
        let mut read = 0;
        loop {
            match self.subscription.try_next() {
                Ok(Some(update)) => self.check(model, &update)?,
                Ok(None) => return Err("a subscription outlives its exchange".to_owned()),
                Err(SubscriptionEnd::CutOff) => return Ok(Read::CutOff),
                Err(SubscriptionEnd::Stopped) => {
                    return self.all_seen(model).map(|()| Read::Updates(read));
                }
            }
            read += 1;
        }
    }

    /// The next sequence that has an update.
    fn next(&self, model: &Model) -> Option<u64> {
        let has_events =
            |sequence: &u64| model.entry(*sequence).is_some_and(|known| !known.events.is_empty());
        (self.seen + 1..=model.last()).find(has_events)
    }

    fn check(&mut self, model: &Model, update: &Update) -> Result<(), String> {
        let next = self.next(model);
        if next != Some(update.sequence) {
            let found = update.sequence;
            return Err(format!("a subscriber was told of sequence {found}, expected {next:?}"));
        }
        let same = model.entry(update.sequence).is_some_and(|known| {
            (known.time, known.events.as_slice()) == (update.time, &*update.events)
        });
        self.seen = update.sequence;
        if same { Ok(()) } else { Err(format!("an update differs from the oracle: {update:?}")) }
    }

    fn all_seen(&self, model: &Model) -> Result<(), String> {
        match self.next(model) {
            None => Ok(()),
            Some(missing) => Err(format!("a subscriber was not told of sequence {missing}")),
        }
    }
}
