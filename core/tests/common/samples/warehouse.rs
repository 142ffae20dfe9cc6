//! The samples of what is done with deliveries and warehouses, and what the prepared shop has for them.

use serde_json::{Value, json};
use stockroom::{
    Code, DeliveryAnswer, DeliveryResult, Fulfill, NewOrder, NoteShipment, Patience, RegisterChannel,
    RegisterDestination, RegisterLocation, RegisterWarehouse, ReportDelivery, Retry, TakeDeliveries,
};

use super::{Fields, HUGE, START_MS, Sample, Shop, huge, order, ship_to};
use crate::common::receive;

/// Adds the location `hub`, its warehouse with the destination `wms`, and an order of the channel `outlet` for
/// each of its deliveries: 1 is the dead letter of `o-dead`, 2 asks for `o-leased` and is leased, 6 asks for
/// `o-waiting` and waits, 7 checks what it has of it. The warehouse has `o-accepted`, has refused `o-refused` and
/// has shipped `o-sent`. That `o-unread` was placed nobody has read yet.
pub(super) fn open(shop: &Shop) {
    shop.accept(RegisterLocation { location: "hub".into() });
    let outlet = RegisterChannel { channel: "outlet".into(), locations: vec!["hub".into()], ..Default::default() };
    shop.accept(outlet);
    shop.accept(receive("hub", "mug", 50));
    shop.accept(receive("hub", "plate", 50));
    let patience = Patience { attempts_max: 1, ..Patience::default() };
    shop.accept(RegisterDestination { destination: "wms".into(), patience });
    let warehouse = RegisterWarehouse { location: "hub".into(), destination: "wms".into(), ..Default::default() };
    shop.accept(warehouse.clone());
    let new = |id: &str, lines| NewOrder { channel: "outlet".into(), ..order(id, lines) };
    for id in ["o-dead", "o-leased", "o-accepted", "o-sent"] {
        shop.accept(new(id, &[("mug", 2), ("plate", 3)]));
    }
    // In the location `backup` there are no plates for it.
    shop.accept(new("o-refused", &[("plate", 3)]));
    shop.accept(Fulfill { limit: 100 });
    shop.accept(TakeDeliveries { destination: "wms".into(), max: 5, lease_ms: 3_600_000 });
    let report = |number, result| ReportDelivery { destination: "wms".into(), number, attempt: 1, result };
    shop.accept(report(1, DeliveryResult::Retry(Retry { why: "hung up".into(), ..Retry::default() })));
    for number in [3, 4] {
        shop.accept(report(number, DeliveryResult::Done(DeliveryAnswer::Taken)));
    }
    shop.accept(report(5, DeliveryResult::Refused { why: "no plates".into() }));
    shop.accept(NoteShipment { fulfillment: "o-sent-1".into(), shipment: "S-0".into(), ..Default::default() });
    shop.accept(RegisterWarehouse { check_on_allocation: true, ..warehouse });
    shop.accept(new("o-waiting", &[("mug", 1)]));
    shop.accept(Fulfill { limit: 100 });
    shop.accept(new("o-unread", &[("mug", 1)]));
}

impl Fields {
    pub(super) fn destination(self) -> Self {
        self.known("/destination", 64, Code::DestinationUnknown)
    }

    /// The number of a delivery to `wms`.
    fn delivery(self) -> Self {
        self.wrong("/number", "0", 0, Code::DeliveryUnknown)
            .wrong("/number", "done", 3, Code::DeliveryUnknown)
            .wrong("/number", "one that will be", 8, Code::DeliveryUnknown)
            .wrong("/number", "as high as can be", (1_u64 << 53) - 1, Code::DeliveryUnknown)
            .wrong("/number", "one too high for i64", 1_u64 << 63, Code::DeliveryUnknown)
            .wrong("/number", "u64::MAX", u64::MAX, Code::DeliveryUnknown)
    }

    /// A fulfillment order's name. What is not of its form names none; in its form, the order's id is judged.
    fn fulfillment(mut self) -> Self {
        let unknown = ["", "\0", "-", "-1", "o-open", "o-open-0", "o-open-01", "o-open-+1", "o-open-1", "o-accepted-2"];
        for bad in unknown.into_iter().chain(["nosuch-1", "o-pruned-1", "' OR 1=1 ---1", " -1", "o-open-4294967296"]) {
            self = self.wrong("/fulfillment", &format!("{bad:?}"), bad, Code::FulfillmentUnknown);
        }
        for bad in ["a\0b-1", "\t-1", "\u{85}-1"] {
            self = self.wrong("/fulfillment", &format!("{bad:?}"), bad, Code::IdInvalid);
        }
        self.wrong("/fulfillment", "one byte too long", format!("{}-1", "x".repeat(65)), Code::IdInvalid)
            .wrong("/fulfillment", HUGE, huge(), Code::FulfillmentUnknown)
            .wrong("/fulfillment", "far too long, in its form", "x".repeat(50_000) + "-1", Code::IdInvalid)
    }

    pub(super) fn message(self) -> Self {
        self.name("/message/source", 64).name("/message/message", 128)
    }
}

/// One right command of every kind.
pub(super) fn samples() -> Vec<Sample> {
    let mut samples = delivery_samples();
    samples.extend(report_samples());
    samples.extend(fulfillment_samples());
    samples
}

fn delivery_samples() -> Vec<Sample> {
    let patience = json!({
        "attempts_max": 5, "age_max_ms": 86_400_000, "backoff_ms": 500, "backoff_max_ms": 60_000,
        "breaker_failures": 3, "breaker_open_ms": 30_000, "seed": 7,
    });
    let year_ms = 365 * 86_400_000;
    let mut register = Fields::of("register_destination", json!({ "destination": "new", "patience": patience }))
        .name("/destination", 64)
        .count("/patience/attempts_max", 1_000)
        .count("/patience/breaker_failures", 1_000);
    for wait in ["age_max_ms", "backoff_ms", "backoff_max_ms", "breaker_open_ms"] {
        register = register.number(&format!("/patience/{wait}"), 1..=year_ms, Code::TimeOutOfRange);
    }
    let number = |action: &'static str| {
        Fields::of(action, json!({ "destination": "wms", "number": 1 }))
            .destination()
            .delivery()
            .wrong("/number", "leased", 2, Code::DeliveryAlive)
            .wrong("/number", "waiting", 6, Code::DeliveryAlive)
            .done()
    };
    vec![
        register.done(),
        Fields::of("take_deliveries", json!({ "destination": "wms", "max": 10, "lease_ms": 60_000 }))
            .destination()
            .count("/max", 1_000)
            .number("/lease_ms", 1_000..=3_600_000, Code::TimeOutOfRange)
            .wrong("/lease_ms", "one too few", 999, Code::TimeOutOfRange)
            .done(),
        number("requeue_delivery"),
        number("drop_delivery"),
    ]
}

/// A report of each kind. What the outside says is cut or clamped, and is no reason to refuse the report.
fn report_samples() -> Vec<Sample> {
    let retry = json!({ "after_ms": 1_000, "doubt": true, "cause": "not_yet", "why": "hung up" });
    let level = json!({ "sku": "mug", "on_hand": 40 });
    let results = [
        json!({ "retry": retry }),
        json!({ "retry": { "after_ms": i64::MAX, "cause": "failing", "why": "x".repeat(50_000) } }),
        json!({ "retry": { "after_ms": i64::MIN, "cause": "throttled", "why": "\0" } }),
        json!({ "refused": { "why": "no mugs" } }),
        json!({ "done_with_pause": { "answer": "taken", "pause_ms": 1_000 } }),
        json!({ "done_with_pause": { "answer": "taken", "pause_ms": i64::MAX } }),
        json!({ "done_with_pause": { "answer": { "handed": { "reference": null } }, "pause_ms": i64::MIN } }),
        json!({ "done": "taken" }),
        json!({ "done": { "handed": { "reference": "W-1" } } }),
        json!({ "done": { "stock": { "taken_at_ms": START_MS, "levels": [level] } } }),
    ];
    let sample = |result| {
        Fields::of("report_delivery", json!({ "destination": "wms", "number": 2, "attempt": 1, "result": result }))
            .destination()
            .delivery()
            .wrong("/number", "a dead letter", 1, Code::LeaseLost)
            .at(1, "attempt")
            .wrong("/number", "waiting", 6, Code::LeaseLost)
            .at(1, "attempt")
            .wrong("/attempt", "0", 0, Code::LeaseLost)
            .wrong("/attempt", "one that was not", 2, Code::LeaseLost)
            .wrong("/attempt", "u32::MAX", u32::MAX, Code::LeaseLost)
            .done()
    };
    results.into_iter().map(sample).collect()
}

fn fulfillment_samples() -> Vec<Sample> {
    let message = json!({ "source": "wms", "message": "m-1" });
    let status = |status: Value| {
        let document = json!({ "fulfillment": "o-accepted-1", "status": status, "message": message });
        Fields::of("note_fulfillment", document).fulfillment().message().done()
    };
    let mut samples: Vec<Sample> = ["accepted".into(), "picking".into(), "cancelled".into()].map(status).into();
    samples.push(status(json!({ "refused": { "why": "flooded" } })));
    let item = json!({ "sku": "mug", "quantity": 1 });
    let shipment = json!({
        "fulfillment": "o-accepted-1", "shipment": "S-1", "items": [item, { "sku": "plate", "quantity": 3 }],
        "tracking": { "carrier": "DHL", "number": "00340", "url": "https://example.com/00340" }, "message": message,
    });
    let mut note = Fields::of("note_shipment", shipment)
        .fulfillment()
        .wrong("/fulfillment", "shipped", "o-sent-1", Code::FulfillmentClosed)
        .wrong("/fulfillment", "refused", "o-refused-1", Code::FulfillmentClosed)
        .name("/shipment", 128)
        .lines("/items", item, true)
        .quantity("/items/0/quantity")
        .wrong("/items/0/quantity", "more than it is to ship", 3, Code::NotAllocated)
        .at(1, "items[0]")
        .tracking()
        .message();
    // Whatever is not among what it is to ship.
    for sku in ["", "\0", "nosuch", "set", "keyed", " mug", "MUG"] {
        note = note.wrong("/items/0/sku", &format!("{sku:?}"), sku, Code::NotAllocated).at(1, "items[0]");
    }
    samples.push(note.wrong("/items/0/sku", HUGE, huge(), Code::NotAllocated).at(1, "items[0]").done());
    samples.push(
        Fields::of("reassign_fulfillment", json!({ "fulfillment": "o-refused-1", "location": "main" }))
            .fulfillment()
            .wrong("/fulfillment", "not refused", "o-accepted-1", Code::FulfillmentClosed)
            .wrong("/fulfillment", "shipped", "o-sent-1", Code::FulfillmentClosed)
            .location("/location")
            .wrong("/location", "where they are", "hub", Code::DuplicateEntry)
            .wrong("/location", "where there are too few", "backup", Code::InsufficientStock)
            .done(),
    );
    samples.push(Fields::of("fulfill", json!({ "limit": 10 })).count("/limit", 1_000).done());
    samples.push(
        Fields::of(
            "register_warehouse",
            json!({ "location": "backup", "destination": "wms", "stock": "count_in", "check_on_allocation": true }),
        )
        .location("/location")
        .destination()
        .done(),
    );
    samples.push(note_warehouse_stock(&message));
    // What nobody was told yet can still be told otherwise.
    samples.push(
        Fields::of("edit_order", json!({ "order": "o-waiting", "ship_to": ship_to(), "note": "Ring twice" }))
            .order()
            .wrong("/order", "handed over", "o-accepted", Code::InFulfillment)
            .wrong("/order", "under way", "o-leased", Code::InFulfillment)
            .wrong("/order", "given up", "o-dead", Code::InFulfillment)
            .wrong("/order", "shipped", "o-sent", Code::OrderClosed)
            .done(),
    );
    samples
}

fn note_warehouse_stock(message: &Value) -> Sample {
    let level = json!({ "sku": "mug", "on_hand": 40 });
    let now_ms = START_MS + 120_000;
    let stock = json!({ "taken_at_ms": now_ms, "levels": [level, { "sku": "plate", "on_hand": 0 }, { "sku": "no", "on_hand": 1 }] });
    Fields::of("note_warehouse_stock", json!({ "location": "hub", "stock": stock, "message": message }))
        .location("/location")
        .wrong("/location", "run by nobody", "main", Code::WarehouseUnknown)
        .time("/stock/taken_at_ms")
        .wrong("/stock/taken_at_ms", "1970", 0, Code::StockReportStale)
        .wrong("/stock/taken_at_ms", "over a day ago", now_ms - 86_400_001, Code::StockReportStale)
        .wrong("/stock/taken_at_ms", "over a minute ahead", now_ms + 60_001, Code::StockReportStale)
        .lines("/stock/levels", level, true)
        .name("/stock/levels/0/sku", 128)
        .wrong("/stock/levels/1/sku", "one twice", "mug", Code::DuplicateEntry)
        .level("/stock/levels/0/on_hand")
        .message()
        .done()
}
