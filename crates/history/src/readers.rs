//! Connections to read with, opened as they are needed and used again.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::error::HistoryError;
use crate::schema;
use crate::store::Place;

/// Most connections that read at once; further readers wait. More would not read faster on the
/// machines this runs on, and each has a cache of its own.
const READERS_MAX: usize = 8;

/// The connections.
#[derive(Debug)]
pub(crate) struct Readers {
    // Connections are closed before the folder of a temporary file goes.
    pool: Mutex<Pool>,
    returned: Condvar,
    place: Arc<Place>,
}

#[derive(Default, Debug)]
struct Pool {
    idle: Vec<Connection>,
    /// Idle and lent ones.
    open: usize,
}

impl Readers {
    pub(crate) fn new(place: Arc<Place>) -> Self {
        Self { place, pool: Mutex::default(), returned: Condvar::new() }
    }

    /// Lends a connection, waiting for one when all are lent.
    pub(crate) fn lend(&self) -> Result<Lent<'_>, HistoryError> {
        let mut pool = self.lock();
        let idle = loop {
            if let Some(connection) = pool.idle.pop() {
                break Some(connection);
            }
            if pool.open < READERS_MAX {
                pool.open += 1;
                break None;
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        };
        drop(pool);
        // From here on the place in the pool is given back by dropping.
        let mut lent = Lent { readers: self, connection: idle };
        if lent.connection.is_none() {
            lent.connection = Some(schema::open_reader(&self.place.path, &self.place.blame)?);
        }
        Ok(lent)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        // Nothing under this lock can leave it half changed.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan.
pub(crate) struct Lent<'a> {
    pub(crate) readers: &'a Readers,
    connection: Option<Connection>,
}

impl Lent<'_> {
    pub(crate) fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("a loan has its connection until it ends")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // One that cannot end its transaction is closed instead.
        let connection = self.connection.take().filter(|connection| {
            connection.is_autocommit() || connection.execute_batch("COMMIT").is_ok()
        });
        let mut pool = self.readers.lock();
        match connection {
            Some(connection) => pool.idle.push(connection),
            None => pool.open -= 1,
        }
        drop(pool);
        self.readers.returned.notify_one();
    }
}
