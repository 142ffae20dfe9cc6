//! A disk that is full: the caller is told, nothing is half done, and the shop goes on once there is room.

use std::path::Path;
use std::process::Command;

use rusqlite::TransactionBehavior;
use stockroom::{ErrorKind, Stockroom};
use stockroom_conformance::documents::{NOON, order, receive};
use stockroom_conformance::expect::{Expect, furnish};
use stockroom_sqlite::{HostTransaction, create_tables};

use crate::child::Worker;
use crate::place::{Place, open, over};

/// A batch of large orders, more than are written at once.
fn large_orders(batch: usize) -> Vec<stockroom::Command> {
    let note = "x".repeat(1_500);
    let large = |number: usize| {
        let order = order(&format!("o-{batch}-{number}"), &[("mug", 1)]);
        stockroom::NewOrder { note: Some(note.clone()), ..order }.into()
    };
    (0..300).map(large).collect()
}

/// A disk of four megabytes for one process, in a namespace of its own. Where that cannot be had, the test
/// below with a limit on pages has to do.
const DISK: [&str; 7] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    "mount -t tmpfs -o size=4m stockroom \"$(dirname \"$STOCKROOM_TEST_FILE\")\" && exec \"$0\" \"$@\"",
];

#[test]
fn a_full_disk_stops_nothing_but_the_call() {
    let probe = Command::new(DISK[0])
        .args(&DISK[1..6])
        .arg("mount -t tmpfs -o size=4m stockroom /mnt && exec true")
        .stderr(std::process::Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    let place = Place::new();
    let lines = Worker::start_under(&DISK, "fill the disk", &place.file(), "").finish();
    assert_eq!(lines, [] as [&str; 0]);
    assert!(place.names().is_empty(), "the disk was not mounted: {:?}", place.names());
}

/// What the other process does on its small disk.
pub(crate) fn fill(file: &Path) {
    let filler = file.with_file_name("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).expect("a file to make room with");
    let shop = over(open(file).expect("opens"));
    furnish(&shop);
    shop.accept(receive("main", &[("mug", 1_000_000)]));
    let (mut done, mut full) = (0, 0);
    for batch in 0..12 {
        let before = shop.state();
        match shop.execute_batch(large_orders(batch)) {
            Ok(replies) => {
                assert!(replies.iter().all(|reply| reply.accepted().is_ok()));
                done += replies.len() as u64;
            }
            Err(error) => {
                assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Full, true), "{error}");
                assert!(error.to_string().contains("full"), "{error}");
                assert_eq!(shop.state(), before, "something stayed of a batch that failed");
                full += 1;
            }
        }
        shop.sound();
        assert_eq!(shop.verify().expect("readable").orders, done);
    }
    assert!(done > 0 && full > 0, "{done} orders, {full} failures");
    // Reading goes on, and so does the next engine.
    let state = shop.state();
    drop(shop);
    let shop = over(open(file).expect("opens on a full disk"));
    assert_eq!(shop.state(), state);
    shop.sound();
    // Room is made: the shop sells on.
    std::fs::remove_file(&filler).expect("the filler goes");
    shop.execute_batch(large_orders(99).into_iter().take(20)).expect("there is room again");
    shop.sound();
    assert_eq!(shop.verify().expect("readable").orders, done + 20);
}

#[test]
fn a_limit_on_pages_stops_nothing_but_the_call() {
    let place = Place::new();
    let mut connection = place.connection();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE carts (id TEXT)").expect("a table");
    create_tables(&mut connection).expect("tables");
    {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
        let shop = Stockroom::new(HostTransaction::new(&transaction), || NOON);
        furnish(&shop);
        shop.accept(receive("main", &[("mug", 1_000_000)]));
        drop(shop);
        transaction.commit().expect("commits");
    }
    let limit = |pages: u32| format!("PRAGMA max_page_count = {pages}");
    connection.query_row(&limit(150), [], |_| Ok(())).expect("a limit");
    let (mut done, mut full) = (0, 0);
    for batch in 0..4 {
        let before = place.shop().state();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
        transaction.execute("INSERT INTO carts VALUES ('c')", []).expect("a cart");
        let shop = Stockroom::new(HostTransaction::new(&transaction), || NOON);
        match shop.execute_batch(large_orders(batch).into_iter().take(60)) {
            Ok(_) => {
                drop(shop);
                transaction.commit().expect("commits");
                done += 1;
            }
            Err(error) => {
                assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Full, true), "{error}");
                drop(shop);
                // SQLite may have rolled the host's transaction back by itself; then there is none to end.
                drop(transaction);
                assert_eq!(place.shop().state(), before, "something stayed of a batch that failed");
                full += 1;
            }
        }
        place.shop().sound();
    }
    assert!(done > 0 && full > 0, "{done} batches, {full} failures");
    connection.query_row(&limit(1_000_000), [], |_| Ok(())).expect("no limit");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
    let shop = Stockroom::new(HostTransaction::new(&transaction), || NOON);
    shop.execute_batch(large_orders(3)).expect("there is room again");
    drop(shop);
    transaction.commit().expect("commits");
    place.shop().sound();
}
