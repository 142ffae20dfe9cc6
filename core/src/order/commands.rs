//! What can be asked of the order module, as plain documents. Nothing here is trusted: every field is
//! judged when the command is decided, and every fault is reported.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Fault;
use crate::ids::Name;
use crate::json::JsonWriter;
use crate::json_reader::listed;
use crate::order::{OrderState, ShipTo, Tracking, Why};

/// An order to place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The host's id, 1 to 64 bytes. Without an idempotency key the id serves as one.
    pub id: String,
    /// The channel that it comes from.
    pub channel: String,
    /// ISO 4217 code.
    pub currency: String,
    /// What is ordered, 1 to 10,000 lines.
    pub lines: Vec<NewLine>,
    /// How shortages are met.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: StockPolicy,
    /// Locations to serve it from, best first, in place of the channel's own order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranking: Option<Vec<String>>,
    /// A hold whose units the order takes over. What the order does not need of it is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// Totals to be checked against the lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// Where to ship to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ShipTo>,
    /// The customer's note, at most 2,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The host's own pairs, at most 50; names at most 64 bytes, values at most 2,000.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// What the host's own rules found wrong. The engine fills this in before it decides, so that the
    /// verdict is part of the command and a replay needs no rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_faults: Vec<Fault>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One line to order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    /// The SKU.
    pub sku: String,
    /// Units, 1 to 1,000,000,000.
    pub quantity: i64,
    /// Price of one unit in minor units, from 0.
    pub unit_price_minor: i64,
}

/// Totals that the host computed, to be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// The sum of quantity × price over the lines.
    pub lines_minor: i64,
    /// Shipping, from 0.
    #[serde(default)]
    pub shipping_minor: i64,
    /// Tax on top of the prices, from 0.
    #[serde(default)]
    pub tax_minor: i64,
    /// What is taken off, from 0.
    #[serde(default)]
    pub discount_minor: i64,
    /// Lines + shipping + tax − discount.
    pub total_minor: i64,
}

/// How an order meets a shortage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// Every unit from stock, or no order.
    #[default]
    AllOrNothing,
    /// What is there; at least one unit.
    Partial,
    /// What is there, and the rest promised beyond stock within the backorder limits.
    Backorder,
}

/// Changes to an order before it is shipped. All of them or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditOrder {
    /// The order's id.
    pub order: String,
    /// New quantities of existing lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineQuantity>,
    /// Lines to add.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<NewLine>,
    /// A new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ShipTo>,
    /// A new note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A quantity of one line. What it means is said where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// The line's number, from 1.
    pub line: u32,
    /// Units of the line's SKU.
    pub quantity: i64,
}

/// Cancels what has not been shipped of an order, or some units of some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// The order's id.
    pub order: String,
    /// Units to cancel by line; absent for all that has not been shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineQuantity>>,
    /// Why, at most 2,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Says that units of an order have left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipOrder {
    /// The order's id.
    pub order: String,
    /// Units by line; absent for all that is allocated and not backordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineQuantity>>,
    /// Only what is allocated at this location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

/// Says that shipped units of an order came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnOrder {
    /// The order's id.
    pub order: String,
    /// What came back.
    pub lines: Vec<ReturnLine>,
}

/// Units of one line that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// The line's number, from 1.
    pub line: u32,
    /// Units, at most those shipped and not yet returned.
    pub quantity: i64,
    /// What becomes of them.
    pub disposition: Disposition,
    /// Where they came back to; absent for where the line was shipped from first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What becomes of returned units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// They are on hand and can be sold again.
    Restock,
    /// They are on hand but unavailable.
    Damaged,
    /// They never arrived; stock does not change.
    Lost,
}

/// Closes a shipped or cancelled order for good: no returns after this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteOrder {
    /// The order's id.
    pub order: String,
}

/// An accepted order, as the answer and the event tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "PlacedOrder")]
pub struct PlacedOrder {
    /// The order's id.
    pub order: Name,
    /// The order's number.
    pub number: u64,
    /// The channel that it came from.
    pub channel: Name,
    /// ISO 4217 code.
    pub currency: String,
    /// `allocated`, `partly_allocated` or `backordered`.
    pub state: OrderState,
    /// The sum of quantity × price over the lines.
    pub value_minor: i64,
    /// The lines in the order's order.
    pub lines: Vec<OrderedLine>,
    /// What is claimed where.
    pub allocations: Vec<Allocated>,
}

/// One line of an accepted order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "OrderedLine")]
pub struct OrderedLine {
    /// The SKU.
    pub sku: Name,
    /// Units ordered.
    pub quantity: i64,
    /// Price of one unit in minor units.
    pub unit_price_minor: i64,
}

/// Units of one line claimed at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "Allocated")]
pub struct Allocated {
    /// The line's number, from 1.
    pub line: u32,
    /// Where.
    pub location: Name,
    /// Units claimed from stock.
    pub quantity: i64,
    /// Why this location.
    pub why: Why,
    /// Units promised beyond stock.
    #[serde(default, skip_serializing_if = "is_default")]
    pub backordered: i64,
}

/// An order after it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedOrder {
    /// The order's id.
    pub order: Name,
    /// Its state after the change.
    pub state: OrderState,
    /// Units that the change was about: cancelled, shipped or returned; 0 for an edit.
    pub units: i64,
}

listed!(PlacedOrder OrderedLine Allocated);

impl PlacedOrder {
    /// Appends the order as its event row keeps it: arrays of the fields in their order. Reading takes this
    /// form and the published one. Fields may only be added at the end, with a default.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn write_fact(&self, bytes: &mut Vec<u8>) {
        let PlacedOrder { order, number, channel, currency, state, value_minor, lines, allocations } = self;
        let mut json = JsonWriter(bytes);
        json.sign(b'[');
        json.text(order);
        json.sign(b',');
        json.number(*number);
        for text in [channel, currency.as_str(), state.name()] {
            json.sign(b',');
            json.text(text);
        }
        json.more_numbers([*value_minor]);
        json.sign(b',');
        json.array(lines, |json, line| {
            json.sign(b'[');
            json.text(&line.sku);
            json.more_numbers([line.quantity, line.unit_price_minor]);
            json.sign(b']');
        });
        json.sign(b',');
        json.array(allocations, |json, allocation| {
            json.sign(b'[');
            json.number(allocation.line);
            json.sign(b',');
            json.text(&allocation.location);
            json.more_numbers([allocation.quantity]);
            json.raw(",\"");
            json.raw(allocation.why.name());
            json.raw("\"");
            if allocation.backordered != 0 {
                json.more_numbers([allocation.backordered]);
            }
            json.sign(b']');
        });
        json.sign(b']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placed_order_is_read_from_its_fact_and_from_its_document() {
        let allocated = |backordered| Allocated {
            line: 1,
            location: "main".into(),
            quantity: 2,
            why: Why::FewestSplits,
            backordered,
        };
        let placed = PlacedOrder {
            order: "o-\"1\"".into(),
            number: 12,
            channel: "web".into(),
            currency: "EUR".into(),
            state: OrderState::Backordered,
            value_minor: 5000,
            lines: vec![OrderedLine { sku: "mug".into(), quantity: 4, unit_price_minor: 1250 }],
            allocations: vec![allocated(0), allocated(2)],
        };
        let mut fact = Vec::new();
        placed.write_fact(&mut fact);
        assert_eq!(serde_json::from_slice::<PlacedOrder>(&fact).unwrap(), placed);
        let document = serde_json::to_vec(&placed).unwrap();
        assert_eq!(serde_json::from_slice::<PlacedOrder>(&document).unwrap(), placed);
    }
}
