//! What a relay did, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a relay did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayCounts {
    /// Fulfillment orders written.
    pub requested: u64,
    /// Listings put into deliveries.
    pub queued: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts that began in doubt, so that the sink looked first.
    pub looked_up: u64,
    /// Deliveries done.
    pub done: u64,
    /// Attempts that are to be repeated.
    pub retried: u64,
    /// Deliveries that the destination refused.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requested: AtomicU64,
    pub(crate) queued: AtomicU64,
    pub(crate) attempts: AtomicU64,
    pub(crate) looked_up: AtomicU64,
    pub(crate) done: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) refused: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> RelayCounts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RelayCounts {
            requested: value(&self.requested),
            queued: value(&self.queued),
            attempts: value(&self.attempts),
            looked_up: value(&self.looked_up),
            done: value(&self.done),
            retried: value(&self.retried),
            refused: value(&self.refused),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}
