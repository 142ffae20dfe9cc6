//! What calls return. A business "no" is no failure: it stands in the reply.

use ::stockroom::{Error, ErrorKind};

/// What a call returns: 0 where it was done, and what went wrong otherwise. Below 100: the engine or its store
/// failed. From 100: the call itself cannot be answered as it is.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, clippy::upper_case_acronyms)] // These are the names in C.
pub enum stockroom_status {
    /// It was done.
    STOCKROOM_OK = 0,
    /// Somebody else holds the database and did not let go in time. Nothing was written. A retry can help.
    STOCKROOM_BUSY = 1,
    /// The database could not be read or written. After a failed commit the outcome is open: send the same
    /// command with the same key again, and it takes effect once. A retry can help.
    STOCKROOM_IO = 2,
    /// There is no room left. Nothing was written. A retry can help.
    STOCKROOM_FULL = 3,
    /// Stored rows contradict each other or cannot be read.
    STOCKROOM_CORRUPT = 4,
    /// The database was written by a newer version; it was left untouched.
    STOCKROOM_SCHEMA_TOO_NEW = 5,
    /// The database or an option cannot be used with this build, or the file is not Stockroom's.
    STOCKROOM_UNSUPPORTED = 6,
    /// A change would have broken an invariant. Nothing was written. This is a bug in Stockroom.
    STOCKROOM_INVARIANT_BROKEN = 7,
    /// A panic ended this unit of work. Whether it was written is open, as after STOCKROOM_IO.
    STOCKROOM_ABORTED = 8,
    /// A document is not what it should be; the message says where.
    STOCKROOM_MALFORMED = 9,
    /// A pointer is NULL that may not be, or is not aligned.
    STOCKROOM_NULL_ARGUMENT = 100,
    /// A text is not UTF-8.
    STOCKROOM_NOT_UTF8 = 101,
    /// A text, a document or a list is longer than the function's limit, or a list is empty that may not be.
    STOCKROOM_LENGTH = 102,
    /// A handle is no live one: it was freed, or was never given out, or is of another kind.
    STOCKROOM_STALE_HANDLE = 103,
    /// A callback called back in.
    STOCKROOM_REENTERED = 104,
    /// The process was forked after the first database was opened; the child can use nothing of it.
    STOCKROOM_FORKED = 105,
    /// A bug in Stockroom was caught. The handle may be used on; a command in it is in doubt as after STOCKROOM_IO.
    STOCKROOM_PANICKED = 106,
    /// There are too many live handles.
    STOCKROOM_TOO_MANY = 107,
    /// A struct has another size than this library knows, or an option has no meaning to it.
    STOCKROOM_OPTION = 108,
    /// What was asked for is not registered.
    STOCKROOM_NOT_FOUND = 109,
    /// A callback said that it failed.
    STOCKROOM_CALLBACK = 110,
}

/// Why a call failed: what the thread's last error tells.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: stockroom_status,
    pub(crate) operation: &'static str,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(status: stockroom_status, message: impl Into<String>) -> Self {
        Fault { status, operation: "", message: message.into() }
    }

    /// Whether the same call can succeed later without anybody mending anything.
    pub(crate) fn is_retryable(&self) -> bool {
        use stockroom_status::*;
        matches!(
            self.status,
            STOCKROOM_BUSY
                | STOCKROOM_IO
                | STOCKROOM_FULL
                | STOCKROOM_ABORTED
                | STOCKROOM_PANICKED
                | STOCKROOM_CALLBACK
        )
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault { status: status_of(error.kind()), operation: error.operation(), message: error.to_string() }
    }
}

fn status_of(kind: ErrorKind) -> stockroom_status {
    use stockroom_status::*;
    match kind {
        ErrorKind::Busy => STOCKROOM_BUSY,
        ErrorKind::Io => STOCKROOM_IO,
        ErrorKind::Full => STOCKROOM_FULL,
        ErrorKind::Corrupt => STOCKROOM_CORRUPT,
        ErrorKind::SchemaTooNew => STOCKROOM_SCHEMA_TOO_NEW,
        ErrorKind::Unsupported => STOCKROOM_UNSUPPORTED,
        ErrorKind::InvariantBroken => STOCKROOM_INVARIANT_BROKEN,
        ErrorKind::Malformed => STOCKROOM_MALFORMED,
        // A kind that came later is told as the one that promises least.
        _ => STOCKROOM_ABORTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_failure_has_its_own_number_as_status() {
        for kind in ErrorKind::ALL {
            let fault = Fault::from(Error::new(kind, "test", "x"));
            assert_eq!(fault.status as i32, i32::from(kind.number()), "{kind:?}");
            assert_eq!(fault.is_retryable(), Error::new(kind, "test", "x").is_retryable(), "{kind:?}");
        }
    }
}
