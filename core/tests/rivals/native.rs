//! Places in Rust: the engine over a store of this process, spoken to in documents. Callers are threads.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use serde_json::Value;
use stockroom::memory::MemoryStore;
use stockroom::planted::{Planted, plant};
use stockroom::ports::Store;
use stockroom::{Error, Result, Stockroom};
use stockroom_documents as documents;
use stockroom_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::place::{Answer, Failure, Place};

/// Opens the store, or goes on with the one that was open.
type Open<S> = Arc<dyn Fn(Option<S>) -> Result<S> + Send + Sync>;

struct Native<S: Store> {
    /// Nothing while it is opened anew.
    room: Option<Stockroom<S>>,
    open: Open<S>,
    clock: Arc<AtomicI64>,
    /// Whether opening the store again gives the same rows.
    shared: bool,
    /// What is wrong with the engine, in a test that is to notice it.
    bug: Option<Planted>,
}

/// The store in memory.
pub(crate) fn memory(bug: Option<Planted>) -> Box<dyn Place> {
    Box::new(Native::<MemoryStore>::new(Arc::new(|store| Ok(store.unwrap_or_default())), false, bug))
}

/// An SQLite file in a folder of its own.
pub(crate) fn sqlite(bug: Option<Planted>) -> Box<dyn Place> {
    let folder = TempDir::new().expect("a folder");
    let open = move |open: Option<SqliteStore>| {
        drop(open);
        SqliteStore::open(folder.path().join("shop.sqlite3"))
    };
    Box::new(Native::<SqliteStore>::new(Arc::new(open), true, bug))
}

impl<S: Store + Send + 'static> Native<S> {
    fn new(open: Open<S>, shared: bool, bug: Option<Planted>) -> Self {
        let mut native = Native { room: None, open, clock: Arc::default(), shared, bug };
        native.reopen();
        native
    }

    fn room(&self) -> &Stockroom<S> {
        plant(self.bug);
        self.room.as_ref().expect("it is open")
    }
}

fn failure(error: &Error) -> Failure {
    Failure { code: i64::from(error.kind().number()), retryable: error.is_retryable(), message: error.to_string() }
}

fn answer(answer: Result<Vec<u8>>) -> Answer {
    match answer {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).expect("an answer is JSON")),
        Err(error) => Err(failure(&error)),
    }
}

fn bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("it is JSON")
}

impl<S: Store + Send + 'static> Place for Native<S> {
    fn execute(&mut self, command: &Value) -> Answer {
        answer(documents::execute(self.room(), &bytes(command)))
    }

    fn batch(&mut self, commands: &Value) -> Answer {
        answer(documents::execute_batch(self.room(), &bytes(commands)))
    }

    fn read(&mut self, read: &Value) -> Answer {
        answer(documents::read(self.room(), &bytes(read)))
    }

    fn together(&mut self, callers: &[Vec<Value>]) -> Vec<Vec<Answer>> {
        let start = Barrier::new(callers.len());
        thread::scope(|scope| {
            let call = |commands: &Vec<Value>| {
                let commands: Vec<Vec<u8>> = commands.iter().map(bytes).collect();
                let (start, this) = (&start, &*self);
                scope.spawn(move || {
                    let room = this.room();
                    start.wait();
                    commands.iter().map(|command| answer(documents::execute(room, command))).collect()
                })
            };
            let threads: Vec<_> = callers.iter().map(call).collect();
            threads.into_iter().map(|thread| thread.join().expect("no caller panics")).collect()
        })
    }

    fn set_clock(&mut self, now_ms: i64) {
        self.clock.store(now_ms, Ordering::Relaxed);
    }

    fn reopen(&mut self) {
        let store = self.room.take().map(Stockroom::into_store);
        let clock = Arc::clone(&self.clock);
        let store = (self.open)(store).unwrap_or_else(|error| panic!("it cannot be opened: {error}"));
        self.room = Some(Stockroom::new(store, move || clock.load(Ordering::Relaxed)));
    }

    fn second(&mut self) -> Option<std::result::Result<Box<dyn Place>, Failure>> {
        if !self.shared {
            return None;
        }
        let mut second = Native {
            room: None,
            open: Arc::clone(&self.open),
            clock: Arc::clone(&self.clock),
            shared: true,
            bug: self.bug,
        };
        second.reopen();
        Some(Ok(Box::new(second)))
    }
}
