//! Databases that earlier versions wrote stay readable: each schema that was released is kept as a file, with the
//! digest of its state beside it. The newest is written by this test itself when `STOCKROOM_BLESS` is set; those of
//! older schemas can only be written by the versions that had them, and are never touched again.

use std::path::{Path, PathBuf};
use std::sync::Once;

use rusqlite::Connection;
use stockroom::engine::{RecordKind, TimedCommand};
use stockroom::memory::MemoryStore;
use stockroom::ports::{Page, Rows, Store};
use stockroom::{ConnectChannel, ErrorKind, SetListing, Stockroom, UpdateListings};
use stockroom_conformance::documents::{NOON, destination, fulfill, order, receive, sku, take, warehouse};
use stockroom_conformance::expect::{Expect, furnish};
use stockroom_conformance::{ChannelHistory, History, WarehouseHistory};
use stockroom_sqlite::{HostTransaction, SCHEMA_VERSION, SqliteStore, create_tables};

use crate::place::{Place, open, over};

/// The histories that fixtures hold, and how much of them: enough that there are orders in every state, holds,
/// backorders, keys and subscriptions, from schema 2 on deliveries and fulfillment orders in nearly every state, and
/// from schema 3 on shops behind channels with listings and orders. Schemas 4 and 5 hold the same in other tables.
const SEEDS: [u64; 3] = [20, 31, 73];
const COMMANDS: usize = 600;
const COMMANDS_WITH_CHANNELS: usize = 1_200;

/// The newest schema with a fixture, which `STOCKROOM_BLESS` writes.
const KEPT: i64 = SCHEMA_VERSION;

fn fixture(version: i64, ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/schema-{version}.{ending}"))
}

/// The history that the fixture of a schema holds, without an end.
fn history(version: i64) -> Box<dyn Iterator<Item = TimedCommand>> {
    match version {
        1 => Box::new(History::new(SEEDS[0])),
        2 => Box::new(WarehouseHistory::new(SEEDS[1])),
        _ => Box::new(ChannelHistory::new(SEEDS[2])),
    }
}

/// How much of it the fixture holds.
fn commands(version: i64) -> usize {
    if version < 3 { COMMANDS } else { COMMANDS_WITH_CHANNELS }
}

fn write_fixture(version: i64) {
    let place = Place::new();
    let shop = place.shop();
    shop.execute_batch_at(history(version).take(commands(version)).collect()).expect("the history is decided");
    let digest = shop.digest().expect("reads").to_string();
    let file = fixture(version, "sqlite3");
    drop(std::fs::remove_file(&file));
    shop.into_store().back_up(&file, &mut |_| {}).expect("copies");
    std::fs::write(fixture(version, "digest"), digest + "\n").expect("writes");
}

/// The fixture of a schema, copied to where tests may work on it.
fn copied(version: i64) -> Place {
    // Whichever test comes first writes the newest anew, and the others wait for it.
    static BLESSED: Once = Once::new();
    BLESSED.call_once(|| {
        if std::env::var_os("STOCKROOM_BLESS").is_some() {
            // An older one can only be written by the version that had its schema.
            write_fixture(SCHEMA_VERSION);
        }
    });
    let place = Place::new();
    std::fs::copy(fixture(version, "sqlite3"), place.file()).expect("the fixture is there");
    place
}

fn digest_of_fixture(version: i64) -> String {
    let digest = std::fs::read_to_string(fixture(version, "digest")).expect("its digest is there");
    digest.trim().to_owned()
}

#[test]
fn every_schema_that_was_released_opens_with_all_that_was_in_it() {
    for version in 1..=KEPT {
        let place = copied(version);
        let shop = place.shop();
        assert_eq!(shop.digest().expect("reads").to_string(), digest_of_fixture(version), "schema {version}");
        let report = shop.verify().expect("reads");
        assert!(report.is_ok(), "schema {version}: {report}");
        assert!(report.orders > 20 && report.holds > 0, "schema {version}: {report:?}");

        // Repeats are still known, and the shop goes on: the same history changes nothing of what has a key, and
        // more of it is decided as if nothing had happened.
        let more: Vec<_> = history(version).skip(commands(version)).take(200).collect();
        shop.execute_batch_at(more.clone()).expect("the shop goes on");
        assert!(shop.verify().expect("reads").is_ok(), "schema {version}");
        let now = shop.digest().expect("reads");

        let fresh = Stockroom::new(MemoryStore::new(), || 0);
        fresh
            .execute_batch_at(history(version).take(commands(version) + 200).collect())
            .expect("the history is decided");
        assert_eq!(now, fresh.digest().expect("reads"), "schema {version}");
        drop(SqliteStore::open(place.file()).expect("opens again"));
    }
}

fn rows_of(store: &mut SqliteStore, kind: RecordKind) -> usize {
    match store.page(&Page::Records(kind, None), 1_000).expect("reads") {
        Rows::Records(rows) => rows.len(),
        other => panic!("rows of another kind than {kind:?}: {other:?}"),
    }
}

/// What the next fixture is to hold is there already: it differs from a file of today in nothing but its age.
#[test]
fn the_history_of_the_newest_schema_has_every_kind_of_record() {
    let place = Place::new();
    let shop = place.shop();
    shop.execute_batch_at(history(SCHEMA_VERSION).take(commands(SCHEMA_VERSION)).collect())
        .expect("the history is decided");
    shop.sound();
    let mut store = shop.into_store();
    for kind in RecordKind::ALL {
        let rows = rows_of(&mut store, kind);
        assert!(rows >= 2, "{rows} {}", kind.name());
    }
}

/// The newest fixture has rows of every kind that its schema has, in most of the states that they can be in.
#[test]
fn the_newest_fixture_has_every_kind_of_record() {
    let mut store = copied(KEPT).store();
    for kind in RecordKind::ALL {
        let rows = rows_of(&mut store, kind);
        assert!(rows >= 2, "{rows} {}", kind.name());
    }
    let place = copied(KEPT);
    let names = |sql: &str| -> Vec<String> {
        let connection = place.connection();
        let mut names = connection.prepare(sql).expect("a query");
        names.query_map([], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads")
    };
    let states = names("SELECT DISTINCT state FROM stockroom_deliveries ORDER BY state");
    assert_eq!(states, ["dead", "leased", "waiting"]);
    let states = names("SELECT DISTINCT state FROM stockroom_fulfillment_orders");
    assert!(states.len() >= 5, "{states:?}");
}

/// Opening an older file adds what is new and touches nothing else; then warehouses can be registered in it.
#[test]
fn a_file_of_the_first_schema_gets_warehouses() {
    let place = copied(1);
    let everything = "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL \
                      AND tbl_name IN (SELECT value FROM json_each(?1)) ORDER BY name)";
    let names = "SELECT json_group_array(name) FROM sqlite_schema WHERE type IN ('table', 'view')";
    let connection = place.connection();
    let old: String = connection.query_row(names, [], |row| row.get(0)).expect("names");
    let before: String = connection.query_row(everything, [&old], |row| row.get(0)).expect("a schema");
    let shop = place.shop();
    let after: String = connection.query_row(everything, [&old], |row| row.get(0)).expect("a schema");
    assert_eq!(before, after);
    assert_eq!(shop.state().to_string(), digest_of_fixture(1));
    shop.accept_at(LATER, destination("wms"));
    assert_ne!(shop.state().to_string(), digest_of_fixture(1));
    shop.accept_at(LATER, warehouse("main", "wms"));
    shop.accept_at(LATER, receive("main", &[("mug", 50)]));
    shop.accept_at(LATER, order("handed over", &[("mug", 1)]));
    shop.accept_at(LATER, fulfill());
    shop.accept_at(LATER, take("wms", 9));
    shop.sound();
}

/// And one of the second gets shops behind its channels.
#[test]
fn a_file_of_the_second_schema_gets_channels() {
    let place = copied(2);
    let shop = place.shop();
    assert_eq!(shop.state().to_string(), digest_of_fixture(2));
    shop.accept_at(LATER, destination("shop"));
    let (channel, destination) = (String::from("web"), String::from("shop"));
    shop.accept_at(LATER, ConnectChannel { channel: channel.clone(), destination, ..ConnectChannel::default() });
    let (sku, item) = (String::from("mug"), String::from("item mug"));
    shop.accept_at(LATER, SetListing { channel, sku, item, ..SetListing::default() });
    shop.accept_at(LATER, UpdateListings { limit: 1_000 });
    shop.sound();
    drop(shop);
    let listed = "SELECT count(*) FROM stockroom_listings l JOIN stockroom_deliveries d \
                  ON d.destination = 'shop' AND d.number = l.delivery WHERE l.sku = 'mug'";
    let listed: i64 = place.connection().query_row(listed, [], |row| row.get(0)).expect("reads");
    assert_eq!(listed, 1);
}

/// After all that a history does.
const LATER: i64 = NOON + 900 * 24 * 3_600_000;

/// Statements that another process prepared before the file was migrated go on working, as do its transactions.
#[test]
fn statements_prepared_before_a_migration_go_on() {
    let place = copied(1);
    let (older, reader) = (place.connection(), place.connection());
    let mut count = older.prepare("SELECT count(*) FROM stockroom_orders").expect("a query");
    let mut insert = older.prepare("INSERT INTO stockroom_subscriptions VALUES (?1, 0)").expect("a statement");
    let mut orders = || -> i64 { count.query_row([], |row| row.get(0)).expect("reads") };
    let before = orders();
    reader.execute_batch("BEGIN").expect("begins");
    let tables = |connection: &Connection| -> i64 {
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'stockroom_deliveries'";
        connection.query_row(tables, [], |row| row.get(0)).expect("reads")
    };
    assert_eq!(tables(&reader), 0);
    let shop = place.shop();
    assert_eq!(orders(), before);
    assert_eq!(insert.execute(["older"]).expect("writes"), 1);
    // It reads the state that it began with, and sees the new one after.
    assert_eq!(tables(&reader), 0);
    reader.execute_batch("COMMIT").expect("ends");
    assert_eq!(tables(&reader), 1);
    shop.accept_at(LATER, order("after", &[("mug", 1)]));
    assert_eq!(orders(), before + 1);
    shop.sound();
}

/// Whoever holds the file's lock is waited for; then the failure is one to try again after.
#[test]
fn a_migration_waits_for_whoever_writes() {
    let place = copied(1);
    let older = place.connection();
    older.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let options = stockroom_sqlite::Options { busy_timeout_ms: 50, ..crate::place::quick() };
    let error = SqliteStore::open_with(place.file(), &options).expect_err("another writes");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Busy, true), "{error}");
    older.execute_batch("COMMIT").expect("ends");
    assert_eq!(over(open(place.file()).expect("opens")).state().to_string(), digest_of_fixture(1));
}

/// A newer program migrates the file while this one has it open: from then on this one refuses to go on, because what
/// it writes could be wrong there.
#[test]
fn a_schema_that_becomes_newer_is_noticed_while_open() {
    let place = Place::new();
    let shop = place.small_shop();
    let newer = place.connection();
    let later = "INSERT INTO stockroom_schema SELECT ?1, 'later', applied_on, checksum FROM stockroom_schema LIMIT 1";
    newer.execute(later, [SCHEMA_VERSION + 1]).expect("a later version");
    for _ in 0..2 {
        let error = shop.execute(order("o-1", &[("mug", 1)])).expect_err("it is newer");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::SchemaTooNew, false), "{error}");
        assert_eq!(shop.order("o-1").expect_err("it is newer").kind(), ErrorKind::SchemaTooNew);
    }
    // It holds no lock meanwhile.
    newer.execute("DELETE FROM stockroom_schema WHERE version = ?1", [SCHEMA_VERSION + 1]).expect("writes");
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.sound();
}

#[test]
fn a_host_is_told_of_a_newer_schema_too() {
    let mut connection = Connection::open_in_memory().expect("a database");
    create_tables(&mut connection).expect("tables");
    let transaction = connection.transaction().expect("begins");
    furnish(&Stockroom::new(HostTransaction::new(&transaction), || NOON));
    transaction.commit().expect("commits");
    let later = "INSERT INTO stockroom_schema SELECT ?1, 'later', applied_on, checksum FROM stockroom_schema LIMIT 1";
    connection.execute(later, [SCHEMA_VERSION + 1]).expect("a later version");
    let transaction = connection.transaction().expect("begins");
    let shop = Stockroom::new(HostTransaction::new(&transaction), || NOON);
    assert_eq!(shop.execute(sku("late")).expect_err("it is newer").kind(), ErrorKind::SchemaTooNew);
}
