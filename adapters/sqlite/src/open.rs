//! Opening a database: what is refused, how it is set up, and how its schema is brought up to date.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use stockroom::{Error, ErrorKind, Result};

use crate::error::{During, failure};
use crate::migrations::{self, Migration};
use crate::threads::pause;
use crate::vfs;

/// The newest schema that this build knows.
pub const SCHEMA_VERSION: i64 = 5;

/// The pause between two tries at setting WAL mode.
const WAL_PAUSE_MS: u32 = 10;

/// Where the migrations that were run are written down. A name of its own, because the host may use
/// refinery for its own tables in the same file.
const MIGRATIONS_TABLE: &str = "stockroom_schema";

/// SQLite before 3.51.3 can lose commits in WAL mode when a checkpoint and a writer meet.
/// Source: <https://www.sqlite.org/wal.html#walresetbug>.
const SQLITE_OLDEST: i32 = 3_051_003;

/// What a commit survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Every acknowledged command survives a power cut: each commit waits for the disk.
    #[default]
    Full,
    /// A crash of the process loses nothing, a power cut can lose the last commits. The database stays
    /// sound, and ONE-EFFECT holds for what is left. Several times faster for single commands.
    Normal,
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a commit survives.
    pub durability: Durability,
    /// How long to wait for another connection that writes, in milliseconds. Then the failure is
    /// [`ErrorKind::Busy`].
    pub busy_timeout_ms: u32,
    /// Memory for pages, in KiB.
    pub cache_kib: u32,
    /// The SQLite VFS to open the file with; `None` is the platform's own. It must be registered already.
    pub vfs: Option<&'static str>,
    /// Whether this connection takes the file for itself until it is closed (`locking_mode=EXCLUSIVE`). A VFS
    /// without shared memory can do WAL mode in no other way.
    pub exclusive: bool,
    /// Whether a database that is created here gets a checksum on every page, which is judged whenever the page is read:
    /// [`ErrorKind::Corrupt`] where it does not fit. The setting is the file's from then on, and one that has none keeps
    /// none until [`SqliteStore::seal`](crate::SqliteStore::seal). Every SQLite can read such a file. A connection that
    /// writes to it has to be opened with [`vfs_over`]; another breaks the checksums of what it writes over, until `VACUUM`
    /// takes all of them away. So say no where other programs write tables of their own into the file.
    pub checksums: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            durability: Durability::Full,
            busy_timeout_ms: 5_000,
            cache_kib: 16 * 1024,
            vfs: None,
            exclusive: false,
            checksums: true,
        }
    }
}

pub(crate) fn open(path: &Path, options: &Options) -> Result<Connection> {
    check_library(rusqlite::version_number())?;
    // Without the flag for URIs: a path is a path, whatever it looks like.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags_and_vfs(path, flags, vfs_over(options.vfs)?).during("sqlite.open")?;
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_ms.into())).during("sqlite.open")?;
    if options.exclusive {
        // Before the first read: without shared memory a file in WAL mode cannot be read in another mode.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").during("sqlite.open")?;
    }
    if options.checksums {
        vfs::reserve(&connection);
    }
    // Before anything is written.
    is_up_to_date(&connection)?;
    set_up(&connection, options)?;
    create_tables(&mut connection)?;
    Ok(connection)
}

/// The name of the VFS that heeds checksums, over the one that is named or else the platform's own. [`crate::SqliteStore`]
/// opens its files with it; a host does the same for connections of its own that write to such a file. With a file that has
/// none it does nothing of its own.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("shop.sqlite3");
/// let flags = rusqlite::OpenFlags::default();
/// let connection = rusqlite::Connection::open_with_flags_and_vfs(path, flags, stockroom_sqlite::vfs_over(None)?)?;
/// # connection.execute_batch("CREATE TABLE carts (id TEXT)")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ErrorKind::Unsupported`] where there is no such VFS to be over.
pub fn vfs_over(base: Option<&str>) -> Result<&'static str> {
    vfs::over(base).ok_or_else(|| {
        let message = format!("there is no VFS {}", base.unwrap_or_default());
        Error::new(ErrorKind::Unsupported, "sqlite.open", message)
    })
}

fn check_library(version: i32) -> Result<()> {
    if version < SQLITE_OLDEST {
        let message = format!("SQLite {version} is older than {SQLITE_OLDEST} and can lose commits");
        return Err(Error::new(ErrorKind::Unsupported, "sqlite.open", message));
    }
    Ok(())
}

/// Whether every migration has been run. Refuses a schema that is newer than this build, and one that other
/// migrations than this build's have made.
fn is_up_to_date(connection: &Connection) -> Result<bool> {
    let known = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let known = connection.query_row(known, [MIGRATIONS_TABLE], |_| Ok(())).optional().during("sqlite.open")?;
    if known.is_none() {
        return Ok(false);
    }
    let done = format!("SELECT version, name, checksum FROM {MIGRATIONS_TABLE} ORDER BY version");
    let read = || -> rusqlite::Result<Vec<(i64, String, String)>> {
        let mut statement = connection.prepare(&done)?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    };
    let done = read().map_err(|error| migration_failure("sqlite.open", error))?;
    not_newer(done.last().map_or(0, |(version, ..)| *version), "sqlite.open")?;
    let ours = migrations::all();
    let same = |(ours, (version, name, checksum)): (&Migration, &(i64, String, String))| {
        ours.version == *version && ours.name == *name && ours.checksum == *checksum
    };
    if !ours.iter().zip(&done).all(same) {
        let message = "the schema was made by other migrations than this build's";
        return Err(Error::new(ErrorKind::Unsupported, "sqlite.open", message));
    }
    Ok(done.len() == ours.len())
}

/// Refuses a database that another process brought to a newer schema since it was opened here: what this build would
/// write there it could write wrongly. To be asked whenever another connection has written.
pub(crate) fn still_known(connection: &Connection) -> Result<()> {
    let newest = format!("SELECT coalesce(max(version), 0) FROM {MIGRATIONS_TABLE}");
    let newest = connection.prepare_cached(&newest).and_then(|mut newest| newest.query_row([], |row| row.get(0)));
    not_newer(newest.during("sqlite.begin")?, "sqlite.begin")
}

fn not_newer(schema: i64, operation: &'static str) -> Result<()> {
    if schema > SCHEMA_VERSION {
        let message = format!("the database has schema {schema}; this build knows {SCHEMA_VERSION} and older");
        return Err(Error::new(ErrorKind::SchemaTooNew, operation, message));
    }
    Ok(())
}

fn set_up(connection: &Connection, options: &Options) -> Result<()> {
    let set = || -> rusqlite::Result<()> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // A plan depends on its statement and not on what is bound to it, so that none is ever made anew for a value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(())
    };
    set().during("sqlite.open")?;
    let mode = set_wal_mode(connection, options.busy_timeout_ms)?;
    if mode != "wal" {
        let message = format!("the database cannot be in WAL mode here: SQLite keeps it in mode {mode}");
        return Err(Error::new(ErrorKind::Unsupported, "sqlite.open", message));
    }
    Ok(())
}

/// Sets WAL mode and returns the mode that the database is in then. While others open the same new file, SQLite
/// says that it is busy at once, whatever the timeout.
fn set_wal_mode(connection: &Connection, busy_timeout_ms: u32) -> Result<String> {
    let tries = busy_timeout_ms / WAL_PAUSE_MS;
    for _ in 0..tries {
        match ask_for_wal_mode(connection) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                pause(Duration::from_millis(WAL_PAUSE_MS.into()));
            }
            mode => return mode.during("sqlite.open"),
        }
    }
    ask_for_wal_mode(connection).during("sqlite.open")
}

/// SQLite answers with the mode first and writes it as the statement ends. Whoever has read the answer and does not wait
/// for the end is never told that the write failed, and works in another mode, in which a power cut can take an
/// acknowledged commit back.
fn ask_for_wal_mode(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement = connection.prepare("PRAGMA journal_mode = WAL")?;
    let mut rows = statement.query([])?;
    let mode = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0)?;
    while rows.next()?.is_some() {}
    Ok(mode)
}

/// Creates Stockroom's tables in a database of the host's, or brings them up to date. [`crate::SqliteStore`]
/// does this by itself; a host that runs the engine inside its own transactions calls it once at start.
/// Every name begins with `stockroom_`.
///
/// # Errors
/// [`ErrorKind::SchemaTooNew`] where a newer version of the software wrote the tables;
/// [`ErrorKind::Unsupported`] where a table of another's has one of the names.
pub fn create_tables(connection: &mut Connection) -> Result<()> {
    check_library(rusqlite::version_number())?;
    if is_up_to_date(connection)? {
        return Ok(());
    }
    vfs::may_write(connection, "sqlite.migrate")?;
    // One at a time, and all or nothing: whoever comes second waits here and finds it done, and a process that
    // is stopped halfway leaves what was there before.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).during("sqlite.migrate")?;
    if is_up_to_date(&transaction)? {
        return Ok(());
    }
    run_migrations(&transaction)
        .and_then(|()| transaction.commit())
        .map_err(|error| migration_failure("sqlite.migrate", error))
}

/// Runs the migrations that were not run yet, and writes them down in the form that refinery gives the list.
fn run_migrations(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {MIGRATIONS_TABLE} (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
         applied_on TEXT NOT NULL, checksum TEXT NOT NULL) STRICT"
    ))?;
    let newest = format!("SELECT coalesce(max(version), 0) FROM {MIGRATIONS_TABLE}");
    let newest: i64 = connection.query_row(&newest, [], |row| row.get(0))?;
    let note = format!(
        "INSERT INTO {MIGRATIONS_TABLE} (version, name, applied_on, checksum) \
         VALUES (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?3)"
    );
    for migration in migrations::all().iter().filter(|migration| migration.version > newest) {
        connection.execute_batch(migration.sql)?;
        connection.execute(&note, params![migration.version, migration.name, migration.checksum])?;
    }
    Ok(())
}

/// An error in SQL that is right by itself means that the database is not what it should be. Only its text is
/// told: the statement, which would come along, is long.
fn migration_failure(operation: &'static str, error: rusqlite::Error) -> Error {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        rusqlite::Error::SqliteFailure(code, text) if code.code == ErrorCode::Unknown => text.unwrap_or_default(),
        error => return failure(operation, error),
    };
    Error::new(ErrorKind::Unsupported, operation, format!("the schema cannot be brought up to date: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_can_lose_commits_is_refused() {
        assert_eq!(check_library(3_051_002).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(check_library(SQLITE_OLDEST).is_ok());
        assert!(check_library(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn the_schema_version_is_that_of_the_last_migration() {
        let versions: Vec<i64> = migrations::all().iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=SCHEMA_VERSION).collect::<Vec<_>>());
        assert!(migrations::all().iter().all(|migration| !migration.sql.is_empty()));
    }

    /// What SQLite says of itself, not what it was told.
    #[test]
    fn every_setting_is_in_force() {
        let directory = tempfile::tempdir().unwrap();
        for (durability, synchronous) in [(Durability::Full, 2), (Durability::Normal, 1)] {
            let options = Options { durability, busy_timeout_ms: 1_234, cache_kib: 4_321, ..Options::default() };
            let connection = open(&directory.path().join("shop.sqlite3"), &options).unwrap();
            let number = |pragma: &str| -> i64 {
                connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).unwrap()
            };
            let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
            assert_eq!((mode.as_str(), number("synchronous")), ("wal", synchronous));
            assert_eq!((number("foreign_keys"), number("temp_store")), (1, 2));
            assert_eq!((number("busy_timeout"), number("cache_size")), (1_234, -4_321));
            assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
            assert!(!connection.db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA).unwrap());
            assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
            // Defensive mode refuses what could break the file behind SQLite's back.
            connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
            assert!(connection.execute("UPDATE sqlite_schema SET sql = ''", []).is_err());
        }
    }
}
