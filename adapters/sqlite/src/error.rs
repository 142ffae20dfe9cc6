//! SQLite's errors as Stockroom's.

use rusqlite::ffi::{ErrorCode, SQLITE_IOERR_DATA};
use stockroom::{Error, ErrorKind};

/// Says what operation met the error.
pub(crate) trait During<T> {
    fn during(self, operation: &'static str) -> Result<T, Error>;
}

impl<T> During<T> for rusqlite::Result<T> {
    fn during(self, operation: &'static str) -> Result<T, Error> {
        self.map_err(|error| failure(operation, error))
    }
}

pub(crate) fn failure(operation: &'static str, error: rusqlite::Error) -> Error {
    let (kind, message) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Busy, "another connection holds the database")
        }
        Some(ErrorCode::DiskFull) => (ErrorKind::Full, "the disk is full"),
        Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Corrupt, "the database file is damaged"),
        Some(ErrorCode::SystemIoFailure) if is_checksum(&error) => (
            ErrorKind::Corrupt,
            "a page does not have the checksum that it was written with: the database file is damaged, or another program \
             wrote to it, which its VACUUM mends",
        ),
        Some(ErrorCode::NotADatabase) => (ErrorKind::Unsupported, "the file is not an SQLite database"),
        Some(ErrorCode::CannotOpen) => (ErrorKind::Unsupported, "the file cannot be opened"),
        Some(ErrorCode::ReadOnly) => (ErrorKind::Unsupported, "the file is read-only"),
        Some(ErrorCode::ConstraintViolation) => (ErrorKind::Corrupt, "the stored rows contradict the change"),
        Some(_) => (ErrorKind::Io, "SQLite failed"),
        None => (ErrorKind::Corrupt, "a stored row cannot be read"),
    };
    Error::new(kind, operation, message).with_source(error)
}

fn is_checksum(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == SQLITE_IOERR_DATA)
}
