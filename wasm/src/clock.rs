//! JavaScript's clock as Stockroom's clock port. The standard library's panics in WebAssembly.

use stockroom::ports::Clock;

/// The time that the host tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HostClock;

impl Clock for HostClock {
    fn now_ms(&self) -> i64 {
        // Whole milliseconds, far below 2^53; a clock that is not a number counts as the epoch.
        js_sys::Date::now() as i64
    }
}
