//! Counts of what cancels met: a race that never lost proves nothing.

use openmart_model::CloseReason;

use super::Truth;
use crate::counts::counts;

counts! {
    /// Commands of every kind.
    commands,
    /// Trades.
    trades,
    /// Cancels that took an order without a fill off the book.
    canceled,
    /// Cancels that took an order off the book that had been filled in part.
    canceled_partly_filled,
    /// Cancels that came after the order was filled.
    too_late_filled,
    /// Cancels of what was canceled before.
    too_late_canceled,
    /// Cancels of what had expired.
    too_late_expired,
    /// Cancels of what its owner's other order had ended.
    too_late_self_trade,
    /// Cancels of what is somebody else's, open or not.
    foreign,
    /// Cancels of an order that did not exist.
    never_existed,
    /// Cancels by an account that does not exist.
    unknown_account,
    /// Cancel-alls.
    cancel_alls,
    /// Orders that these took off the books.
    canceled_by_all,
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
        assert!(self.named().iter().all(|(_, count)| *count > 0), "{self:#?}");
    }
}
