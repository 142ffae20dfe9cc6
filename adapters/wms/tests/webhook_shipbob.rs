//! ShipBob's webhooks: what of them becomes a command, and that nothing is guessed.

use stockroom::fulfillment::{SkuQuantity, WarehouseStatus};
use stockroom_wms::webhook::{Incoming, ReadError, ShipBobReader};

use super::webhook::with_proof;

fn read(topic: &str, body: &str) -> Result<Incoming, ReadError> {
    with_proof(body, |message| ShipBobReader::new("shipbob").read(message, topic))
}

/// A result in few words.
fn short(read: Result<Incoming, ReadError>) -> String {
    match read {
        Ok(Incoming::Shipments(notes)) => notes
            .iter()
            .map(|note| {
                let units = |items: &Vec<SkuQuantity>| {
                    items.iter().map(|item| format!(" {}={}", item.sku, item.quantity)).collect::<String>()
                };
                let items = note.items.as_ref().map_or(" all".to_owned(), units);
                let number =
                    note.tracking.as_ref().map_or(String::new(), |tracking| format!(" by {}", tracking.number));
                let once = if note.message.is_some() { " once" } else { "" };
                format!("{} shipped {}{items}{number}{once}", note.fulfillment, note.shipment)
            })
            .collect::<Vec<_>>()
            .join("; "),
        Ok(Incoming::Fulfillment(note)) => {
            assert_eq!(note.status, WarehouseStatus::Cancelled);
            format!("{} cancelled", note.fulfillment)
        }
        Ok(Incoming::Ignored { .. }) => "ignored".to_owned(),
        Ok(Incoming::Stock(_)) => "stock".to_owned(),
        Err(ReadError::NotAnEnvelope { .. }) => "no event".to_owned(),
        Err(error) => format!("{error}").split(": ").last().unwrap_or_default().to_owned(),
    }
}

#[test]
fn shipments_and_cancellations_are_read() {
    let part = |id: u32, sku: &str, units: &str| {
        format!(
            r#"{{"id":{id},"status":"Completed","tracking":{{"carrier":"UPS","tracking_number":"T{id}"}},
            "products":[{{"reference_id":"{sku}","inventory_items":[{units}]}}]}}"#
        )
    };
    let order =
        |shipments: &str| format!(r#"{{"id":5,"reference_id":"o-1-1","status":"X","shipments":[{shipments}]}}"#);
    let one = r#"{"quantity":1}"#;
    let cancelled = r#"{"id":9,"status":"Cancelled"}"#;
    let (shipped, cancel) = ("order.shipped", "order.shipment.cancelled");
    for (topic, body, expected) in [
        (shipped, order(&part(1, "a", one)), "o-1-1 shipped 1 all by T1 once"),
        (
            shipped,
            format!(r#"{{"topic":"order.shipped","data":{}}}"#, order(&part(1, "a", one))),
            "o-1-1 shipped 1 all by T1 once",
        ),
        (
            shipped,
            order(&format!("{},{}", part(1, "a", r#"{"quantity":2}"#), part(2, "b", one))),
            "o-1-1 shipped 1 a=2 by T1; o-1-1 shipped 2 b=1 by T2",
        ),
        (shipped, order(&format!("{},{cancelled}", part(1, "a", one))), "o-1-1 shipped 1 a=1 by T1 once"),
        (
            shipped,
            order(&format!("{},{}", part(1, "a", one), part(2, "bundle", r#"{"quantity":1},{"quantity":1}"#))),
            "the units of one of several shipments are not said",
        ),
        (shipped, order(cancelled), "its only shipments are cancelled"),
        (
            shipped,
            r#"{"id":3,"order_id":5,"reference_id":"o-1-1","status":"Processing"}"#.to_owned(),
            "o-1-1 shipped 3 all once",
        ),
        (shipped, r#"{"id":3}"#.to_owned(), "there is no reference_id"),
        (shipped, r#"{"reference_id":"o-1-1"}"#.to_owned(), "a shipment has no id"),
        (shipped, "[]".to_owned(), "no event"),
        (shipped, "no JSON".to_owned(), "no event"),
        (cancel, order(&format!("{cancelled},{cancelled}")), "o-1-1 cancelled"),
        (cancel, order(&format!("{cancelled},{}", part(1, "a", one))), "ignored"),
        (cancel, r#"{"id":9,"reference_id":"o-1-1","status":"Cancelled"}"#.to_owned(), "ignored"),
        (cancel, r#"{"id":9,"status":"Cancelled"}"#.to_owned(), "there is no reference_id"),
        // The topic is not signed: what was cancelled cannot be turned into a shipment, nor the other way round.
        (cancel, order(&part(1, "a", one)), "ignored"),
        ("order.shipment.exception", order(&part(1, "a", one)), "ignored"),
        ("", order(""), "ignored"),
    ] {
        assert_eq!(short(read(topic, &body)), expected, "{topic} {body}");
    }
}
