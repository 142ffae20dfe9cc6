//! A VFS over another one, whatever that is, that keeps a checksum on every page of a database file. SQLite has checksums
//! in its log alone: a bit that the disk turns in the file would be read as what was written. Here the page's seal is
//! written with it and judged when it is read, and what does not fit is a failure.
//!
//! Only the database file is sealed. A log's frames are written with one call each in place of two, and else logs and journals
//! go past. The seal stands in eight bytes that SQLite reserves at
//! the end of each page, so that every SQLite can read the file. One without this VFS can write it as well, but
//! knows nothing of seals: the pages that it writes over then have a wrong one. `VACUUM`, by whatever program, takes all
//! seals away, and they come back as pages are written.

mod log;
mod page;
mod shim;

use rusqlite::Connection;
use stockroom::{Error, ErrorKind, Result};

pub(crate) use shim::{Pages, over, pages, reserve};

/// Refuses a connection that would leave pages with a seal of what they held before.
pub(crate) fn may_write(connection: &Connection, operation: &'static str) -> Result<()> {
    if pages(connection) == Pages::Unheeded {
        let message = "the file has checksums, which this connection would break: open it with vfs_over";
        return Err(Error::new(ErrorKind::Unsupported, operation, message));
    }
    Ok(())
}
