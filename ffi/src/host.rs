//! What the host lends us: its clock, its log. Pointers to its functions with a context that is passed back.

use std::ffi::{c_char, c_void};

use ::stockroom::ports::Clock;
use ::stockroom_clock::SystemClock;

use crate::guard::callback;

/// Tells the time: milliseconds since the Unix epoch. It may jump; the engine never lets time go back before the
/// last event. It may be called from any thread, also from several at once.
#[allow(non_camel_case_types)] // The name in C.
pub type stockroom_clock = Option<unsafe extern "C" fn(context: *mut c_void) -> i64>;

/// Is told of trouble that no caller waits for: what stands in a relay's way. `level` is 1 for a failure and 2 for a
/// refusal. The text ends with a NUL and is valid during the call. It may be called from any thread, also from
/// several at once.
#[allow(non_camel_case_types)] // The name in C.
pub type stockroom_log =
    Option<unsafe extern "C" fn(context: *mut c_void, level: i32, message: *const c_char, len: usize)>;

/// What the host passes with a function, for us to pass back.
#[derive(Clone, Copy)]
struct Context(*mut c_void);

// SAFETY: it is never looked at here, only passed back; CONTRACT.md says that callbacks are called from any thread and
// that their context has to stand that.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

/// The engine's clock: the host's, or the machine's.
pub(crate) struct HostClock {
    clock: stockroom_clock,
    context: Context,
}

impl HostClock {
    pub(crate) fn new(clock: stockroom_clock, context: *mut c_void) -> Self {
        HostClock { clock, context: Context(context) }
    }
}

impl Clock for HostClock {
    fn now_ms(&self) -> i64 {
        match self.clock {
            None => SystemClock.now_ms(),
            // SAFETY: the host promises that the function may be called with this context from any thread while the
            // database is open.
            Some(clock) => callback(|| unsafe { clock(self.context.0) }),
        }
    }
}

/// The host's log, or none.
#[derive(Clone, Copy)]
pub(crate) struct HostLog {
    log: stockroom_log,
    context: Context,
}

/// How bad it is. Without relays nothing is told.
#[derive(Clone, Copy)]
#[cfg_attr(not(any(feature = "http", feature = "http-loaded")), allow(dead_code))]
pub(crate) enum Level {
    Failure = 1,
    Refusal = 2,
}

impl HostLog {
    pub(crate) fn new(log: stockroom_log, context: *mut c_void) -> Self {
        HostLog { log, context: Context(context) }
    }

    #[cfg_attr(not(feature = "http"), allow(dead_code))] // Only the relay works where no caller waits.
    pub(crate) fn tell(&self, level: Level, message: &str) {
        let Some(log) = self.log else { return };
        let mut bytes: Vec<u8> = message.bytes().map(|byte| if byte == 0 { b' ' } else { byte }).collect();
        bytes.push(0);
        // SAFETY: as the clock's; the text ends with a NUL and lives until the call returns.
        callback(|| unsafe { log(self.context.0, level as i32, bytes.as_ptr().cast(), message.len()) });
    }
}
