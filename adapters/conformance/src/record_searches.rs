//! Searches over records, and those that the modules around orders and stock ask for: which deliveries are due,
//! which messages may go, what happened after an event, and what moved since a time.

use std::collections::BTreeMap;

use stockroom::engine::{Changes, Found, Needs, Query, Record, RecordChange, RecordKey, RecordKind};
use stockroom::memory::MemoryStore;
use stockroom::outbox::{Delivery, DeliveryState};
use stockroom::ports::{Finish, Mode, Store};
use stockroom::{LocationNumber, SkuNumber, StockNumber};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{at, commit, decide, digest_of, events, movements, putting, reading, records, supplied, write};
use crate::documents::{MINUTE, NOON, adjust, location, receive, sku, transfer};
use crate::random::Random;
use crate::record_rows::{
    a_delivery, a_destination, a_message, changed, changes, commit_records, furnish, furnished, gone, new,
};

cases![record_searches:
    due_deliveries_by_time_and_number,
    a_delivery_waits_for_the_one_before_it_with_its_key,
    a_dead_delivery_holds_its_key_up,
    a_lease_that_ended_is_due,
    the_next_due_time_is_of_one_that_can_be_taken,
    destinations_do_not_mix,
    messages_that_may_go,
    event_rows_after_a_number,
    stock_rows_that_moved_since,
    searches_over_records_see_what_the_unit_wrote,
    random_deliveries_are_due_as_in_the_twin,
];

/// Expects a search to find this, and to put the records given.
#[track_caller]
fn expect(store: &mut AnyStore, query: &Query, found: Found, put: &[Record]) {
    let expected = putting(|rows| {
        put.iter().for_each(|record| rows.put_record(record.key(), Some(record.clone())));
        rows.put_found(query.clone(), found);
    });
    assert_eq!(find(store, query), expected, "{query:?}");
}

fn find(store: &mut AnyStore, query: &Query) -> crate::direct::Supplied {
    supplied(store, &Needs { queries: vec![query.clone()], ..Needs::default() })
}

fn due(destination: &str, now_ms: i64, limit: u32) -> Query {
    Query::DueDeliveries { destination: destination.into(), now_ms, limit }
}

/// Expects these deliveries of `wms` to be due, in this order, and the next at a time.
#[track_caller]
fn expect_due(store: &mut AnyStore, now_ms: i64, limit: u32, numbers: &[u64], next_due_at_ms: Option<i64>) {
    let is_due = |record: &Record| match record {
        Record::Delivery(row) => *row.destination == *"wms" && numbers.contains(&row.number),
        _ => false,
    };
    let put: Vec<Record> = records(store, RecordKind::Delivery).into_iter().filter(is_due).collect();
    assert_eq!(put.len(), numbers.len(), "the case names what there is");
    let found = Found::DueDeliveries { numbers: numbers.to_vec(), next_due_at_ms };
    expect(store, &due("wms", now_ms, limit), found, &put);
}

/// Deliveries to `wms`: number, key, state, due after noon.
fn with_deliveries(bench: &Bench<'_>, rows: &[(u64, &str, DeliveryState, i64)]) -> AnyStore {
    let mut store = furnished(bench);
    let deliveries = rows.iter().map(|(number, key, state, due_ms)| {
        let due_at_ms = NOON + due_ms;
        new(Delivery { key: (*key).into(), state: *state, due_at_ms, ..a_delivery("wms", *number) })
    });
    commit_records(&mut store, std::iter::once(new(a_destination("wms"))).chain(deliveries));
    store
}

use DeliveryState::{Dead, Leased, Waiting};

fn due_deliveries_by_time_and_number(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, [new(a_destination("wms"))]);
    expect_due(&mut store, NOON, 9, &[], None);
    // Numbers and times that go across each other.
    let rows = [(1, 6), (2, 5), (3, 1), (4, 0), (9, 5), (10, 1), (11, 5)];
    let deliveries =
        rows.map(|(number, due_ms)| new(Delivery { due_at_ms: NOON + due_ms, ..a_delivery("wms", number) }));
    commit_records(&mut store, deliveries);
    // At its very time a delivery is due.
    expect_due(&mut store, NOON - 1, 9, &[], Some(NOON));
    expect_due(&mut store, NOON, 9, &[4], Some(NOON + 1));
    expect_due(&mut store, NOON + 1, 9, &[4, 3, 10], Some(NOON + 5));
    // Ties go by the number, not by its digits or the time of writing.
    expect_due(&mut store, NOON + 5, 9, &[4, 3, 10, 2, 9, 11], Some(NOON + 6));
    expect_due(&mut store, NOON + 5, 6, &[4, 3, 10, 2, 9, 11], Some(NOON + 6));
    expect_due(&mut store, NOON + 5, 4, &[4, 3, 10, 2], Some(NOON + 6));
    expect_due(&mut store, NOON + 5, 1, &[4], Some(NOON + 6));
    expect_due(&mut store, NOON + 5, 0, &[], Some(NOON + 6));
    expect_due(&mut store, i64::MAX, 99, &[4, 3, 10, 2, 9, 11, 1], None);
    expect_due(&mut store, i64::MIN, 99, &[], Some(NOON));
}

fn a_delivery_waits_for_the_one_before_it_with_its_key(bench: &Bench<'_>) {
    let mut store = with_deliveries(
        bench,
        &[
            (1, "a", Waiting, 9),
            (2, "a", Waiting, 0),
            (3, "b", Leased, 9),
            (4, "b", Waiting, 0),
            (5, "c", Waiting, 0),
            (6, "c", Waiting, 0),
            (7, "A", Waiting, 0),
            (8, "", Waiting, 1),
            (9, "", Waiting, 0),
        ],
    );
    expect_due(&mut store, NOON, 9, &[5, 7], Some(NOON + 1));
    expect_due(&mut store, NOON + 8, 9, &[5, 7, 8], Some(NOON + 9));
    expect_due(&mut store, NOON + 9, 9, &[5, 7, 8, 1, 3], None);
    // The limit counts those that can be taken, not those in the way.
    expect_due(&mut store, NOON + 9, 4, &[5, 7, 8, 1], None);
    commit_records(&mut store, [1, 5, 8].map(|number| gone(RecordKey::Delivery("wms".into(), number))));
    expect_due(&mut store, NOON, 9, &[2, 6, 7, 9], Some(NOON + 9));
}

fn a_dead_delivery_holds_its_key_up(bench: &Bench<'_>) {
    let mut store = with_deliveries(
        bench,
        &[(1, "a", Dead, 0), (2, "a", Waiting, 0), (3, "a", Leased, 0), (4, "b", Waiting, 0), (5, "b", Dead, 0)],
    );
    expect_due(&mut store, NOON, 9, &[4], None);
    // Dead ones never fall due, and what waits for them does not either.
    expect_due(&mut store, NOON - 1, 9, &[], Some(NOON));
    let again = Delivery { key: "a".into(), due_at_ms: NOON + 1, ..a_delivery("wms", 1) };
    commit_records(&mut store, [changed(again)]);
    expect_due(&mut store, NOON, 9, &[4], Some(NOON + 1));
    expect_due(&mut store, NOON + 1, 9, &[4, 1], None);
    commit_records(&mut store, [1, 4].map(|number| gone(RecordKey::Delivery("wms".into(), number))));
    expect_due(&mut store, NOON + 1, 9, &[2], None);
}

fn a_lease_that_ended_is_due(bench: &Bench<'_>) {
    let mut store = with_deliveries(bench, &[(1, "a", Leased, 5), (2, "b", Leased, 3), (3, "c", Waiting, 4)]);
    expect_due(&mut store, NOON + 2, 9, &[], Some(NOON + 3));
    expect_due(&mut store, NOON + 3, 9, &[2], Some(NOON + 4));
    expect_due(&mut store, NOON + 5, 9, &[2, 3, 1], None);
}

fn the_next_due_time_is_of_one_that_can_be_taken(bench: &Bench<'_>) {
    let mut store = with_deliveries(
        bench,
        &[
            (1, "dead", Dead, 1),
            (2, "dead", Waiting, 2),
            (3, "a", Leased, 9),
            (4, "a", Waiting, 3),
            (5, "b", Waiting, 7),
            (6, "b", Waiting, 1),
        ],
    );
    expect_due(&mut store, NOON, 9, &[], Some(NOON + 7));
    expect_due(&mut store, NOON + 7, 9, &[5], Some(NOON + 9));
    expect_due(&mut store, NOON + 9, 9, &[5, 3], None);
    let dead = Delivery { key: "b".into(), state: Dead, ..a_delivery("wms", 5) };
    commit_records(&mut store, [changed(dead)]);
    expect_due(&mut store, NOON, 9, &[], Some(NOON + 9));
    commit_records(&mut store, [gone(RecordKey::Delivery("wms".into(), 3))]);
    expect_due(&mut store, NOON, 9, &[], Some(NOON + 3));
}

fn destinations_do_not_mix(bench: &Bench<'_>) {
    let mut store = with_deliveries(bench, &[(2, "a", Waiting, 0), (3, "b", Waiting, 4)]);
    let names = ["wm", "wms ", "WMS", "w", "wmt", "'"];
    let of = |name: &str, number, due_ms| {
        new(Delivery { key: "a".into(), due_at_ms: NOON + due_ms, ..a_delivery(name, number) })
    };
    commit_records(&mut store, names.map(|name| new(a_destination(name))));
    // The same key elsewhere is another key.
    commit_records(&mut store, names.map(|name| of(name, 1, 2)));
    expect_due(&mut store, NOON, 9, &[2], Some(NOON + 4));
    expect_due(&mut store, NOON + 2, 9, &[2], Some(NOON + 4));
    let elsewhere: Vec<Record> = records(&mut store, RecordKind::Delivery);
    let elsewhere = elsewhere.iter().find(|record| record.key() == RecordKey::Delivery("'".into(), 1)).cloned();
    let found = Found::DueDeliveries { numbers: vec![1], next_due_at_ms: None };
    expect(&mut store, &due("'", NOON + 2, 9), found, &[elsewhere.expect("it is there")]);
    let nothing = Found::DueDeliveries { numbers: Vec::new(), next_due_at_ms: None };
    expect(&mut store, &due("nobody", i64::MAX, 9), nothing, &[]);
}

fn messages_that_may_go(bench: &Bench<'_>) {
    let mut store = bench.store();
    let rows = [("a", "1", 0), ("a", "2", 5), ("a", "é", 1), ("b", "", 2), ("b", "1", 0), ("ä", "1", 9)];
    let there: Vec<Record> =
        rows.map(|(source, message, after)| a_message(source, message, NOON + after).into()).into();
    commit_records(&mut store, there.iter().cloned().map(new));
    let mut expect = |after: (&str, &str), before: i64, limit: u32, found: &[usize], next: Option<usize>| {
        let after = (after.0.to_owned(), after.1.to_owned());
        let query = Query::PrunableMessages { after, before_ms: NOON + before, limit };
        let put: Vec<Record> = found.iter().map(|index| there[*index].clone()).collect();
        let messages = put.iter().map(Record::key).collect();
        let next = next.map(|index| (rows[index].0.to_owned(), rows[index].1.to_owned()));
        expect(&mut store, &query, Found::PrunableMessages { messages, next }, &put);
    };
    expect(("", ""), 0, 9, &[], None);
    expect(("", ""), 1, 9, &[0, 4], None);
    expect(("", ""), 99, 9, &[0, 1, 2, 3, 4, 5], None);
    // The limit counts the rows looked at; the last of them is where to go on, kept or not.
    expect(("", ""), 2, 2, &[0], Some(1));
    expect(("a", "2"), 2, 2, &[2], Some(3));
    expect(("b", ""), 2, 2, &[4], Some(5));
    expect(("ä", "1"), 99, 2, &[], None);
    expect(("", ""), 99, 6, &[0, 1, 2, 3, 4, 5], Some(5));
    expect(("", ""), 99, 0, &[], None);
    // A place need not be that of a message.
    expect(("a", "10"), 99, 2, &[1, 2], Some(2));
    expect(("a", "🫖"), 99, 1, &[3], Some(3));
    expect(("aa", "0"), 1, 3, &[4], Some(5));
}

fn event_rows_after_a_number(bench: &Bench<'_>) {
    let mut store = bench.store();
    let after = |number, limit| Query::EventsAfter { number, limit };
    expect(&mut store, &after(0, 9), Found::Events(Vec::new()), &[]);
    let two = receive("main", &[("mug", 1), ("plate", 1)]);
    commit(&mut store, &[at(NOON, sku("mug")), at(NOON, sku("plate")), at(NOON, location("main")), at(NOON, two)]);
    commit(&mut store, &[at(NOON, receive("main", &[("plate", 1)])), at(NOON + 1, sku("cup"))]);
    let rows = events(&mut store);
    let last = rows.last().expect("there are events").number;
    assert!(rows.iter().any(|row| row.number > row.first_number), "some commands have several events");
    for number in 0..=last + 1 {
        for limit in [0, 1, 2, 3, 99] {
            let expected = rows.iter().filter(|row| row.number > number).take(limit as usize).cloned().collect();
            expect(&mut store, &after(number, limit), Found::Events(expected), &[]);
        }
    }
    expect(&mut store, &after(u64::MAX, 9), Found::Events(Vec::new()), &[]);
}

/// The row of a SKU at a location by their numbers.
fn row(sku: u64, location: u64) -> StockNumber {
    StockNumber::of(SkuNumber(sku), LocationNumber(location))
}

fn stock_rows_that_moved_since(bench: &Bench<'_>) {
    let mut store = bench.store();
    let since = |location, at_ms| Query::MovedSince { location: LocationNumber(location), at_ms };
    expect(&mut store, &since(1, 0), Found::Moved(Vec::new()), &[]);
    commit(
        &mut store,
        &[
            at(NOON, sku("mug")),
            at(NOON, sku("plate")),
            at(NOON, sku("cup")),
            at(NOON, location("main")),
            at(NOON, location("north")),
            at(NOON, receive("main", &[("plate", 9), ("mug", 9)])),
            at(NOON + MINUTE, receive("north", &[("plate", 9)])),
            at(NOON + 2 * MINUTE, adjust("mug", "main", -1)),
            at(NOON + 2 * MINUTE, adjust("mug", "main", 1)),
            at(NOON + 3 * MINUTE, transfer("main", "north", &[("mug", 1)])),
            at(NOON + 3 * MINUTE, receive("main", &[("cup", 1), ("mug", 1)])),
        ],
    );
    let mut moved = |location, at_ms, rows: &[StockNumber]| {
        expect(&mut store, &since(location, at_ms), Found::Moved(rows.to_vec()), &[]);
    };
    let (mug, plate, cup) = (row(1, 1), row(2, 1), row(3, 1));
    moved(1, i64::MIN, &[mug, plate, cup]);
    moved(1, NOON, &[mug, plate, cup]);
    moved(1, NOON + 1, &[mug, cup]);
    moved(1, NOON + 3 * MINUTE, &[mug, cup]);
    moved(1, NOON + 3 * MINUTE + 1, &[]);
    moved(1, i64::MAX, &[]);
    moved(2, NOON, &[row(1, 2), row(2, 2)]);
    moved(2, NOON + MINUTE, &[row(1, 2), row(2, 2)]);
    moved(2, NOON + MINUTE + 1, &[row(1, 2)]);
    moved(3, NOON, &[]);
    moved(u64::MAX, NOON, &[]);
    // However many movements there are, and wherever among them the time falls.
    for step in 0..40 {
        commit(&mut store, &[at(NOON + (4 + step / 3) * MINUTE, adjust("cup", "main", 1))]);
        let all = movements(&mut store);
        for at_ms in [NOON + MINUTE, NOON + (3 + step / 3) * MINUTE, NOON + (4 + step / 3) * MINUTE] {
            let here = all.iter().filter(|row| row.at_ms >= at_ms && row.stock.location() == LocationNumber(1));
            let here: std::collections::BTreeSet<StockNumber> = here.map(|row| row.stock).collect();
            expect(&mut store, &since(1, at_ms), Found::Moved(here.into_iter().collect()), &[]);
        }
    }
}

fn searches_over_records_see_what_the_unit_wrote(bench: &Bench<'_>) {
    let mut store = with_deliveries(bench, &[(1, "a", Waiting, 0), (2, "b", Leased, 9)]);
    commit_records(&mut store, [new(a_message("a", "1", NOON))]);
    let asked = [
        due("wms", NOON, 9),
        Query::PrunableMessages { after: Default::default(), before_ms: NOON + 1, limit: 9 },
        Query::EventsAfter { number: 3, limit: 99 },
        Query::MovedSince { location: LocationNumber(1), at_ms: NOON + 1 },
    ];
    let before: Vec<_> = asked.iter().map(|query| reading(&mut store, |store| find(store, query))).collect();
    store.begin(Mode::Write).expect("begins");
    decide(&mut store, &[at(NOON + 1, adjust("mug", "main", 1))], Finish::Stay);
    let unit = [
        gone(RecordKey::Delivery("wms".into(), 1)),
        new(Delivery { key: "a".into(), ..a_delivery("wms", 3) }),
        changed(Delivery { key: "b".into(), ..a_delivery("wms", 2) }),
        new(a_message("a", "0", NOON)),
    ];
    write(&mut store, changes(unit), Finish::Stay);
    let within: Vec<_> = asked.iter().map(|query| find(&mut store, query)).collect();
    for ((query, before), within) in asked.iter().zip(&before).zip(&within) {
        assert_ne!(before, within, "{query:?}");
    }
    expect_due(&mut store, NOON, 9, &[2, 3], None);
    write(&mut store, Changes::default(), Finish::Commit);
    let after: Vec<_> = asked.iter().map(|query| reading(&mut store, |store| find(store, query))).collect();
    assert_eq!(within, after);
}

/// Deliveries that come, go, are leased and die at random, on both sides alike; units that are rolled back on one.
fn random_deliveries_are_due_as_in_the_twin(bench: &Bench<'_>) {
    const NAMES: [&str; 3] = ["wms", "ä", "'"];
    let mut random = Random::new(17);
    let (mut store, mut twin) = (furnished(bench), AnyStore::new(MemoryStore::new()));
    furnish(&mut twin);
    for side in [&mut store, &mut twin] {
        commit_records(side, NAMES.map(|name| new(a_destination(name))));
    }
    let mut there: BTreeMap<RecordKey, Delivery> = BTreeMap::new();
    let mut last = 0;
    for round in 0..400 {
        let mut unit: BTreeMap<RecordKey, RecordChange> = BTreeMap::new();
        let mut then = there.clone();
        for _ in 0..random.below(6) {
            let (known, goes) = (random.percent(60) && !there.is_empty(), random.percent(40));
            let key = match known {
                true => random.one_of(&there.keys().cloned().collect::<Vec<_>>()),
                false => {
                    last += 1;
                    RecordKey::Delivery(random.one_of(&NAMES).into(), last)
                }
            };
            let RecordKey::Delivery(name, number) = &key else { continue };
            let row = Delivery {
                key: format!("k {}", random.below(7)),
                state: random.one_of(&[Waiting, Waiting, Leased, Dead]),
                due_at_ms: NOON + random.between(0, 20),
                ..a_delivery(name, *number)
            };
            if known && goes {
                unit.insert(key.clone(), gone(key.clone()));
                then.remove(&key);
            } else {
                let change = if there.contains_key(&key) { changed(row.clone()) } else { new(row.clone()) };
                unit.insert(key.clone(), change);
                then.insert(key, row);
            }
        }
        let unit: Vec<RecordChange> = unit.into_values().collect();
        if random.percent(25) {
            store.begin(Mode::Write).expect("begins");
            write(&mut store, changes(unit), Finish::Stay);
            store.rollback().expect("rolls back");
            continue;
        }
        commit_records(&mut store, unit.iter().cloned());
        commit_records(&mut twin, unit);
        there = then;
        for name in NAMES {
            let query = due(name, NOON + random.between(-1, 21), random.below(8) as u32);
            assert_eq!(find(&mut store, &query), find(&mut twin, &query), "round {round}: {query:?}");
        }
    }
    assert!(there.len() > 20, "{}", there.len());
    let rows: Vec<Record> = there.into_values().map(Record::Delivery).collect();
    assert_eq!(records(&mut store, RecordKind::Delivery), rows);
    assert_eq!(digest_of(store).0, digest_of(twin).0);
}
