//! The store over a connection of its own: units of work as transactions.

use std::path::Path;

use rusqlite::Connection;
use stockroom::Result;
use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store};

use crate::error::During;
use crate::open::{Options, open};
use crate::{read, write};

/// A store in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    pub(crate) connection: Connection,
    /// SQLite's `data_version` when this store last looked; it changes when another connection commits.
    seen_version: Option<i64>,
}

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
        Ok(SqliteStore { connection: open(path.as_ref(), options)?, seen_version: None })
    }

    fn compare_version(&mut self) -> Result<Freshness> {
        let mut pragma = self.connection.prepare_cached("PRAGMA data_version").during("sqlite.begin")?;
        let version: i64 = pragma.query_row([], |row| row.get(0)).during("sqlite.begin")?;
        let unchanged = self.seen_version == Some(version);
        drop(pragma);
        self.seen_version = Some(version);
        Ok(if unchanged { Freshness::Unchanged } else { Freshness::Foreign })
    }

    fn run(&self, sql: &'static str, operation: &'static str) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).during(operation)?;
        statement.execute([]).map(|_| ()).during(operation)
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
        read::supply(&self.connection, needs, rows)
    }

    fn write(&mut self, changes: &Changes<'_>, finish: Finish) -> Result<()> {
        let mut written = write::write(&self.connection, changes);
        if finish == Finish::Commit && written.is_ok() {
            written = self.run("COMMIT", "sqlite.commit");
        }
        if written.is_err() {
            // The first failure is the one to tell. The driver drops its rows.
            drop(self.rollback());
            self.seen_version = None;
        }
        written
    }

    fn rollback(&mut self) -> Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.run("ROLLBACK", "sqlite.rollback")
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        read::page(&self.connection, page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.compare_version()
    }
}
