//! Fulfillment orders as shops send them: what a document must be to be taken. It may not know what the warehouse
//! has already.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::books::SkuQuantity;

/// The most units of an item, so that no sum of a document overflows.
const QUANTITY_MAX: i64 = 1_000_000_000;

/// A fulfillment order. A field that the contract does not have makes it malformed: nobody would act on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// The shop's name for it.
    pub(super) fulfillment: String,
    order: String,
    channel: String,
    location: String,
    placed_at: String,
    currency: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    ship_to: Option<Map<String, Value>>,
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    line: u32,
    sku: String,
    quantity: i64,
}

impl Document {
    /// Reads a body, or says what is wrong with it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let Document { fulfillment, order, channel, location, placed_at, currency, items, .. } = &document;
        let names = [("fulfillment", fulfillment), ("order", order), ("channel", channel), ("location", location)];
        for (field, name) in names {
            if name.trim().is_empty() {
                return Err(format!("{field} is empty"));
            }
        }
        if placed_at.parse::<Timestamp>().is_err() {
            return Err("placed_at is not an RFC 3339 time".to_owned());
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("currency is not three capital letters".to_owned());
        }
        if items.is_empty() {
            return Err("items is empty".to_owned());
        }
        for (place, item) in items.iter().enumerate() {
            if item.line == 0 {
                return Err(format!("items[{place}].line is not 1 or more"));
            }
            if item.sku.trim().is_empty() {
                return Err(format!("items[{place}].sku is empty"));
            }
            if !(1..=QUANTITY_MAX).contains(&item.quantity) {
                return Err(format!("items[{place}].quantity is not 1 to {QUANTITY_MAX}"));
            }
        }
        Ok(document)
    }

    /// Units by SKU, in the order of first mention: two lines may be of one SKU.
    pub(super) fn units(&self) -> Vec<SkuQuantity> {
        let mut list: Vec<SkuQuantity> = Vec::with_capacity(self.items.len());
        for item in &self.items {
            match list.iter_mut().find(|known| known.sku == item.sku) {
                Some(known) => known.quantity += item.quantity,
                None => list.push(SkuQuantity { sku: item.sku.clone(), quantity: item.quantity }),
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        json!({
            "fulfillment": "o-1-1", "order": "o-1", "channel": "web", "location": "main",
            "placed_at": "2026-01-02T03:04:05Z", "currency": "EUR",
            "items": [
                {"line": 1, "sku": "MUG", "quantity": 2},
                {"line": 2, "sku": "TIN", "quantity": 1},
                {"line": 3, "sku": "MUG", "quantity": 3},
            ],
        })
    }

    fn parse(document: &Value) -> Result<Document, String> {
        Document::parse(document.to_string().as_bytes())
    }

    #[test]
    fn units_are_told_by_sku() {
        let units = parse(&good()).expect("a document").units();
        let units: Vec<(&str, i64)> = units.iter().map(|item| (item.sku.as_str(), item.quantity)).collect();
        assert_eq!(units, [("MUG", 5), ("TIN", 1)]);
    }

    #[test]
    fn every_field_is_judged() {
        let table = [
            ("/fulfillment", json!(" "), "fulfillment is empty"),
            ("/order", json!(7), "invalid type"),
            ("/channel", json!(""), "channel is empty"),
            ("/location", json!(null), "invalid type"),
            ("/placed_at", json!("yesterday"), "placed_at"),
            ("/currency", json!("eur"), "currency"),
            ("/items", json!([]), "items is empty"),
            ("/items/1/line", json!(0), "items[1].line"),
            ("/items/1/sku", json!(""), "items[1].sku"),
            ("/items/1/quantity", json!(0), "items[1].quantity"),
            ("/items/1/quantity", json!(-1), "items[1].quantity"),
            ("/items/1/quantity", json!(i64::MAX), "items[1].quantity"),
            ("/items/1/quantity", json!(1.5), "invalid type"),
        ];
        for (pointer, value, expected) in table {
            let mut document = good();
            *document.pointer_mut(pointer).expect("a field") = value;
            let why = parse(&document).expect_err("malformed");
            assert!(why.contains(expected), "{document}: {why}");
        }
        let mut document = good();
        document["colour"] = json!("red");
        assert!(parse(&document).is_err(), "an unknown field");
        for body in [&b""[..], b"{", b"[]", b"\xff"] {
            assert!(Document::parse(body).is_err());
        }
        let mut document = good();
        document["note"] = json!("Ring twice");
        document["ship_to"] = json!({"name": "Ada"});
        assert!(parse(&document).is_ok());
    }
}
