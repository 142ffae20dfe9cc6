//! What can be asked of the fulfillment module, what it asks of warehouses, and what they say: plain documents.
//! Nothing that comes in is trusted: every field is judged when the command is decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fulfillment::{FulfillmentState, StockReports};
use crate::ids::{Name, read_name};
use crate::order::{ShipTo, Tracking};
use crate::outbox::MessageId;

/// Says that a warehouse runs a location, or changes how it is spoken to. From then on what is allocated there
/// is handed to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterWarehouse {
    /// The location.
    pub location: String,
    /// The registered destination that its deliveries go to.
    pub destination: String,
    /// What is done with stock that it reports.
    #[serde(default)]
    pub stock: StockReports,
    /// Whether every allocation has its stock checked.
    #[serde(default)]
    pub check_on_allocation: bool,
}

/// Reads the next events of orders and writes the fulfillment orders that they call for. The place in the events
/// is the subscription `fulfillment`, which moves in the same transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fulfill {
    /// Commands whose events are read at most, 1 to 1,000.
    pub limit: u32,
}

/// What a reaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fulfilled {
    /// Events dealt with.
    pub events: u64,
    /// Fulfillment orders written.
    pub requested: u64,
    /// Whether there are more events.
    pub more: bool,
}

/// Notes what a warehouse says of a fulfillment order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteFulfillment {
    /// The fulfillment order's name.
    pub fulfillment: String,
    /// What it says.
    pub status: WarehouseStatus,
    /// The message that it said it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// What a warehouse says of a fulfillment order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WarehouseStatus {
    /// It has it.
    Accepted,
    /// It works on it.
    Picking,
    /// It will not do it, or not the rest of it.
    Refused {
        /// Why, for people.
        why: String,
    },
    /// It gave it up, as asked or by itself.
    Cancelled,
}

/// Notes that a warehouse has shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteShipment {
    /// The fulfillment order's name.
    pub fulfillment: String,
    /// The warehouse's name for the shipment, 1 to 128 bytes: noted once.
    pub shipment: String,
    /// Units by SKU; absent for all that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<SkuQuantity>>,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
    /// The message that it was said in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// Units of a SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkuQuantity {
    /// The SKU.
    pub sku: String,
    /// Units.
    pub quantity: i64,
}

/// Gives the units of a fulfillment order that was refused, or given up, to another location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignFulfillment {
    /// The name of the fulfillment order that was refused or given up.
    pub fulfillment: String,
    /// Where to; absent for the first location of the order's channel that has all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// Notes what a warehouse has, from a feed or a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteWarehouseStock {
    /// The location.
    pub location: String,
    /// What it has.
    pub stock: WarehouseStock,
    /// The message that it was said in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// What a warehouse has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseStock {
    /// When it was so, by the warehouse's clock, in milliseconds since the Unix epoch.
    pub taken_at_ms: i64,
    /// Units physically present by SKU, at most 10,000 SKUs.
    pub levels: Vec<SkuLevel>,
}

/// Units of a SKU that are physically present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkuLevel {
    /// The SKU.
    pub sku: String,
    /// Units.
    pub on_hand: i64,
}

/// How a warehouse's stock compares with ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedStock {
    /// SKUs that agree.
    pub agree: u64,
    /// SKUs that differ.
    pub drifts: Vec<StockDrift>,
    /// SKUs that cannot be judged yet: they moved since, or a shipment of them is on its way to us.
    pub unsettled: u64,
    /// SKUs that are not registered.
    pub unknown: Vec<String>,
}

/// A difference between a warehouse's stock and ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockDrift {
    /// The SKU.
    pub sku: Name,
    /// Where.
    pub location: Name,
    /// Units that we had on hand.
    pub on_hand: i64,
    /// Units that the warehouse says it has.
    pub reported: i64,
    /// Whether the difference was booked.
    pub counted_in: bool,
}

/// What a warehouse is asked to ship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FulfillmentRequest {
    /// The fulfillment order's name; the key that makes the request effectively once.
    pub fulfillment: String,
    /// The order's id.
    #[serde(deserialize_with = "read_name")]
    pub order: Name,
    /// The location.
    #[serde(deserialize_with = "read_name")]
    pub location: Name,
    /// The channel that the order came from.
    #[serde(deserialize_with = "read_name")]
    pub channel: Name,
    /// When the order was placed, in milliseconds since the Unix epoch.
    pub placed_at_ms: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Where to ship to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ShipTo>,
    /// The customer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What to ship.
    pub items: Vec<RequestedItem>,
}

/// Units of a SKU that a warehouse is asked to ship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestedItem {
    /// The number of the order's line that it is for, from 1.
    pub line: u32,
    /// The SKU.
    #[serde(deserialize_with = "read_name")]
    pub sku: Name,
    /// Units.
    pub quantity: i64,
}

/// What a warehouse is asked to give up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelRequest {
    /// The fulfillment order's name.
    pub fulfillment: String,
    /// The warehouse's name for it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What a warehouse is asked about its stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockCheck {
    /// The location.
    pub location: Name,
    /// The SKUs.
    pub skus: Vec<Name>,
}

/// A fulfillment order as answers and events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedFulfillment {
    /// Its name.
    pub fulfillment: String,
    /// The order's id.
    pub order: Name,
    /// The location.
    pub location: Name,
    /// Its state now.
    pub state: FulfillmentState,
    /// The warehouse's name for it, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}
