//! Counts of what cancels met: a race that never lost proves nothing.

use openmart_model::CloseReason;

use super::Truth;

/// How often each thing happened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Commands of every kind.
    pub commands: u64,
    /// Trades.
    pub trades: u64,
    /// Cancels that took an order without a fill off the book.
    pub canceled: u64,
    /// Cancels that took an order off the book that had been filled in part.
    pub canceled_partly_filled: u64,
    /// Cancels that came after the order was filled.
    pub too_late_filled: u64,
    /// Cancels of what was canceled before.
    pub too_late_canceled: u64,
    /// Cancels of what had expired.
    pub too_late_expired: u64,
    /// Cancels of what its owner's other order had ended.
    pub too_late_self_trade: u64,
    /// Cancels of what is somebody else's, open or not.
    pub foreign: u64,
    /// Cancels of an order that did not exist.
    pub never_existed: u64,
    /// Cancels by an account that does not exist.
    pub unknown_account: u64,
    /// Cancel-alls.
    pub cancel_alls: u64,
    /// Orders that these took off the books.
    pub canceled_by_all: u64,
}

impl Tally {
    /// Cancels of single orders, refused ones included.
    pub fn cancels(&self) -> u64 {
        self.canceled + self.canceled_partly_filled + self.refused()
    }

    /// Refused cancels.
    pub fn refused(&self) -> u64 {
        self.too_late() + self.foreign + self.never_existed + self.unknown_account
    }

    fn too_late(&self) -> u64 {
        self.too_late_filled
            + self.too_late_canceled
            + self.too_late_expired
            + self.too_late_self_trade
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.counts_mut().into_iter().zip({ *other }.counts_mut()) {
            *sum += *count;
        }
    }

    /// Counts a cancel by what was so when it came.
    pub(super) fn count(&mut self, truth: Truth) {
        *match truth {
            Truth::Open { touched: false, .. } => &mut self.canceled,
            Truth::Open { touched: true, .. } => &mut self.canceled_partly_filled,
            Truth::Finished(CloseReason::Filled) => &mut self.too_late_filled,
            Truth::Finished(CloseReason::Canceled) => &mut self.too_late_canceled,
            Truth::Finished(CloseReason::Expired) => &mut self.too_late_expired,
            Truth::Finished(CloseReason::SelfTrade) => &mut self.too_late_self_trade,
            Truth::Foreign => &mut self.foreign,
            Truth::NeverExisted => &mut self.never_existed,
            Truth::UnknownAccount => &mut self.unknown_account,
        } += 1;
    }

    /// # Panics
    ///
    /// If one of the things never happened.
    pub fn assert_everything_happened(&self) {
        let mut counts = *self;
        assert!(counts.counts_mut().into_iter().all(|count| *count > 0), "{self:#?}");
    }

    fn counts_mut(&mut self) -> [&mut u64; 13] {
        let Self {
            commands,
            trades,
            canceled,
            canceled_partly_filled,
            too_late_filled,
            too_late_canceled,
            too_late_expired,
            too_late_self_trade,
            foreign,
            never_existed,
            unknown_account,
            cancel_alls,
            canceled_by_all,
        } = self;
        [
            commands,
            trades,
            canceled,
            canceled_partly_filled,
            too_late_filled,
            too_late_canceled,
            too_late_expired,
            too_late_self_trade,
            foreign,
            never_existed,
            unknown_account,
            cancel_alls,
            canceled_by_all,
        ]
    }
}
