//! What the platform has of threads. WebAssembly has none here: there a store has its file to itself, so that
//! nobody is waited for, and rows are written where they are decided.

use std::time::Duration;

/// Whether a thread of its own can write.
pub(crate) const HAVE_THREADS: bool = cfg!(not(target_family = "wasm"));

/// Lets others go on for a while.
pub(crate) fn pause(time: Duration) {
    // Without threads the standard library's sleep panics.
    if HAVE_THREADS {
        std::thread::sleep(time);
    }
}
