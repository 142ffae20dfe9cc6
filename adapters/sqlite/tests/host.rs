//! The engine inside a transaction of the host's: both commit or neither, and what fails in the engine leaves
//! the host's own rows to the host.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use stockroom::memory::MemoryStore;
use stockroom::{Code, ErrorKind, Stockroom};
use stockroom_conformance::documents::{MINUTE, NOON, hold, order, receive, ship, sku};
use stockroom_conformance::expect::{Expect, furnish};
use stockroom_conformance::{History, Random};
use stockroom_sqlite::{HostTransaction, create_tables};

use crate::place::Place;

/// A database of the host's with a table of its own and a furnished shop.
fn host(place: &Place) -> Connection {
    let mut connection = place.connection();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE carts (id TEXT PRIMARY KEY)").expect("a table");
    create_tables(&mut connection).expect("tables");
    let transaction = begin(&mut connection);
    furnish(&engine(&transaction));
    transaction.commit().expect("commits");
    connection
}

fn begin(connection: &mut Connection) -> Transaction<'_> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins")
}

fn engine<'t>(transaction: &'t Transaction<'_>) -> Stockroom<HostTransaction<'t>> {
    Stockroom::new(HostTransaction::new(transaction), || NOON)
}

fn put_cart(connection: &Connection, id: &str) {
    connection.execute("INSERT INTO carts VALUES (?1)", [id]).expect("a cart");
}

fn carts(connection: &Connection) -> Vec<String> {
    let mut carts = connection.prepare("SELECT id FROM carts ORDER BY id").expect("a query");
    carts.query_map([], |row| row.get(0)).expect("carts").collect::<Result<_, _>>().expect("carts")
}

#[test]
fn both_commit() {
    let place = Place::new();
    let mut connection = host(&place);
    let transaction = begin(&mut connection);
    put_cart(&transaction, "before");
    let shop = engine(&transaction);
    shop.accept(order("o-1", &[("mug", 3)]));
    put_cart(&transaction, "between");
    shop.accept(ship("o-1"));
    shop.sound();
    drop(shop);
    put_cart(&transaction, "after");
    transaction.commit().expect("commits");
    assert_eq!(carts(&connection), ["after", "before", "between"]);
    let shop = place.shop();
    assert_eq!(shop.level("mug", "main").on_hand, 7);
    shop.sound();
}

#[test]
fn neither_stays_after_a_rollback() {
    let place = Place::new();
    let mut connection = host(&place);
    let before = place.shop().state();
    for explicitly in [true, false] {
        let transaction = begin(&mut connection);
        put_cart(&transaction, "c-1");
        let shop = engine(&transaction);
        shop.accept(order("o-1", &[("mug", 3)]));
        shop.accept(hold("h-1", &[("mug", 1)], MINUTE));
        shop.execute_batch((0..100).map(|number| order(&format!("b-{number}"), &[("plate", 1)]).into())).expect("done");
        drop(shop);
        if explicitly {
            transaction.rollback().expect("rolls back");
        } else {
            drop(transaction);
        }
        assert!(carts(&connection).is_empty());
        assert_eq!(place.shop().state(), before);
    }
    // It goes on from there.
    let transaction = begin(&mut connection);
    let shop = engine(&transaction);
    shop.accept(order("o-1", &[("mug", 3)]));
    shop.sound();
}

#[test]
fn a_rejection_leaves_the_hosts_rows_to_the_host() {
    let place = Place::new();
    let mut connection = host(&place);
    let transaction = begin(&mut connection);
    put_cart(&transaction, "c-1");
    let shop = engine(&transaction);
    shop.reject(Code::InsufficientStock, order("o-1", &[("mug", 99)]));
    shop.preview(order("o-2", &[("mug", 1)])).expect("foreseen");
    assert_eq!(shop.order("o-2").expect("readable"), None);
    drop(shop);
    transaction.commit().expect("commits");
    assert_eq!(carts(&connection), ["c-1"]);
    // The refusal is remembered with it.
    assert!(place.shop().reply_at(NOON, order("o-1", &[("mug", 99)])).repeated);
}

#[test]
fn a_repeated_order_is_found_inside_too() {
    let place = Place::new();
    let mut connection = host(&place);
    for round in 0..3 {
        let transaction = begin(&mut connection);
        put_cart(&transaction, &format!("c-{round}"));
        let shop = engine(&transaction);
        assert_eq!(shop.reply_at(NOON, order("o-1", &[("mug", 3)])).repeated, round > 0);
        assert!(shop.reply_at(NOON, order("o-1", &[("mug", 3)])).repeated);
        assert_eq!(shop.level("mug", "main").allocated, 3);
        drop(shop);
        transaction.commit().expect("commits");
    }
    assert_eq!(carts(&connection).len(), 3, "finding out did not undo the host's rows");
    place.shop().sound();
}

/// The same history as ever, in transactions of the host's that commit or are rolled back and tried again.
#[test]
fn a_history_in_transactions_of_the_hosts_equals_the_twins() {
    let place = Place::new();
    let mut connection = place.connection();
    create_tables(&mut connection).expect("tables");
    let twin = Stockroom::new(MemoryStore::new(), || NOON);
    let history: Vec<_> = History::new(21).take(900).collect();
    let mut random = Random::new(21);
    let mut rest = history.as_slice();
    while !rest.is_empty() {
        let (some, later) = rest.split_at((1 + random.below(50) as usize).min(rest.len()));
        if random.percent(30) {
            let transaction = begin(&mut connection);
            engine(&transaction).execute_batch_at(some.to_vec()).expect("done in vain");
            transaction.rollback().expect("rolls back");
        }
        let transaction = begin(&mut connection);
        let shop = engine(&transaction);
        for timed in some {
            let reply = shop.reply_at(timed.at_ms, timed.command.clone());
            assert_eq!(reply, twin.reply_at(timed.at_ms, timed.command.clone()), "{timed:?}");
        }
        drop(shop);
        transaction.commit().expect("commits");
        rest = later;
    }
    let shop = place.shop();
    assert_eq!(shop.state(), twin.state());
    shop.sound();
}

/// What the engine had learned goes with the host's savepoint.
#[test]
fn a_savepoint_of_the_hosts_takes_registrations_back() {
    let place = Place::new();
    let mut connection = host(&place);
    let transaction = begin(&mut connection);
    let shop = engine(&transaction);
    transaction.execute_batch("SAVEPOINT the_hosts").expect("a savepoint");
    shop.accept(sku("cup"));
    shop.accept(receive("main", &[("cup", 5)]));
    transaction.execute_batch("ROLLBACK TO the_hosts; RELEASE the_hosts").expect("goes back");
    assert_eq!(shop.available("cup", "main").expect("readable"), None);
    shop.reject(Code::SkuUnknown, receive("main", &[("cup", 5)]));
    shop.accept(sku("jar"));
    shop.accept(receive("main", &[("jar", 5)]));
    shop.accept(order("o-1", &[("jar", 1), ("mug", 1)]));
    shop.sound();
    drop(shop);
    transaction.commit().expect("commits");
    let shop = place.shop();
    assert_eq!((shop.free("jar", "main"), shop.available("cup", "main").expect("readable")), (4, None));
    shop.sound();
}

#[test]
fn without_a_transaction_the_host_is_told() {
    let place = Place::new();
    let connection = host(&place);
    let shop = Stockroom::new(HostTransaction::new(&connection), || NOON);
    let error = shop.execute(order("o-1", &[("mug", 1)])).expect_err("none is open");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("transaction"), "{error}");
    // One that has ended under the engine's feet is none.
    connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
    shop.accept(order("o-1", &[("mug", 1)]));
    connection.execute_batch("COMMIT").expect("commits");
    let error = shop.execute(order("o-2", &[("mug", 1)])).expect_err("it has ended");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
    shop.accept(order("o-2", &[("mug", 1)]));
    connection.execute_batch("COMMIT").expect("commits");
    assert_eq!(place.shop().free("mug", "main"), 8);
}

/// A host that begins without the lock may find that it cannot have it any more.
#[test]
fn a_host_that_began_without_the_lock_may_be_busy() {
    let place = Place::new();
    let mut connection = host(&place);
    connection.busy_timeout(std::time::Duration::from_millis(50)).expect("a timeout");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred).expect("begins");
    assert!(carts(&transaction).is_empty());
    place.shop().accept(order("theirs", &[("mug", 1)]));
    let shop = engine(&transaction);
    // It reads the state that it began with.
    assert_eq!(shop.free("mug", "main"), 10);
    let error = shop.execute(order("ours", &[("mug", 1)])).expect_err("others wrote since");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Busy, true), "{error}");
    drop(shop);
    drop(transaction);
    let transaction = begin(&mut connection);
    let shop = engine(&transaction);
    shop.accept(order("ours", &[("mug", 1)]));
    assert_eq!(shop.free("mug", "main"), 8);
    drop(shop);
    transaction.commit().expect("commits");
    place.shop().sound();
}

/// Reading takes no lock, and goes on while others write.
#[test]
fn a_host_reads_while_others_write() {
    let place = Place::new();
    let mut connection = host(&place);
    let shop = place.shop();
    shop.accept(order("o-1", &[("mug", 2)]));
    let other = place.connection();
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred).expect("begins");
    let inside = engine(&transaction);
    assert_eq!(inside.free("mug", "main"), 8);
    assert_eq!(inside.availability(&[("mug", "north"), ("plate", "main")]).expect("readable"), [Some(5), Some(4)]);
    assert_eq!(inside.known_order("o-1").number.0, 1);
    assert_eq!(inside.state(), shop.state());
    inside.sound();
}
