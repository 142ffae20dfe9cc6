//! A directory for one test, and shops in its file.

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};
use stockroom::{Result, Stockroom};
use stockroom_conformance::documents::NOON;
use stockroom_conformance::expect::furnish;
use stockroom_sqlite::{Durability, Options, SqliteStore, vfs_over};
use tempfile::TempDir;

/// The engine over a file.
pub(crate) type Shop = Stockroom<SqliteStore>;

/// A directory that goes with the test.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Place(tempfile::tempdir().expect("a directory for the test"))
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The file that most tests use.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("shop.sqlite3")
    }

    /// A store on the file.
    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open_with(self.file(), &quick()).expect("opens")
    }

    /// An engine over the file.
    pub(crate) fn shop(&self) -> Shop {
        over(self.store())
    }

    /// An engine over the file, which has 10 mugs and 4 plates at `main` and 5 mugs at `north`.
    pub(crate) fn small_shop(&self) -> Shop {
        let shop = self.shop();
        furnish(&shop);
        shop
    }

    /// A connection of somebody else's to the file, who heeds checksums.
    pub(crate) fn connection(&self) -> Connection {
        let vfs = vfs_over(None).expect("there is one");
        Connection::open_with_flags_and_vfs(self.file(), OpenFlags::default(), vfs).expect("opens")
    }

    /// The names of what is in the directory.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("the directory");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// An engine whose clock stands at noon.
pub(crate) fn over(store: SqliteStore) -> Shop {
    Stockroom::new(store, || NOON)
}

/// Nothing here cuts the power: a commit need not wait for the disk.
pub(crate) fn quick() -> Options {
    Options { durability: Durability::Normal, ..Options::default() }
}

/// Opens a file, to see how it fails.
pub(crate) fn open(path: impl AsRef<std::path::Path>) -> Result<SqliteStore> {
    SqliteStore::open_with(path, &quick())
}
