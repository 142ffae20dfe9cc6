//! Deliveries that are taken together: one row says so, they themselves stand untouched, and people see how they stand.

use rusqlite::Connection;
use stockroom::engine::{Record, RecordKind};
use stockroom::ports::{Page, Rows};
use stockroom::{Answer, Command, DeliveryAnswer, DeliveryResult, Retry, TakenDeliveries};
use stockroom_conformance::documents::{MINUTE, NOON, destination, fulfill, order, receive, report, take, warehouse};
use stockroom_conformance::expect::Expect;

use crate::place::{Place, Shop};

/// A shop with forty orders that its warehouse is to be told of.
fn forty(place: &Place) -> Shop {
    let shop = place.small_shop();
    shop.accept(destination("wms"));
    shop.accept(warehouse("main", "wms"));
    shop.accept(receive("main", &[("mug", 1_000)]));
    for number in 0..40 {
        shop.accept(order(&format!("w-{number:02}"), &[("mug", 1)]));
    }
    while let Answer::Fulfilled(fulfilled) = shop.accept(fulfill()) {
        if fulfilled.events == 0 {
            break;
        }
    }
    shop
}

fn taken(shop: &Shop, at_ms: i64, max: u32) -> TakenDeliveries {
    match shop.accept_at(at_ms, take("wms", max)) {
        Answer::Taken(taken) => taken,
        other => panic!("not taken: {other:?}"),
    }
}

fn numbers(taken: &TakenDeliveries) -> Vec<u64> {
    taken.deliveries.iter().map(|delivery| delivery.number).collect()
}

fn done(numbers: impl IntoIterator<Item = u64>, attempt: u32) -> Vec<Command> {
    let done = || DeliveryResult::Done(DeliveryAnswer::Handed { reference: None });
    numbers.into_iter().map(|number| report("wms", number, attempt, done()).into()).collect()
}

fn one(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).expect("reads")
}

/// Rows in the order of their numbers, rows by time, and leases.
fn counts(connection: &Connection) -> [i64; 3] {
    [
        "SELECT count(*) FROM stockroom_outbox WHERE by_time = 0",
        "SELECT count(*) FROM stockroom_outbox WHERE by_time = 1",
        "SELECT count(*) FROM stockroom_leases",
    ]
    .map(|sql| one(connection, sql))
}

/// What people are shown is what the engine is told.
fn expect_view(place: &Place, shop: &Shop) {
    let connection = place.connection();
    let mut statement = connection
        .prepare("SELECT number, state, attempts, failed, doubt, due_at_ms, why FROM stockroom_deliveries ORDER BY 1")
        .expect("a query");
    let shown = statement.query_map([], |row| {
        let number: i64 = row.get(0)?;
        let numbers: (u64, u32, u32, bool, i64) =
            (number.unsigned_abs(), row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
        Ok((numbers, row.get::<_, String>(1)?, row.get::<_, String>(6)?))
    });
    let shown: Vec<_> = shown.expect("runs").collect::<Result<_, _>>().expect("reads");
    let Rows::Records(rows) = shop.page(&Page::Records(RecordKind::Delivery, None), 1_000).expect("reads") else {
        panic!("rows of another kind");
    };
    let told: Vec<_> = rows
        .into_iter()
        .map(|record| {
            let Record::Delivery(row) = record else { panic!("another record") };
            let numbers = (row.number, row.attempts, row.failed, row.doubt, row.due_at_ms);
            (numbers, row.state.name().to_owned(), row.why)
        })
        .collect();
    assert_eq!(shown, told);
}

#[test]
fn deliveries_taken_together_stand_untouched_under_one_lease() {
    let place = Place::new();
    let shop = forty(&place);
    let connection = place.connection();
    assert_eq!(counts(&connection), [40, 0, 0]);
    let content =
        "SELECT group_concat(concat_ws(' ', id, state, attempts, due_at_ms)) FROM stockroom_outbox WHERE id & 255 > 10";
    let before: String = connection.query_row(content, [], |row| row.get(0)).expect("reads");
    assert_eq!(numbers(&taken(&shop, NOON, 30)), (1..=30).collect::<Vec<_>>());
    assert_eq!(counts(&connection), [40, 0, 1]);
    expect_view(&place, &shop);
    assert_eq!(
        one(&connection, "SELECT count(*) FROM stockroom_deliveries WHERE state = 'leased' AND attempts = 1"),
        30
    );
    shop.execute_batch(done(1..=10, 1)).expect("reported");
    assert_eq!(counts(&connection), [30, 0, 1]);
    let after: String = connection.query_row(content, [], |row| row.get(0)).expect("reads");
    assert_eq!(before, after);
    // One that is tried again says itself how it stands, as do few that are taken together.
    let retry = DeliveryResult::Retry(Retry { why: "busy".into(), ..Retry::default() });
    shop.accept(report("wms", 20, 1, retry));
    assert_eq!(counts(&connection), [29, 1, 1]);
    assert_eq!(numbers(&taken(&shop, NOON, 5)), [31, 32, 33, 34, 35]);
    assert_eq!(counts(&connection), [24, 6, 1]);
    expect_view(&place, &shop);
    shop.sound();
}

#[test]
fn a_lease_goes_when_others_are_taken_and_none_of_its_own_is_left() {
    let place = Place::new();
    let shop = forty(&place);
    let connection = place.connection();
    taken(&shop, NOON, 20);
    shop.execute_batch(done(1..=20, 1)).expect("reported");
    assert_eq!(counts(&connection), [20, 0, 1]);
    // It keeps nobody waiting for its end.
    let now = shop.accept_at(NOON, take("wms", 20));
    assert!(matches!(&now, Answer::Taken(taken) if taken.deliveries.len() == 20), "{now:?}");
    assert_eq!(counts(&connection), [20, 0, 1]);
    shop.execute_batch(done(21..=40, 1)).expect("reported");
    assert_eq!(taken(&shop, NOON, 20).next_due_at_ms, None);
    shop.sound();
}

#[test]
fn what_is_left_of_a_lease_is_taken_again_when_it_ended() {
    let place = Place::new();
    let shop = forty(&place);
    let until_ms = taken(&shop, NOON, 40).deliveries[0].lease_until_ms;
    shop.execute_batch(done((1..=40).filter(|number| number % 4 != 0), 1)).expect("reported");
    let before = taken(&shop, until_ms - 1, 40);
    assert_eq!((numbers(&before), before.next_due_at_ms), (vec![], Some(until_ms)));
    let again = taken(&shop, until_ms, 40);
    assert_eq!(numbers(&again), [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    assert!(again.deliveries.iter().all(|delivery| delivery.doubt && delivery.attempt == 2));
    expect_view(&place, &shop);
    // A report of the first attempt comes too late.
    let late = shop.reply_at(until_ms + MINUTE, done([4], 1).remove(0));
    assert!(late.accepted().is_err());
    shop.execute_batch(done(numbers(&again), 2)).expect("reported");
    assert_eq!(counts(&place.connection())[..2], [0, 0]);
    shop.sound();
}
