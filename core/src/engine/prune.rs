//! Pruning from end to end: bounded steps, each a command and a commit of its own, so that other callers
//! get their turn in between.

use crate::engine::command::{Answer, Outcome};
use crate::engine::driver::Stockroom;
use crate::error::Result;
use crate::outbox::{Prune, PruneFrom};
use crate::ports::Store;

/// Rows looked at in one step.
const STEP_ROWS: u32 = 1_000;

/// What pruning forgot in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrunedTotal {
    /// Events.
    pub events: u64,
    /// Idempotency keys.
    pub keys: u64,
    /// Closed orders that lost their details.
    pub orders: u64,
    /// Messages of the inbox.
    pub messages: u64,
}

impl<S: Store> Stockroom<S> {
    /// Forgets what is older than a time and no longer needed: see [`Prune`]. Returns the totals; a command
    /// whose key was forgotten takes effect again if it is repeated.
    ///
    /// # Errors
    /// As [`Stockroom::execute`]. What was done so far stays done.
    pub fn prune(&self, before_ms: i64) -> Result<PrunedTotal> {
        let mut total = PrunedTotal::default();
        let mut from = Some(PruneFrom::default());
        while let Some(place) = from {
            let reply = self.execute(Prune { before_ms, limit: STEP_ROWS, from: place })?;
            let Outcome::Accepted(Answer::Pruned(pruned)) = reply.outcome else {
                break;
            };
            total.events += pruned.events;
            total.keys += pruned.keys;
            total.orders += pruned.orders;
            total.messages += pruned.messages;
            from = pruned.next;
        }
        Ok(total)
    }
}
