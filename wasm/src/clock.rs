//! The host's clock as Stockroom's clock port. JavaScript says the time with each call: nothing is called back while the
//! engine is at work, so that a clock of the host's that fails does so before anything was done.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The time that the host said last.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostClock(Arc<AtomicI64>);

impl HostClock {
    /// Sets the time, in milliseconds since the Unix epoch. The package passes whole numbers below 2^53.
    pub(crate) fn set(&self, now_ms: f64) {
        self.0.store(now_ms as i64, Ordering::Relaxed);
    }

    /// The time as the engine's port.
    pub(crate) fn port(&self) -> impl Fn() -> i64 + Send + Sync + 'static {
        let now_ms = Arc::clone(&self.0);
        move || now_ms.load(Ordering::Relaxed)
    }
}
