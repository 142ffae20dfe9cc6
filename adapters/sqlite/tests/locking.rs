//! Who may write when: one at a time over a file, the others wait as long as they were told to, and nobody
//! trusts what it remembers once somebody else has written.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use stockroom::ports::{Freshness, Mode, Store};
use stockroom::{Code, ErrorKind, Stockroom};
use stockroom_conformance::documents::{MINUTE, NOON, hold, order, receive, ship};
use stockroom_conformance::expect::Expect;
use stockroom_sqlite::{HostTransaction, Options, SqliteStore};

use crate::place::{Place, Shop, over, quick};

/// An engine that waits so long for others.
fn waiting(place: &Place, busy_timeout_ms: u32) -> Shop {
    over(SqliteStore::open_with(place.file(), &Options { busy_timeout_ms, ..quick() }).expect("opens"))
}

/// Holds the write lock from another connection until it is told to let go.
fn hold_the_lock(connection: &Connection) {
    connection.execute_batch("BEGIN IMMEDIATE").expect("the lock");
}

fn let_go(connection: &Connection) {
    connection.execute_batch("ROLLBACK").expect("lets go");
}

#[test]
fn a_writer_that_does_not_let_go_is_busy_after_the_time_given() {
    let place = Place::new();
    drop(place.small_shop());
    let other = place.connection();
    for busy_timeout_ms in [0, 300] {
        let shop = waiting(&place, busy_timeout_ms);
        let before = shop.state();
        hold_the_lock(&other);
        let begun = Instant::now();
        let error = shop.execute(order("o-1", &[("mug", 1)])).expect_err("somebody writes");
        let waited = begun.elapsed();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Busy, true), "{error}");
        assert!(error.to_string().contains("another connection"), "{error}");
        let timeout = Duration::from_millis(busy_timeout_ms.into());
        assert!(waited >= timeout && waited < timeout + Duration::from_secs(3), "{waited:?}");
        let errors = [
            shop.execute_batch([receive("main", &[("mug", 1)]).into()]).expect_err("busy"),
            shop.preview(order("o-1", &[("mug", 1)])).expect_err("busy"),
        ];
        assert!(errors.iter().all(|error| error.kind() == ErrorKind::Busy), "{errors:?}");
        // Reading does not wait.
        assert_eq!((shop.free("mug", "main"), shop.state()), (10, before));
        let_go(&other);
        assert_eq!(shop.state(), before);
    }
    let shop = waiting(&place, 0);
    shop.accept(order("o-1", &[("mug", 1)]));
    shop.sound();
}

#[test]
fn a_writer_that_lets_go_in_time_is_waited_for() {
    let place = Place::new();
    let shop = place.small_shop();
    let other = place.connection();
    hold_the_lock(&other);
    let (begins, begun) = channel();
    thread::scope(|scope| {
        let caller = scope.spawn(|| {
            begins.send(()).expect("heard");
            shop.accept(order("o-1", &[("mug", 1)]));
        });
        begun.recv().expect("begun");
        thread::sleep(Duration::from_millis(150));
        assert!(!caller.is_finished(), "it did not wait");
        let_go(&other);
    });
    shop.sound();
}

#[test]
fn a_reader_with_an_old_state_stops_nobody() {
    let place = Place::new();
    let shop = place.small_shop();
    let mut reader = place.store();
    reader.begin(Mode::Read).expect("begins");
    for number in 0..15 {
        shop.accept(order(&format!("o-{number}"), &[("mug", 1)]));
    }
    reader.rollback().expect("ends");
    assert_eq!(reader.freshness().expect("asked"), Freshness::Foreign);
    shop.sound();
}

#[test]
fn what_others_wrote_is_seen() {
    let place = Place::new();
    let (one, other) = (place.small_shop(), place.shop());
    for round in 0..20 {
        // Everything is in memory here before the other writes.
        let free = one.free("mug", "main");
        assert_eq!(other.free("mug", "main"), free);
        let id = format!("o-{round}");
        match round % 4 {
            0 => drop(other.accept(receive("main", &[("mug", 5)]))),
            1 => drop(other.accept(order(&id, &[("mug", 2)]))),
            2 => drop(other.accept(hold(&id, &[("mug", 1)], MINUTE))),
            _ => drop(other.accept(ship(&format!("o-{}", round - 2)))),
        }
        assert_eq!(one.level("mug", "main"), other.level("mug", "main"), "round {round}");
        assert_eq!(one.state(), other.state(), "round {round}");
        // It decides on what is there now.
        let free = one.free("mug", "main") + one.free("mug", "north");
        one.reject(Code::InsufficientStock, order(&format!("too many {round}"), &[("mug", free + 1)]));
        one.accept(order(&format!("mine {round}"), &[("mug", 1)]));
    }
    one.sound();
}

#[test]
fn what_a_host_wrote_in_its_own_transaction_is_seen() {
    let place = Place::new();
    let shop = place.small_shop();
    let mut host = place.connection();
    for round in 0..5 {
        assert_eq!(shop.free("mug", "main"), 10 - round);
        let transaction = host.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
        let inside = Stockroom::new(HostTransaction::new(&transaction), || NOON);
        inside.accept(order(&format!("o-{round}"), &[("mug", 1)]));
        drop(inside);
        // Not before the host commits.
        assert_eq!(shop.free("mug", "main"), 10 - round);
        transaction.commit().expect("commits");
        assert_eq!(shop.free("mug", "main"), 9 - round);
        assert!(shop.reply_at(NOON, order(&format!("o-{round}"), &[("mug", 1)])).repeated);
    }
    shop.sound();
}

/// Two engines in one program, each with callers of its own.
#[test]
fn engines_take_turns() {
    let place = Place::new();
    drop(place.small_shop());
    let engines = [place.shop(), place.shop(), place.shop()];
    engines[0].accept(receive("main", &[("mug", 290)]));
    thread::scope(|scope| {
        for (name, engine) in engines.iter().enumerate() {
            for caller in 0..2 {
                scope.spawn(move || {
                    for number in 0..50 {
                        engine.accept(order(&format!("{name}-{caller}-{number}"), &[("mug", 1)]));
                    }
                });
            }
        }
    });
    assert_eq!(engines[1].free("mug", "main") + engines[2].free("mug", "north"), 5);
    engines[0].sound();
}
