//! Writing ahead: a thread that writes the first part of a large batch while the rest is being decided. It
//! works in the transaction that the store has open, on the same connection; the store waits for it before it
//! does anything else with the connection, so that nothing is seen in another order than one thread would.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;
use stockroom::ports::Written;
use stockroom::{Error, ErrorKind, Result};

use crate::write::Bulk;

pub(crate) fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread, and what is under way there.
#[derive(Debug)]
pub(crate) struct Ahead {
    bulks: Option<Sender<Bulk>>,
    /// How each went, with its rows: they are freed where they were made, which spares both threads the
    /// allocator's locks.
    results: Receiver<(Result<Written>, Bulk)>,
    under_way: usize,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Starts the thread; `None` where the platform has none to give.
    pub(crate) fn start(connection: &Arc<Mutex<Connection>>) -> Option<Self> {
        let (bulks, queue) = channel::<Bulk>();
        let (answer, results) = channel();
        let connection = Arc::clone(connection);
        let work = move || {
            for bulk in queue {
                let result = bulk.write(&lock(&connection));
                if answer.send((result, bulk)).is_err() {
                    break;
                }
            }
        };
        let thread = Builder::new().name("stockroom-sqlite".to_owned()).spawn(work).ok()?;
        Some(Ahead { bulks: Some(bulks), results, under_way: 0, thread: Some(thread) })
    }

    /// Hands rows over to be written; where the thread is gone they come back.
    pub(crate) fn hand_over(&mut self, bulk: Bulk) -> Result<(), Bulk> {
        match &self.bulks {
            Some(bulks) => bulks.send(bulk).map_err(|unsent| unsent.0)?,
            None => return Err(bulk),
        }
        self.under_way += 1;
        Ok(())
    }

    /// Waits until all that was handed over is written, and says how that went.
    pub(crate) fn settle(&mut self) -> Result<Written> {
        let mut settled = Ok(Written::Done);
        for _ in 0..std::mem::take(&mut self.under_way) {
            let result = self.results.recv().map(|(result, _)| result).unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Aborted, "sqlite.write", "the thread that writes ahead has ended"))
            });
            if matches!(settled, Ok(Written::Done)) {
                settled = result;
            }
        }
        settled
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.bulks = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told when its work was settled.
            drop(thread.join());
        }
    }
}
