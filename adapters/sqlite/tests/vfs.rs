//! A VFS other than the platform's own. `unix-none` stands for those of WebAssembly: it has no shared memory and no
//! locks, so that WAL mode works only for one who has the file to himself.

use stockroom::{ErrorKind, Result};
use stockroom_conformance::documents::order;
use stockroom_conformance::expect::Expect;
use stockroom_sqlite::{Options, SqliteStore};

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
