//! The gate that every call comes through: nothing that goes wrong inside leaves as a panic, no callback calls back
//! in, a forked child touches nothing, and what went wrong is kept for the thread that asked.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::status::{Fault, stockroom_status};

/// Whether this process is the child of one that had opened a database.
static FORKED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread is inside a call, or a callback of one.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Last> = const { RefCell::new(Last { status: 0, retryable: false, message: None, operation: None }) };
}

/// The last call of a thread that failed.
struct Last {
    status: i32,
    retryable: bool,
    message: Option<CString>,
    operation: Option<CString>,
}

/// Runs a call. `operation` is the name of the function in C.
pub(crate) fn call(operation: &'static str, body: impl FnOnce() -> Result<(), Fault>) -> i32 {
    let outcome = if FORKED.load(Ordering::Relaxed) {
        let message = "this process was forked from one that had opened a database; open it there after exec";
        Err(Fault::new(stockroom_status::STOCKROOM_FORKED, message))
    } else {
        match Inside::enter() {
            None => Err(Fault::new(stockroom_status::STOCKROOM_REENTERED, "a callback called back in")),
            // What a panic leaves half done is dropped or locked away by those it happened to: see the driver.
            Some(inside) => catch_unwind(AssertUnwindSafe(|| {
                let outcome = body();
                drop(inside);
                outcome
            }))
            .unwrap_or_else(|panic| {
                // What a panic carries may itself panic when it is dropped; it is small, and this is a bug anyway.
                let message = said(&*panic).to_owned();
                std::mem::forget(panic);
                Err(Fault::new(stockroom_status::STOCKROOM_PANICKED, format!("a bug in Stockroom: {message}")))
            }),
        }
    };
    match outcome {
        Ok(()) => stockroom_status::STOCKROOM_OK as i32,
        Err(fault) => {
            let status = fault.status as i32;
            keep(fault, operation);
            status
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it said nothing")
}

fn keep(fault: Fault, operation: &'static str) {
    let retryable = fault.is_retryable();
    let operation = if fault.operation.is_empty() { operation } else { fault.operation };
    let last = Last {
        status: fault.status as i32,
        retryable,
        message: Some(c_text(fault.message)),
        operation: Some(c_text(operation.to_owned())),
    };
    // While a thread ends there is nobody left to ask.
    let _ = LAST.try_with(|kept| *kept.borrow_mut() = last);
}

/// A text for C: a NUL inside would cut it.
fn c_text(text: String) -> CString {
    CString::new(text).unwrap_or_else(|nul| {
        let bytes = nul.into_vec().into_iter().map(|byte| if byte == 0 { b' ' } else { byte });
        CString::new(bytes.collect::<Vec<u8>>()).unwrap_or_default()
    })
}

/// Marks the thread as inside until it is dropped.
struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        let was = INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(false);
        // Not `then_some`: the one that is not given out would be dropped here, and with it the mark.
        (!was).then(|| Inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.set(false));
    }
}

/// Runs a callback of the host's: what it calls of ours is refused, on whatever thread it runs.
pub(crate) fn callback<T>(body: impl FnOnce() -> T) -> T {
    let was = INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(true);
    let value = body();
    let _ = INSIDE.try_with(|inside| inside.set(was));
    value
}

/// Sees to it that a child of this process knows that it is one.
pub(crate) fn watch_forks() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        #[cfg(unix)]
        {
            extern "C" fn in_child() {
                FORKED.store(true, Ordering::Relaxed);
            }
            // SAFETY: the handler only stores to an atomic, which is allowed between fork and exec. It stays valid
            // for as long as the library is loaded; the library cannot be unloaded safely anyway (CONTRACT.md).
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        }
    });
}

/// The status of this thread's last call that failed; 0 where none did. It is not changed by calls that succeed.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_last_error() -> i32 {
    LAST.try_with(|last| last.borrow().status).unwrap_or(0)
}

/// What went wrong in this thread's last call that failed, as a sentence for people and logs; empty where none did.
/// Never NULL. Valid until another call fails on this thread, or the thread ends; not to be freed.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_last_error_message() -> *const c_char {
    LAST.try_with(|last| last.borrow().message.as_ref().map_or(c"".as_ptr(), |text| text.as_ptr()))
        .unwrap_or(c"".as_ptr())
}

/// What failed in this thread's last call that did, as a short stable name such as `sqlite.commit`, or the name of
/// the function. Never NULL. Valid as stockroom_last_error_message.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_last_error_operation() -> *const c_char {
    LAST.try_with(|last| last.borrow().operation.as_ref().map_or(c"".as_ptr(), |text| text.as_ptr()))
        .unwrap_or(c"".as_ptr())
}

/// 1 where the same call can succeed later without anybody mending anything, else 0; of this thread's last call
/// that failed. Retry a command with the same key or id.
#[unsafe(no_mangle)]
pub extern "C" fn stockroom_last_error_retryable() -> i32 {
    LAST.try_with(|last| i32::from(last.borrow().retryable)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_answered_and_the_next_call_is_done() {
        assert_eq!(call("test", || panic!("by {}", "design")), stockroom_status::STOCKROOM_PANICKED as i32);
        let message = LAST.with_borrow(|last| last.message.clone()).expect("a message");
        assert!(message.to_str().is_ok_and(|text| text.ends_with("by design")), "{message:?}");
        assert_eq!(stockroom_last_error_retryable(), 1);
        assert_eq!(call("test", || std::panic::panic_any(7)), stockroom_status::STOCKROOM_PANICKED as i32);
        assert_eq!(call("test", || Ok(())), 0);
    }

    #[test]
    fn however_often_a_callback_calls_back_it_is_refused() {
        let refused = stockroom_status::STOCKROOM_REENTERED as i32;
        let mut answers = Vec::new();
        let outcome = call("test", || {
            callback(|| answers.extend([0; 3].map(|_| call("within", || Ok(())))));
            answers.push(call("behind", || Ok(())));
            Ok(())
        });
        assert_eq!((outcome, answers), (0, vec![refused; 4]));
        assert_eq!(call("test", || Ok(())), 0);
    }
}
