//! A VFS other than the platform's own. `unix-none` stands for those of WebAssembly: it has no shared memory and no
//! locks, so that WAL mode works only for one who has the file to himself.

use rusqlite::{Connection, OpenFlags};
use stockroom::{ErrorKind, Result};
use stockroom_conformance::documents::order;
use stockroom_conformance::expect::Expect;
use stockroom_sqlite::{Options, SqliteStore, vfs_over};

use crate::place::{Place, over, quick};

fn open(place: &Place, exclusive: bool) -> Result<SqliteStore> {
    SqliteStore::open_with(place.file(), &Options { vfs: Some("unix-none"), exclusive, ..quick() })
}

#[test]
fn without_shared_memory_a_file_is_opened_by_its_only_user() {
    let place = Place::new();
    let before = place.small_shop().state();
    let shop = over(open(&place, true).expect("opens what another VFS wrote"));
    assert_eq!(shop.state(), before);
    shop.accept(order("o-1", &[("mug", 1)]));
    assert!(place.path("shop.sqlite3-wal").exists() && !place.path("shop.sqlite3-shm").exists());
    let after = shop.state();
    drop(shop);
    assert_eq!(place.shop().state(), after, "and the other reads it");
}

#[test]
fn without_shared_memory_and_not_alone_it_is_refused() {
    let place = Place::new();
    let error = open(&place, false).expect_err("a new file would stay out of WAL mode");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    drop(place.small_shop());
    let error = open(&place, false).expect_err("a file in WAL mode cannot be read");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

#[test]
fn who_has_the_file_alone_keeps_others_out() {
    let place = Place::new();
    let options = Options { exclusive: true, ..quick() };
    let shop = over(SqliteStore::open_with(place.file(), &options).expect("opens"));
    let other = SqliteStore::open_with(place.file(), &Options { busy_timeout_ms: 0, ..quick() });
    assert_eq!(other.expect_err("it is taken").kind(), ErrorKind::Busy);
    drop(shop);
    drop(place.store());
}

#[test]
fn a_copy_goes_through_the_same_vfs() {
    let place = Place::new();
    drop(place.small_shop());
    let mut store = open(&place, true).expect("opens");
    store.back_up(place.path("copy.sqlite3"), &mut |_| {}).expect("copied");
    let error = store.back_up(place.path("copy.sqlite3"), &mut |_| {}).expect_err("it is there");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let copy = over(SqliteStore::open_with(place.path("copy.sqlite3"), &quick()).expect("the copy opens"));
    assert_eq!(copy.state(), over(store).state());
}

#[test]
fn a_vfs_that_is_not_there_is_refused() {
    let place = Place::new();
    let options = Options { vfs: Some("no such"), ..quick() };
    let error = SqliteStore::open_with(place.file(), &options).expect_err("there is none");
    assert_ne!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(place.names().is_empty());
}

/// A frame's header waits for its page, and nothing for longer: at each commit the log has all of it, for whoever reads the
/// file next to us and for whoever has nothing but the two files. Transactions that are larger than the cache write frames
/// before they commit, write them again, and then make the headers of all that follow anew.
#[test]
fn at_each_commit_all_of_the_log_is_written() {
    let place = Place::new();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let ours =
        || Connection::open_with_flags_and_vfs(place.file(), flags, vfs_over(None).expect("one")).expect("opens");
    let connection = ours();
    let settings =
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 400; PRAGMA cache_size = 6; PRAGMA cache_spill = 3;
                    CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, filler TEXT NOT NULL) STRICT;
                    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300)
                    INSERT INTO t SELECT n, 0, printf('%.*c', 300, 'x') FROM n;";
    connection.execute_batch(settings).expect("settings");
    let sum = |connection: &Connection| -> i64 {
        connection.query_row("SELECT sum(n * id) FROM t", [], |row| row.get(0)).expect("reads")
    };
    let other = ours();
    for round in 0..60_i64 {
        connection.pragma_update(None, "synchronous", if round % 2 == 0 { "NORMAL" } else { "FULL" }).expect("set");
        connection.execute_batch("BEGIN").expect("begins");
        for step in 0..40 {
            // Here and there, and back to where it was.
            let id = (step * 97 + round * 31) % 300 + 1;
            connection.execute("UPDATE t SET n = n + ?2 WHERE id = ?1", [id, round + 1]).expect("writes");
            connection.execute("UPDATE t SET n = n + 1 WHERE id % 100 = ?1", [step % 3]).expect("writes");
            if step == 20 {
                connection.execute_batch("SAVEPOINT half").expect("set");
            }
            if step == 30 && round % 3 == 0 {
                connection.execute_batch("ROLLBACK TO half").expect("back");
            }
        }
        let within = sum(&connection);
        if round % 5 == 4 {
            connection.execute_batch("ROLLBACK").expect("back");
            // Another writes where what was taken back stood.
            other.execute("UPDATE t SET n = n + 7 WHERE id = 150", []).expect("writes");
        } else {
            connection.execute_batch("COMMIT").expect("commits");
        }
        // Before the connection does anything else: what it reads it would write first.
        let copy = Place::new();
        for ending in ["", "-wal"] {
            let name = format!("shop.sqlite3{ending}");
            std::fs::copy(place.path(&name), copy.path(&name)).expect("copies");
        }
        assert_eq!(sum(&other), sum(&connection), "round {round}");
        assert!(round % 5 == 4 || sum(&connection) == within, "round {round}");
        let copied = Connection::open(copy.file()).expect("opens");
        assert_eq!(sum(&copied), sum(&connection), "round {round}");
        let sound: String = copied.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("looks");
        assert_eq!(sound, "ok", "round {round}");
    }
}
