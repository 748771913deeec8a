//! How much of everything happened, to see that a run of many seeds met what it is for.

use crate::counts::counts;

counts! {
    /// Microseconds that passed in the simulation.
    simulated_us,
    /// Steps of the scheduler.
    steps,
    /// Commands that were asked for.
    submitted,
    /// Commands that were acknowledged.
    acknowledged,
    /// Of these, refused by the rules.
    rejected,
    /// Turned away by a full queue.
    overloaded,
    /// Cancels taken while a new order was turned away.
    cancels_in_overload,
    /// Refused for a full disk.
    disk_full,
    /// Cancels acknowledged from the reserve.
    cancels_from_reserve,
    /// Longer than a batch.
    too_long,
    /// Left in doubt by a failure.
    in_doubt,
    /// Of these, found after the restart.
    in_doubt_survived,
    /// Not carried out since the exchange had stopped or died.
    dropped,
    /// Asked for again after doubt, with the same client order id.
    asked_again,
    /// Starts that succeeded.
    starts,
    /// Starts that failed since the disk did.
    starts_failed,
    /// Deaths of the process alone.
    deaths,
    /// Power cuts.
    cuts,
    /// Orderly ends.
    closes,
    /// Failed writes that struck.
    writes_failed,
    /// Failed syncs that struck.
    syncs_failed,
    /// Torn batches that a start cut and told.
    torn_tails,
    /// Snapshots written.
    snapshots,
    /// Snapshots that failed.
    snapshots_failed,
    /// Starts from a snapshot.
    snapshot_starts,
    /// History taken back to its last flush.
    history_cut_back,
    /// Seeds with rows of history compared one by one.
    rows_compared,
    /// Writes that landed elsewhere.
    misdirected,
    /// Bits that rotted between two starts.
    rotted,
    /// Damaged folders that a start refused.
    damage_refused,
    /// Damaged snapshots that a start put aside.
    damage_put_aside,
    /// Damage that a start took for a torn batch, and said so.
    damage_cut,
    /// Damage found by reading on after the start.
    damage_read,
    /// Damage where nothing was.
    damage_harmless,
    /// Subscriptions.
    subscribed,
    /// Of these, cut off.
    cut_off,
    /// Jumps of the clock.
    clock_jumps,
}
