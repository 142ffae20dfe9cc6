//! The files that the programs in C find: sound, damaged, foreign, newer and locked databases.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use stockroom::Stockroom;
use stockroom_sqlite::{SqliteStore, vfs_over};
use tempfile::TempDir;

/// A directory for one run of one program.
pub(crate) struct Stage {
    directory: TempDir,
}

impl Stage {
    /// One on the disk.
    pub(crate) fn new() -> Self {
        Stage { directory: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory") }
    }

    /// One in memory, where there is such a place: for what is not about disks, but writes much.
    pub(crate) fn in_memory() -> Self {
        match tempfile::tempdir_in("/dev/shm") {
            Ok(directory) => Stage { directory },
            Err(_) => Stage::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// What `opening.c` is to be refused: a letter, and a database of somebody else's with a table of our name.
    pub(crate) fn foreign(&self) {
        fs::write(self.file("letter.txt"), "Dear Sir or Madam,\n".repeat(100)).expect("a letter");
        let other = self.connection("other.sqlite3");
        other.execute_batch("CREATE TABLE stockroom_orders (id TEXT)").expect("a table");
    }

    fn connection(&self, name: &str) -> Connection {
        // As the store opens it: what is written here is sound, and damage is made below SQLite.
        let vfs = vfs_over(None).expect("there is one");
        Connection::open_with_flags_and_vfs(self.file(name), OpenFlags::default(), vfs).expect("SQLite opens a file")
    }

    /// A database with 30 mugs at `main`, all of it in the file.
    fn sound(&self, name: &str) -> Connection {
        let store = SqliteStore::open(self.file(name)).expect("it opens");
        let room = Stockroom::new(store, || 1_700_000_000_000);
        let commands = br#"[{"action":{"register_sku":{"sku":"mug"}}},
            {"action":{"register_location":{"location":"main"}}},
            {"action":{"register_channel":{"channel":"web","locations":["main"]}}},
            {"action":{"register_destination":{"destination":"wms"}}},
            {"action":{"receive_stock":{"location":"main","lines":[{"sku":"mug","quantity":30}]}}}]"#;
        let replies = stockroom_documents::execute_batch(&room, commands).expect("they are done");
        assert!(!String::from_utf8_lossy(&replies).contains("rejected"), "a sound database has what it needs");
        drop(room);
        let connection = self.connection(name);
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("the log is taken in");
        connection
    }

    /// One that a newer version has written; what is in its file.
    pub(crate) fn newer(&self) -> Vec<u8> {
        let connection = self.sound("newer.sqlite3");
        let newer = "INSERT INTO stockroom_schema VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
        connection.execute_batch(newer).expect("a row");
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("the log is taken in");
        drop(connection);
        self.bytes("newer.sqlite3")
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("the file")
    }

    /// Two whose pages are zeros here and there: one that cannot be opened, one that can.
    pub(crate) fn damaged(&self) {
        self.zero("torn.sqlite3", &["stockroom_schema"]);
        let tables = ["stockroom_skus", "sqlite_autoindex_stockroom_skus_1", "stockroom_stock"];
        self.zero("damaged.sqlite3", &tables);
    }

    fn zero(&self, name: &str, tables: &[&str]) {
        let connection = self.sound(name);
        let page_bytes: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).expect("a size");
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let pages: Vec<u32> = tables
            .iter()
            .map(|table| connection.query_row(root, [table], |row| row.get(0)).expect("there is such a table"))
            .collect();
        drop(connection);
        let file = fs::OpenOptions::new().write(true).open(self.file(name)).expect("the file");
        let zeros = vec![0; page_bytes as usize];
        for page in pages {
            file.write_all_at(&zeros, u64::from(page - 1) * u64::from(page_bytes)).expect("a page of zeros");
        }
    }

    /// Two that this process holds for writing while what is returned lives.
    pub(crate) fn locked(&self) -> [Connection; 2] {
        let locked = self.sound("locked.sqlite3");
        let fresh = self.connection("fresh.sqlite3");
        fresh.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).expect("a log");
        for connection in [&locked, &fresh] {
            connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
        }
        [locked, fresh]
    }
}
