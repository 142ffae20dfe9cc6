//! What can be asked of the inventory module, as plain documents. Nothing here is trusted: every field is
//! judged when the command is decided, and every fault is reported.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Name;
use crate::inventory::Reason;

/// Registers a SKU. Registering it again with the same content changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterSku {
    /// The SKU, 1 to 128 bytes.
    pub sku: String,
    /// What a bundle expands into, 1 to 100 components that are not bundles; absent for a plain SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<BundleComponent>>,
}

/// How many units of a SKU one bundle takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleComponent {
    /// The SKU.
    pub sku: String,
    /// Units in one bundle, 1 to 1,000.
    pub quantity: i64,
}

/// Registers a location. Registering it again changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterLocation {
    /// The location, 1 to 64 bytes.
    pub location: String,
}

/// Says that goods came in. Fills waiting backorders, first come first served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveStock {
    /// Where.
    pub location: String,
    /// What, 1 to 10,000 lines.
    pub lines: Vec<StockLine>,
    /// From whom.
    #[serde(default, skip_serializing_if = "is_default")]
    pub source: Source,
    /// The delivery note or other paper, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where goods came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A supplier or a producer.
    #[default]
    Supply,
    /// A customer, for an order that the engine does not know. (For one that it knows: return the order.)
    Customer,
}

/// Units of one SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLine {
    /// The SKU.
    pub sku: String,
    /// Units, 1 to 1,000,000,000.
    pub quantity: i64,
}

/// Corrects on-hand by a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// The SKU.
    pub sku: String,
    /// Where.
    pub location: String,
    /// Units to add (above 0) or take away (below 0), at most 1,000,000,000 either way.
    pub difference: i64,
    /// Whether units that go were lost (stolen, destroyed) rather than booked wrong.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lost: bool,
    /// The paper it belongs to, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Sets on-hand to what a count found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountStock {
    /// The SKU.
    pub sku: String,
    /// Where.
    pub location: String,
    /// Units found, from 0.
    pub counted: i64,
    /// On-hand as the counter saw it when the count began. What moved since is added to the count, so that
    /// sales during a count are not undone. Absent: nothing moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<i64>,
    /// The paper it belongs to, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Moves unclaimed units from one location to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferStock {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// What, 1 to 10,000 lines.
    pub lines: Vec<StockLine>,
    /// The paper it belongs to, at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Sets how a SKU may be sold at a location. Absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStockPolicy {
    /// The SKU.
    pub sku: String,
    /// Where.
    pub location: String,
    /// Units withheld from sale, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_stock: Option<i64>,
    /// Units that may be promised beyond stock, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backorder_limit: Option<i64>,
    /// On-hand units that may not be sold, from 0 to on-hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<i64>,
}

/// Claims units for a cart or a checkout until a time. All of them or none, and only from stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceHold {
    /// The host's id, 1 to 64 bytes. While the hold lives, the same command again gets the same answer.
    pub hold: String,
    /// The channel that asks.
    pub channel: String,
    /// What, 1 to 10,000 lines.
    pub lines: Vec<StockLine>,
    /// How long it lives, in milliseconds from now, at most 400 days.
    pub lives_ms: i64,
    /// Locations to claim at, best first, in place of the channel's own order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranking: Option<Vec<String>>,
}

/// Lets a live hold end at another time, counted from now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendHold {
    /// The hold's id.
    pub hold: String,
    /// How long it lives from now, in milliseconds, at most 400 days.
    pub lives_ms: i64,
}

/// Gives a hold's units back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseHold {
    /// The hold's id.
    pub hold: String,
}

/// Ends holds whose time has passed, at most `limit` of them (1 to 10,000).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The most holds to end in this step.
    pub limit: u32,
}

impl Default for Tick {
    fn default() -> Self {
        Tick { limit: 1000 }
    }
}

/// A hold, as the answer and the events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldStock {
    /// The hold's id.
    pub hold: String,
    /// The channel that asked.
    pub channel: Name,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// What is claimed where.
    pub claims: Vec<HeldUnits>,
}

/// Units of one SKU held at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldUnits {
    /// The SKU.
    pub sku: Name,
    /// Where.
    pub location: Name,
    /// Units.
    pub quantity: i64,
}

/// What a tick did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticked {
    /// How many holds ended.
    pub expired: u32,
    /// Whether the limit was reached, so that more may be due.
    pub more: bool,
}

/// What a correction, a count or a delivery changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedStock {
    /// Units that came, less units that went, over all lines.
    pub difference: i64,
    /// Units by which claims pass the stock present, over all rows touched.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shortfall: i64,
    /// Why on-hand changed.
    pub reason: Reason,
}
