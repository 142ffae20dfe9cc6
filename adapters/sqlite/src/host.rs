//! The store inside a transaction that the host opened on its own connection: what the engine does commits
//! or rolls back with what the host does.

use rusqlite::Connection;
use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;
use crate::open::still_known;
use crate::stock::StockLog;
use crate::vfs;
use crate::{read, write};

/// A store for the length of one transaction of the host's. Begin the transaction with `BEGIN IMMEDIATE`, so
/// that no other writer comes between; each unit of work is a savepoint in it. Nothing is durable until the
/// host commits.
///
/// ```
/// use rusqlite::{Connection, TransactionBehavior};
/// use stockroom::{RegisterSku, Stockroom};
/// use stockroom_sqlite::{HostTransaction, create_tables};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut connection = Connection::open_in_memory()?; // the host's own database
/// create_tables(&mut connection)?;
/// connection.execute_batch("CREATE TABLE carts (id TEXT)")?;
///
/// let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
/// transaction.execute("INSERT INTO carts VALUES ('c-1')", [])?;
/// let stockroom = Stockroom::new(HostTransaction::new(&transaction), || 0);
/// stockroom.execute(RegisterSku { sku: "mug".into(), components: None })?;
/// drop(stockroom);
/// transaction.commit()?; // both, or with a rollback neither
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HostTransaction<'t> {
    connection: &'t Connection,
    open: bool,
    /// Empty in units that write: the host's transactions come one at a time, so what is logged is folded when
    /// one begins and what is written goes to the table.
    log: StockLog,
}

impl<'t> HostTransaction<'t> {
    /// A store in the transaction that is open on this connection.
    pub fn new(connection: &'t Connection) -> Self {
        HostTransaction { connection, open: false, log: StockLog::default() }
    }

    fn run(&self, sql: &'static str, operation: &'static str) -> Result<()> {
        self.connection.execute_batch(sql).during(operation)
    }
}

impl Store for HostTransaction<'_> {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.rollback()?;
        if self.connection.is_autocommit() {
            let message = "no transaction is open: begin one on this connection first";
            return Err(Error::new(ErrorKind::Unsupported, "sqlite.begin", message));
        }
        if mode == Mode::Write {
            vfs::may_write(self.connection, "sqlite.begin")?;
        }
        still_known(self.connection)?;
        self.run("SAVEPOINT stockroom", "sqlite.begin")?;
        self.open = true;
        self.log.distrust();
        self.log.catch_up(self.connection, 0)?;
        if mode == Mode::Write {
            self.log.fold(self.connection, true)?;
        }
        // The host may have rolled back to a savepoint of its own since.
        Ok(Freshness::TakenBack)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        read::supply(self.connection, &self.log, needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        let mut written = write::write(self.connection, changes, &mut self.log);
        if finish == Finish::Commit && matches!(written, Ok(Written::Done)) {
            written = self.log.fold(self.connection, true).map(|()| Written::Done);
        }
        if finish == Finish::Commit && matches!(written, Ok(Written::Done)) {
            written = self.run("RELEASE stockroom", "sqlite.commit").map(|()| Written::Done);
            self.open = written.is_err();
        }
        if !matches!(written, Ok(Written::Done)) {
            // The first failure is the one to tell.
            drop(self.rollback());
        }
        written
    }

    fn rollback(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.open) || self.connection.is_autocommit() {
            return Ok(());
        }
        self.run("ROLLBACK TO stockroom; RELEASE stockroom", "sqlite.rollback")
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        if !self.open {
            self.log.distrust();
            self.log.catch_up(self.connection, 0)?;
        }
        read::page(self.connection, &self.log, page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        Ok(Freshness::TakenBack)
    }
}
