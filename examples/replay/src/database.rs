//! The database of a run: the file that the user named, or a temporary one.

use std::path::Path;

use stockroom::Stockroom;
use stockroom_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::trace::TraceWriter;
use retail::{Failure, Result};

/// The engine over its database.
#[derive(Debug)]
pub(crate) struct Database {
    /// The engine.
    pub(crate) shop: Stockroom<SqliteStore>,
    /// Removes the temporary database when the run ends, however it ends. It is dropped after the engine, which
    /// has closed its files by then.
    _temporary: Option<TempDir>,
}

impl Database {
    /// Opens the named file, or a new one in a temporary directory. The trace is told every command.
    pub(crate) fn open(named: Option<&Path>, trace: Option<&TraceWriter>) -> Result<Self> {
        let (store, temporary) = match named {
            Some(path) => (SqliteStore::open(path).map_err(|error| Failure::new(path.display(), error))?, None),
            None => {
                let failed = |error: &dyn std::fmt::Display| Failure::new("the temporary database", error);
                let directory = tempfile::Builder::new().prefix("stockroom-replay-").tempdir();
                let directory = directory.map_err(|error| failed(&error))?;
                let store = SqliteStore::open(directory.path().join("replay.sqlite3"));
                (store.map_err(|error| failed(&error))?, Some(directory))
            }
        };
        // Every command of a replay has its own time, so that nobody asks this clock.
        let mut shop = Stockroom::new(store, || 0);
        if let Some(trace) = trace {
            shop = shop.with_recorder(trace.recorder());
        }
        Ok(Database { shop, _temporary: temporary })
    }
}
