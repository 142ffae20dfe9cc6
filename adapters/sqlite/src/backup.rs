//! Online backup: a consistent copy of the database into a file, while others read and write.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;
use crate::open::vfs_over;
use crate::store::SqliteStore;
use crate::threads::pause;
use crate::vfs::{Pages, pages, reserve};

/// Pages copied before others get a turn.
const STEP_PAGES: i32 = 1_000;
/// Tries at a page set that another connection holds before it counts as busy.
const BUSY_TRIES_MAX: u32 = 500;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

impl SqliteStore {
    /// Copies the database into a file, which must not exist. The copy is the state at the time of the call,
    /// however much others write meanwhile. Tells how many pages are left after each step.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the file exists; [`ErrorKind::Busy`] where others hold the database
    /// for over five seconds. A copy that was begun is removed, but for one behind a VFS other than the platform's own.
    pub fn back_up(&mut self, to: impl AsRef<Path>, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let to = to.as_ref();
        let vfs = self.vfs;
        if exists(to, vfs) {
            let message = format!("{} exists; a backup is never written over", to.display());
            return Err(Error::new(ErrorKind::Unsupported, "sqlite.backup", message));
        }
        let copied = copy(&self.connection(), to, vfs, progress);
        if copied.is_err() && vfs.is_none() {
            // The first failure is the one to tell.
            drop(std::fs::remove_file(to));
        }
        copied
    }
}

/// Whether there is such a file. What a VFS has, only the VFS can tell.
fn exists(path: &Path, vfs: Option<&'static str>) -> bool {
    match vfs {
        None => path.exists(),
        Some(vfs) => Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_ONLY, vfs).is_ok(),
    }
}

fn copy(connection: &Connection, to: &Path, vfs: Option<&'static str>, progress: &mut dyn FnMut(u64)) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut copy = Connection::open_with_flags_and_vfs(to, flags, vfs_over(vfs)?).during("sqlite.backup")?;
    if pages(connection) == Pages::Sealed {
        begin_sealed(connection, &copy).during("sqlite.backup")?;
    }
    // While a reading transaction is open the source stays as it is. Without one SQLite begins the copy anew
    // after every commit of another connection, and in a busy shop never gets done.
    let reading = connection.is_autocommit().then(|| connection.unchecked_transaction());
    let reading = reading.transpose().during("sqlite.backup")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).during("sqlite.backup")?;
    let backup = Backup::new(connection, &mut copy).during("sqlite.backup")?;
    let mut tries = 0;
    loop {
        match backup.step(STEP_PAGES).during("sqlite.backup")? {
            StepResult::Done => break,
            StepResult::More => {
                tries = 0;
                progress(u64::try_from(backup.progress().remaining).unwrap_or(0));
            }
            _ if tries < BUSY_TRIES_MAX => {
                tries += 1;
                pause(BUSY_PAUSE);
            }
            _ => return Err(Error::new(ErrorKind::Busy, "sqlite.backup", "others hold the database")),
        }
    }
    drop(backup);
    drop(reading);
    copy.close().map_err(|(_, error)| crate::error::failure("sqlite.backup", error))
}

/// Writes the copy's first page, which says that pages have checksums. SQLite brings pages of a large copy to the file in any
/// order, and those that came before it would have none.
fn begin_sealed(connection: &Connection, copy: &Connection) -> rusqlite::Result<()> {
    let page_bytes: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    copy.pragma_update(None, "page_size", page_bytes)?;
    reserve(copy);
    copy.pragma_update(None, "user_version", 1)
}
