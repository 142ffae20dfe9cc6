//! A node: one process that runs the engine over the shared disk. Some run the engine's own driver, some drive its
//! public steps themselves, as a host with a store of its own does. A node that stops loses all but the disk.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stockroom::engine::{Progress, Step, WorkingSet};
use stockroom::ports::{Finish, Freshness, Mode, Store, Written};
use stockroom::{Error, ErrorKind, Reply, Stockroom, TimedCommand};

use crate::store::{Disk, NodeStore, StoreDied};

/// How a node runs the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// By the engine's driver.
    Driver,
    /// By the public steps.
    Steps,
}

enum Engine {
    Driver(Box<Stockroom<NodeStore>>),
    Steps(Box<(NodeStore, WorkingSet)>),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The engine says that it failed.
    Error(Error),
    /// The thread died.
    Died,
}

pub(crate) struct Node {
    face: Face,
    engine: Engine,
    clock: Arc<AtomicI64>,
    /// By how much the node's clock is ahead of the world's.
    pub(crate) ahead_ms: i64,
}

impl Node {
    pub(crate) fn start(disk: &Disk, face: Face) -> Self {
        let clock = Arc::new(AtomicI64::new(0));
        Node { face, engine: engine(disk, face, &clock), clock, ahead_ms: 0 }
    }

    /// The process ends and begins anew.
    pub(crate) fn restart(&mut self, disk: &Disk) {
        self.engine = engine(disk, self.face, &self.clock);
    }

    /// What reads go through; a node that drives the steps itself has none.
    pub(crate) fn room(&self) -> Option<&Stockroom<NodeStore>> {
        match &self.engine {
            Engine::Driver(room) => Some(room),
            Engine::Steps(_) => None,
        }
    }

    /// Hands commands in, and then the process ends before anybody waits for them.
    pub(crate) fn submit_and_crash(&mut self, disk: &Disk, commands: &[TimedCommand]) {
        if let Engine::Driver(room) = &self.engine {
            for timed in commands {
                let _ = room.submit_at(timed.at_ms, timed.command.clone());
            }
        }
        self.restart(disk);
    }

    /// Does commands, several of them in one commit.
    pub(crate) fn run(&mut self, disk: &Disk, commands: &[TimedCommand], as_batch: bool) -> Result<Vec<Reply>, Failed> {
        let done = match &mut self.engine {
            Engine::Driver(room) => {
                let room = &**room;
                let clock = &self.clock;
                catch_unwind(AssertUnwindSafe(|| drive(room, clock, commands, as_batch)))
            }
            Engine::Steps(engine) => {
                let (store, rows) = &mut **engine;
                catch_unwind(AssertUnwindSafe(|| step(store, rows, commands)))
            }
        };
        match done {
            Ok(Ok(replies)) => Ok(replies),
            Ok(Err(error)) => Err(Failed::Error(error)),
            Err(panic) if panic.is::<StoreDied>() => {
                // The driver outlives the death of one of its callers; half of the hosts restart all the same.
                if self.face == Face::Steps || as_batch {
                    self.restart(disk);
                }
                Err(Failed::Died)
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}

fn engine(disk: &Disk, face: Face, clock: &Arc<AtomicI64>) -> Engine {
    match face {
        Face::Driver => {
            let hand = Arc::clone(clock);
            Engine::Driver(Box::new(Stockroom::new(NodeStore::new(disk), move || hand.load(Ordering::Relaxed))))
        }
        Face::Steps => Engine::Steps(Box::new((NodeStore::new(disk), WorkingSet::default()))),
    }
}

fn drive(
    room: &Stockroom<NodeStore>,
    clock: &AtomicI64,
    commands: &[TimedCommand],
    as_batch: bool,
) -> Result<Vec<Reply>, Error> {
    match commands {
        [one] if as_batch => Ok(vec![room.execute_at(one.at_ms, one.command.clone())?]),
        [one] => {
            clock.store(one.at_ms, Ordering::Relaxed);
            Ok(vec![room.execute(one.command.clone())?])
        }
        many if as_batch => room.execute_batch_at(many.to_vec()),
        many => {
            let submit = |timed: &TimedCommand| room.submit_at(timed.at_ms, timed.command.clone());
            let tickets: Vec<_> = many.iter().map(submit).collect();
            tickets.into_iter().map(|ticket| room.wait(ticket)).collect()
        }
    }
}

/// The loop of the step interface's own page, with the second look where a name was taken.
fn step(store: &mut NodeStore, rows: &mut WorkingSet, commands: &[TimedCommand]) -> Result<Vec<Reply>, Error> {
    if store.begin(Mode::Write)? != Freshness::Unchanged {
        rows.clear();
    }
    for assume_free in [true, false] {
        if !assume_free {
            rows.clear();
            store.begin(Mode::Write)?;
        }
        rows.assume_free(assume_free);
        match step_once(store, rows, commands) {
            Ok(Some(replies)) => {
                rows.trim();
                return Ok(replies);
            }
            Ok(None) => {}
            Err(error) => {
                rows.clear();
                drop(store.rollback());
                return Err(error);
            }
        }
    }
    Err(Error::new(ErrorKind::Corrupt, "simulated.host", "a name is free and taken at once"))
}

fn step_once(
    store: &mut NodeStore,
    rows: &mut WorkingSet,
    commands: &[TimedCommand],
) -> Result<Option<Vec<Reply>>, Error> {
    let mut step = Step::new(commands);
    loop {
        match step.advance(rows)? {
            Progress::Needs(needs) => store.supply(&needs, rows)?,
            Progress::Flush => {
                if store.write(rows.take_changes()?, Finish::Stay)? == Written::Taken {
                    return Ok(None);
                }
            }
            Progress::Decided => break,
        }
    }
    let written = store.write(rows.take_changes()?, Finish::Commit)?;
    Ok((written == Written::Done).then(|| step.into_replies()))
}
