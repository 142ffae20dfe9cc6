//! Databases that earlier versions wrote stay readable: each schema that was released is kept as a file, with the
//! digest of its state beside it. The newest is written by this test itself when `STOCKROOM_BLESS` is set; those of
//! older schemas can only be written by the versions that had them, and are never touched again.

use std::path::{Path, PathBuf};

use stockroom::Stockroom;
use stockroom_conformance::history::History;
use stockroom_sqlite::{SCHEMA_VERSION, SqliteStore};

use crate::place::Place;

/// The history that fixtures hold, and how much of it: enough that there are orders in every state, holds,
/// backorders, keys and subscriptions.
const SEED: u64 = 20;
const COMMANDS: usize = 600;

fn fixture(version: i64, ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/schema-{version}.{ending}"))
}

fn write_fixture(version: i64) {
    let place = Place::new();
    let shop = place.shop();
    let history: Vec<_> = History::new(SEED).take(COMMANDS).collect();
    shop.execute_batch_at(history).expect("the history is decided");
    let digest = shop.digest().expect("reads").to_string();
    let file = fixture(version, "sqlite3");
    drop(std::fs::remove_file(&file));
    shop.into_store().back_up(&file, &mut |_| {}).expect("copies");
    std::fs::write(fixture(version, "digest"), digest + "\n").expect("writes");
}

#[test]
fn every_schema_that_was_released_opens_with_all_that_was_in_it() {
    if std::env::var_os("STOCKROOM_BLESS").is_some() {
        write_fixture(SCHEMA_VERSION);
    }
    for version in 1..=SCHEMA_VERSION {
        let place = Place::new();
        std::fs::copy(fixture(version, "sqlite3"), place.file()).expect("the fixture is there");
        let digest = std::fs::read_to_string(fixture(version, "digest")).expect("its digest is there");

        let shop = place.shop();
        assert_eq!(shop.digest().expect("reads").to_string(), digest.trim(), "schema {version}");
        let report = shop.verify().expect("reads");
        assert!(report.is_ok(), "schema {version}: {report}");
        assert!(report.orders > 20 && report.holds > 0, "schema {version}: {report:?}");

        // Repeats are still known, and the shop goes on: the same history changes nothing of what has a key, and
        // more of it is decided as if nothing had happened.
        let more: Vec<_> = History::new(SEED).skip(COMMANDS).take(200).collect();
        shop.execute_batch_at(more.clone()).expect("the shop goes on");
        assert!(shop.verify().expect("reads").is_ok(), "schema {version}");
        let now = shop.digest().expect("reads");

        let fresh = Stockroom::new(stockroom::memory::MemoryStore::new(), || 0);
        fresh.execute_batch_at(History::new(SEED).take(COMMANDS + 200).collect()).expect("the history is decided");
        assert_eq!(now, fresh.digest().expect("reads"), "schema {version}");
        drop(SqliteStore::open(place.file()).expect("opens again"));
    }
}
