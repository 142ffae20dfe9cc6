//! Opening a database: what is refused, how it is set up, and how its schema is brought up to date.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;

mod migrations {
    //! The numbered SQL files, built in.
    refinery::embed_migrations!("migrations");
}

/// The newest schema that this build knows.
pub const SCHEMA_VERSION: i64 = 1;

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
}

impl Default for Options {
    fn default() -> Self {
        Options { durability: Durability::Full, busy_timeout_ms: 5_000, cache_kib: 16 * 1024 }
    }
}

pub(crate) fn open(path: &Path, options: &Options) -> Result<Connection> {
    check_library(rusqlite::version_number())?;
    let mut connection = Connection::open(path).during("sqlite.open")?;
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_ms.into())).during("sqlite.open")?;
    check_schema(&connection)?;
    set_up(&connection, options)?;
    create_tables(&mut connection)?;
    Ok(connection)
}

fn check_library(version: i32) -> Result<()> {
    if version < SQLITE_OLDEST {
        let message = format!("SQLite {version} is older than {SQLITE_OLDEST} and can lose commits");
        return Err(Error::new(ErrorKind::Unsupported, "sqlite.open", message));
    }
    Ok(())
}

/// Refuses a schema that is newer than this build, before anything is written.
fn check_schema(connection: &Connection) -> Result<()> {
    let known = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let known = connection.query_row(known, [MIGRATIONS_TABLE], |_| Ok(())).optional().during("sqlite.open")?;
    if known.is_none() {
        return Ok(());
    }
    let newest = format!("SELECT coalesce(max(version), 0) FROM {MIGRATIONS_TABLE}");
    let newest: i64 = connection.query_row(&newest, [], |row| row.get(0)).during("sqlite.open")?;
    if newest > SCHEMA_VERSION {
        let message = format!("the database has schema {newest}; this build knows {SCHEMA_VERSION} and older");
        return Err(Error::new(ErrorKind::SchemaTooNew, "sqlite.open", message));
    }
    Ok(())
}

fn set_up(connection: &Connection, options: &Options) -> Result<()> {
    let set = || -> rusqlite::Result<()> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    };
    set().during("sqlite.open")
}

/// Creates Stockroom's tables in a database of the host's, or brings them up to date. [`crate::SqliteStore`]
/// does this by itself; a host that runs the engine inside its own transactions calls it once at start.
/// Every name begins with `stockroom_`.
///
/// # Errors
/// [`ErrorKind::SchemaTooNew`] where a newer version of the software wrote the tables.
pub fn create_tables(connection: &mut Connection) -> Result<()> {
    check_library(rusqlite::version_number())?;
    check_schema(connection)?;
    let mut runner = migrations::migrations::runner().set_abort_divergent(true);
    runner.set_migration_table_name(MIGRATIONS_TABLE);
    // Two processes may open a new file at once: the one that comes second waits here and finds it done.
    let applied = "SELECT count(*) FROM sqlite_schema WHERE name = ?1";
    let mut run = || runner.run(connection);
    let done = run();
    let done = match done {
        Err(_) => {
            let there: i64 =
                connection.query_row(applied, [MIGRATIONS_TABLE], |row| row.get(0)).during("sqlite.migrate")?;
            if there > 0 { runner.run(connection) } else { done }
        }
        done => done,
    };
    done.map(|_| ()).map_err(|error| {
        Error::new(ErrorKind::Unsupported, "sqlite.migrate", "the schema cannot be brought up to date")
            .with_source(error)
    })
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
        let runner = migrations::migrations::runner();
        let newest = runner.get_migrations().iter().map(|migration| migration.version()).max();
        assert_eq!(newest.map(i64::from), Some(SCHEMA_VERSION));
    }
}
