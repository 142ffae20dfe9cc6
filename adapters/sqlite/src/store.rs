//! The store over a connection of its own: units of work as transactions.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::Connection;
use stockroom::Result;
use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};

use crate::ahead::{Ahead, lock};
use crate::error::During;
use crate::open::{Options, open};
use crate::read;
use crate::write::{self, Bulk};

/// A store in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
    /// SQLite's `data_version` when this store last looked; it changes when another connection commits.
    seen_version: Option<i64>,
    ahead: Option<Ahead>,
    /// How the rows fared that were written ahead in this unit of work, where not well.
    ahead_failed: Option<Result<Written>>,
}

/// Commands decided before their rows are handed over to be written: so many that handing over costs nothing
/// beside the writing.
const AHEAD_COMMANDS: usize = 64;

impl SqliteStore {
    /// Opens a file, creating it where there is none, with the default [`Options`].
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::SchemaTooNew`] and [`stockroom::ErrorKind::Unsupported`] where the file is not
    /// one that this build can work with; it is left as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &Options::default())
    }

    /// Opens a file with the options given.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let connection = Arc::new(Mutex::new(open(path.as_ref(), options)?));
        Ok(SqliteStore { connection, seen_version: None, ahead: None, ahead_failed: None })
    }

    /// The connection, once what is under way on it is done.
    pub(crate) fn connection(&mut self) -> MutexGuard<'_, Connection> {
        if let Some(ahead) = &mut self.ahead {
            let settled = ahead.settle();
            if !matches!(settled, Ok(Written::Done)) {
                self.ahead_failed.get_or_insert(settled);
            }
        }
        lock(&self.connection)
    }

    fn compare_version(&mut self) -> Result<Freshness> {
        let version: i64 = {
            let connection = self.connection();
            let mut pragma = connection.prepare_cached("PRAGMA data_version").during("sqlite.begin")?;
            pragma.query_row([], |row| row.get(0)).during("sqlite.begin")?
        };
        let unchanged = self.seen_version.replace(version) == Some(version);
        Ok(if unchanged { Freshness::Unchanged } else { Freshness::Foreign })
    }

    fn run(&mut self, sql: &'static str, operation: &'static str) -> Result<()> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql).during(operation)?;
        statement.execute([]).map(|_| ()).during(operation)
    }

    /// Hands rows over to the thread that writes ahead, if it can be had; else writes them.
    fn write_ahead(&mut self, bulk: Bulk) -> Result<Written> {
        if self.ahead.is_none() {
            self.ahead = Ahead::start(&self.connection);
        }
        let unsent = match &mut self.ahead {
            Some(ahead) => ahead.hand_over(bulk).err(),
            None => Some(bulk),
        };
        match unsent {
            None => Ok(Written::Done),
            Some(bulk) => bulk.write(&self.connection()),
        }
    }

    fn write_now(&mut self, changes: &Changes<'_>, finish: Finish) -> Result<Written> {
        drop(self.connection());
        if let Some(failed) = self.ahead_failed.take() {
            return failed;
        }
        let written = write::write(&lock(&self.connection), changes)?;
        if finish == Finish::Commit && written == Written::Done {
            self.run("COMMIT", "sqlite.commit")?;
        }
        Ok(written)
    }
}

impl Store for SqliteStore {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.rollback()?;
        match mode {
            // The lock comes first: what is read under it stays true until the commit.
            Mode::Write => self.run("BEGIN IMMEDIATE", "sqlite.begin")?,
            Mode::Read => self.run("BEGIN DEFERRED", "sqlite.begin")?,
        }
        self.compare_version()
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        read::supply(&self.connection(), needs, rows)
    }

    fn write(&mut self, changes: &Changes<'_>, finish: Finish) -> Result<Written> {
        let written = if finish == Finish::Stay && Bulk::is_all_of(changes) && changes.new_orders.len() > 1 {
            Bulk::of(changes).and_then(|bulk| self.write_ahead(bulk))
        } else {
            self.write_now(changes, finish)
        };
        if !matches!(written, Ok(Written::Done)) {
            // The first failure is the one to tell. The driver drops its rows.
            drop(self.rollback());
            self.seen_version = None;
        }
        written
    }

    fn rollback(&mut self) -> Result<()> {
        let idle = self.connection().is_autocommit();
        self.ahead_failed = None;
        if idle {
            return Ok(());
        }
        self.run("ROLLBACK", "sqlite.rollback")
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        read::page(&self.connection(), page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.compare_version()
    }

    fn writes_ahead(&self) -> Option<usize> {
        Some(AHEAD_COMMANDS)
    }
}
