//! Records made by hand, and changes of them as stores get them, for the cases that need rows which no short list of
//! commands brings about.

use std::sync::Arc;

use stockroom::engine::{Changes, Command, Record, RecordChange, RecordKey};
use stockroom::fulfillment::{
    FulfillmentItem, FulfillmentOrder, FulfillmentState, StockCheck, StockReports, Warehouse,
};
use stockroom::outbox::{Delivery, DeliveryBody, DeliveryState, Destination, InboxMessage, Patience};
use stockroom::ports::{Finish, Mode, Store};
use stockroom::{LocationNumber, OrderNumber, SkuNumber};

use crate::bench::{AnyStore, Bench};
use crate::direct::{at_noon, commit, write};
use crate::documents::{NOON, channel, location, order, receive, sku};

/// A store with two orders at two locations, so that there is something that records can be about.
pub(crate) fn furnished(bench: &Bench<'_>) -> AnyStore {
    let mut store = bench.store();
    furnish(&mut store);
    store
}

pub(crate) fn furnish(store: &mut AnyStore) {
    let commands: [Command; 7] = [
        sku("mug").into(),
        location("main").into(),
        location("north").into(),
        channel("web", &["main", "north"]).into(),
        receive("main", &[("mug", 9)]).into(),
        order("o-1", &[("mug", 1)]).into(),
        order("o-2", &[("mug", 1)]).into(),
    ];
    let replies = commit(store, &at_noon(commands));
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:#?}");
}

pub(crate) fn a_destination(name: &str) -> Destination {
    Destination {
        destination: name.into(),
        patience: Patience::default(),
        last_number: 0,
        failures: 0,
        paused_until_ms: 0,
    }
}

/// One that waits since noon, with a key of its own.
pub(crate) fn a_delivery(destination: &str, number: u64) -> Delivery {
    let check = StockCheck { location: "main".into(), skus: vec!["mug".into()] };
    Delivery {
        destination: destination.into(),
        number,
        key: format!("key {number}"),
        state: DeliveryState::Waiting,
        attempts: 0,
        failed: 0,
        doubt: false,
        due_at_ms: NOON,
        created_at_ms: NOON,
        why: String::new(),
        body: DeliveryBody::CheckStock(check),
    }
}

pub(crate) fn a_warehouse(location: u64, destination: &str) -> Warehouse {
    Warehouse {
        location: LocationNumber(location),
        destination: destination.into(),
        stock: StockReports::Report,
        check_on_allocation: false,
        stock_taken_at_ms: 0,
    }
}

pub(crate) fn a_fulfillment_order(order: u64, sequence: u32) -> FulfillmentOrder {
    let item =
        FulfillmentItem { line: 0, sku_number: SkuNumber(1), sku: "mug".into(), per: 1, quantity: 1, shipped: 0 };
    FulfillmentOrder {
        order: OrderNumber(order),
        sequence,
        location: LocationNumber(1),
        destination: "wms".into(),
        state: FulfillmentState::Requested,
        delivery: 1,
        cancelling: false,
        reference: None,
        why: String::new(),
        items: vec![item],
        shipments: Vec::new(),
        requested_at_ms: NOON,
    }
}

pub(crate) fn a_message(source: &str, message: &str, at_ms: i64) -> InboxMessage {
    InboxMessage { source: source.into(), message: message.into(), at_ms }
}

pub(crate) fn new(record: impl Into<Record>) -> RecordChange {
    let record = record.into();
    RecordChange { key: record.key(), new: true, record: Some(Arc::new(record)) }
}

pub(crate) fn changed(record: impl Into<Record>) -> RecordChange {
    RecordChange { new: false, ..new(record) }
}

pub(crate) fn gone(key: RecordKey) -> RecordChange {
    RecordChange { key, new: false, record: None }
}

/// Changes of records alone, in the order of their keys, as stores get them.
pub(crate) fn changes(records: impl IntoIterator<Item = RecordChange>) -> Changes {
    let mut records: Vec<RecordChange> = records.into_iter().collect();
    records.sort_by(|one, other| one.key.cmp(&other.key));
    Changes { records, ..Changes::default() }
}

pub(crate) fn commit_records(store: &mut AnyStore, records: impl IntoIterator<Item = RecordChange>) {
    store.begin(Mode::Write).expect("begins");
    write(store, changes(records), Finish::Commit);
}
