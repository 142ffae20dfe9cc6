//! The suite that every store must pass, over SQLite files.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use stockroom_conformance::{Capabilities, Fixture, run};
use stockroom_sqlite::{Durability, Options, SqliteStore};
use tempfile::TempDir;

struct Sqlite;

impl Fixture for Sqlite {
    type Place = TempDir;
    type Store = SqliteStore;

    fn capabilities(&self) -> Capabilities {
        Capabilities { durable: true, shared: true }
    }

    fn create(&self) -> TempDir {
        tempfile::tempdir().expect("a directory for the case")
    }

    fn open(&self, place: &TempDir) -> SqliteStore {
        // Nothing here cuts the power: a commit need not wait for the disk.
        let options = Options { durability: Durability::Normal, ..Options::default() };
        SqliteStore::open_with(place.path().join("shop.sqlite3"), &options).expect("opens")
    }
}

fn main() -> ExitCode {
    run(Sqlite)
}
