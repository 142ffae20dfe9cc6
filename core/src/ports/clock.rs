//! The clock port: what time it is. The core never asks the machine.

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch. It may jump; the engine never lets time go back before the last
    /// event.
    fn now_ms(&self) -> i64;
}

/// Any function that returns milliseconds since the Unix epoch is a clock.
impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now_ms(&self) -> i64 {
        self()
    }
}
