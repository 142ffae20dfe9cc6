//! The store over a connection of its own: units of work as transactions.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::Connection;
use stockroom::Result;
use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};

use crate::ahead::{Ahead, lock};
use crate::error::During;
use crate::open::{Options, open, still_known};
use crate::read;
use crate::stock::StockLog;
use crate::threads::HAVE_THREADS;
use crate::vfs::{self, Pages};
use crate::write::{self, Bulk};

/// A store in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
    /// What the file was opened with, for the files that belong to it.
    pub(crate) vfs: Option<&'static str>,
    /// SQLite's `data_version` when this store last looked; it changes when another connection commits.
    seen_version: Option<i64>,
    log: StockLog,
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
        let log = StockLog::default();
        Ok(SqliteStore { connection, vfs: options.vfs, seen_version: None, log, ahead: None, ahead_failed: None })
    }

    /// Gives every page a checksum ([`Options::checksums`]) where the file was made without: writes the whole file anew. `false`
    /// where it has them already.
    ///
    /// # Errors
    /// [`stockroom::ErrorKind::Busy`] where others use the database. Where it fails the file is as it was.
    pub fn seal(&mut self) -> Result<bool> {
        let connection = self.connection();
        if vfs::pages(&connection) == Pages::Sealed {
            return Ok(false);
        }
        vfs::reserve(&connection);
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").during("sqlite.seal")?;
        Ok(true)
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

    fn data_version(&mut self) -> Result<i64> {
        let connection = self.connection();
        let mut pragma = connection.prepare_cached("PRAGMA data_version").during("sqlite.begin")?;
        pragma.query_row([], |row| row.get(0)).during("sqlite.begin")
    }

    fn compare_version(&mut self, version: i64) -> Result<Freshness> {
        if self.seen_version == Some(version) {
            return Ok(Freshness::Unchanged);
        }
        still_known(&self.connection())?;
        self.seen_version = Some(version);
        Ok(Freshness::Foreign)
    }

    /// Looks around in the transaction that has just begun.
    fn catch_up(&mut self) -> Result<Freshness> {
        let version = self.data_version()?;
        if self.seen_version != Some(version) {
            still_known(&self.connection())?;
        }
        self.log.catch_up(&lock(&self.connection), version)?;
        self.compare_version(version)
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

    fn write_now(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        drop(self.connection());
        if let Some(failed) = self.ahead_failed.take() {
            return failed;
        }
        let connection = lock(&self.connection);
        let written = write::write(&connection, changes, &mut self.log)?;
        if finish == Finish::Commit && written == Written::Done {
            self.log.fold(&connection, false)?;
        }
        drop(connection);
        if finish == Finish::Commit && written == Written::Done {
            self.run("COMMIT", "sqlite.commit")?;
            self.log.committed();
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
        let begun = self.catch_up();
        if begun.is_err() {
            // The lock goes with it. The first failure is the one to tell.
            drop(self.rollback());
        }
        begun
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        drop(self.connection());
        read::supply(&lock(&self.connection), &self.log, needs, rows)
    }

    fn write(&mut self, mut changes: Changes, finish: Finish) -> Result<Written> {
        let written = if finish == Finish::Stay
            && Bulk::is_all_of(&changes)
            && changes.new_orders.len() > 1
            && !changes.events.is_empty()
        {
            let bulk = Bulk::of(&mut changes, &mut self.log);
            self.write_ahead(bulk)
        } else {
            self.write_now(changes, finish)
        };
        if !matches!(written, Ok(Written::Done)) {
            // The first failure is the one to tell. The driver drops its rows.
            drop(self.rollback());
            self.log.distrust();
            self.seen_version = None;
        }
        written
    }

    fn rollback(&mut self) -> Result<()> {
        let idle = self.connection().is_autocommit();
        self.ahead_failed = None;
        self.log.rolled_back();
        if idle {
            return Ok(());
        }
        self.run("ROLLBACK", "sqlite.rollback")
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        let alone = self.connection().is_autocommit() && matches!(page, Page::Stock(_));
        if alone {
            // The log and the table must be read as of one moment. The caller's trust in its own rows is not
            // touched: it is asked about at the next unit of work.
            self.run("BEGIN DEFERRED", "sqlite.read")?;
            let version = self.data_version()?;
            self.log.catch_up(&lock(&self.connection), version)?;
        }
        let rows = read::page(&lock(&self.connection), &self.log, page, limit);
        if alone {
            self.run("ROLLBACK", "sqlite.read")?;
        }
        rows
    }

    fn freshness(&mut self) -> Result<Freshness> {
        let version = self.data_version()?;
        self.compare_version(version)
    }

    fn writes_ahead(&self) -> Option<usize> {
        HAVE_THREADS.then_some(AHEAD_COMMANDS)
    }
}
