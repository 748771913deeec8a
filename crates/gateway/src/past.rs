//! Reads of the past, which may wait for the disk, made by threads that may, a few at a time.
//!
//! What enters: what to ask the exchange. What leaves: its answer, while the threads that serve
//! connections do other things. Who asked may go: the read then ends by itself, and keeps its turn until
//! it has. How many may wait for a turn is bounded by the connections there are.

use std::sync::Arc;

use openmart_exchange::{Exchange, HistoryError};
use tokio::sync::Semaphore;

/// Reads at once: as many as history has connections to read with. More would wait there, each
/// keeping a thread.
const READS_MAX: usize = 8;

/// Why the past cannot be told.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum PastError {
    /// History cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The server is ending, or a broken invariant ended the read, which the log tells.
    #[error("a read of history was interrupted")]
    Interrupted,
}

/// The past of an exchange.
#[derive(Debug)]
pub(crate) struct Past {
    exchange: Exchange,
    turns: Arc<Semaphore>,
}

impl Past {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self { exchange, turns: Arc::new(Semaphore::new(READS_MAX)) }
    }

    /// Reads in a thread that may wait. What memory can tell should be asked directly.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Exchange) -> Result<R, HistoryError> + Send + 'static,
    ) -> Result<R, PastError> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| PastError::Interrupted)?;
        let exchange = self.exchange.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            read(&exchange)
        });
        Ok(reading.await.map_err(|_| PastError::Interrupted)??)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use openmart_exchange::Options;
    use openmart_journal::MemoryStorage;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    /// On a single thread, which would stand still if a read kept it.
    #[test]
    fn reads_take_turns_and_keep_nobody_waiting_but_their_callers() {
        let storage = Arc::new(MemoryStorage::new());
        let (exchange, _) = Exchange::open(storage, Options::default()).unwrap();
        let past = Arc::new(Past::new(exchange));
        let (started, mut starts) = unbounded_channel();
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let ask = |number: usize| {
            let (past, started, gate) = (past.clone(), started.clone(), gate.clone());
            tokio::spawn(async move {
                let read = past.read(move |_| {
                    started.send(number).unwrap();
                    gate.lock().unwrap().recv().unwrap();
                    Ok(number)
                });
                read.await
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut asked: Vec<_> = (0..READS_MAX + 3).map(ask).collect();
            for _ in 0..READS_MAX {
                assert!(starts.recv().await.unwrap() < READS_MAX);
            }
            asked[0].abort();
            assert!((&mut asked[0]).await.unwrap_err().is_cancelled());
            assert_eq!(past.turns.available_permits(), 0, "it reads on");
            assert!(starts.try_recv().is_err(), "the others have no turn");
            for number in READS_MAX..READS_MAX + 3 {
                go.send(()).unwrap();
                assert_eq!(starts.recv().await, Some(number));
            }
            (0..READS_MAX).for_each(|_| go.send(()).unwrap());
            for (number, asked) in asked.into_iter().enumerate().skip(1) {
                assert_eq!(asked.await.unwrap(), Ok(number));
            }
            let interrupted = past.read(|_| -> Result<(), _> { panic!("on purpose") }).await;
            assert_eq!(interrupted, Err(PastError::Interrupted));
            assert_eq!(past.turns.available_permits(), READS_MAX);
        });
    }
}
