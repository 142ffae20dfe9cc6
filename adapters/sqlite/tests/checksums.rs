//! Checksums on pages: what a disk turns in a database file is a failure whenever the page is read, and whoever opens the
//! file with another SQLite is not in the way.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use stockroom::{Error, ErrorKind, Result, Stockroom};
use stockroom_conformance::History;
use stockroom_conformance::documents::{NOON, receive, sku};
use stockroom_conformance::expect::Expect;
use stockroom_sqlite::{HostTransaction, Options, SqliteStore, create_tables};

use crate::place::{Place, open, over, quick};

const PAGE: usize = 4_096;

/// A file with some thousand rows, closed, and the digest of its state.
fn filled(place: &Place, options: &Options) -> String {
    let shop = over(SqliteStore::open_with(place.file(), options).expect("opens"));
    shop.execute_batch_at(History::new(7).take(1_500).collect()).expect("decided");
    shop.digest().expect("reads").to_string()
}

/// Opens the file and reads all of it.
fn read(path: &Path) -> Result<String> {
    let shop = over(open(path)?);
    shop.events(0, u32::MAX)?;
    shop.verify()?;
    Ok(shop.digest()?.to_string())
}

/// How many pages have a seal, and how many none.
fn sealed(path: &Path) -> (usize, usize) {
    let bytes = fs::read(path).expect("the file");
    assert_eq!(bytes[20], 8, "room is reserved");
    let has_seal = |page: &&[u8]| page[PAGE - 8..] != [0; 8];
    let count = bytes.chunks(PAGE).filter(has_seal).count();
    (count, bytes.len() / PAGE - count)
}

/// A connection of somebody who knows nothing of seals.
fn plain(path: &Path) -> Connection {
    Connection::open(path).expect("opens")
}

fn damaged(error: &Error) -> bool {
    error.kind() == ErrorKind::Corrupt && !error.is_retryable()
}

#[test]
fn a_new_file_is_sealed_to_its_last_page() {
    let place = Place::new();
    let digest = filled(&place, &quick());
    let (sealed, unsealed) = sealed(&place.file());
    assert!(sealed > 40, "{sealed}");
    assert_eq!(unsealed, 0);
    assert_eq!(read(&place.file()).expect("reads"), digest);
}

/// One bit of every page in turn, where SQLite itself would mostly not notice.
#[test]
fn a_bit_that_turned_is_never_read() {
    let place = Place::new();
    let digest = filled(&place, &quick());
    let sound = fs::read(place.file()).expect("the file");
    let mut found = 0;
    for page in 0..sound.len() / PAGE {
        let mut bytes = sound.clone();
        bytes[page * PAGE + 137 * (page + 3) % PAGE] ^= 1 << (page % 8);
        fs::write(place.path("turned.sqlite3"), bytes).expect("written");
        match read(&place.path("turned.sqlite3")) {
            Ok(answer) => assert_eq!(answer, digest, "page {page}"),
            Err(error) => {
                assert!(damaged(&error), "page {page}: {error}");
                found += 1;
            }
        }
    }
    // All but what nobody reads here: indexes of little use, the places of relays, and pages that are free.
    assert!(found * 20 >= sound.len() / PAGE * 17, "{found} of {}", sound.len() / PAGE);
}

/// What does not fit on a page goes on on others, of which SQLite may read the contents alone.
#[test]
fn a_bit_that_turned_in_a_long_document_is_never_read() {
    let place = Place::new();
    let shop = place.small_shop();
    let skus: Vec<String> = (0..300).map(|number| format!("a mug with a name as long as a tale {number}")).collect();
    skus.iter().for_each(|name| drop(shop.accept(sku(name))));
    let lines: Vec<(&str, i64)> = skus.iter().map(|name| (&**name, 9)).collect();
    shop.accept(receive("main", &lines));
    let digest = shop.digest().expect("reads").to_string();
    drop(shop);
    let sound = fs::read(place.file()).expect("the file");
    let pages: Vec<u32> = {
        let other = plain(&place.file());
        let mut overflow = other.prepare("SELECT pageno - 1 FROM dbstat WHERE pagetype = 'overflow'").expect("a query");
        overflow.query_map([], |row| row.get(0)).expect("runs").collect::<Result<_, _>>().expect("reads")
    };
    assert!(pages.len() >= 3, "{pages:?}");
    for page in pages {
        let page = page as usize;
        for at in [4, 5, PAGE / 2, PAGE - 9] {
            let mut bytes = sound.clone();
            bytes[page * PAGE + at] ^= 1;
            fs::write(place.path("turned.sqlite3"), bytes).expect("written");
            let error = read(&place.path("turned.sqlite3")).expect_err("damaged");
            assert!(damaged(&error), "page {page}, byte {at}: {error}");
        }
    }
    assert_eq!(read(&place.file()).expect("reads"), digest);
}

#[test]
fn a_page_in_anothers_place_is_found_out() {
    let place = Place::new();
    filled(&place, &quick());
    let mut bytes = fs::read(place.file()).expect("the file");
    let last = bytes.len() - PAGE;
    let (one, other) = (bytes[PAGE..2 * PAGE].to_vec(), bytes[last..].to_vec());
    bytes[PAGE..2 * PAGE].copy_from_slice(&other);
    bytes[last..].copy_from_slice(&one);
    fs::write(place.file(), bytes).expect("written");
    assert!(damaged(&read(&place.file()).expect_err("damaged")));
}

#[test]
fn every_sqlite_can_read_the_file_and_bring_its_log_home() {
    let place = Place::new();
    let shop = place.shop();
    shop.execute_batch_at(History::new(7).take(1_500).collect()).expect("decided");
    let digest = shop.digest().expect("reads").to_string();
    // A process that dies leaves a log behind.
    for name in ["sqlite3", "sqlite3-wal"] {
        fs::copy(place.path(&format!("shop.{name}")), place.path(&format!("left.{name}"))).expect("copied");
    }
    drop(shop);
    let left = place.path("left.sqlite3");
    let other = plain(&left);
    let check: String = other.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checks");
    assert_eq!(check, "ok");
    drop(other);
    assert!(!place.names().contains(&"left.sqlite3-wal".to_owned()), "the log is in the file");
    assert!(sealed(&left).1 > 40, "by a program that knows no seals");
    assert_eq!(read(&left).expect("reads"), digest);
}

#[test]
fn what_another_program_wrote_over_is_a_failure_until_it_is_written_anew() {
    let place = Place::new();
    let digest = filled(&place, &quick());
    let other = plain(&place.file());
    other.execute_batch("CREATE TABLE notes (note TEXT); INSERT INTO notes VALUES ('call Zoë')").expect("written");
    drop(other);
    let error = read(&place.file()).expect_err("its seals are old");
    assert!(damaged(&error) && error.to_string().contains("another program"), "{error}");
    plain(&place.file()).execute_batch("VACUUM").expect("written anew");
    assert_eq!(sealed(&place.file()).0, 0);
    assert_eq!(read(&place.file()).expect("reads"), digest);
    // What is written from now on has seals again.
    place.shop().accept(receive("main", &[("mug", 1)]));
    assert!(sealed(&place.file()).0 > 0);
    read(&place.file()).expect("reads");
}

#[test]
fn a_file_without_checksums_gets_them_when_it_is_asked_to() {
    let place = Place::new();
    let digest = filled(&place, &Options { checksums: false, ..quick() });
    assert_eq!(fs::read(place.file()).expect("the file")[20], 0);
    // Opening alone changes nothing.
    assert_eq!(read(&place.file()).expect("reads"), digest);
    assert_eq!(fs::read(place.file()).expect("the file")[20], 0);
    let mut store = place.store();
    assert!(store.seal().expect("sealed"));
    assert!(!store.seal().expect("done before"));
    let shop = over(store);
    assert_eq!(shop.digest().expect("reads").to_string(), digest);
    shop.accept(receive("main", &[("mug", 1)]));
    drop(shop);
    assert_eq!(sealed(&place.file()).1, 0);
    read(&place.file()).expect("reads");
}

#[test]
fn a_backup_is_sealed_as_its_database_is() {
    let place = Place::new();
    let digest = filled(&place, &quick());
    place.store().back_up(place.path("copy.sqlite3"), &mut |_| {}).expect("copied");
    assert_eq!(sealed(&place.path("copy.sqlite3")).1, 0);
    assert_eq!(read(&place.path("copy.sqlite3")).expect("reads"), digest);
}

/// More pages than SQLite keeps in memory before it writes some of them, in no order.
#[test]
fn a_large_backup_is_sealed_to_its_last_page_too() {
    let place = Place::new();
    let shop = place.shop();
    let long = "x".repeat(100);
    shop.execute_batch((0..20_000).map(|number| sku(&format!("{long} {number}")).into())).expect("registered");
    let mut store = shop.into_store();
    store.back_up(place.path("copy.sqlite3"), &mut |_| {}).expect("copied");
    drop(store);
    let (sealed, unsealed) = sealed(&place.path("copy.sqlite3"));
    assert!(sealed + unsealed > 1_000, "{sealed} {unsealed}");
    assert_eq!(unsealed, 0);
}

#[test]
fn a_hosts_connection_that_would_break_seals_is_refused() {
    let place = Place::new();
    let digest = filled(&place, &quick());
    fs::copy(place.file(), place.path("before.sqlite3")).expect("copied");
    let mut other = plain(&place.file());
    create_tables(&mut other).expect("they are there");
    let transaction = other.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
    let shop = Stockroom::new(HostTransaction::new(&transaction), || NOON);
    assert_eq!(shop.digest().expect("it may read").to_string(), digest);
    let error = shop.execute(receive("main", &[("mug", 1)])).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    drop(shop);
    drop(transaction);
    assert_eq!(read(&place.file()).expect("reads"), digest);
    // Nor are tables of before brought up to date over it.
    place.connection().execute_batch("DELETE FROM stockroom_schema WHERE version > 1").expect("written");
    let error = create_tables(&mut other).expect_err("refused");
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("vfs_over"), "{error}");
    drop(other);
    fs::copy(place.path("before.sqlite3"), place.file()).expect("as it was");
    let mut heeding = place.connection();
    let transaction = heeding.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
    let shop = Stockroom::new(HostTransaction::new(&transaction), || NOON);
    shop.accept(receive("main", &[("mug", 1)]));
    drop(shop);
    transaction.commit().expect("commits");
    assert_ne!(read(&place.file()).expect("reads"), digest);
}
