//! The machine's wall clock as Stockroom's clock port. It does nothing else: the engine itself sees to it
//! that time never goes back.

#![forbid(unsafe_code)]

use std::time::{SystemTime, UNIX_EPOCH};

use stockroom::ports::Clock;

/// The time that the operating system tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// Milliseconds since the Unix epoch; 0 where the machine's clock stands before it.
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_a_time_of_this_century() {
        let now_ms = SystemClock.now_ms();
        assert!(stockroom::time::in_range(now_ms) && now_ms > 1_700_000_000_000);
    }
}
