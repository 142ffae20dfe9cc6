//! The rows that the inventory module owns. Data and the arithmetic of one row; no decisions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber, StockNumber};
use crate::planted::planted;
use crate::quantity::{LEVEL_MAX, is_level};

/// A registered SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// Its number.
    pub number: SkuNumber,
    /// The host's name for it.
    pub sku: Name,
    /// What a bundle expands into; empty for a SKU that is stocked itself.
    #[serde(default, skip_serializing_if = "<[Component]>::is_empty")]
    pub components: Arc<[Component]>,
}

/// How many units of a SKU one unit of a bundle takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// The component's number.
    pub sku_number: SkuNumber,
    /// The component's name.
    pub sku: Name,
    /// Units of it in one bundle.
    pub quantity: i64,
}

/// A registered location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its number.
    pub number: LocationNumber,
    /// The host's name for it.
    pub location: Name,
}

/// The quantities of one SKU at one location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// Units physically present. Never below 0.
    pub on_hand: i64,
    /// On-hand units that may not be sold (damaged, quality control).
    pub unavailable: i64,
    /// Units withheld from sale.
    pub safety_stock: i64,
    /// Units claimed by live holds.
    pub held: i64,
    /// Units claimed by placed orders, backordered ones among them.
    pub allocated: i64,
    /// The part of `allocated` that was promised beyond stock and waits for it.
    pub backordered: i64,
    /// How many units may be promised beyond stock.
    pub backorder_limit: i64,
    /// The order that claimed here last: the head of the chain that `order::Link` continues. 0 for none.
    pub last_claim: OrderNumber,
}

impl Stock {
    /// Whether all quantities are the same; the claim chain is no quantity.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn same_level(&self, other: &Stock) -> bool {
        Stock { last_claim: other.last_claim, ..*self } == *other
    }

    /// Whether every quantity is in the range in which the engine keeps it, as it is of every row that was not
    /// damaged.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn is_sound(&self) -> bool {
        let Stock { on_hand, unavailable, safety_stock, held, allocated, backordered, backorder_limit, .. } = *self;
        let quantities = [on_hand, unavailable, safety_stock, held, allocated, backordered, backorder_limit];
        quantities.iter().all(|quantity| (0..=LEVEL_MAX).contains(quantity))
    }

    /// Units that may be sold, claimed or not: on-hand − unavailable − safety stock.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn sellable(&self) -> i64 {
        self.on_hand - self.unavailable - if planted!(SafetyIgnored) { 0 } else { self.safety_stock }
    }

    /// Available-to-promise: what is sellable and not claimed. Below 0 where units are backordered or short.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn available(&self) -> i64 {
        self.sellable() - self.held - self.allocated
    }

    /// How many units more can be promised when backorders are allowed.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn room(&self) -> i64 {
        self.available() + self.backorder_limit
    }

    /// Units free to fill waiting backorders with.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn fillable(&self) -> i64 {
        self.sellable() - self.held - (self.allocated - self.backordered)
    }

    /// Claimed units (holds, and orders' other than backordered) that the stock present does not cover.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn shortfall(&self) -> i64 {
        (self.held + self.allocated - self.backordered - (self.on_hand - self.unavailable)).max(0)
    }
}

/// A stock row with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRow {
    /// Which SKU and location.
    pub number: StockNumber,
    /// The quantities.
    #[serde(flatten)]
    pub stock: Stock,
}

/// A live hold: a temporary claim that expires. Released, converted and expired holds have no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The number of the event that placed it, unique among holds.
    pub number: u64,
    /// The host's id.
    pub id: String,
    /// The channel that asked.
    pub channel: Name,
    /// When it ends, unless extended.
    pub expires_at_ms: i64,
    /// Tells a repeated command from another with the same id.
    pub fingerprint: Fingerprint,
    /// What was asked for.
    pub lines: Vec<HoldLine>,
    /// What is claimed where.
    pub claims: Vec<HoldClaim>,
}

impl Hold {
    /// The units that the hold claims, by stock row; a row may come more than once.
    pub fn claimed(&self) -> impl Iterator<Item = (StockNumber, i64)> + '_ {
        self.claims.iter().flat_map(move |claim| {
            self.lines.get(claim.line as usize).into_iter().flat_map(move |line| {
                takes(line.sku_number, &line.components)
                    .map(move |(sku, per)| (StockNumber::of(sku, claim.location), per * claim.quantity))
            })
        })
    }

    /// Whether the hold's parts fit together and its quantities are in range, as those of every hold that was
    /// not damaged do.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn is_sound(&self) -> bool {
        let line = |line: &HoldLine| is_level(line.quantity) && are_sound(&line.components);
        let claim = |claim: &HoldClaim| (claim.line as usize) < self.lines.len() && is_level(claim.quantity);
        self.lines.iter().all(line) && self.claims.iter().all(claim)
    }

    /// The units of one stock row that the hold claims.
    pub fn claimed_on(&self, stock: StockNumber) -> i64 {
        self.claimed().filter(|(number, _)| *number == stock).map(|(_, quantity)| quantity).sum()
    }
}

/// One line of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLine {
    /// The SKU's number.
    pub sku_number: SkuNumber,
    /// The SKU.
    pub sku: Name,
    /// Units asked for.
    pub quantity: i64,
    /// What a bundle expanded into when the hold was placed; empty for a plain SKU.
    #[serde(default, skip_serializing_if = "<[Component]>::is_empty")]
    pub components: Arc<[Component]>,
}

/// Units of a hold's line claimed at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldClaim {
    /// Index into the hold's lines.
    pub line: u32,
    /// Where.
    pub location: LocationNumber,
    /// Units of the line's SKU.
    pub quantity: i64,
}

/// One immutable change of on-hand, with its reason. The ledger is all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Numbered from 1 without gaps.
    pub number: u64,
    /// Which SKU and location.
    pub stock: StockNumber,
    /// Units that came (above 0) or went (below 0).
    pub quantity: i64,
    /// Why.
    pub reason: Reason,
    /// The order, delivery note or other paper it belongs to; may be empty.
    pub reference: Name,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// Why a quantity moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Goods came in.
    Received,
    /// Goods came back from a customer.
    Returned,
    /// Somebody corrected the level by a difference.
    Adjusted,
    /// Goods were lost, stolen or destroyed.
    Lost,
    /// A count found another level.
    Counted,
    /// Goods went to another location or came from one.
    Transferred,
    /// Goods left for a customer.
    Shipped,
}

impl Reason {
    /// The name as stores and events keep it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Received => "received",
            Reason::Returned => "returned",
            Reason::Adjusted => "adjusted",
            Reason::Lost => "lost",
            Reason::Counted => "counted",
            Reason::Transferred => "transferred",
            Reason::Shipped => "shipped",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        use Reason::{Adjusted, Counted, Lost, Received, Returned, Shipped, Transferred};
        [Received, Returned, Adjusted, Lost, Counted, Transferred, Shipped].into_iter().find(|r| r.name() == name)
    }
}

/// One order line that waits for stock at one row, first come first served. The units that wait stand in
/// the order's allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Backorder {
    /// The stock row waited for.
    pub stock: StockNumber,
    /// The event that promised the units: the place in the queue.
    pub since: u64,
    /// Who waits.
    pub order: OrderNumber,
    /// Index of the order's line.
    pub line: u32,
}

/// The first 16 bytes of a SHA-256 over a command's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 16]);

/// Whether components take quantities that can be registered.
pub(crate) fn are_sound(components: &[Component]) -> bool {
    components.iter().all(|component| is_level(component.quantity) && component.quantity > 0)
}

/// What one unit of a line takes: the SKU itself, or a bundle's components.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn takes(sku: SkuNumber, components: &[Component]) -> impl Iterator<Item = (SkuNumber, i64)> + Clone + '_ {
    let plain = if components.is_empty() { Some((sku, 1)) } else { None };
    plain.into_iter().chain(components.iter().map(|component| (component.sku_number, component.quantity)))
}
