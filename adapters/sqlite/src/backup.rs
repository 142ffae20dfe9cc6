//! Online backup: a consistent copy of the database into a file, while others read and write.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;
use crate::store::SqliteStore;

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
    /// for over five seconds. A copy that was begun is removed.
    pub fn back_up(&mut self, to: impl AsRef<Path>, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let to = to.as_ref();
        if to.exists() {
            let message = format!("{} exists; a backup is never written over", to.display());
            return Err(Error::new(ErrorKind::Unsupported, "sqlite.backup", message));
        }
        let copied = copy(&self.connection(), to, progress);
        if copied.is_err() {
            // The first failure is the one to tell.
            drop(std::fs::remove_file(to));
        }
        copied
    }
}

fn copy(connection: &Connection, to: &Path, progress: &mut dyn FnMut(u64)) -> Result<()> {
    let mut copy = Connection::open(to).during("sqlite.backup")?;
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
                std::thread::sleep(BUSY_PAUSE);
            }
            _ => return Err(Error::new(ErrorKind::Busy, "sqlite.backup", "others hold the database")),
        }
    }
    drop(backup);
    drop(reading);
    copy.close().map_err(|(_, error)| crate::error::failure("sqlite.backup", error))
}
