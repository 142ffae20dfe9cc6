//! The store port: rows for needs, changes all or none, and a paged read of everything. A store never
//! decides. It may be a network away, so supply and write are one call each with everything in it,
//! whatever the batch's size.
//!
//! A unit of work is `begin`, any number of `supply` and `write(…, Finish::Stay)`, and then one
//! `write(…, Finish::Commit)` or `rollback`. From `begin(Mode::Write)` on nobody else may change what was
//! supplied until the unit ends: by a lock on the whole (SQLite) or on the rows (PostgreSQL).

use crate::channel::Channel;
use crate::engine::{Changes, Needs, Record, RecordKey, RecordKind, WorkingSet};
use crate::error::Result;
use crate::inventory::{Backorder, Hold, Location, Movement, Sku, StockRow};
use crate::order::Order;
use crate::outbox::{EventRow, KeyRow, Subscription};

/// What a unit of work is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reading one consistent state.
    Read,
    /// Deciding and writing.
    Write,
}

/// Whether rows kept from the last unit of work can still be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The store proves that nobody else wrote since this store last began, read or wrote.
    Unchanged,
    /// Somebody wrote, or the store cannot tell.
    Foreign,
    /// Somebody may have taken back what was read or written here, as a host does that rolls back to a
    /// savepoint of its own: not even rows that never change are good.
    TakenBack,
}

/// How a write ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The unit of work goes on; what was written is seen by it alone.
    Stay,
    /// The unit of work ends. When the call returns the changes are durable, as far as the store's own
    /// settings promise it.
    Commit,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// It is written, and committed if that was asked.
    Done,
    /// A name that was taken for free is not: an order's id or an idempotency key that the changes bring in
    /// is there already. The unit of work has ended with nothing written. Look before deciding again.
    Taken,
}

/// Keeps the state. See the module's page for the order of calls.
pub trait Store {
    /// Begins a unit of work and says whether rows kept from before it are still good.
    fn begin(&mut self, mode: Mode) -> Result<Freshness>;

    /// Puts every row needed into the working set, and "none" for each that is not there. Searches see
    /// what this unit of work has written.
    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()>;

    /// Writes all the changes or, on an error or where a name is taken, ends the unit of work with none.
    ///
    /// Names are taken for free until the write says otherwise, which spares a look for every new order: the
    /// store checks what stands at [`NewOrderRow`](crate::engine::NewOrderRow) and
    /// [`NewKey`](crate::engine::NewKey).
    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written>;

    /// Ends the unit of work and drops what it wrote. Without one it does nothing.
    fn rollback(&mut self) -> Result<()>;

    /// At most `limit` rows of one kind in the order of their keys, after the place that the page names.
    /// Inside a unit of work it sees the state of that unit.
    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows>;

    /// Whether anybody else wrote since the last unit of work, asked outside of one.
    fn freshness(&mut self) -> Result<Freshness>;

    /// After how many commands of a large batch a `write(…, Finish::Stay)` is welcome, because the store can
    /// write while the engine goes on deciding. `None`: write once, at the end.
    fn writes_ahead(&self) -> Option<usize> {
        None
    }
}

/// Any store, for hosts that choose one as they run.
impl<S: Store + ?Sized> Store for Box<S> {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        (**self).begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        (**self).supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        (**self).write(changes, finish)
    }

    fn rollback(&mut self) -> Result<()> {
        (**self).rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        (**self).page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        (**self).freshness()
    }

    fn writes_ahead(&self) -> Option<usize> {
        (**self).writes_ahead()
    }
}

/// A kind of rows and the place to read on after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Each is the kind of row that its name says, after the key given.
pub enum Page {
    Skus(u64),
    Locations(u64),
    Channels(String),
    Stock(u64),
    Holds(u64),
    Backorders(Option<Backorder>),
    Movements(u64),
    Orders(u64),
    /// By the number of the row, which is that of its last event.
    Events(u64),
    Keys(String),
    Subscriptions(String),
    /// Records of a kind, after a key of that kind.
    Records(RecordKind, Option<RecordKey>),
}

/// Rows of one kind.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Each is the kind of row that its name says.
pub enum Rows {
    Skus(Vec<Sku>),
    Locations(Vec<Location>),
    Channels(Vec<Channel>),
    Stock(Vec<StockRow>),
    Holds(Vec<Hold>),
    Backorders(Vec<Backorder>),
    Movements(Vec<Movement>),
    Orders(Vec<Order>),
    Events(Vec<EventRow>),
    Keys(Vec<KeyRow>),
    Subscriptions(Vec<Subscription>),
    Records(Vec<Record>),
}
