//! The samples of what is done with the shops behind channels, and what the prepared shop has for them.

use serde_json::{Value, json};
use stockroom::{
    ChannelLine, ChannelOrder, Code, ConnectChannel, DeliveryAnswer, DeliveryResult, ReconcileChannel, RegisterChannel,
    RegisterDestination, RegisterLocation, ReportDelivery, SetListing, ShipOrder, TakeChannelOrder, TakeDeliveries,
    UpdateListings,
};

use super::{Fields, START_MS, Sample, Shop, ship_to};
use crate::common::receive;

/// When the prepared shop was closed to changes.
const NOW_MS: i64 = START_MS + 120_000;

/// Adds the location `loft` and the channel `market`, which sells from it and has a shop behind it, with the
/// destination `shop`. Listed are `mug`, which is settled, `set` and `keyed`; `plate` is not. Of the deliveries 2 sets
/// the quantity of `set`, 3 tells of the shipment of `s-sent` and 4 reads what is shown; these are leased. 5 sets that
/// of `keyed` and waits. The shop has the order `s-open`; `s-none` was cancelled before it was heard of.
pub(super) fn open(shop: &Shop) {
    shop.accept(RegisterLocation { location: "loft".into() });
    let market = RegisterChannel { channel: "market".into(), locations: vec!["loft".into()], ..Default::default() };
    shop.accept(market);
    shop.accept(receive("loft", "mug", 40));
    shop.accept(receive("loft", "plate", 40));
    shop.accept(RegisterDestination { destination: "shop".into(), ..Default::default() });
    shop.accept(ConnectChannel { channel: "market".into(), destination: "shop".into(), ..Default::default() });
    let list = |sku: &str| {
        let (channel, item) = ("market".into(), format!("I-{sku}"));
        shop.accept(SetListing { channel, sku: sku.into(), item, ..SetListing::default() });
    };
    let update = || shop.accept(UpdateListings { limit: 100 });
    let take = || shop.accept(TakeDeliveries { destination: "shop".into(), max: 10, lease_ms: 3_600_000 });
    list("mug");
    update();
    take();
    let result = DeliveryResult::Done(DeliveryAnswer::Taken);
    shop.accept(ReportDelivery { destination: "shop".into(), number: 1, attempt: 1, result });
    list("set");
    update();
    for (id, lines) in [("s-open", vec![("a", "mug", 4), ("b", "set", 2)]), ("s-sent", vec![("a", "plate", 1)])] {
        shop.accept(told(id, &lines));
    }
    let none = told("s-none", &[("a", "mug", 1)]);
    shop.accept(TakeChannelOrder { order: ChannelOrder { cancelled: true, ..none.order }, ..none });
    shop.accept(ShipOrder { order: "s-sent".into(), ..ShipOrder::default() });
    update();
    shop.accept(ReconcileChannel { channel: "market".into(), mend: false });
    take();
    list("keyed");
    update();
}

/// An order of the channel `market` as its shop tells it.
fn told(id: &str, lines: &[(&str, &str, i64)]) -> TakeChannelOrder {
    let line = |(line, sku, quantity): &(&str, &str, i64)| ChannelLine {
        line: (*line).into(),
        sku: (*sku).into(),
        quantity: *quantity,
        unit_price_minor: 100,
    };
    let order = ChannelOrder {
        id: id.into(),
        channel: "market".into(),
        reference: format!("#{id}"),
        placed_at_ms: NOW_MS,
        updated_at_ms: NOW_MS,
        currency: "EUR".into(),
        lines: lines.iter().map(line).collect(),
        ..ChannelOrder::default()
    };
    TakeChannelOrder { order, message: None }
}

impl Fields {
    /// A channel with a shop behind it.
    fn connected(self) -> Self {
        self.channel("/channel").wrong("/channel", "no shop behind it", "web", Code::ChannelNotConnected)
    }
}

/// One right command of every kind.
pub(super) fn samples() -> Vec<Sample> {
    let message = json!({ "source": "shop", "message": "m-1" });
    let mut samples = vec![
        connect_channel(),
        Fields::of("disconnect_channel", json!({ "channel": "market", "message": message }))
            .connected()
            .message()
            .done(),
        Fields::of("reconcile_channel", json!({ "channel": "market", "mend": true })).connected().done(),
        Fields::of("note_orders_through", json!({ "channel": "market", "through_ms": NOW_MS }))
            .connected()
            .time("/through_ms")
            .done(),
    ];
    samples.extend(listing_samples(&message));
    samples.extend(report_samples());
    samples.extend([new_order(&message), changed_order(&message), cancelled_order(&message)]);
    samples
}

fn connect_channel() -> Sample {
    let policy = json!({
        "buffer": 1, "cap": 9, "drift": "take_over", "drift_after_ms": 1_000, "batch_max": 10,
        "shop_counts_down": false, "tell_shipments": false,
    });
    Fields::of("connect_channel", json!({ "channel": "market", "destination": "shop", "policy": policy }))
        .channel("/channel")
        .destination()
        .wrong("/destination", "another than it has", "wms", Code::DestinationUnknown)
        .level("/policy/buffer")
        .level("/policy/cap")
        .number("/policy/drift_after_ms", 0..=86_400_000, Code::TimeOutOfRange)
        .count("/policy/batch_max", 1_000)
        .done()
}

fn listing_samples(message: &Value) -> Vec<Sample> {
    let seen = json!({ "item": "I-mug", "at_ms": NOW_MS, "quantity": 3 });
    let gone = json!({ "item": "I-set", "at_ms": NOW_MS });
    let mut note = Fields::of(
        "note_listings",
        json!({ "channel": "market", "listings": [seen, gone, { "item": "no", "at_ms": 0 }], "message": message }),
    )
    .connected()
    .lines("/listings", seen, true)
    .name("/listings/0/item", 128)
    .time("/listings/1/at_ms")
    .message();
    // A shop may show less than nothing.
    for bad in [i64::MIN, -(1 << 53), 1 << 53, i64::MAX] {
        note = note.wrong("/listings/0/quantity", &bad.to_string(), bad, Code::QuantityOutOfRange);
    }
    vec![
        Fields::of(
            "set_listing",
            json!({ "channel": "market", "sku": "plate", "item": "I-plate", "buffer": 1, "cap": 9 }),
        )
        .connected()
        .sku("/sku")
        .name("/item", 128)
        .wrong("/item", "another's", "I-mug", Code::ItemTaken)
        .level("/buffer")
        .level("/cap")
        .done(),
        Fields::of("remove_listing", json!({ "channel": "market", "sku": "set" }))
            .connected()
            .sku("/sku")
            .wrong("/sku", "not listed", "plate", Code::ListingUnknown)
            .done(),
        Fields::of("update_listings", json!({ "limit": 10 })).count("/limit", 1_000).done(),
        note.done(),
    ]
}

/// What a shop says is clamped or passed over, and is no reason to refuse the report.
fn report_samples() -> Vec<Sample> {
    let said = |shown: Value| json!({ "done": { "quantities": { "listings": [{ "sku": "set", "shown": shown }] } } });
    let strange = json!([
        { "sku": "", "shown": "set" },
        { "sku": "nosuch", "shown": "gone" },
        { "sku": "set", "shown": { "shows": i64::MIN } },
        { "sku": "set", "shown": { "shows": i64::MAX } },
        { "sku": "mug", "shown": { "refused": { "why": "\0".repeat(50_000) } } },
    ]);
    let quantities = [
        said("set".into()),
        said(json!({ "shows": 2 })),
        said("gone".into()),
        said(json!({ "refused": { "why": "no such place" } })),
        said(json!({ "not_yet": { "why": "busy" } })),
        json!({ "done_with_pause": { "answer": { "quantities": { "at_ms": NOW_MS, "listings": [] } }, "pause_ms": 1 } }),
        json!({ "done": { "quantities": { "at_ms": i64::MAX, "listings": strange } } }),
        json!({ "done": "taken" }),
        json!({ "refused": { "why": "no such shop" } }),
    ];
    let mut results: Vec<(u64, Value)> = quantities.into_iter().map(|result| (2, result)).collect();
    results.push((3, json!({ "refused": { "why": "it is done there" } })));
    results.push((4, said(json!({ "shows": 3 }))));
    results.push((4, json!({ "done": { "quantities": { "at_ms": i64::MIN, "listings": strange } } })));
    results.push((4, json!({ "refused": { "why": "no such shop" } })));
    let sample = |(number, result): (u64, Value)| {
        Fields::of(
            "report_delivery",
            json!({ "destination": "shop", "number": number, "attempt": 1, "result": result }),
        )
        .destination()
        .wrong("/number", "done", 1, Code::DeliveryUnknown)
        .wrong("/number", "one that will be", 6, Code::DeliveryUnknown)
        .wrong("/number", "waiting", 5, Code::LeaseLost)
        .at(1, "attempt")
        .wrong("/attempt", "one that was not", 2, Code::LeaseLost)
        .done()
    };
    results.into_iter().map(sample).collect()
}

/// The fields of every told order.
fn order_fields(document: Value, message: &Value) -> Fields {
    Fields::of("take_channel_order", json!({ "order": document, "message": message }))
        .name("/order/id", 64)
        .known("/order/channel", 64, Code::ChannelUnknown)
        .name("/order/reference", 128)
        .time("/order/placed_at_ms")
        .time("/order/updated_at_ms")
        .time("/order/told_at_ms")
        .text("/order/cancel_reason")
        .lines("/order/lines", document["lines"][0].clone(), false)
        .name("/order/lines/0/line", 128)
        .wrong("/order/lines/1/line", "one twice", "a", Code::DuplicateEntry)
        .level("/order/lines/1/quantity")
        .message()
}

fn new_order(message: &Value) -> Sample {
    // The line in the middle was taken out again: those behind it are still named by their own places.
    let document = json!({
        "id": "s-new", "channel": "market", "reference": "#1001", "placed_at_ms": NOW_MS, "updated_at_ms": NOW_MS,
        "told_at_ms": NOW_MS, "cancelled": false, "cancel_reason": "none", "currency": "EUR",
        "lines": [
            { "line": "a", "sku": "mug", "quantity": 1, "unit_price_minor": 100 },
            { "line": "b", "sku": "mug", "quantity": 0, "unit_price_minor": 100 },
            { "line": "c", "sku": "set", "quantity": 2, "unit_price_minor": 500 },
        ],
        "policy": "all_or_nothing",
        "totals": {
            "lines_minor": 1100, "shipping_minor": 490, "tax_minor": 200, "discount_minor": 90, "total_minor": 1700,
        },
        "ship_to": ship_to(), "note": "Ring twice", "metadata": { "cart": "c-1" },
    });
    order_fields(document, message)
        .wrong("/order/id", "another's", "o-open", Code::OrderExists)
        .currency("/order/currency")
        .sku("/order/lines/2/sku")
        .level("/order/lines/2/quantity")
        .price("/order/lines/2/unit_price_minor")
        .totals("/order/totals", "order.totals.total_minor")
        .ship_to_in("/order", "order.ship_to.address")
        .text("/order/note")
        .metadata("/order/metadata", "order.metadata[0] (name)", "order.metadata[0] (value)")
        .done()
}

/// The order `s-open` with one mug more, no set, and a plate.
fn changed_order(message: &Value) -> Sample {
    let document = json!({
        "id": "s-open", "channel": "market", "reference": "#s-open", "placed_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS + 1, "told_at_ms": NOW_MS, "cancel_reason": "none", "currency": "EUR",
        "lines": [
            { "line": "c", "sku": "plate", "quantity": 1, "unit_price_minor": 100 },
            { "line": "b", "sku": "set", "quantity": 0, "unit_price_minor": 100 },
            { "line": "a", "sku": "mug", "quantity": 5, "unit_price_minor": 100 },
        ],
        "ship_to": ship_to(), "note": "Ring twice",
    });
    // What is wrong with the telling itself is found before it is compared with what was taken in.
    Fields::of("take_channel_order", json!({ "order": document, "message": message }))
        .sku("/order/lines/0/sku")
        .price("/order/lines/0/unit_price_minor")
        .wrong("/order/lines/0/quantity", "more than there are", 1_000_000, Code::InsufficientStock)
        .at(1, "order.lines[0]")
        .wrong("/order/lines/2/quantity", "more than there are", 1_000_000, Code::InsufficientStock)
        .at(1, "order.lines[2]")
        .ship_to_in("/order", "order.ship_to.address")
        .text("/order/note")
        .done()
}

/// The order `s-open`, cancelled.
fn cancelled_order(message: &Value) -> Sample {
    let document = json!({
        "id": "s-open", "channel": "market", "reference": "#s-open", "placed_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS + 1, "told_at_ms": NOW_MS, "cancelled": true, "cancel_reason": "changed their mind",
        "currency": "EUR",
        "lines": [
            { "line": "x", "sku": "mug", "quantity": 4, "unit_price_minor": 100 },
            { "line": "b", "sku": "set", "quantity": 2, "unit_price_minor": 100 },
        ],
    });
    Fields::of("take_channel_order", json!({ "order": document, "message": message }))
        .text("/order/cancel_reason")
        .name("/order/reference", 128)
        .done()
}
