//! The driver: runs steps over a store, and lets callers on many threads share commits.
//!
//! Commands queue up in the open batch. The first caller that asks for an answer leads: it takes the batch,
//! decides it, commits it, and wakes those who rode along. While it works, the next batch fills. The driver
//! has no thread of its own: if nobody asks, nothing is committed until somebody does.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::code::Fault;
use crate::engine::command::{Action, Command, Reply, TimedCommand};
use crate::engine::step::{Progress, Step};
use crate::engine::working_set::WorkingSet;
use crate::error::{Error, ErrorKind, Result};
use crate::order::NewOrder;
use crate::ports::{Clock, Finish, Mode, Store, Written};

/// The most commands that one commit carries.
const BATCH_MAX: usize = 4096;

/// A rule of the host's own. It adds a fault for each thing that it finds wrong with an order.
pub type OrderRule = Box<dyn Fn(&NewOrder, &mut Vec<Fault>) + Send + Sync>;

/// Is told every command after it was committed, in the order of the decisions.
pub type Recorder = Box<dyn FnMut(&TimedCommand) + Send>;

/// The engine over a store. Share it between threads by reference or in an [`Arc`].
pub struct Stockroom<S> {
    queue: Mutex<Queue>,
    core: Mutex<Core<S>>,
    clock: Box<dyn Clock>,
    rules: Vec<OrderRule>,
}

/// What only one thread at a time works with.
pub(crate) struct Core<S> {
    pub(crate) store: S,
    pub(crate) rows: WorkingSet,
    recorder: Option<Recorder>,
    /// Batches still to be decided without taking names for free, after one where a name was taken.
    careful: u32,
}

/// Batches that are careful after one met a name that was taken. Repeats come in swarms: a client that lost
/// its answers sends all of its commands again.
const CAREFUL_BATCHES: u32 = 64;

struct Queue {
    open: Arc<Batch>,
    commands: Vec<TimedCommand>,
    /// Whether somebody leads a batch now.
    led: bool,
}

/// Where the callers of one batch wait for its answers.
#[derive(Default)]
struct Batch {
    state: Mutex<BatchState>,
    changed: Condvar,
}

#[derive(Default)]
enum BatchState {
    /// Nobody works on it yet, or the work goes on. The flag asks one of the waiting to lead.
    #[default]
    Waiting,
    Lead,
    Done(Vec<Option<Reply>>),
    Failed(Error),
}

/// A command that was handed in. Ask it for its answer with [`Stockroom::wait`].
#[must_use = "the command is committed when some caller waits, and its answer is here"]
pub struct Ticket {
    batch: Arc<Batch>,
    slot: usize,
}

impl<S> std::fmt::Debug for Stockroom<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stockroom").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// A panic elsewhere leaves no half-changed state behind these locks: the working set is dropped by the
/// guard of the unit of work, and the queues are changed in one go.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Store> Stockroom<S> {
    /// The engine over a store, with a clock for the commands that come without a time.
    pub fn new(store: S, clock: impl Clock + 'static) -> Self {
        let queue = Queue { open: Arc::default(), commands: Vec::new(), led: false };
        let core = Core { store, rows: WorkingSet::default(), recorder: None, careful: 0 };
        Stockroom { queue: Mutex::new(queue), core: Mutex::new(core), clock: Box::new(clock), rules: Vec::new() }
    }

    /// Adds a rule of the host's own, asked before every order is placed or previewed. What it finds
    /// becomes part of the command, under the code `host_rule`.
    #[must_use]
    pub fn with_rule(mut self, rule: impl Fn(&NewOrder, &mut Vec<Fault>) + Send + Sync + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// Tells a recorder every command that was decided and committed, in order: a log that replays to the
    /// same state. It is called while the store is locked, so it should be quick.
    #[must_use]
    pub fn with_recorder(self, recorder: impl FnMut(&TimedCommand) + Send + 'static) -> Self {
        lock(&self.core).recorder = Some(Box::new(recorder));
        self
    }

    /// The store and the rows, for one thread at a time.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core<S>> {
        lock(&self.core)
    }

    /// Gives the store back.
    pub fn into_store(self) -> S {
        self.core.into_inner().unwrap_or_else(PoisonError::into_inner).store
    }

    /// Does one command and returns when its effect is durable. Calls from several threads share commits.
    ///
    /// # Errors
    /// See [`ErrorKind`]. After [`ErrorKind::Io`] the outcome is open: send the command again with the same
    /// key.
    pub fn execute(&self, command: impl Into<Command>) -> Result<Reply> {
        let ticket = self.submit(command);
        self.wait(ticket)
    }

    /// Does one command at a given time, as a replay does.
    ///
    /// # Errors
    /// As [`Stockroom::execute`].
    pub fn execute_at(&self, at_ms: i64, command: impl Into<Command>) -> Result<Reply> {
        let ticket = self.submit_at(at_ms, command);
        self.wait(ticket)
    }

    /// Hands a command in without waiting for it. It is done with the next commit that some caller waits
    /// for; ask for the answer later. Commands from one thread are done in the order of handing in.
    pub fn submit(&self, command: impl Into<Command>) -> Ticket {
        self.submit_at(self.clock.now_ms(), command)
    }

    /// Hands a command in with the time to decide it at.
    pub fn submit_at(&self, at_ms: i64, command: impl Into<Command>) -> Ticket {
        let timed = TimedCommand { at_ms, command: self.judged(command.into()) };
        let mut queue = lock(&self.queue);
        if queue.commands.len() >= BATCH_MAX {
            drop(queue);
            self.flush();
            queue = lock(&self.queue);
        }
        queue.commands.push(timed);
        Ticket { batch: Arc::clone(&queue.open), slot: queue.commands.len() - 1 }
    }

    /// Waits until a command handed in is durable, and returns its answer. The waiting caller may find
    /// itself committing for everybody.
    ///
    /// # Errors
    /// As [`Stockroom::execute`].
    pub fn wait(&self, ticket: Ticket) -> Result<Reply> {
        let Ticket { batch, slot } = ticket;
        loop {
            {
                let mut state = lock(&batch.state);
                loop {
                    match &mut *state {
                        BatchState::Done(replies) => {
                            let reply = replies.get_mut(slot).and_then(Option::take);
                            return reply.ok_or_else(|| {
                                Error::new(ErrorKind::Aborted, "engine.wait", "the answer was given before")
                            });
                        }
                        BatchState::Failed(error) => return Err(error.copy()),
                        BatchState::Lead => {
                            *state = BatchState::Waiting;
                            break;
                        }
                        BatchState::Waiting => {
                            // Lead, if nobody does; else sleep until called. The queue's lock is never
                            // waited for while it is held by somebody who waits for this one.
                            if self.take_the_lead() {
                                break;
                            }
                            state = batch.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                        }
                    }
                }
            }
            self.lead();
        }
    }

    /// Whether this caller leads from now on.
    fn take_the_lead(&self) -> bool {
        let mut queue = lock(&self.queue);
        !std::mem::replace(&mut queue.led, true)
    }

    /// Commits what was handed in so far, without waiting for a particular answer, and returns when it is
    /// durable. A failure reaches those who ask for the answers.
    pub fn flush(&self) {
        if self.take_the_lead() {
            self.lead();
        } else {
            // Somebody commits right now; what came after that batch is next.
            let (batch, empty) = {
                let queue = lock(&self.queue);
                (Arc::clone(&queue.open), queue.commands.is_empty())
            };
            match empty {
                // What was taken from the queue is durable when the core is free again.
                true => drop(lock(&self.core)),
                false => drop(self.wait(Ticket { batch, slot: usize::MAX })),
            }
        }
    }

    /// Works off what was handed in, up to the commit, and hands the lead on. The caller has taken the lead.
    fn lead(&self) {
        let mut core = lock(&self.core);
        let mut leading = Leading { stockroom: self, batches: Vec::new(), outcome: None };
        let mut taken = 0;
        let batches = &mut leading.batches;
        let outcome = core.run(&mut || {
            // Orders keep joining until the commit; then those who come form the next batch.
            let mut queue = lock(&self.queue);
            if queue.commands.is_empty() && (2..BATCH_MAX).contains(&taken) {
                // Callers who were just answered get one turn: nearly all of them come right back.
                drop(queue);
                std::thread::yield_now();
                queue = lock(&self.queue);
            }
            if queue.commands.is_empty() || taken >= BATCH_MAX {
                return Vec::new();
            }
            taken += queue.commands.len();
            batches.push((std::mem::take(&mut queue.open), queue.commands.len()));
            std::mem::take(&mut queue.commands)
        });
        leading.outcome = Some(outcome);
        drop(core);
        drop(leading);
    }

    /// Does a batch of commands in one commit, each standing or falling alone, at the clock's time.
    ///
    /// # Errors
    /// As [`Stockroom::execute`]; a failure means that none was done.
    pub fn execute_batch(&self, commands: impl IntoIterator<Item = Command>) -> Result<Vec<Reply>> {
        let at_ms = self.clock.now_ms();
        self.execute_batch_at(commands.into_iter().map(|command| TimedCommand { at_ms, command }).collect())
    }

    /// Does a batch of commands in one commit, each at its own time. What was handed in before is done first.
    ///
    /// # Errors
    /// As [`Stockroom::execute`]; a failure means that none was done.
    pub fn execute_batch_at(&self, mut commands: Vec<TimedCommand>) -> Result<Vec<Reply>> {
        if !self.rules.is_empty() {
            for timed in &mut commands {
                self.apply_rules(&mut timed.command);
            }
        }
        // What this thread handed in before comes before.
        if !lock(&self.queue).commands.is_empty() {
            self.flush();
        }
        let mut commands = Some(commands);
        lock(&self.core).run(&mut || commands.take().unwrap_or_default())
    }

    /// The time that commands without one are decided at, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Decides a command as if it were sent now, and throws the changes away.
    ///
    /// # Errors
    /// As [`Stockroom::execute`]. Nothing is written in any case.
    pub fn preview(&self, command: impl Into<Command>) -> Result<Reply> {
        self.preview_at(self.clock.now_ms(), command)
    }

    /// Decides a command at a given time and throws the changes away.
    ///
    /// # Errors
    /// As [`Stockroom::execute`]. Nothing is written in any case.
    pub fn preview_at(&self, at_ms: i64, command: impl Into<Command>) -> Result<Reply> {
        lock(&self.core).preview(TimedCommand { at_ms, command: self.judged(command.into()) })
    }

    fn judged(&self, mut command: Command) -> Command {
        self.apply_rules(&mut command);
        command
    }

    fn apply_rules(&self, command: &mut Command) {
        if let Action::PlaceOrder(order) = &mut command.action {
            let mut faults = Vec::new();
            self.rules.iter().for_each(|rule| rule(order, &mut faults));
            order.host_faults.append(&mut faults);
        }
    }
}

/// Ends a lead whatever happens, a panic in the store or in a recorder included: those who wait get an
/// answer, and the lead passes on.
struct Leading<'a, S> {
    stockroom: &'a Stockroom<S>,
    /// The batches taken, with the number of commands in each.
    batches: Vec<(Arc<Batch>, usize)>,
    outcome: Option<Result<Vec<Reply>>>,
}

impl<S> Drop for Leading<'_, S> {
    fn drop(&mut self) {
        // The next leader first: it can work while the answers of this batch are given out.
        {
            let mut queue = lock(&self.stockroom.queue);
            queue.led = false;
            if !queue.commands.is_empty() {
                let next = Arc::clone(&queue.open);
                queue.led = true;
                drop(queue);
                next.call_for_a_leader();
            }
        }
        let aborted = || Err(Error::new(ErrorKind::Aborted, "engine.commit", "the leading caller panicked"));
        let outcome = self.outcome.take().unwrap_or_else(aborted);
        let (mut replies, error) = match outcome {
            Ok(replies) => (replies.into_iter(), None),
            Err(error) => (Vec::new().into_iter(), Some(error)),
        };
        for (batch, commands) in self.batches.drain(..) {
            let state = match &error {
                None => BatchState::Done(replies.by_ref().take(commands).map(Some).collect()),
                Some(error) => BatchState::Failed(error.copy()),
            };
            *lock(&batch.state) = state;
            batch.changed.notify_all();
        }
    }
}

impl Batch {
    /// Asks one of those who wait, or the first who will, to lead this batch.
    fn call_for_a_leader(&self) {
        *lock(&self.state) = BatchState::Lead;
        self.changed.notify_one();
    }
}

impl<S: Store> Core<S> {
    /// Decides and commits commands as one unit of work. `more` is asked for them, and asked again before the
    /// commit until it has none.
    fn run(&mut self, more: &mut dyn FnMut() -> Vec<TimedCommand>) -> Result<Vec<Reply>> {
        let mut commands = more();
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        // Until the end is reached, whatever happens, the working set is not to be trusted.
        let mut rows = std::mem::take(&mut self.rows);
        let mut result = self.commit(&mut rows, &mut commands, more);
        if let Ok(None) = result {
            // A name was taken: nothing was written. Look this time, and for a while.
            rows.clear();
            self.careful = CAREFUL_BATCHES;
            result = self.commit(&mut rows, &mut commands, &mut Vec::new);
        }
        self.careful = self.careful.saturating_sub(1);
        match result.and_then(|replies| replies.ok_or_else(taken_at_once)) {
            Ok(replies) => {
                rows.trim();
                self.rows = rows;
                if let Some(recorder) = &mut self.recorder {
                    commands.iter().for_each(recorder);
                }
                Ok(replies)
            }
            Err(error) => {
                // The first failure is the one to tell; where it took the unit of work down, this does nothing.
                drop(self.store.rollback());
                Err(error)
            }
        }
    }

    /// Decides and commits what there is and what joins. `None` where a name was taken for free that is not.
    fn commit(
        &mut self,
        rows: &mut WorkingSet,
        commands: &mut Vec<TimedCommand>,
        more: &mut dyn FnMut() -> Vec<TimedCommand>,
    ) -> Result<Option<Vec<Reply>>> {
        rows.trust(self.store.begin(Mode::Write)?);
        rows.assume_free(self.careful == 0);
        let chunk = self.store.writes_ahead().unwrap_or(usize::MAX);
        let mut replies = Vec::with_capacity(commands.len());
        let mut flushed = 0;
        loop {
            let decided = replies.len();
            if decided == commands.len() {
                let mut joining = more();
                if joining.is_empty() {
                    break;
                }
                commands.append(&mut joining);
            }
            if decided - flushed >= chunk {
                if self.store.write(rows.take_changes()?, Finish::Stay)? == Written::Taken {
                    return Ok(None);
                }
                flushed = decided;
            }
            let next = &commands[decided..commands.len().min(flushed.saturating_add(chunk))];
            match self.decide(rows, next)? {
                Some(mut decided) => replies.append(&mut decided),
                None => return Ok(None),
            }
        }
        let written = self.store.write(rows.take_changes()?, Finish::Commit)?;
        Ok((written == Written::Done).then_some(replies))
    }

    /// Decides commands in the unit of work that is open; `None` where a name was taken.
    fn decide(&mut self, rows: &mut WorkingSet, commands: &[TimedCommand]) -> Result<Option<Vec<Reply>>> {
        let mut step = Step::new(commands);
        loop {
            match step.advance(rows)? {
                Progress::Needs(needs) => self.store.supply(&needs, rows)?,
                Progress::Flush => {
                    if self.store.write(rows.take_changes()?, Finish::Stay)? == Written::Taken {
                        return Ok(None);
                    }
                }
                Progress::Decided => return Ok(Some(step.into_replies())),
            }
        }
    }

    /// Decides a command on rows of its own, so that those of the driver stay good, and takes back what was
    /// written on the way.
    fn preview(&mut self, command: TimedCommand) -> Result<Reply> {
        let freshness = self.store.begin(Mode::Write)?;
        self.rows.trust(freshness);
        let mut rows = WorkingSet::default();
        let decided = self.decide(&mut rows, &[command]);
        // The invariants are asserted for previews too.
        let checked = decided.and_then(|replies| rows.take_changes().map(|_| replies));
        let ended = self.store.rollback();
        let replies = checked?;
        ended?;
        replies.ok_or_else(taken_at_once)?.pop().ok_or_else(|| Error::broken("a command was not answered"))
    }
}

/// Every name was looked at.
fn taken_at_once() -> Error {
    Error::new(ErrorKind::Corrupt, "engine.commit", "a name is free and taken at once")
}
