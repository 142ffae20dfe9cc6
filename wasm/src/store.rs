//! The store behind a database, whichever it is: a file, or memory.

use stockroom::Result;
use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};

/// Any store.
pub(crate) struct AnyStore(pub(crate) Box<dyn Store>);

impl Store for AnyStore {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.0.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.0.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        self.0.write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        self.0.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.0.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.0.freshness()
    }

    fn writes_ahead(&self) -> Option<usize> {
        self.0.writes_ahead()
    }
}
