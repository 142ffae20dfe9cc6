//! Records: the rows of the modules around orders and stock. Every kind is written, changed, read and taken away
//! like the others, whatever stands in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stockroom::channel::TakenOrder;
use stockroom::engine::{Changes, Needs, Record, RecordChange, RecordKey, RecordKind};
use stockroom::fulfillment::FULFILLMENTS_MAX;
use stockroom::outbox::{DELIVERY_NUMBER_MAX, Delivery, Destination};
use stockroom::ports::{Finish, Mode, Page, Rows, Store};
use stockroom::{LocationNumber, OrderNumber, SkuNumber};

use crate::bench::{AnyStore, Bench};
use crate::case::cases;
use crate::direct::{digest_of, putting, reading, records, supplied, write};
use crate::documents::NOON;
use crate::record_rows::{
    AWKWARD, a_channel_settings, a_delivery, a_destination, a_fulfillment_order, a_listed_item, a_listed_sku,
    a_listing, a_message, a_taken_order, a_warehouse, changed, changes, commit_channels, commit_records, commit_skus,
    furnished, gone, new,
};
use crate::record_samples::{each_otherwise, extremes, one_of_each};

cases![records:
    what_is_not_there_is_put_as_none,
    each_kind_is_supplied_and_read_as_it_was_written,
    each_kind_changes_and_goes,
    each_record_has_its_part_in_the_digest,
    each_part_changes_alone,
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
        RecordKey::ChannelSettings("we".into()),
        RecordKey::Listing("web".into(), SkuNumber(2)),
        RecordKey::Listing("web".into(), SkuNumber(u64::MAX)),
        RecordKey::Listing("WEB".into(), SkuNumber(1)),
        RecordKey::ListedItem("web".into(), "gid://".into()),
        RecordKey::ListedItem("gid://\"1\" 'ä'".into(), "web".into()),
        RecordKey::ListedSku(SkuNumber(2)),
        RecordKey::TakenOrder("web".into(), "SHOP-1".into()),
        RecordKey::TakenOrder("web ".into(), "shop-1".into()),
    ];
    reading(&mut store, |store| expect_supplied(store, &others, &[]));
    // Nor is a delivery found by a number so high that a store could take it for another destination's.
    commit_records(&mut store, ["a", "z"].into_iter().map(|name| new(a_destination(name))));
    commit_records(&mut store, ["a", "z"].into_iter().map(|name| new(a_delivery(name, 9))));
    let beyond =
        |name: &str| [1, 2, 3].map(|more| RecordKey::Delivery(name.into(), more * (DELIVERY_NUMBER_MAX + 1) + 9));
    let beyond: Vec<RecordKey> = ["a", "wms", "z"].into_iter().flat_map(beyond).collect();
    reading(&mut store, |store| expect_supplied(store, &beyond, &[]));
    // Nor is a fulfillment order by a sequence or an order's number beyond all.
    commit_records(&mut store, [new(a_fulfillment_order(2, FULFILLMENTS_MAX))]);
    let sequences = [0, FULFILLMENTS_MAX + 1, FULFILLMENTS_MAX + 2, FULFILLMENTS_MAX + 3, u32::MAX];
    let orders = [1 << 43, (1 << 44) + 2, i64::MAX.unsigned_abs(), u64::MAX];
    let beyond: Vec<RecordKey> = sequences
        .into_iter()
        .map(|sequence| RecordKey::Fulfillment(OrderNumber(2), sequence))
        .chain(orders.into_iter().map(|order| RecordKey::Fulfillment(OrderNumber(order), 1)))
        .collect();
    reading(&mut store, |store| expect_supplied(store, &beyond, &[]));
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

/// No row is left out of it, and no field of a row.
fn each_record_has_its_part_in_the_digest(bench: &Bench<'_>) {
    let (before, mut store) = digest_of(furnished(bench));
    let mut seen = std::collections::BTreeSet::from([before.0]);
    for step in one_of_each().into_iter().map(new).chain(each_otherwise().into_iter().map(changed)) {
        commit_records(&mut store, [step.clone()]);
        let (digest, again) = digest_of(store);
        assert!(seen.insert(digest.0), "{:?}", step.key);
        store = again;
    }
}

fn extremes_are_kept(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    let there = extremes();
    commit_channels(&mut store, ["a"]);
    commit_skus(&mut store);
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

/// Where a store is told how a record was stored it may write what changed alone.
fn each_part_changes_alone(bench: &Bench<'_>) {
    let mut store = furnished(bench);
    commit_records(&mut store, one_of_each().into_iter().map(new));
    let mut there = one_of_each();
    let others = each_otherwise();
    for (at, other) in others.iter().enumerate() {
        for record in parts_changed(&there[at], other) {
            let stored = Some(Arc::new(there[at].clone()));
            commit_records(&mut store, [RecordChange { stored, ..changed(record.clone()) }]);
            there[at] = record;
            assert_eq!(all(&mut store), there);
        }
        assert_eq!(there[at], *other, "every part has changed");
    }
}

/// A record on its way to another, one part of it after the other.
fn parts_changed(record: &Record, other: &Record) -> Vec<Record> {
    let parts = |record: &Record| match serde_json::to_value(record).expect("JSON") {
        Value::Object(kinds) => kinds.into_iter().next().expect("a kind"),
        other => panic!("{other}"),
    };
    let ((kind, mut now), (_, other)) = (parts(record), parts(other));
    let (Some(fields), Some(others)) = (now.as_object_mut(), other.as_object()) else { panic!("no record") };
    let names: BTreeSet<String> = fields.keys().chain(others.keys()).cloned().collect();
    let mut changes = Vec::new();
    for name in names {
        match others.get(&name) {
            Some(value) => drop(fields.insert(name, value.clone())),
            None => drop(fields.remove(&name)),
        }
        let whole = Value::Object([(kind.clone(), Value::Object(fields.clone()))].into_iter().collect());
        changes.push(serde_json::from_value(whole).expect("a record"));
    }
    changes
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
        changed(a_channel_settings("nobody", "wms")),
        changed(a_listing("web", 2)),
        changed(a_listed_item("web", "nothing", 1)),
        changed(a_listed_sku(2, &[])),
        changed(a_taken_order("web", "shop-2")),
        gone(RecordKey::ChannelSettings("nobody".into())),
        gone(RecordKey::Listing("web".into(), SkuNumber(2))),
        gone(RecordKey::ListedItem("web".into(), "nothing".into())),
        gone(RecordKey::ListedSku(SkuNumber(2))),
        gone(RecordKey::TakenOrder("web".into(), "shop-2".into())),
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
    there.extend(AWKWARD.map(|name| a_channel_settings(name, name).into()));
    // As text 10 and 12 stand before 9.
    there.extend(AWKWARD.iter().flat_map(|name| [1, 9, 10, 12].map(|number| a_listing(name, number).into())));
    for channel in AWKWARD {
        there.extend(AWKWARD.map(|item| a_listed_item(channel, item, item.len().min(12) as u64).into()));
    }
    there.extend([1, 9, 10, 12].map(|number| a_listed_sku(number, &[("web", number)]).into()));
    for channel in AWKWARD {
        there.extend(AWKWARD.map(|id| TakenOrder { reference: channel.into(), ..a_taken_order(channel, id) }.into()));
    }
    assert!(there.windows(2).all(|pair| pair[0].key() < pair[1].key()), "the case names them in their order");
    commit_channels(&mut store, AWKWARD);
    commit_skus(&mut store);
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
    there.extend(["b", "d"].map(|channel| a_channel_settings(channel, "b").into()));
    there.extend([2, 5].map(|number| a_listing("b", number).into()));
    there.extend([1, 3].map(|number| a_listing("d", number).into()));
    there.extend([a_listed_item("b", "m", 1).into(), a_listed_item("d", "b", 1).into()]);
    there.extend([2, 5].map(|number| a_listed_sku(number, &[]).into()));
    there.extend([a_taken_order("b", "m").into(), a_taken_order("d", "b").into()]);
    commit_channels(&mut store, ["b", "d"]);
    commit_skus(&mut store);
    commit_records(&mut store, there.iter().cloned().map(new));
    let mut places: Vec<RecordKey> =
        ["", "a", "b", "c", "d", "e"].map(|name| RecordKey::Destination(name.into())).into();
    for name in ["a", "b", "c", "d", "e"] {
        places.extend([0, 1, 2, 3, 5, u64::MAX].map(|number| RecordKey::Delivery(name.into(), number)));
        places.push(RecordKey::ChannelSettings(name.into()));
        places.extend([0, 1, 2, 3, 5, u64::MAX].map(|number| RecordKey::Listing(name.into(), SkuNumber(number))));
        for id in ["", "b", "m", "z"] {
            places.push(RecordKey::Message(name.into(), id.into()));
            places.push(RecordKey::ListedItem(name.into(), id.into()));
            places.push(RecordKey::TakenOrder(name.into(), id.into()));
        }
    }
    places.extend([0, 1, 2, 3, 5, u64::MAX].map(|number| RecordKey::ListedSku(SkuNumber(number))));
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
