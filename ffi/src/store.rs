//! The stores that a database may be opened over, as one type.

use ::stockroom::Result;
use ::stockroom::engine::{Changes, Needs, WorkingSet};
use ::stockroom::memory::MemoryStore;
use ::stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom_sqlite::SqliteStore;

/// A store of any kind that this library carries.
pub(crate) enum HostStore {
    Sqlite(Box<SqliteStore>),
    Memory(Box<MemoryStore>),
}

macro_rules! each {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            HostStore::Sqlite($store) => $call,
            HostStore::Memory($store) => $call,
        }
    };
}

impl Store for HostStore {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        each!(self, store => store.begin(mode))
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        each!(self, store => store.supply(needs, rows))
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        each!(self, store => store.write(changes, finish))
    }

    fn rollback(&mut self) -> Result<()> {
        each!(self, store => store.rollback())
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        each!(self, store => store.page(page, limit))
    }

    fn freshness(&mut self) -> Result<Freshness> {
        each!(self, store => store.freshness())
    }

    fn writes_ahead(&self) -> Option<usize> {
        each!(self, store => store.writes_ahead())
    }
}
