//! When the exchange is told that commands wait: after every connection that is ready has had its turn.

use openmart_exchange::Attendant;

/// Turns that all connections get before what they queued is taken, while turns bring more. With one
/// caller there is one.
const TURNS_MAX: usize = 16;

/// Turns that bring nothing before it is taken that no more will come soon. After one, requests that
/// the system has announced may still wait to be read; after two, somebody who was just answered
/// has had time to ask again. A turn costs a microsecond, a sync fifty.
const FRUITLESS_TURNS: usize = 3;

/// With fewer commands than this in the round before, one fruitless turn is enough: the few who ask
/// should not wait, and the core has time for their syncs.
const BUSY: usize = 8;

/// Commands that are cheap enough together: each bears a small share of the cost of a sync, and for
/// more there is one fruitless turn.
const AMPLE: usize = 64;

/// Has all connections that are ready served before the exchange takes what they queued.
pub(crate) async fn make_rounds(mut attendant: Attendant) {
    let mut last_round = 0;
    loop {
        attendant.wake_due().await;
        let (mut waiting, mut fruitless) = (attendant.waiting(), 0);
        for _ in 0..TURNS_MAX {
            // Comes back once every task that was ready has had its turn.
            tokio::task::yield_now().await;
            let before = std::mem::replace(&mut waiting, attendant.waiting());
            fruitless = if waiting == before { fruitless + 1 } else { 0 };
            let few = last_round < BUSY || waiting >= AMPLE;
            if fruitless >= if few { 1 } else { FRUITLESS_TURNS } {
                break;
            }
        }
        if waiting > 0 {
            last_round = waiting;
        }
        attendant.ring();
    }
}
