//! Opening a file: how it is set up, what is refused and left as it was, and what happens when several open it
//! at once or one is stopped halfway.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use rusqlite::Connection;
use stockroom::{Error, ErrorKind};
use stockroom_conformance::documents::sku;
use stockroom_conformance::expect::Expect;
use stockroom_sqlite::{Durability, HostTransaction, Options, SCHEMA_VERSION, SqliteStore, create_tables};

use crate::child::Worker;
use crate::place::{Place, open, over, quick};

/// The failure to open a file that must be left as it is.
fn refused(place: &Place, path: &Path) -> Error {
    let bytes = fs::read(path).ok();
    let names = place.names();
    let error = open(path).expect_err("it cannot be opened");
    assert!(std::error::Error::source(&error).is_some() || error.to_string().contains("schema"), "{error:?}");
    assert_eq!(fs::read(path).ok(), bytes, "the file was changed: {error}");
    assert_eq!(place.names(), names, "something was left beside it: {error}");
    error
}

#[test]
fn a_new_file_is_in_wal_mode_with_strict_tables() {
    let place = Place::new();
    drop(place.small_shop());
    let other = place.connection();
    let mode: String = other.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
    assert_eq!(mode, "wal");
    let mut tables = other
        .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
        .expect("a list");
    let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("tables");
    let tables: Vec<(String, bool)> = tables.collect::<Result<_, _>>().expect("tables");
    let ours: Vec<_> = tables.iter().filter(|(name, _)| !name.starts_with("sqlite_")).collect();
    assert!(ours.len() > 10 && ours.iter().all(|(name, _)| name.starts_with("stockroom_")), "{ours:?}");
    assert!(ours.iter().all(|(_, strict)| *strict), "{ours:?}");
    let problems: Vec<String> = other
        .prepare("PRAGMA integrity_check")
        .and_then(|mut check| check.query_map([], |row| row.get(0))?.collect())
        .expect("a check");
    assert_eq!(problems, ["ok"]);
}

#[test]
fn nothing_is_left_beside_a_file_that_was_closed() {
    let place = Place::new();
    drop(place.small_shop());
    assert_eq!(place.names(), ["shop.sqlite3"]);
    drop(place.shop());
    assert_eq!(place.names(), ["shop.sqlite3"]);
}

#[test]
fn opening_again_changes_no_byte() {
    let place = Place::new();
    drop(place.small_shop());
    let bytes = fs::read(place.file()).expect("the file");
    for durability in [Durability::Full, Durability::Normal] {
        let options = Options { durability, ..Options::default() };
        drop(SqliteStore::open_with(place.file(), &options).expect("opens"));
        assert_eq!(fs::read(place.file()).expect("the file"), bytes, "{durability:?}");
    }
}

#[test]
fn a_newer_schema_is_refused_untouched() {
    let place = Place::new();
    drop(place.small_shop());
    let newer = place.connection();
    newer
        .execute(
            "INSERT INTO stockroom_schema SELECT ?1, 'later', applied_on, checksum FROM stockroom_schema LIMIT 1",
            [SCHEMA_VERSION + 1],
        )
        .expect("a later version");
    newer.close().expect("closes");
    let error = refused(&place, &place.file());
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::SchemaTooNew, false));
    let text = error.to_string();
    let (newer, ours) = (format!("schema {}", SCHEMA_VERSION + 1), format!("knows {SCHEMA_VERSION}"));
    assert!(text.contains(&newer) && text.contains(&ours), "{text}");
    let error = create_tables(&mut place.connection()).expect_err("the same for the host's own connection");
    assert_eq!(error.kind(), ErrorKind::SchemaTooNew);
}

#[test]
fn a_file_that_is_no_database_is_refused_untouched() {
    let place = Place::new();
    let text = "id,sku,quantity\n1,mug,3\n".repeat(500);
    for (name, bytes) in [("orders.csv", text.as_bytes()), ("short.txt", b"hello"), ("blob", &[0xff; 8192])] {
        let path = place.path(name);
        fs::write(&path, bytes).expect("a file");
        let error = refused(&place, &path);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unsupported, false), "{name}");
        assert!(error.to_string().contains("not an SQLite database"), "{error}");
    }
}

#[test]
fn an_empty_file_is_a_new_database() {
    let place = Place::new();
    fs::write(place.file(), b"").expect("a file");
    place.small_shop().sound();
}

#[test]
fn what_cannot_be_opened_is_said() {
    let place = Place::new();
    fs::create_dir(place.path("directory")).expect("a directory");
    for path in [place.path("directory"), place.path("missing/shop.sqlite3")] {
        let error = open(&path).expect_err("it cannot be opened");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("cannot be opened"), "{error}");
        assert_eq!(error.operation(), "sqlite.open");
    }
    assert_eq!(place.names(), ["directory"]);
}

/// Whether the user who runs the tests is one whom permissions do not stop.
#[cfg(unix)]
fn permissions_stop_us(place: &Place) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let path = place.path("mine");
    fs::write(&path, b"x").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("permissions");
    fs::read(&path).is_err()
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_or_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    if !permissions_stop_us(&place) {
        println!("skipped: permissions do not stop the user who runs the tests");
        return;
    }
    drop(place.small_shop());
    for (mode, expected) in [(0o000, "cannot be opened"), (0o444, "read-only")] {
        fs::set_permissions(place.file(), fs::Permissions::from_mode(mode)).expect("permissions");
        let error = open(place.file()).expect_err("it cannot be opened");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn the_tables_of_a_host_are_left_alone() {
    let place = Place::new();
    let host = place.connection();
    host.execute_batch(
        "CREATE TABLE carts (id TEXT, skus TEXT); INSERT INTO carts VALUES ('c-1', 'mug');
         CREATE TABLE refinery_schema_history (version INTEGER, name TEXT);
         INSERT INTO refinery_schema_history VALUES (7, 'the host''s own');",
    )
    .expect("tables of the host's");
    place.small_shop().sound();
    let carts: i64 =
        host.query_row("SELECT count(*) FROM carts WHERE skus = 'mug'", [], |row| row.get(0)).expect("rows");
    let theirs: i64 =
        host.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0)).expect("rows");
    assert_eq!((carts, theirs), (1, 7));
}

#[test]
fn a_table_that_is_not_ours_is_not_taken_over() {
    let place = Place::new();
    let other = place.connection();
    other.execute_batch("CREATE TABLE stockroom_orders (id TEXT)").expect("a table");
    let error = open(place.file()).expect_err("the name is taken");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains("stockroom_orders"), "it does not say what is in the way: {error}");
    let columns: i64 = other
        .query_row("SELECT count(*) FROM pragma_table_info('stockroom_orders')", [], |row| row.get(0))
        .expect("columns");
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'stockroom_%' AND name <> 'stockroom_schema'";
    let tables: i64 = other.query_row(tables, [], |row| row.get(0)).expect("tables");
    assert_eq!((columns, tables), (1, 1), "nothing of ours is left beside it");
}

#[test]
fn a_migration_that_was_edited_is_refused() {
    let place = Place::new();
    drop(place.small_shop());
    place.connection().execute("UPDATE stockroom_schema SET checksum = '1'", []).expect("another checksum");
    let error = refused(&place, &place.file());
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

/// A damaged list of migrations is an error, not a panic.
#[test]
fn an_unreadable_list_of_migrations_is_an_error() {
    for damage in [
        "UPDATE stockroom_schema SET checksum = 'x'",
        "UPDATE stockroom_schema SET checksum = -1",
        "UPDATE stockroom_schema SET applied_on = 'yesterday', version = 0 WHERE version = 1",
        "UPDATE stockroom_schema SET name = ''",
        "UPDATE stockroom_schema SET version = -1 WHERE version = 1",
        "DELETE FROM stockroom_schema",
        "DELETE FROM stockroom_schema WHERE version = 1",
        "DELETE FROM stockroom_schema WHERE version = 2",
        "DROP TABLE stockroom_schema; CREATE TABLE stockroom_schema (version TEXT); INSERT INTO stockroom_schema VALUES ('x')",
        "DROP TABLE stockroom_schema; CREATE TABLE stockroom_schema (other TEXT)",
    ] {
        let place = Place::new();
        drop(place.small_shop());
        place.connection().execute_batch(damage).expect("damage");
        let error = open(place.file()).expect_err(damage);
        assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Corrupt), "{damage}: {error}");
    }
}

/// When it was migrated is for people to read; a file is not lost over it.
#[test]
fn the_time_of_a_migration_does_not_matter() {
    let place = Place::new();
    drop(place.small_shop());
    place.connection().execute("UPDATE stockroom_schema SET applied_on = 'a while ago'", []).expect("damage");
    place.shop().sound();
}

/// Stops the making of the tables at every commit that it makes, as a power cut would, and goes on after.
#[test]
fn tables_half_made_are_made_again() {
    for stopped_at in 1.. {
        let place = Place::new();
        let commits = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&commits);
        let mut connection = place.connection();
        connection.commit_hook(Some(move || seen.fetch_add(1, Ordering::SeqCst) + 1 == stopped_at)).expect("a hook");
        let made = create_tables(&mut connection);
        drop(connection);
        place.small_shop().sound();
        drop(place.shop());
        if commits.load(Ordering::SeqCst) < stopped_at {
            made.expect("nothing stopped it");
            assert!(stopped_at > 1, "no commit was seen");
            break;
        }
    }
}

#[test]
fn many_threads_open_a_new_file_at_once() {
    for round in 0..20 {
        let place = Place::new();
        let path = place.file();
        thread::scope(|scope| {
            for caller in 0..6 {
                let path = &path;
                scope.spawn(move || {
                    let store = open(path).unwrap_or_else(|error| panic!("round {round}: {error}"));
                    over(store).accept(sku(&format!("sku {caller}")));
                });
            }
        });
        place.shop().sound();
    }
}

#[test]
fn several_processes_open_a_new_file_at_once() {
    for _ in 0..5 {
        let place = Place::new();
        let workers: Vec<Worker> = (0..4).map(|_| Worker::start("open", &place.file(), "")).collect();
        for worker in workers {
            assert_eq!(worker.finish(), ["opened"]);
        }
        place.small_shop().sound();
    }
}

#[test]
fn names_of_files_are_taken_as_they_are() {
    let place = Place::new();
    for name in ["a b.sqlite3", "what?.sqlite3", "50%.sqlite3", "#1.sqlite3", "ä 🫖.sqlite3", "file:x?mode=memory"] {
        let path = place.path(name);
        over(open(&path).expect(name)).accept(sku("mug"));
        assert!(path.is_file(), "{name}");
        assert!(over(open(&path).expect(name)).available("mug", "main").expect(name).is_none());
    }
}

/// A database in memory cannot be in WAL mode, and what the options promise cannot be had of it.
#[test]
fn a_database_that_cannot_be_in_wal_mode_is_refused() {
    for path in [":memory:", ""] {
        let error = SqliteStore::open_with(path, &quick()).expect_err("no WAL mode");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("WAL"), "{error}");
    }
}

#[test]
fn tables_can_be_made_in_the_hosts_own_connection_again_and_again() {
    let mut connection = Connection::open_in_memory().expect("a database");
    for _ in 0..3 {
        create_tables(&mut connection).expect("tables");
    }
    let transaction = connection.transaction().expect("begins");
    stockroom::Stockroom::new(HostTransaction::new(&transaction), || 0).sound();
}
