//! Records: the rows of the modules around orders and stock. Every kind is written, changed, read and taken away
//! like the others, whatever stands in it.

use stockroom::engine::{Changes, Needs, Record, RecordChange, RecordKey, RecordKind};
use stockroom::fulfillment::{
    CancelRequest, FulfillmentItem, FulfillmentOrder, FulfillmentRequest, FulfillmentState, RequestedItem,
    StockReports, Warehouse, WarehouseShipment,
};
use stockroom::order::Tracking;
use stockroom::outbox::{Delivery, DeliveryBody, DeliveryState, Destination, Patience};
use stockroom::ports::{Finish, Mode, Page, Rows, Store};
use stockroom::{LocationNumber, OrderNumber, ShipTo};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{digest_of, putting, reading, records, supplied, write};
use crate::documents::NOON;
use crate::record_rows::{
    a_delivery, a_destination, a_fulfillment_order, a_message, a_warehouse, changed, changes, commit_records,
    furnished, gone, new,
};

cases![records:
    what_is_not_there_is_put_as_none,
    each_kind_is_supplied_and_read_as_it_was_written,
    each_kind_changes_and_goes,
    extremes_are_kept,
    written_changed_and_removed_within_one_unit,
    a_rollback_takes_records_back,
    a_contradiction_leaves_nothing,
    keys_are_told_apart_and_sorted_by_their_bytes,
    a_page_begins_after_its_key,
    records_are_there_when_opened_anew(Durable),
    others_do_not_see_the_records_of_an_open_unit(Shared),
];

/// Every record, of all kinds.
fn all(store: &mut AnyStore) -> Vec<Record> {
    RecordKind::ALL.into_iter().flat_map(|kind| records(store, kind)).collect()
}

/// Expects that the store supplies exactly these for these keys, and "none" for the other keys.
#[track_caller]
fn expect_supplied(store: &mut AnyStore, keys: &[RecordKey], there: &[Record]) {
    let needs = Needs { records: keys.to_vec(), ..Needs::default() };
    let expected = putting(|rows| {
        for key in keys {
            rows.put_record(key.clone(), there.iter().find(|record| record.key() == *key).cloned());
        }
    });
    assert_eq!(supplied(store, &needs), expected, "{keys:?}");
}

/// One of every kind with something in each of its fields, in the order of their keys.
fn one_of_each() -> Vec<Record> {
    let request = FulfillmentRequest {
        fulfillment: "o-1-1".into(),
        order: "o-1".into(),
        location: "main".into(),
        channel: "web".into(),
        placed_at_ms: NOON,
        currency: "EUR".into(),
        ship_to: Some(ShipTo { name: "Zoë \"Z\"".into(), address: vec!["1\\2".into()], ..ShipTo::default() }),
        note: Some("first line\nsecond".into()),
        items: vec![RequestedItem { line: 1, sku: "mug".into(), quantity: 3 }],
    };
    let patience = Patience {
        attempts_max: 7,
        age_max_ms: 6,
        backoff_ms: 5,
        backoff_max_ms: 4,
        breaker_failures: 3,
        breaker_open_ms: 2,
        seed: 1,
    };
    let destination =
        Destination { patience, last_number: 9, failures: 8, paused_until_ms: NOON + 1, ..a_destination("wms") };
    let delivery = Delivery {
        key: "o-1-1".into(),
        state: DeliveryState::Leased,
        attempts: 2,
        doubt: true,
        due_at_ms: NOON + 2,
        created_at_ms: NOON + 1,
        why: "it's \"late\"".into(),
        body: DeliveryBody::RequestFulfillment(Box::new(request)),
        ..a_delivery("wms", 9)
    };
    let warehouse = Warehouse {
        stock: StockReports::CountIn,
        check_on_allocation: true,
        stock_taken_at_ms: NOON + 3,
        ..a_warehouse(2, "wms")
    };
    let left = WarehouseShipment {
        shipment: "p 'ä'".into(),
        at_ms: NOON + 4,
        tracking: Some(Tracking { carrier: "Post".into(), ..Tracking::default() }),
    };
    let plain = a_fulfillment_order(2, 3);
    let item = FulfillmentItem { line: 4, per: 2, quantity: 6, shipped: 2, ..plain.items[0].clone() };
    let fulfillment_order = FulfillmentOrder {
        location: LocationNumber(2),
        state: FulfillmentState::PartlyShipped,
        delivery: 9,
        cancelling: true,
        reference: Some("W \"1\"".into()),
        why: "no\u{1f}".into(),
        items: vec![item, plain.items[0].clone()],
        shipments: vec![left],
        ..plain
    };
    let message = a_message("wms", "m-1", NOON + 5);
    vec![destination.into(), delivery.into(), warehouse.into(), fulfillment_order.into(), message.into()]
}

/// The same records with other content in every field.
fn each_otherwise() -> Vec<Record> {
    let cancel = CancelRequest { fulfillment: "o-2-3".into(), reference: Some("W".into()) };
    let delivery = Delivery { body: DeliveryBody::CancelFulfillment(cancel), ..a_delivery("wms", 9) };
    vec![
        a_destination("wms").into(),
        delivery.into(),
        a_warehouse(2, "wms").into(),
        a_fulfillment_order(2, 3).into(),
        a_message("wms", "m-1", NOON).into(),
    ]
}

fn keys_of(records: &[Record]) -> Vec<RecordKey> {
    records.iter().map(Record::key).collect()
}

fn what_is_not_there_is_put_as_none(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let keys = keys_of(&one_of_each());
    reading(&mut store, |store| expect_supplied(store, &keys, &[]));
    commit_records(&mut store, one_of_each().into_iter().map(new));
    let others = [
        RecordKey::Destination("wm".into()),
        RecordKey::Destination("wms ".into()),
        RecordKey::Delivery("wms".into(), 8),
        RecordKey::Delivery("wms".into(), u64::MAX),
        RecordKey::Delivery("WMS".into(), 9),
        RecordKey::Warehouse(LocationNumber(1)),
        RecordKey::Fulfillment(OrderNumber(2), 2),
        RecordKey::Fulfillment(OrderNumber(3), 3),
        RecordKey::Message("m-1".into(), "wms".into()),
    ];
    reading(&mut store, |store| expect_supplied(store, &others, &[]));
}

fn each_kind_is_supplied_and_read_as_it_was_written(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let there = one_of_each();
    commit_records(&mut store, there.iter().cloned().map(new));
    assert_eq!(all(&mut store), there);
    let keys = keys_of(&there);
    reading(&mut store, |store| {
        expect_supplied(store, &keys, &there);
        for key in &keys {
            expect_supplied(store, std::slice::from_ref(key), &there);
        }
    });
    let kinds: Vec<RecordKind> = keys.iter().map(RecordKey::kind).collect();
    assert_eq!(kinds, RecordKind::ALL, "a kind is missing here");
}

fn each_kind_changes_and_goes(bench: &Bench<'_>) {
    let (before, mut store) = digest_of(furnished(bench));
    commit_records(&mut store, one_of_each().into_iter().map(new));
    for record in each_otherwise() {
        assert_ne!(records(&mut store, record.kind()), std::slice::from_ref(&record), "the case changes something");
        commit_records(&mut store, [changed(record.clone())]);
        assert_eq!(records(&mut store, record.kind()), [record]);
    }
    commit_records(&mut store, one_of_each().into_iter().map(changed));
    assert_eq!(all(&mut store), one_of_each());
    // From the last kind to the first: a delivery goes before its destination.
    for record in one_of_each().into_iter().rev() {
        commit_records(&mut store, [gone(record.key())]);
        assert_eq!(records(&mut store, record.kind()), []);
    }
    assert_eq!(digest_of(store).0, before, "nothing of them is left");
}

/// The ends of what the fields can hold, and every state.
fn extremes_are_kept(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let patience = Patience {
        attempts_max: u32::MAX,
        age_max_ms: i64::MAX,
        backoff_ms: 0,
        backoff_max_ms: i64::MAX,
        breaker_failures: u32::MAX,
        breaker_open_ms: i64::MAX,
        seed: u64::MAX,
    };
    let mut there: Vec<Record> = Vec::new();
    for (name, seed) in [("a", u64::MAX), ("b", 1 << 63), ("c", (1 << 63) - 1), ("d", 0)] {
        let last_number = i64::MAX.unsigned_abs();
        let paused_until_ms = i64::MAX;
        let patience = Patience { seed, ..patience };
        let row = Destination { patience, last_number, failures: u32::MAX, paused_until_ms, ..a_destination(name) };
        there.push(row.into());
    }
    for (number, state) in [DeliveryState::Waiting, DeliveryState::Leased, DeliveryState::Dead].into_iter().enumerate()
    {
        let number = i64::MAX.unsigned_abs() - 2 + number as u64;
        let why = "\u{1f}\n\r\t'\"\\ä日🫖".repeat(100);
        let longest = Delivery { state, attempts: u32::MAX, due_at_ms: i64::MAX, why, ..a_delivery("a", number) };
        there.push(longest.into());
    }
    let states = [
        FulfillmentState::Requested,
        FulfillmentState::Accepted,
        FulfillmentState::Picking,
        FulfillmentState::PartlyShipped,
        FulfillmentState::Shipped,
        FulfillmentState::Refused,
        FulfillmentState::Cancelled,
    ];
    for (sequence, state) in states.into_iter().enumerate() {
        let sequence = u32::MAX - 6 + sequence as u32;
        let row = FulfillmentOrder { state, reference: Some(String::new()), ..a_fulfillment_order(1, sequence) };
        there.push(row.into());
    }
    let items = vec![a_fulfillment_order(2, 1).items.swap_remove(0); 2_000];
    there.push(FulfillmentOrder { items, delivery: 0, ..a_fulfillment_order(2, 1) }.into());
    there.push(FulfillmentOrder { items: Vec::new(), ..a_fulfillment_order(2, 2) }.into());
    there.push(a_message("a", "m", i64::MAX).into());
    commit_records(&mut store, there.iter().cloned().map(new));
    assert_eq!(all(&mut store), there);
    let keys = keys_of(&there);
    reading(&mut store, |store| expect_supplied(store, &keys, &there));
}

fn written_changed_and_removed_within_one_unit(bench: &Bench<'_>) {
    let (before, mut store) = digest_of(furnished(bench));
    let keys = keys_of(&one_of_each());
    store.begin(Mode::Write).expect("begins");
    write(&mut store, changes(one_of_each().into_iter().map(new)), Finish::Stay);
    expect_supplied(&mut store, &keys, &one_of_each());
    write(&mut store, changes(each_otherwise().into_iter().map(changed)), Finish::Stay);
    expect_supplied(&mut store, &keys, &each_otherwise());
    assert_eq!(all(&mut store), each_otherwise());
    // All kinds in one write, those that others name among them.
    write(&mut store, changes(keys.iter().cloned().map(gone)), Finish::Stay);
    expect_supplied(&mut store, &keys, &[]);
    assert_eq!(all(&mut store), []);
    // And again, as if it had never been.
    write(&mut store, changes(one_of_each().into_iter().map(new)), Finish::Stay);
    write(&mut store, changes(keys.iter().cloned().map(gone)), Finish::Commit);
    assert_eq!(digest_of(store).0, before);
}

fn a_rollback_takes_records_back(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, one_of_each().into_iter().map(new));
    let (before, mut store) = digest_of(store);
    store.begin(Mode::Write).expect("begins");
    let mut unit: Vec<RecordChange> = each_otherwise().into_iter().map(changed).collect();
    unit.extend([new(a_destination("b")), new(a_delivery("wms", 10)), new(a_warehouse(1, "b"))]);
    write(&mut store, changes(unit), Finish::Stay);
    let mut unit: Vec<RecordChange> = keys_of(&one_of_each()).into_iter().map(gone).collect();
    unit.retain(|change| change.key.kind() != RecordKind::Destination);
    unit.extend([gone(RecordKey::Delivery("wms".into(), 10)), changed(a_warehouse(1, "wms"))]);
    write(&mut store, changes(unit), Finish::Stay);
    assert_eq!(all(&mut store), [a_destination("b").into(), a_destination("wms").into(), a_warehouse(1, "wms").into()]);
    store.rollback().expect("rolls back");
    assert_eq!(all(&mut store), one_of_each());
    assert_eq!(digest_of(store).0, before);
}

/// A store may notice that changes contradict its rows, or not: the in-memory one does not. If it does, its unit of
/// work is over and nothing of it stays.
fn a_contradiction_leaves_nothing(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, one_of_each().into_iter().map(new));
    let (before, mut store) = digest_of(store);
    let mut contradictions: Vec<RecordChange> = one_of_each().into_iter().map(new).collect();
    contradictions.extend([
        changed(a_destination("nobody")),
        changed(a_delivery("wms", 8)),
        changed(a_warehouse(1, "wms")),
        changed(a_fulfillment_order(1, 1)),
        changed(a_message("wms", "m-2", NOON)),
        gone(RecordKey::Destination("nobody".into())),
        gone(RecordKey::Delivery("wms".into(), 8)),
        gone(RecordKey::Warehouse(LocationNumber(1))),
        gone(RecordKey::Fulfillment(OrderNumber(1), 1)),
        gone(RecordKey::Message("wms".into(), "m-2".into())),
    ]);
    for contradiction in contradictions {
        store.begin(Mode::Write).expect("begins");
        write(&mut store, changes([new(a_destination("b"))]), Finish::Stay);
        if store.write(changes([contradiction.clone()]), Finish::Stay).is_ok() {
            store.rollback().expect("rolls back");
        }
        let (after, again) = digest_of(store);
        assert_eq!(after, before, "{contradiction:?}");
        store = again;
    }
}

/// Names that a careless store mixes up, cuts off or sorts in another way.
const AWKWARD: [&str; 14] =
    [" ", "\"; DROP TABLE x; --", "%", "'", "A", "Ab", "B", "_", "a", "a ", "ab", "ä", "日本", "🫖"];

fn keys_are_told_apart_and_sorted_by_their_bytes(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let mut there: Vec<Record> = Vec::new();
    there.extend(AWKWARD.map(|name| Destination { failures: name.len() as u32, ..a_destination(name) }.into()));
    for name in AWKWARD {
        // As text 10 stands before 9.
        there.extend([1, 9, 10].map(|number| Delivery { key: name.into(), ..a_delivery(name, number) }.into()));
    }
    there.extend([9, 10].map(|sequence| a_fulfillment_order(1, sequence).into()));
    there.push(a_fulfillment_order(2, 1).into());
    for source in AWKWARD {
        there.extend(AWKWARD.map(|message| a_message(source, message, NOON + source.len() as i64).into()));
    }
    assert!(there.windows(2).all(|pair| pair[0].key() < pair[1].key()), "the case names them in their order");
    // In whatever order they come into being.
    commit_records(
        &mut store,
        there.iter().rev().filter(|record| record.kind() == RecordKind::Destination).cloned().map(new),
    );
    for half in [0, 1] {
        let some = there.iter().filter(|record| record.kind() != RecordKind::Destination).skip(half).step_by(2);
        commit_records(&mut store, some.cloned().map(new));
    }
    assert_eq!(all(&mut store), there);
    let keys = keys_of(&there);
    reading(&mut store, |store| expect_supplied(store, &keys, &there));
    for kind in RecordKind::ALL {
        let mut page = Page::Records(kind, None);
        let mut read = Vec::new();
        while let Rows::Records(rows) = store.page(&page, 3).expect("the store reads") {
            let Some(last) = rows.last() else { break };
            page = Page::Records(kind, Some(last.key()));
            read.extend(rows);
        }
        let expected: Vec<&Record> = there.iter().filter(|record| record.kind() == kind).collect();
        assert_eq!(read.iter().collect::<Vec<_>>(), expected);
    }
}

/// The key need not be that of a record, nor of the kind.
fn a_page_begins_after_its_key(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let mut there: Vec<Record> = vec![a_destination("b").into(), a_destination("d").into()];
    there.extend([2, 5].map(|number| a_delivery("b", number).into()));
    there.extend([1, 3].map(|number| a_delivery("d", number).into()));
    there.push(a_warehouse(2, "b").into());
    there.extend([a_fulfillment_order(1, 2).into(), a_fulfillment_order(2, 1).into()]);
    there.extend([a_message("b", "m", NOON).into(), a_message("d", "b", NOON).into()]);
    commit_records(&mut store, there.iter().cloned().map(new));
    let mut places: Vec<RecordKey> =
        ["", "a", "b", "c", "d", "e"].map(|name| RecordKey::Destination(name.into())).into();
    for name in ["a", "b", "c", "d", "e"] {
        places.extend([0, 1, 2, 3, 5, u64::MAX].map(|number| RecordKey::Delivery(name.into(), number)));
        places.extend(["", "b", "m", "z"].map(|id| RecordKey::Message(name.into(), id.into())));
    }
    places.extend([0, 1, 2, 3].map(|number| RecordKey::Warehouse(LocationNumber(number))));
    places.extend(
        [(0, 9), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1)].map(|(o, s)| RecordKey::Fulfillment(OrderNumber(o), s)),
    );
    for kind in RecordKind::ALL {
        for place in &places {
            for limit in [1, 99] {
                let after = there.iter().filter(|record| record.kind() == kind && record.key() > *place);
                let expected = Rows::Records(after.take(limit).cloned().collect());
                let page = Page::Records(kind, Some(place.clone()));
                assert_eq!(store.page(&page, limit as u32).expect("the store reads"), expected, "{page:?}");
            }
        }
    }
}

fn records_are_there_when_opened_anew(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, one_of_each().into_iter().map(new));
    let (before, mut store) = digest_of(store);
    store.begin(Mode::Write).expect("begins");
    write(&mut store, changes(each_otherwise().into_iter().map(changed)), Finish::Stay);
    drop(store);
    let mut store = bench.store();
    assert_eq!(all(&mut store), one_of_each());
    assert_eq!(digest_of(store).0, before);
}

fn others_do_not_see_the_records_of_an_open_unit(bench: &Bench<'_>) {
    let mut one = furnished(bench);
    let mut other = bench.store();
    let keys = keys_of(&one_of_each());
    one.begin(Mode::Write).expect("begins");
    write(&mut one, changes(one_of_each().into_iter().map(new)), Finish::Stay);
    reading(&mut other, |other| expect_supplied(other, &keys, &[]));
    assert_eq!(reading(&mut other, all), []);
    write(&mut one, Changes::default(), Finish::Commit);
    assert_eq!(reading(&mut other, all), one_of_each());
    one.begin(Mode::Write).expect("begins");
    write(&mut one, changes(each_otherwise().into_iter().map(changed)), Finish::Stay);
    assert_eq!(reading(&mut other, all), one_of_each());
    one.rollback().expect("rolls back");
    assert_eq!(reading(&mut other, all), one_of_each());
}
