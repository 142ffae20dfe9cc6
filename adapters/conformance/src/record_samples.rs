//! One record of every kind with something in each of its fields, and the rows of shops behind the channels of the
//! scene, made by hand: more than a few commands would bring about.

use stockroom::channel::{
    ChannelPolicy, ChannelSettings, DriftPolicy, Listing, ListingState, Reconciliation, TakenOrder,
};
use stockroom::engine::{Changes, Record, RecordChange, RecordKey};
use stockroom::fulfillment::{
    CancelRequest, FULFILLMENTS_MAX, FulfillmentItem, FulfillmentOrder, FulfillmentRequest, FulfillmentState,
    RequestedItem, StockReports, Warehouse, WarehouseShipment,
};
use stockroom::order::Tracking;
use stockroom::outbox::{DELIVERY_NUMBER_MAX, Delivery, DeliveryBody, DeliveryState, Destination, Patience};
use stockroom::quantity::LEVEL_MAX;
use stockroom::{LocationNumber, OrderNumber, ShipTo, SkuNumber};

use crate::documents::NOON;
use crate::record_rows::{
    a_channel_settings, a_delivery, a_destination, a_fulfillment_order, a_listed_item, a_listed_sku, a_listing,
    a_message, a_taken_order, a_warehouse, changed, changes, gone, new,
};

/// One of every kind with something in each of its fields, in the order of their keys.
pub(crate) fn one_of_each() -> Vec<Record> {
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
        body: DeliveryBody::RequestFulfillment(request.into()),
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
    let item =
        FulfillmentItem { line: 4, per: 2, quantity: 6, shipped: 2, ..plain.items().expect("made here")[0].clone() };
    let fulfillment_order = FulfillmentOrder {
        location: LocationNumber(2),
        state: FulfillmentState::PartlyShipped,
        delivery: 9,
        cancelling: true,
        reference: Some("W \"1\"".into()),
        why: "no\u{1f}".into(),
        items: vec![item, plain.items().expect("made here")[0].clone()].into(),
        shipments: vec![left],
        ..plain
    };
    let message = a_message("wms", "m-1", NOON + 5);
    let mut records =
        vec![destination.into(), delivery.into(), warehouse.into(), fulfillment_order.into(), message.into()];
    records.extend(one_of_each_of_channels());
    records
}

/// The same of the channel module.
fn one_of_each_of_channels() -> [Record; 5] {
    let reconciliation = Reconciliation {
        began_at_ms: NOON + 6,
        mend: true,
        after: SkuNumber(1),
        agree: 2,
        differ: 3,
        unsettled: 4,
        gone: 5,
    };
    let policy = ChannelPolicy {
        buffer: 1,
        cap: Some(2),
        drift: DriftPolicy::TakeOver,
        drift_after_ms: 3,
        batch_max: 4,
        shop_counts_down: false,
        tell_shipments: false,
    };
    let settings = ChannelSettings {
        connected: true,
        policy,
        open_batch: 9,
        open_count: 8,
        batches: 7,
        recount_after: Some(SkuNumber(0)),
        reconciliation: Some(reconciliation),
        orders_through_ms: NOON + 7,
        ..a_channel_settings("web", "wms")
    };
    let listing = Listing {
        item: "gid://\"1\" 'ä'".into(),
        buffer: Some(1),
        cap: Some(2),
        state: ListingState::Refused,
        why: "no\u{1f}".into(),
        desired: 3,
        sent: Some(4),
        acknowledged: Some(5),
        observed: Some(-6),
        observed_at_ms: NOON + 8,
        unexplained: -2,
        drift_since_ms: NOON + 9,
        due_at_ms: NOON + 10,
        delivery: 9,
        ..a_listing("web", 1)
    };
    let taken = TakenOrder {
        order: OrderNumber(2),
        reference: "#1001 \"ä\"".into(),
        placed_at_ms: NOON + 7,
        updated_at_ms: NOON + 11,
        told_at_ms: NOON + 12,
        lines: vec!["1\\2".into(), String::new(), "3 'ä'".into()],
        ..a_taken_order("web", "shop-1")
    };
    [
        settings.into(),
        listing.into(),
        a_listed_item("web", "gid://\"1\" 'ä'", 1).into(),
        a_listed_sku(1, &[("market", 7), ("web", 1)]).into(),
        taken.into(),
    ]
}

/// The same records with other content in every field.
pub(crate) fn each_otherwise() -> Vec<Record> {
    let cancel = CancelRequest { fulfillment: "o-2-3".into(), reference: Some("W".into()) };
    let delivery = Delivery { body: DeliveryBody::CancelFulfillment(cancel), ..a_delivery("wms", 9) };
    vec![
        a_destination("wms").into(),
        delivery.into(),
        a_warehouse(2, "wms").into(),
        a_fulfillment_order(2, 3).into(),
        a_message("wms", "m-1", NOON).into(),
        a_channel_settings("web", "wms").into(),
        a_listing("web", 1).into(),
        a_listed_item("web", "gid://\"1\" 'ä'", 2).into(),
        a_listed_sku(1, &[]).into(),
        a_taken_order("web", "shop-1").into(),
    ]
}

/// The ends of what the fields can hold, and every state; to be written where there is a channel `a` and twelve SKUs.
pub(crate) fn extremes() -> Vec<Record> {
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
        let number = DELIVERY_NUMBER_MAX - 2 + number as u64;
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
        let sequence = FULFILLMENTS_MAX - 6 + sequence as u32;
        let row = FulfillmentOrder { state, reference: Some(String::new()), ..a_fulfillment_order(1, sequence) };
        there.push(row.into());
    }
    let items = vec![a_fulfillment_order(2, 1).items().expect("made here")[0].clone(); 2_000].into();
    there.push(FulfillmentOrder { items, delivery: 0, ..a_fulfillment_order(2, 1) }.into());
    there.push(FulfillmentOrder { items: Vec::new().into(), ..a_fulfillment_order(2, 2) }.into());
    there.push(a_message("a", "m", i64::MAX).into());
    there.extend(extremes_of_channels());
    there
}

fn extremes_of_channels() -> Vec<Record> {
    let (most, last) = (LEVEL_MAX, i64::MAX.unsigned_abs());
    let mut there: Vec<Record> = Vec::new();
    for (channel, drift) in [("a", DriftPolicy::PutRight), ("web", DriftPolicy::TakeOver)] {
        let count = most.unsigned_abs();
        let after = SkuNumber(count);
        let (agree, differ, unsettled, gone) = (count, count - 1, count - 2, count - 3);
        let under_way = Reconciliation { began_at_ms: i64::MAX, mend: false, after, agree, differ, unsettled, gone };
        let policy = ChannelPolicy {
            buffer: most,
            cap: Some(0),
            drift,
            drift_after_ms: i64::MAX,
            batch_max: u32::MAX,
            shop_counts_down: true,
            tell_shipments: true,
        };
        let row = ChannelSettings {
            policy,
            open_batch: last,
            open_count: u32::MAX,
            batches: last,
            recount_after: Some(SkuNumber(last)),
            reconciliation: Some(under_way),
            orders_through_ms: i64::MAX,
            ..a_channel_settings(channel, "a")
        };
        there.push(row.into());
    }
    let states = [ListingState::Listed, ListingState::Refused, ListingState::Gone];
    for ((number, state), units) in (1..).zip(states).zip([-i64::MAX, 0, i64::MAX]) {
        let row = Listing {
            buffer: Some(most),
            cap: Some(0),
            state,
            why: "\u{1f}\n\r\t'\"\\ä日🫖".repeat(100),
            desired: units,
            sent: Some(units),
            acknowledged: Some(-units),
            observed: Some(units),
            observed_at_ms: i64::MAX,
            unexplained: -units,
            drift_since_ms: i64::MAX,
            due_at_ms: i64::MAX,
            delivery: last,
            ..a_listing("web", number)
        };
        there.push(row.into());
    }
    there.push(a_listed_item("a", &"日".repeat(42), 12).into());
    there.push(a_listed_item("web", "", 12).into());
    let many: Vec<(String, u64)> = (0..2_000).map(|number| (format!("channel \"{number}\""), last)).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|(channel, sku)| (channel.as_str(), *sku)).collect();
    there.push(a_listed_sku(1, &many).into());
    there.push(a_listed_sku(12, &[("", 0)]).into());
    let lines = vec!["gid://'\u{1f}\"\\ä日🫖".to_owned(); 10_000];
    let (updated_at_ms, told_at_ms) = (i64::MAX, i64::MAX);
    there.push(TakenOrder { placed_at_ms: 0, updated_at_ms, told_at_ms, lines, ..a_taken_order("web", "1") }.into());
    there.push(TakenOrder { order: OrderNumber(1), lines: Vec::new(), ..a_taken_order("web", "2") }.into());
    there
}

/// The shops behind the channels of the first act: at least four rows of every kind of the channel module, which name
/// each other as its rules have them.
pub fn shops() -> Changes {
    let mut records: Vec<Record> = Vec::new();
    for (channel, destination) in [("Till", "z"), ("market", "🫖"), ("web", "Ä-wms"), ("ö", "z")] {
        let connected = channel != "Till";
        records.push(ChannelSettings { connected, ..a_channel_settings(channel, destination) }.into());
    }
    let listings = [("market", 1, "mug"), ("market", 4, "ä-cup"), ("web", 1, "mug"), ("web", 2, "plate")];
    for (channel, number, sku) in listings.into_iter().chain([("web", 7, "set"), ("ö", 6, "🫖")]) {
        let row = Listing { sku: sku.into(), item: format!("{channel} {number}"), ..a_listing(channel, number) };
        records.push(a_listed_item(channel, &row.item, number).into());
        records.push(Listing { due_at_ms: if number == 1 { NOON } else { 0 }, ..row }.into());
    }
    records.push(a_listed_sku(1, &[("market", 1), ("web", 1), ("web", 7)]).into());
    records.push(a_listed_sku(2, &[("web", 2), ("web", 7)]).into());
    records.push(a_listed_sku(4, &[("market", 4)]).into());
    records.push(a_listed_sku(6, &[("ö", 6)]).into());
    for (channel, id, order) in [("market", "b-1", 0), ("web", "o-1", 1), ("web", "o-10", 0), ("ö", "o-1", 0)] {
        let lines = vec!["1".into(), "2".into()];
        records.push(TakenOrder { order: OrderNumber(order), lines, ..a_taken_order(channel, id) }.into());
    }
    changes(records.into_iter().map(new))
}

/// What changes of them after the second act: every kind gains, changes and, where the kind can, loses a row.
pub fn shops_later() -> Changes {
    let late = Listing { sku: "Zebra".into(), item: "web 2".into(), ..a_listing("web", 3) };
    let records: Vec<RecordChange> = vec![
        new(a_channel_settings("late", "late")),
        changed(ChannelSettings { orders_through_ms: NOON, ..a_channel_settings("web", "late") }),
        gone(RecordKey::Listing("web".into(), SkuNumber(2))),
        new(late),
        changed(Listing { sku: "ä-cup".into(), item: "market 4".into(), ..a_listing("market", 4) }),
        // The item of one that goes becomes that of one that comes.
        changed(a_listed_item("web", "web 2", 3)),
        new(a_listed_item("late", "late 1", 1)),
        new(Listing { item: "late 1".into(), ..a_listing("late", 1) }),
        changed(a_listed_sku(1, &[("late", 1), ("market", 1), ("web", 1), ("web", 7)])),
        changed(a_listed_sku(2, &[("web", 7)])),
        new(a_listed_sku(3, &[("web", 3)])),
        gone(RecordKey::TakenOrder("market".into(), "b-1".into())),
        changed(a_taken_order("web", "o-10")),
    ];
    changes(records)
}
