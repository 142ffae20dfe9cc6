//! One store for several nodes, and what goes wrong with it: it is busy, cannot read, fails before, during and after a
//! commit, or takes the thread down with it. Rows are kept by the store in memory; here nothing is decided.

use std::cell::RefCell;
use std::rc::Rc;

use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{Error, ErrorKind, Result};

use crate::faults::Fault;

/// What all nodes share: the disk.
#[derive(Default)]
pub(crate) struct Shared {
    store: MemoryStore,
    /// Rises with every commit, whoever does it.
    version: u64,
    armed: Option<Fault>,
    struck: Option<Fault>,
    /// Whether a commit went through since it was last asked.
    committed: bool,
}

/// The disk, in the hands of everybody.
pub(crate) type Disk = Rc<RefCell<Shared>>;

impl Shared {
    /// Lets a fault strike at its place, once, if that place is reached before the next call.
    pub(crate) fn arm(&mut self, fault: Option<Fault>) {
        self.armed = fault;
        self.struck = None;
        self.committed = false;
    }

    /// Ends the danger: the fault that struck, and whether anything was committed.
    pub(crate) fn disarm(&mut self) -> (Option<Fault>, bool) {
        self.armed = None;
        (self.struck.take(), std::mem::take(&mut self.committed))
    }

    fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.armed == Some(fault);
        if strikes {
            self.armed = None;
            self.struck = Some(fault);
        }
        strikes
    }
}

/// What a thread that the store takes down is unwound with.
pub(crate) struct StoreDied;

/// One node's hold on the disk.
pub(crate) struct NodeStore {
    disk: Disk,
    /// The version that this node's rows are of.
    seen: u64,
}

impl NodeStore {
    pub(crate) fn new(disk: &Disk) -> Self {
        NodeStore { disk: Rc::clone(disk), seen: 0 }
    }
}

fn fails(kind: ErrorKind, what: &'static str) -> Error {
    Error::new(kind, "simulated.store", what)
}

impl Store for NodeStore {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        let shared = &mut *self.disk.borrow_mut();
        if mode == Mode::Write && shared.strikes(Fault::StoreBusy) {
            return Err(fails(ErrorKind::Busy, "somebody else writes"));
        }
        shared.store.begin(mode)?;
        let known = std::mem::replace(&mut self.seen, shared.version) == shared.version;
        if mode == Mode::Write && shared.strikes(Fault::TakenBack) {
            return Ok(Freshness::TakenBack);
        }
        let lost = mode == Mode::Write && shared.strikes(Fault::FreshnessLost);
        Ok(if known && !lost { Freshness::Unchanged } else { Freshness::Foreign })
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        let shared = &mut *self.disk.borrow_mut();
        if shared.strikes(Fault::SupplyFails) {
            return Err(fails(ErrorKind::Io, "the rows cannot be read"));
        }
        shared.store.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        let shared = &mut *self.disk.borrow_mut();
        if finish == Finish::Stay {
            if shared.strikes(Fault::FlushFails) {
                shared.store.rollback()?;
                return Err(fails(ErrorKind::Io, "the write failed"));
            }
            return shared.store.write(changes, Finish::Stay);
        }
        for (fault, kind) in [(Fault::CommitRefused, ErrorKind::Io), (Fault::StoreFull, ErrorKind::Full)] {
            if shared.strikes(fault) {
                shared.store.rollback()?;
                return Err(fails(kind, "nothing was written"));
            }
        }
        if shared.strikes(Fault::CommitTorn) {
            let _ = shared.store.write(changes, Finish::Stay)?;
            shared.store.rollback()?;
            return Err(fails(ErrorKind::Io, "half of it was written"));
        }
        if shared.strikes(Fault::PanicBeforeCommit) {
            // The connection goes with the thread, and its unit of work with the connection.
            shared.store.rollback()?;
            std::panic::resume_unwind(Box::new(StoreDied));
        }
        let written = shared.store.write(changes, Finish::Commit)?;
        if written == Written::Done {
            shared.version += 1;
            shared.committed = true;
            if shared.strikes(Fault::CommitUnanswered) {
                return Err(fails(ErrorKind::Io, "nobody knows whether it is written"));
            }
            if shared.strikes(Fault::PanicAfterCommit) {
                std::panic::resume_unwind(Box::new(StoreDied));
            }
            self.seen = shared.version;
        }
        Ok(written)
    }

    fn rollback(&mut self) -> Result<()> {
        self.disk.borrow_mut().store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.disk.borrow_mut().store.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        let known = self.seen == self.disk.borrow().version;
        Ok(if known { Freshness::Unchanged } else { Freshness::Foreign })
    }
}
