//! Faults of the stream: frames that one session does not get, gets twice, late, or out of turn.
//!
//! What enters: frames that are due, in order. What leaves: those that are sent now, in order. Each
//! session counts for itself, so that it meets the same whatever others do.

use std::collections::VecDeque;

use bytes::Bytes;
use openmart_wire::admin::faults::Fault;

use super::plan::Plan;

/// Frames that wait in one session; beyond that the oldest are sent.
const HELD_MAX: usize = 4_096;

/// What is due on the stream, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due<'a, T> {
    /// What it is a push of.
    pub(crate) topic: T,
    pub(crate) channel: &'a str,
    pub(crate) symbol: &'a str,
    /// The number of the tick.
    pub(crate) tick: u64,
}

/// What the rules have done to one session.
#[derive(Debug)]
pub(crate) struct Disturbance<T> {
    /// Frames so far, by the serial of the rule.
    numbers: Vec<(u64, u64)>,
    /// By tick of release.
    delayed: VecDeque<Held<T>>,
    /// Goes after the next frame.
    passed_over: Option<Bytes>,
}

#[derive(Debug)]
struct Held<T> {
    topic: T,
    until: u64,
    frame: Bytes,
}

impl<T> Default for Disturbance<T> {
    fn default() -> Self {
        Self { numbers: Vec::new(), delayed: VecDeque::new(), passed_over: None }
    }
}

impl<T: Copy + Eq> Disturbance<T> {
    /// Takes in a frame that is due, and appends to `frames` what is sent now.
    pub(crate) fn pass(
        &mut self,
        plan: &Plan,
        due: &Due<'_, T>,
        frame: Bytes,
        frames: &mut Vec<Bytes>,
    ) {
        let (mut copies, mut ticks, mut later) = (1_u32, 0, false);
        for rule in plan.rules.iter().filter(|rule| rule.is_about_frame(due.channel, due.symbol)) {
            let number = self.number(rule.serial);
            if rule.decide_numbered(plan.seed, None, number).is_none() {
                continue;
            }
            match rule.told.fault {
                Fault::DropFrame {} => copies = 0,
                Fault::DuplicateFrame {} => copies *= 2,
                Fault::ReorderFrame {} => later = true,
                Fault::DelayFrame { ticks: more } => ticks += u64::from(more),
                _ => {}
            }
        }
        // Two rules may double, more of them are a mistake.
        for _ in 0..copies.min(4) {
            self.place(due, ticks, later, frame.clone(), frames);
        }
    }

    fn place(
        &mut self,
        due: &Due<'_, T>,
        ticks: u64,
        later: bool,
        frame: Bytes,
        frames: &mut Vec<Bytes>,
    ) {
        let ahead = self.delayed.iter().rev().find(|held| held.topic == due.topic);
        let until = (due.tick + ticks).max(ahead.map_or(0, |held| held.until));
        if until > due.tick {
            let at = self.delayed.partition_point(|held| held.until <= until);
            self.delayed.insert(at, Held { topic: due.topic, until, frame });
            if self.delayed.len() > HELD_MAX {
                frames.extend(self.delayed.pop_front().map(|held| held.frame));
            }
        } else if later && self.passed_over.is_none() {
            self.passed_over = Some(frame);
        } else {
            frames.push(frame);
            frames.extend(self.passed_over.take());
        }
    }

    /// Appends what has waited long enough. Without rules nothing waits any longer.
    pub(crate) fn release(&mut self, plan: Option<&Plan>, tick: u64, frames: &mut Vec<Bytes>) {
        while let Some(held) = self.delayed.front()
            && (plan.is_none() || held.until <= tick)
        {
            frames.extend(self.delayed.pop_front().map(|held| held.frame));
            frames.extend(self.passed_over.take());
        }
        if plan.is_none() {
            frames.extend(self.passed_over.take());
        }
    }

    fn number(&mut self, serial: u64) -> u64 {
        match self.numbers.iter_mut().find(|(known, _)| *known == serial) {
            Some((_, number)) => {
                *number += 1;
                *number
            }
            None => {
                self.numbers.push((serial, 1));
                1
            }
        }
    }
}
