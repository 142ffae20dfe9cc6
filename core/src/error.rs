//! Failures: what went wrong with the software, its store or its surroundings.
//!
//! A business "no" is not a failure; it is a [`Rejection`](crate::Rejection) inside a successful
//! answer. Every failure says whether the same call can succeed later.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// What kind of failure it is. Match on this, not on the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Somebody else holds the store and did not let go within the busy timeout. Nothing was written.
    Busy,
    /// The store could not read or write. After a failed commit the outcome is open: send the same
    /// command with the same key again, and it takes effect once.
    Io,
    /// The store has no room left. Nothing of the batch was written.
    Full,
    /// Stored rows contradict each other or cannot be read.
    Corrupt,
    /// The store was written by a newer version of the software; it was left untouched.
    SchemaTooNew,
    /// The store cannot be used with this build, or is not Stockroom's.
    Unsupported,
    /// A change would have broken one of the invariants. Nothing was written. This is a bug in Stockroom.
    InvariantBroken,
    /// A panic ended this unit of work. Whether it was written is open: send the same command with the same
    /// key again, and it takes effect once.
    Aborted,
    /// A document could not be read as what it should be.
    Malformed,
}

impl ErrorKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [ErrorKind; 9] = [
        ErrorKind::Busy,
        ErrorKind::Io,
        ErrorKind::Full,
        ErrorKind::Corrupt,
        ErrorKind::SchemaTooNew,
        ErrorKind::Unsupported,
        ErrorKind::InvariantBroken,
        ErrorKind::Aborted,
        ErrorKind::Malformed,
    ];

    /// The stable name, for hosts in other languages and for logs.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Busy => "busy",
            ErrorKind::Io => "io",
            ErrorKind::Full => "full",
            ErrorKind::Corrupt => "corrupt",
            ErrorKind::SchemaTooNew => "schema_too_new",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::InvariantBroken => "invariant_broken",
            ErrorKind::Aborted => "aborted",
            ErrorKind::Malformed => "malformed",
        }
    }

    /// The stable number, from 1: the status that C hosts get.
    ///
    /// ```
    /// use stockroom::ErrorKind;
    /// assert!(ErrorKind::ALL.iter().zip(1..).all(|(kind, number)| kind.number() == number));
    /// ```
    pub fn number(self) -> u16 {
        match self {
            ErrorKind::Busy => 1,
            ErrorKind::Io => 2,
            ErrorKind::Full => 3,
            ErrorKind::Corrupt => 4,
            ErrorKind::SchemaTooNew => 5,
            ErrorKind::Unsupported => 6,
            ErrorKind::InvariantBroken => 7,
            ErrorKind::Aborted => 8,
            ErrorKind::Malformed => 9,
        }
    }
}

/// A failure: its kind, the operation that met it and, where there is one, the cause below it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    operation: &'static str,
    message: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The result of calls that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure without a cause below it.
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Error { kind, operation, message: message.into(), source: None }
    }

    /// Attaches the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The operation that failed, as a short stable name such as `sqlite.commit`.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the same call can succeed later without anybody mending anything.
    ///
    /// ```
    /// use stockroom::{Error, ErrorKind};
    /// assert!(Error::new(ErrorKind::Busy, "sqlite.begin", "locked").is_retryable());
    /// assert!(!Error::new(ErrorKind::Corrupt, "sqlite.read", "bad page").is_retryable());
    /// ```
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Busy | ErrorKind::Io | ErrorKind::Full | ErrorKind::Aborted)
    }

    /// The same failure for another caller who rode along in the same unit of work.
    pub(crate) fn copy(&self) -> Self {
        let source = self.source.clone();
        Error { kind: self.kind, operation: self.operation, message: self.message.clone(), source }
    }

    pub(crate) fn broken(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvariantBroken, "engine.decide", message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.message)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
