//! One rule, checked: what it is asked about, when it strikes, and how often it did.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use http::Method;
use openmart_exchange::Exchange;
use openmart_model::KeyId;
use openmart_wire::admin::faults::{
    ANSWER_BYTES_MAX, ANSWERS_BEHIND_MAX, CountedRule, DELAY_MS_MAX, DELAY_TICKS_MAX, Fault,
    FaultRule, NAME_CHARACTERS_MAX, SKEW_MS_MAX,
};

use super::chance::Chance;
use super::delay;
use super::key_of;
use super::path::Pattern;
use super::problem::Problem;
use super::stale::Stale;
use super::when::When;

/// Keys that a rule counts apart. Further ones are counted together.
const KEYS_MAX: usize = 65_536;

/// Channels of the stream, by the names that their pushes have.
const CHANNELS: [&str; 4] = ["price", "kline", "depth", "trade"];

/// What the depth is called when it is asked for.
const DEPTH_ASKED: &str = "order";

/// What rules are checked against.
pub(super) struct Known<'a> {
    pub(super) exchange: &'a Exchange,
    /// Method and path of every route.
    pub(super) routes: &'a [(&'static str, &'static str)],
}

#[derive(Debug)]
pub(crate) struct Rule {
    /// One that is added again under the same name has another.
    pub(super) serial: u64,
    pub(super) told: FaultRule,
    key: Option<KeyId>,
    method: Option<Method>,
    path: Option<Pattern>,
    channel: Option<&'static str>,
    when: When,
    pub(super) stale: Option<Stale>,
    /// Requests so far, by key.
    numbers: Mutex<HashMap<Option<KeyId>, u64>>,
    seen: AtomicU64,
    struck: AtomicU64,
}

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) key: Option<KeyId>,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
}

impl Rule {
    pub(super) fn new(told: &FaultRule, serial: u64, known: &Known<'_>) -> Result<Self, Problem> {
        check_name(&told.name)?;
        check_fields(told)?;
        let method = told.method.as_deref().map(method).transpose()?;
        let path = match &told.path {
            None => None,
            Some(text) => Some(Pattern::parse(text).ok_or_else(|| Problem::Path(text.clone()))?),
        };
        let met = |(verb, route): &(&str, &str)| {
            method.as_ref().is_none_or(|method| method.as_str() == *verb)
                && path.as_ref().is_none_or(|path| path.meets(route))
        };
        if !known.routes.iter().any(met) {
            return Err(Problem::NoRoute);
        }
        check_fault(&told.fault, method.as_ref())?;
        let key = match &told.key {
            None => None,
            Some(text) => {
                let found = key_of(known.exchange, text);
                Some(found.ok_or_else(|| Problem::UnknownKey(text.clone()))?)
            }
        };
        if let Some(symbol) = &told.symbol {
            let market = known.exchange.view(|state| state.engine().market_by_symbol(symbol));
            market.ok_or_else(|| Problem::UnknownSymbol(symbol.clone()))?;
        }
        let channel = told.channel.as_deref().map(channel).transpose()?;
        let stale = match told.fault {
            Fault::StaleRead { behind } => Some(Stale::new(behind.unwrap_or(1))),
            _ => None,
        };
        Ok(Self {
            serial,
            key,
            method,
            path,
            channel,
            when: When::new(told)?,
            stale,
            told: told.clone(),
            numbers: Mutex::default(),
            seen: AtomicU64::new(0),
            struck: AtomicU64::new(0),
        })
    }

    pub(super) fn counted(&self) -> CountedRule {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CountedRule {
            rule: self.told.clone(),
            seen: count(&self.seen),
            struck: count(&self.struck),
        }
    }

    pub(super) fn is_about_frames(&self) -> bool {
        is_about_frames(&self.told.fault)
    }

    pub(super) fn is_about(&self, asked: &Asked<'_>) -> bool {
        let reads_only = self.stale.is_none() || asked.method == Method::GET;
        reads_only
            && !self.is_about_frames()
            && self.key.is_none_or(|key| asked.key == Some(key))
            && self.method.as_ref().is_none_or(|method| asked.method == *method)
            && self.path.as_ref().is_none_or(|path| path.matches(asked.path))
    }

    pub(super) fn is_about_frame(&self, channel: &str, symbol: &str) -> bool {
        self.is_about_frames()
            && self.channel.is_none_or(|own| own == channel)
            && self.told.symbol.as_deref().is_none_or(|own| own == symbol)
    }

    /// Counts a request that it is about, and decides.
    pub(super) fn decide(&self, seed: u64, key: Option<KeyId>) -> Option<Chance> {
        let number = {
            let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            let is_full = numbers.len() >= KEYS_MAX && !numbers.contains_key(&key);
            let number = numbers.entry(if is_full { None } else { key }).or_insert(0);
            *number += 1;
            *number
        };
        self.decide_numbered(seed, key, number)
    }

    /// The same for somebody who counts for himself, from 1.
    pub(super) fn decide_numbered(
        &self,
        seed: u64,
        key: Option<KeyId>,
        number: u64,
    ) -> Option<Chance> {
        self.seen.fetch_add(1, Ordering::Relaxed);
        let mut chance = Chance::of(seed, &self.told.name, key, number);
        if !self.when.strikes(number, &mut chance) {
            return None;
        }
        self.struck.fetch_add(1, Ordering::Relaxed);
        Some(chance)
    }
}

fn is_about_frames(fault: &Fault) -> bool {
    match fault {
        Fault::DropFrame {}
        | Fault::DuplicateFrame {}
        | Fault::ReorderFrame {}
        | Fault::DelayFrame { .. } => true,
        Fault::Latency { .. }
        | Fault::Answer { .. }
        | Fault::DisconnectBefore {}
        | Fault::DisconnectAfter {}
        | Fault::TruncateBody { .. }
        | Fault::SlowBody { .. }
        | Fault::StaleRead { .. }
        | Fault::ClockSkew { .. } => false,
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let length = 1..=NAME_CHARACTERS_MAX;
    (length.contains(&name.len()) && name.bytes().all(good)).then_some(()).ok_or(Problem::Name)
}

/// A field that the rule would never look at was meant for another rule.
fn check_fields(told: &FaultRule) -> Result<(), Problem> {
    let about_requests = [("key", &told.key), ("method", &told.method), ("path", &told.path)];
    let about_frames = [("channel", &told.channel), ("symbol", &told.symbol)];
    let given = |fields: &[(&'static str, &Option<String>)]| {
        fields.iter().find(|(_, value)| value.is_some()).map(|(name, _)| *name)
    };
    match is_about_frames(&told.fault) {
        true => given(&about_requests).map_or(Ok(()), |name| Err(Problem::NotForFrames(name))),
        false => given(&about_frames).map_or(Ok(()), |name| Err(Problem::NotForRequests(name))),
    }
}

fn method(text: &str) -> Result<Method, Problem> {
    let known = [Method::GET, Method::POST, Method::DELETE];
    let found = known.into_iter().find(|method| method.as_str() == text);
    found.ok_or_else(|| Problem::Method(text.to_owned()))
}

fn channel(text: &str) -> Result<&'static str, Problem> {
    let text = if text == DEPTH_ASKED { "depth" } else { text };
    let found = CHANNELS.into_iter().find(|channel| *channel == text);
    found.ok_or_else(|| Problem::Channel(text.to_owned()))
}

fn check_fault(fault: &Fault, method: Option<&Method>) -> Result<(), Problem> {
    let must = |good: bool, problem: Problem| good.then_some(()).ok_or(problem);
    match fault {
        Fault::Latency { delay, .. } => delay::check(delay),
        Fault::Answer { status, body, .. } => {
            must((400..600).contains(status), Problem::Status(*status))?;
            let length = body.as_ref().map_or(0, String::len);
            must(length <= ANSWER_BYTES_MAX, Problem::Body)
        }
        Fault::SlowBody { chunk_bytes, interval_ms } => {
            must(*chunk_bytes > 0, Problem::Chunk)?;
            must(*interval_ms <= DELAY_MS_MAX, Problem::TooLong { ms: *interval_ms })
        }
        Fault::StaleRead { behind } => {
            let behind = behind.unwrap_or(1);
            must((1..=ANSWERS_BEHIND_MAX).contains(&behind), Problem::Behind)?;
            must(method.is_none_or(|method| method == Method::GET), Problem::StaleWrite)
        }
        Fault::ClockSkew { ms } => must(ms.unsigned_abs() <= SKEW_MS_MAX, Problem::Skew),
        Fault::DelayFrame { ticks } => must((1..=DELAY_TICKS_MAX).contains(ticks), Problem::Ticks),
        Fault::DisconnectBefore {}
        | Fault::DisconnectAfter {}
        | Fault::TruncateBody { .. }
        | Fault::DropFrame {}
        | Fault::DuplicateFrame {}
        | Fault::ReorderFrame {} => Ok(()),
    }
}
