//! Records made by hand, and changes of them as stores get them, for the cases that need rows which no short list of
//! commands brings about.

use std::sync::Arc;

use stockroom::channel::{
    Channel, ChannelPolicy, ChannelSettings, ListedItem, ListedSku, Listing, ListingState, Sourcing, TakenOrder,
};
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
    let commands: [Command; 8] = [
        sku("mug").into(),
        sku("plate").into(),
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
        items: vec![item].into(),
        shipments: Vec::new(),
        requested_at_ms: NOON,
    }
}

pub(crate) fn a_message(source: &str, message: &str, at_ms: i64) -> InboxMessage {
    InboxMessage { source: source.into(), message: message.into(), at_ms }
}

/// One of a shop with which nothing was exchanged yet.
pub(crate) fn a_channel_settings(channel: &str, destination: &str) -> ChannelSettings {
    ChannelSettings {
        channel: channel.into(),
        destination: destination.into(),
        connected: false,
        policy: ChannelPolicy::default(),
        open_batch: 0,
        open_count: 0,
        batches: 0,
        recount_after: None,
        reconciliation: None,
        orders_through_ms: 0,
    }
}

/// One that the shop has said nothing of.
pub(crate) fn a_listing(channel: &str, sku: u64) -> Listing {
    Listing {
        channel: channel.into(),
        sku_number: SkuNumber(sku),
        sku: "mug".into(),
        item: format!("item {sku}"),
        buffer: None,
        cap: None,
        state: ListingState::Listed,
        why: String::new(),
        desired: 0,
        sent: None,
        acknowledged: None,
        observed: None,
        observed_at_ms: 0,
        unexplained: 0,
        drift_since_ms: 0,
        due_at_ms: 0,
        delivery: 0,
    }
}

pub(crate) fn a_listed_item(channel: &str, item: &str, sku: u64) -> ListedItem {
    ListedItem { channel: channel.into(), item: item.into(), sku_number: SkuNumber(sku) }
}

pub(crate) fn a_listed_sku(sku: u64, listings: &[(&str, u64)]) -> ListedSku {
    let listings = listings.iter().map(|(channel, sku)| ((*channel).into(), SkuNumber(*sku))).collect();
    ListedSku { sku_number: SkuNumber(sku), listings }
}

/// One of which nothing is ours to ship.
pub(crate) fn a_taken_order(channel: &str, id: &str) -> TakenOrder {
    TakenOrder {
        channel: channel.into(),
        id: id.into(),
        order: OrderNumber(0),
        reference: String::new(),
        placed_at_ms: NOON - 1,
        updated_at_ms: NOON,
        told_at_ms: 0,
        lines: vec!["1".into()],
    }
}

/// Names that a careless store mixes up, cuts off or sorts in another way, in the order of their bytes.
pub(crate) const AWKWARD: [&str; 15] =
    [" ", "\"; DROP TABLE x; --", "%", "'", "A", "Ab", "B", "_", "a", "a\u{1}b", "a ", "ab", "ä", "日本", "🫖"];

/// Channels under names that no command would register as well.
pub(crate) fn commit_channels<const N: usize>(store: &mut AnyStore, names: [&str; N]) {
    let channel =
        |name: &str| Channel { channel: name.into(), locations: vec![LocationNumber(1)], sourcing: Sourcing::Priority };
    store.begin(Mode::Write).expect("begins");
    let channels = names.map(|name| Arc::new(channel(name))).into();
    write(store, Changes { channels, ..Changes::default() }, Finish::Commit);
}

/// SKUs with the numbers up to 12, beside the two that there are.
pub(crate) fn commit_skus(store: &mut AnyStore) {
    let replies = commit(store, &at_noon((3..=12).map(|number| sku(&format!("sku {number}")).into())));
    assert!(replies.iter().all(|reply| reply.accepted().is_ok()), "{replies:#?}");
}

pub(crate) fn new(record: impl Into<Record>) -> RecordChange {
    let record = record.into();
    RecordChange { key: record.key(), new: true, record: Some(Arc::new(record)), stored: None }
}

pub(crate) fn changed(record: impl Into<Record>) -> RecordChange {
    RecordChange { new: false, ..new(record) }
}

pub(crate) fn gone(key: RecordKey) -> RecordChange {
    RecordChange { key, new: false, record: None, stored: None }
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
