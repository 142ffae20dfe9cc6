//! A store over the one in memory that does as a test's script says: it counts commits, fails, panics, or
//! stops in the middle of a commit until it is let go.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use stockroom::engine::{Changes, Needs, WorkingSet};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{Error, ErrorKind, Result};

/// Where a unit of work meets what the script says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Begin,
    Supply,
    Flush,
    Commit,
}

/// What happens there, once.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Pass,
    Fail(ErrorKind),
    Panic,
    /// Says that it is there, and waits at the gate.
    Stop(Arc<Gate>),
}

/// Where a commit waits until a test lets it go.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().expect("no test panics here");
        state.0 = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |(_, open)| !*open).expect("no test panics here"));
    }

    /// Waits until somebody stands at the gate.
    pub(crate) fn await_arrival(&self) {
        let state = self.state.lock().expect("no test panics here");
        drop(self.changed.wait_while(state, |(there, _)| !*there).expect("no test panics here"));
    }

    /// Lets whoever stands there go on.
    pub(crate) fn open(&self) {
        self.state.lock().expect("no test panics here").1 = true;
        self.changed.notify_all();
    }
}

/// What the store is told to do, shared with the test.
#[derive(Debug, Default)]
pub(crate) struct Script {
    acts: Mutex<VecDeque<(Place, Act)>>,
    commits: AtomicUsize,
}

impl Script {
    /// Adds what happens the next time that the place is reached after all that was added before.
    pub(crate) fn then(&self, place: Place, act: Act) {
        self.acts.lock().expect("no test panics here").push_back((place, act));
    }

    /// Stops the next commit.
    pub(crate) fn stop_commit(&self) -> Arc<Gate> {
        let gate = Arc::<Gate>::default();
        self.then(Place::Commit, Act::Stop(Arc::clone(&gate)));
        gate
    }

    /// How many commits were done.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    fn at(&self, place: Place) -> Result<()> {
        let act = {
            let mut acts = self.acts.lock().expect("no test panics here");
            match acts.front() {
                Some((next, _)) if *next == place => acts.pop_front().map_or(Act::Pass, |(_, act)| act),
                _ => Act::Pass,
            }
        };
        match act {
            Act::Pass => Ok(()),
            Act::Fail(kind) => {
                let cause = std::io::Error::other("the disk is on fire");
                Err(Error::new(kind, "scripted.store", "told to fail").with_source(cause))
            }
            Act::Panic => panic!("the store was told to panic"),
            Act::Stop(gate) => {
                gate.pass();
                Ok(())
            }
        }
    }
}

/// The store.
#[derive(Debug, Default)]
pub(crate) struct ScriptedStore {
    store: MemoryStore,
    script: Arc<Script>,
}

impl ScriptedStore {
    pub(crate) fn new() -> (Self, Arc<Script>) {
        let store = ScriptedStore::default();
        let script = Arc::clone(&store.script);
        (store, script)
    }
}

impl Store for ScriptedStore {
    fn begin(&mut self, mode: Mode) -> Result<Freshness> {
        self.script.at(Place::Begin)?;
        self.store.begin(mode)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        self.script.at(Place::Supply)?;
        self.store.supply(needs, rows)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        let place = if finish == Finish::Commit { Place::Commit } else { Place::Flush };
        if let Err(error) = self.script.at(place) {
            self.store.rollback()?;
            return Err(error);
        }
        let written = self.store.write(changes, finish)?;
        if finish == Finish::Commit && written == Written::Done {
            self.script.commits.fetch_add(1, Ordering::SeqCst);
        }
        Ok(written)
    }

    fn rollback(&mut self) -> Result<()> {
        self.store.rollback()
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        self.store.page(page, limit)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        self.store.freshness()
    }
}
