//! The step interface: the engine's work on a batch, with every row that it reads and writes in the hands
//! of whoever drives it. A host with a database of its own, asynchronous or remote, drives the same steps
//! as the engine's own driver does.
//!
//! ```
//! use stockroom::engine::{Progress, Step, WorkingSet};
//! use stockroom::memory::MemoryStore;
//! use stockroom::ports::{Finish, Mode, Store, Written};
//! use stockroom::{RegisterSku, TimedCommand};
//!
//! let mut store = MemoryStore::new(); // any place that keeps rows
//! let register = RegisterSku { sku: "mug".into(), components: None };
//! let commands = [TimedCommand { at_ms: 0, command: register.into() }];
//!
//! let mut rows = WorkingSet::default();
//! let mut step = Step::new(&commands);
//! store.begin(Mode::Write)?;
//! loop {
//!     match step.advance(&mut rows)? {
//!         Progress::Needs(needs) => store.supply(&needs, &mut rows)?,
//!         Progress::Flush => assert_eq!(store.write(rows.take_changes()?, Finish::Stay)?, Written::Done),
//!         Progress::Decided => break,
//!     }
//! }
//! // It can be `Taken` only after `rows.assume_free(true)`.
//! assert_eq!(store.write(rows.take_changes()?, Finish::Commit)?, Written::Done);
//! assert!(step.into_replies()[0].accepted().is_ok());
//! # Ok::<(), stockroom::Error>(())
//! ```

use crate::engine::command::{Reply, TimedCommand};
use crate::engine::decide::{decide, foresee};
use crate::engine::needs::Needs;
use crate::engine::working_set::{Stop, WorkingSet};
use crate::error::{Error, ErrorKind};

/// How far a step has come.
#[derive(Debug)]
pub enum Progress {
    /// These rows are needed: put them into the working set and advance again.
    Needs(Box<Needs>),
    /// A search comes up that must see what the batch has done so far, or rows were forgotten whose names
    /// may be used again: write the changes ([`WorkingSet::take_changes`]) without committing them, and
    /// advance again.
    Flush,
    /// Every command is decided. Write and commit the changes, and only then give the answers.
    Decided,
}

/// How often one command may ask for rows before it is taken for a bug. Claim chains and queues are read in
/// pages, so that large ones ask often.
const ASKS_MAX: u32 = 1_000_000;

/// Work on one batch of commands, each of which stands or falls alone.
#[derive(Debug)]
pub struct Step<'c> {
    commands: &'c [TimedCommand],
    replies: Vec<Reply>,
    asks: u32,
    /// What the command at hand asked for last, before what others will need was added.
    asked: Option<Box<Needs>>,
}

impl<'c> Step<'c> {
    /// Work on these commands, in their order.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn new(commands: &'c [TimedCommand]) -> Self {
        Step { commands, replies: Vec::with_capacity(commands.len()), asks: 0, asked: None }
    }

    /// Decides as many commands as the rows at hand allow.
    ///
    /// # Errors
    /// A failure ends the batch: roll back and drop the working set, no command of the batch was done.
    // All that placing an order passes through from here on is `inline` in WebAssembly: it is then compiled with the crate of
    // whoever drives the steps, for speed, though the core be compiled for size. libstockroom would only grow by it.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn advance(&mut self, rows: &mut WorkingSet) -> Result<Progress, Error> {
        rows.check_damage()?;
        while let Some(timed) = self.commands.get(self.replies.len()) {
            // What was forgotten goes before the next command may write it anew under the same name.
            if rows.forgets() {
                return Ok(Progress::Flush);
            }
            match decide(rows, timed) {
                Ok(reply) => {
                    self.replies.push(reply);
                    self.asks = 0;
                    self.asked = None;
                }
                Err(Stop::Needs(mut needs)) => {
                    self.asks += 1;
                    if self.asks > ASKS_MAX {
                        return Err(Error::broken("a command asks for rows without end"));
                    }
                    // What was found before stays: the command is decided anew with more.
                    if !needs.queries.is_empty() && rows.is_dirty() {
                        return Ok(Progress::Flush);
                    }
                    if self.asked.as_deref() == Some(&*needs) {
                        // An order or a SKU that other rows name by its number is not there.
                        let message = "rows are missing that others name: the store or its file is damaged";
                        return Err(Error::new(ErrorKind::Corrupt, "engine.supply", message));
                    }
                    self.asked = Some(needs.clone());
                    // Where one row is missing others are: what the commands to come are sure to need is
                    // asked for at once.
                    for timed in &self.commands[self.replies.len()..] {
                        foresee(rows, &timed.command, &mut needs);
                    }
                    needs.tidy();
                    return Ok(Progress::Needs(needs));
                }
                Err(Stop::Fail(error)) => return Err(error),
                Err(Stop::Reject(_) | Stop::Repeat(_)) => {
                    return Err(Error::new(ErrorKind::InvariantBroken, "engine.step", "a rejection was not answered"));
                }
            }
        }
        Ok(Progress::Decided)
    }

    /// The answers, in the order of the commands; all of them once the step is decided. Give them only after
    /// the commit.
    pub fn into_replies(self) -> Vec<Reply> {
        self.replies
    }
}
