//! Online backup: the copy is a state that was, however much is written meanwhile.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stockroom::memory::MemoryStore;
use stockroom::{ErrorKind, Stockroom, TimedCommand};
use stockroom_conformance::History;
use stockroom_conformance::documents::{NOON, order, receive, sku};
use stockroom_conformance::expect::Expect;
use stockroom_sqlite::SqliteStore;

use crate::place::{Place, Shop, open, over};

/// A copy as an engine, which must be sound and able to go on.
fn copied(place: &Place, name: &str) -> Shop {
    let shop = over(open(place.path(name)).expect("the copy opens"));
    shop.sound();
    shop
}

#[test]
fn a_copy_is_the_same_and_another() {
    let place = Place::new();
    let shop = place.small_shop();
    shop.accept(order("o-1", &[("mug", 1)]));
    let mut left = Vec::new();
    let mut store = shop.into_store();
    store.back_up(place.path("copy.sqlite3"), &mut |pages| left.push(pages)).expect("copied");
    let shop = over(store);
    let copy = copied(&place, "copy.sqlite3");
    assert_eq!(copy.state(), shop.state());
    copy.accept(order("o-2", &[("mug", 1)]));
    assert_eq!(shop.order("o-2").expect("readable"), None);
    shop.accept(order("o-3", &[("mug", 1)]));
    assert_eq!((copy.order("o-3").expect("readable"), copy.free("mug", "main")), (None, 8));
    assert!(left.windows(2).all(|pair| pair[0] >= pair[1]), "{left:?}");
}

#[test]
fn a_copy_made_while_others_write_is_a_state_that_was() {
    let place = Place::new();
    let history: Vec<TimedCommand> = History::new(31).take(500).collect();
    drop(place.shop());
    let done = AtomicBool::new(false);
    let copies = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let shop = place.shop();
            for timed in &history {
                shop.reply_at(timed.at_ms, timed.command.clone());
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut store = place.store();
        let mut copies = 0;
        while !done.load(Ordering::SeqCst) {
            store.back_up(place.path(&format!("copy {copies}")), &mut |_| {}).expect("copied");
            copies += 1;
        }
        writer.join().expect("the writer writes");
        copies
    });
    assert!(copies > 2, "{copies}");
    // The digests of all the states that were.
    let twin = Stockroom::new(MemoryStore::new(), || NOON);
    let mut states = vec![twin.state()];
    for timed in &history {
        twin.reply_at(timed.at_ms, timed.command.clone());
        states.push(twin.state());
    }
    let mut last = 0;
    for copy in 0..copies {
        let state = copied(&place, &format!("copy {copy}")).state();
        let found = states[last..].iter().position(|known| *known == state);
        last += found.unwrap_or_else(|| panic!("copy {copy} is no state that was"));
    }
}

#[test]
fn a_file_that_exists_is_never_written_over() {
    let place = Place::new();
    drop(place.small_shop());
    fs::write(place.path("letter.txt"), "Dear Zoë").expect("a file");
    let mut store = place.store();
    for path in [place.path("letter.txt"), place.file()] {
        let bytes = fs::read(&path).expect("the file");
        let error = store.back_up(&path, &mut |_| {}).expect_err("it exists");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, "sqlite.backup"));
        assert_eq!(fs::read(&path).expect("the file"), bytes);
    }
}

#[test]
fn a_backup_that_cannot_be_written_leaves_nothing() {
    let place = Place::new();
    drop(place.small_shop());
    let mut store = place.store();
    let error = store.back_up(place.path("missing/copy.sqlite3"), &mut |_| {}).expect_err("no such directory");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    store.back_up(place.path("copy.sqlite3"), &mut |_| {}).expect("copied");
    drop(store);
    assert_eq!(place.names(), ["copy.sqlite3", "shop.sqlite3"]);
}

/// A database of several megabytes, into which somebody writes all the time: the copy gets done.
#[test]
fn a_copy_gets_done_however_busy_the_shop_is() {
    let place = Place::new();
    let shop = place.small_shop();
    let long = "x".repeat(100);
    let skus = (0..30_000).map(|number| sku(&format!("{long} {number}")).into());
    shop.execute_batch(skus).expect("registered");
    shop.accept(receive("main", &[("mug", 1_000_000)]));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (shop, done) = (&shop, &done);
        scope.spawn(move || {
            let mut number = 0;
            while !done.load(Ordering::SeqCst) {
                shop.accept(order(&format!("o-{number}"), &[("mug", 1)]));
                number += 1;
            }
        });
        let result = thread::Builder::new().spawn_scoped(scope, || {
            let mut store: SqliteStore = place.store();
            let (begun, mut steps) = (Instant::now(), 0);
            let copied = store.back_up(place.path("copy.sqlite3"), &mut |_| {
                steps += 1;
                assert!(begun.elapsed() < Duration::from_secs(60), "the copy never gets done");
                // Time for others, as a slow disk gives it.
                thread::sleep(Duration::from_millis(20));
            });
            copied.map(|()| steps)
        });
        let result = result.expect("a thread").join();
        done.store(true, Ordering::SeqCst);
        let steps = result.expect("it gets done").expect("copied");
        assert!((2..100).contains(&steps), "{steps} steps: begun anew each time somebody wrote");
    });
    let copy = copied(&place, "copy.sqlite3");
    assert!(copy.verify().expect("readable").orders <= shop.verify().expect("readable").orders);
    drop(copy);
    shop.sound();
}
