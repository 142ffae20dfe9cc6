//! The rows that the order module owns: an order with its lines and its allocations in one row, because
//! they are decided, written and read together. Data and the arithmetic of one order; no decisions.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber, StockNumber};
use crate::inventory::{Component, Fingerprint, are_sound, takes};
use crate::json::JsonWriter;
use crate::money::{add_line, is_price};
use crate::order::{PlacedOrder, StockPolicy};
use crate::quantity::is_level;

/// A placed order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number, from 1 in the order of placing.
    pub number: OrderNumber,
    /// The host's id.
    pub id: Name,
    /// The channel that it came from.
    pub channel: Name,
    /// ISO 4217 code.
    pub currency: String,
    /// How far it has come.
    pub state: OrderState,
    /// When it was placed, in milliseconds since the Unix epoch.
    pub placed_at_ms: i64,
    /// Since when nothing of it is open.
    pub closed_at_ms: Option<i64>,
    /// Tells a repeated command from another with the same id.
    pub fingerprint: Fingerprint,
    /// The rest, which stores keep as one document.
    #[serde(flatten)]
    pub body: OrderBody,
}

/// What an order consists of; one JSON document in stores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBody {
    /// What was ordered. Empty once the order's details were pruned.
    pub lines: Vec<Line>,
    /// What is claimed or was shipped, and where.
    pub allocations: Vec<Allocation>,
    /// This order's places in the claim chains of the stock rows that it claimed.
    pub links: Vec<Link>,
    /// How shortages are met.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: StockPolicy,
    /// Locations to try first, best first, as the host ranked them; empty for the channel's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranking: Vec<LocationNumber>,
    /// Address, note and metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Details>>,
    /// What left, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
    /// The answer that placing the order got, written down when the order first changes and the answer
    /// can no longer be told from the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Box<PlacedOrder>>,
    /// Whether the details were pruned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pruned: bool,
    /// How many fulfillment orders there were for it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fulfillments: u32,
    /// How many of them are open.
    #[serde(default, skip_serializing_if = "is_default")]
    pub open_fulfillments: u32,
    /// Whether it is to be cancelled as far as warehouses let go of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancel_requested: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Every unit is claimed from stock.
    Allocated,
    /// Some units are claimed, the others are not promised.
    PartlyAllocated,
    /// Some units are promised beyond stock.
    Backordered,
    /// A warehouse works on it.
    InFulfillment,
    /// Some units left, others are still claimed.
    PartlyShipped,
    /// All that was to leave has left.
    Shipped,
    /// The host closed it for good.
    Completed,
    /// Nothing of it left or will leave.
    Cancelled,
}

impl OrderState {
    const ALL: [OrderState; 8] = [
        OrderState::Allocated,
        OrderState::PartlyAllocated,
        OrderState::Backordered,
        OrderState::InFulfillment,
        OrderState::PartlyShipped,
        OrderState::Shipped,
        OrderState::Completed,
        OrderState::Cancelled,
    ];

    /// The name as stores and events keep it.
    pub fn name(self) -> &'static str {
        match self {
            OrderState::Allocated => "allocated",
            OrderState::PartlyAllocated => "partly_allocated",
            OrderState::Backordered => "backordered",
            OrderState::InFulfillment => "in_fulfillment",
            OrderState::PartlyShipped => "partly_shipped",
            OrderState::Shipped => "shipped",
            OrderState::Completed => "completed",
            OrderState::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing of the order is open: no claim stands, none will.
    pub fn is_closed(self) -> bool {
        matches!(self, OrderState::Shipped | OrderState::Completed | OrderState::Cancelled)
    }
}

/// One line of an order.
///
/// Always: quantity = unfilled + cancelled + the open, backordered and shipped units of its allocations.
///
/// Stored as a JSON array of the fields in their order, without the defaults at its end: most lines are
/// `[sku_number, sku, quantity, unit_price_minor]`. Fields may only be added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "LineFields")]
pub struct Line {
    /// The SKU's number.
    pub sku_number: SkuNumber,
    /// The SKU.
    pub sku: Name,
    /// Units ordered.
    pub quantity: i64,
    /// Price of one unit in minor units.
    pub unit_price_minor: i64,
    /// Units that were not promised (partial orders).
    pub unfilled: i64,
    /// Units cancelled.
    pub cancelled: i64,
    /// Units that came back, of those shipped.
    pub returned: i64,
    /// What a bundle expanded into when the order was placed; empty for a plain SKU.
    pub components: Arc<[Component]>,
}

/// The array that a line is stored as.
#[derive(Deserialize)]
struct LineFields(
    SkuNumber,
    Name,
    i64,
    i64,
    #[serde(default)] i64,
    #[serde(default)] i64,
    #[serde(default)] i64,
    #[serde(default)] Arc<[Component]>,
);

impl From<LineFields> for Line {
    fn from(fields: LineFields) -> Self {
        let LineFields(sku_number, sku, quantity, unit_price_minor, unfilled, cancelled, returned, components) = fields;
        Line { sku_number, sku, quantity, unit_price_minor, unfilled, cancelled, returned, components }
    }
}

impl Line {
    /// What one unit of the line takes from stock.
    pub fn takes(&self) -> impl Iterator<Item = (SkuNumber, i64)> + Clone + '_ {
        takes(self.sku_number, &self.components)
    }
}

/// Units of one line at one location.
///
/// Stored as a JSON array of the fields in their order, without the zeros at its end: most allocations are
/// `[line, location, open, why]`. Fields may only be added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "AllocationFields")]
pub struct Allocation {
    /// Index of the line.
    pub line: u32,
    /// Where.
    pub location: LocationNumber,
    /// Units claimed from stock and not yet shipped.
    pub open: i64,
    /// Why this location was chosen.
    pub why: Why,
    /// Units that left.
    pub shipped: i64,
    /// Units promised beyond stock, which wait for it.
    pub backordered: i64,
    /// The event that promised the backordered units: their place in the queue. 0 where none wait.
    pub since: u64,
}

/// The array that an allocation is stored as.
#[derive(Deserialize)]
struct AllocationFields(
    u32,
    LocationNumber,
    i64,
    Why,
    #[serde(default)] i64,
    #[serde(default)] i64,
    #[serde(default)] u64,
);

impl From<AllocationFields> for Allocation {
    fn from(fields: AllocationFields) -> Self {
        let AllocationFields(line, location, open, why, shipped, backordered, since) = fields;
        Allocation { line, location, open, why, shipped, backordered, since }
    }
}

impl OrderBody {
    /// Appends the body as the JSON document that stores keep: what serde would write, several times faster
    /// for an order that was just placed.
    pub fn write_json(&self, bytes: &mut Vec<u8>) {
        let OrderBody { lines, allocations, links, policy, ranking, details, shipments, placed, pruned, .. } = self;
        let plain = *policy == StockPolicy::default()
            && ranking.is_empty()
            && details.is_none()
            && shipments.is_empty()
            && placed.is_none()
            && !pruned
            && self.fulfillments == 0
            && !self.cancel_requested;
        let new_line =
            |line: &Line| line.components.is_empty() && line.unfilled == 0 && line.cancelled == 0 && line.returned == 0;
        let new_allocation = |allocation: &Allocation| allocation.shipped == 0 && allocation.backordered == 0;
        if !(plain && lines.iter().all(new_line) && allocations.iter().all(new_allocation)) {
            // Writing to memory fails only where a type's serialization does, and none of these can.
            let start = bytes.len();
            if serde_json::to_writer(&mut *bytes, self).is_err() {
                bytes.truncate(start);
            }
            return;
        }
        let mut json = JsonWriter(bytes);
        json.raw("{\"lines\":");
        json.array(lines, |json, line| {
            json.sign(b'[');
            json.number(line.sku_number.0);
            json.sign(b',');
            json.text(&line.sku);
            json.more_numbers([line.quantity, line.unit_price_minor]);
            json.sign(b']');
        });
        json.raw(",\"allocations\":");
        json.array(allocations, |json, allocation| {
            json.sign(b'[');
            json.number(allocation.line);
            json.more_numbers([allocation.location.as_i64(), allocation.open]);
            json.raw(",\"");
            json.raw(allocation.why.name());
            json.raw("\"]");
        });
        json.raw(",\"links\":");
        json.array(links, |json, link| {
            json.sign(b'[');
            json.number(link.stock.0);
            json.sign(b',');
            json.number(link.previous.0);
            json.sign(b']');
        });
        json.sign(b'}');
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_seq(None)?;
        fields.serialize_element(&self.sku_number)?;
        fields.serialize_element(&self.sku)?;
        fields.serialize_element(&self.quantity)?;
        fields.serialize_element(&self.unit_price_minor)?;
        let bundle = !self.components.is_empty();
        if bundle || self.unfilled != 0 || self.cancelled != 0 || self.returned != 0 {
            fields.serialize_element(&self.unfilled)?;
            fields.serialize_element(&self.cancelled)?;
            fields.serialize_element(&self.returned)?;
        }
        if bundle {
            fields.serialize_element(&self.components)?;
        }
        fields.end()
    }
}

impl Serialize for Allocation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_seq(None)?;
        fields.serialize_element(&self.line)?;
        fields.serialize_element(&self.location)?;
        fields.serialize_element(&self.open)?;
        fields.serialize_element(self.why.name())?;
        if self.shipped != 0 || self.backordered != 0 {
            fields.serialize_element(&self.shipped)?;
        }
        if self.backordered != 0 {
            fields.serialize_element(&self.backordered)?;
            fields.serialize_element(&self.since)?;
        }
        fields.end()
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.stock, self.previous).serialize(serializer)
    }
}

/// Why a location was chosen for an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It comes first in the channel's order of those that had the units.
    Priority,
    /// It is one of the fewest locations that together serve the order.
    FewestSplits,
    /// It comes first in the ranking that the host gave with the order.
    Ranking,
    /// The units were held there.
    Hold,
    /// No location had the units; this one may promise beyond stock.
    Backorder,
    /// Another location refused to ship them.
    Reassigned,
}

impl Why {
    /// The name as stores and events keep it.
    pub fn name(self) -> &'static str {
        match self {
            Why::Priority => "priority",
            Why::FewestSplits => "fewest_splits",
            Why::Ranking => "ranking",
            Why::Hold => "hold",
            Why::Backorder => "backorder",
            Why::Reassigned => "reassigned",
        }
    }
}

/// A place in the claim chain of a stock row. The chain leads from the row's `last_claim` through the
/// orders that claimed it, newest first, so that "who claims this?" needs no index. An order that claims a
/// row again after it had let go of it gets a second link; the newest is the last in the list.
///
/// Stored as the JSON array `[stock, previous]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "(StockNumber, OrderNumber)")]
pub struct Link {
    /// The stock row.
    pub stock: StockNumber,
    /// The order that claimed it before this one; 0 for none.
    pub previous: OrderNumber,
}

impl From<(StockNumber, OrderNumber)> for Link {
    fn from((stock, previous): (StockNumber, OrderNumber)) -> Self {
        Link { stock, previous }
    }
}

/// Address, note and metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Where to ship to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<ShipTo>,
    /// The customer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The host's own pairs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A postal address. No field is required; each is at most 2,000 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipTo {
    /// The recipient.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Street, house, floor: one entry a line, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// City.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// State, province or county.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Postal code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code by custom; not checked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// Telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

/// What left in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
    /// Which units.
    pub lines: Vec<ShippedLine>,
}

/// How a shipment can be followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracking {
    /// Who carries it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub carrier: String,
    /// The carrier's number for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// Where it can be looked up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// Units of one line that left one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedLine {
    /// Index of the line.
    pub line: u32,
    /// From where.
    pub location: LocationNumber,
    /// Units of the line's SKU.
    pub quantity: i64,
}

impl Order {
    /// The order's claims, as (stock row, claimed units, of these backordered); a row may come more than once.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn claims(&self) -> impl Iterator<Item = (StockNumber, i64, i64)> + '_ {
        self.body.allocations.iter().filter(|a| a.open + a.backordered > 0).flat_map(move |allocation| {
            self.body.lines.get(allocation.line as usize).into_iter().flat_map(move |line| {
                line.takes().map(move |(sku, per)| {
                    let stock = StockNumber::of(sku, allocation.location);
                    (stock, per * (allocation.open + allocation.backordered), per * allocation.backordered)
                })
            })
        })
    }

    /// Whether the order's parts fit together and its quantities are in range, as those of every order that was
    /// not damaged do.
    pub fn is_sound(&self) -> bool {
        let OrderBody { lines, allocations, shipments, .. } = &self.body;
        let line = |line: &Line| {
            let quantities = [line.quantity, line.unfilled, line.cancelled, line.returned];
            quantities.into_iter().all(is_level) && is_price(line.unit_price_minor) && are_sound(&line.components)
        };
        let allocation = |allocation: &Allocation| {
            let quantities = [allocation.open, allocation.backordered, allocation.shipped];
            (allocation.line as usize) < lines.len() && quantities.into_iter().all(is_level)
        };
        let shipped = |shipped: &ShippedLine| (shipped.line as usize) < lines.len() && is_level(shipped.quantity);
        let value = |sum, line: &Line| add_line(sum, line.quantity - line.cancelled, line.unit_price_minor);
        lines.iter().all(line)
            && allocations.iter().all(allocation)
            && shipments.iter().flat_map(|shipment| &shipment.lines).all(shipped)
            && lines.iter().try_fold(0, value).is_some()
    }

    /// The units of one stock row that the order claims, and how many of these are backordered.
    pub fn claims_on(&self, stock: StockNumber) -> (i64, i64) {
        self.claims()
            .filter(|(number, ..)| *number == stock)
            .fold((0, 0), |(all, back), (_, claimed, backordered)| (all + claimed, back + backordered))
    }

    /// The next order in the claim chain of a stock row, when this one is met for the n-th time (from 0).
    pub fn previous_claim(&self, stock: StockNumber, visit: usize) -> Option<OrderNumber> {
        let mut links = self.body.links.iter().rev().filter(|link| link.stock == stock);
        links.nth(visit).map(|link| link.previous)
    }

    /// Units claimed or waiting.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn open_units(&self) -> i64 {
        self.body.allocations.iter().map(|a| a.open + a.backordered).sum()
    }

    /// The value of the units ordered and not cancelled, in minor units.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn value_minor(&self) -> i64 {
        self.body.lines.iter().map(|line| (line.quantity - line.cancelled) * line.unit_price_minor).sum()
    }
}

/// Follows a stock row's claim chain from order to order, for stores that supply it and rules that read it.
#[derive(Debug)]
pub struct ChainReader {
    stock: StockNumber,
    next: OrderNumber,
    visits: rustc_hash::FxHashMap<OrderNumber, usize>,
}

impl ChainReader {
    /// The chain of a row from an order on; 0 for an empty one.
    pub fn new(stock: StockNumber, from: OrderNumber) -> Self {
        ChainReader { stock, next: from, visits: rustc_hash::FxHashMap::default() }
    }

    /// The order to read next, or `None` at the chain's end.
    #[allow(clippy::should_implement_trait)] // It does not move on by itself.
    pub fn next(&self) -> Option<OrderNumber> {
        (self.next.0 != 0).then_some(self.next)
    }

    /// Takes in the order that [`ChainReader::next`] named and moves on. Returns whether it is met for the
    /// first time.
    pub fn read(&mut self, order: &Order) -> bool {
        let visit = self.visits.entry(order.number).or_default();
        self.next = order.previous_claim(self.stock, *visit).unwrap_or_default();
        *visit += 1;
        *visit == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> OrderBody {
        let line = |sku: &str| Line {
            sku_number: SkuNumber(7),
            sku: sku.into(),
            quantity: 3,
            unit_price_minor: 1999,
            unfilled: 0,
            cancelled: 0,
            returned: 0,
            components: Arc::default(),
        };
        let allocation = |line| Allocation {
            line,
            location: LocationNumber(2),
            open: 3,
            why: Why::Priority,
            shipped: 0,
            backordered: 0,
            since: 0,
        };
        OrderBody {
            lines: vec![line("mug"), line("a \"b\" \\ ü")],
            allocations: vec![allocation(0), allocation(1)],
            links: vec![Link { stock: StockNumber(458_754), previous: OrderNumber(0) }],
            ..OrderBody::default()
        }
    }

    #[test]
    fn bodies_are_written_as_serde_would_and_read_back() {
        let changes: &[fn(&mut OrderBody)] = &[
            |_| {},
            |body| body.lines.clear(),
            |body| body.lines[0].returned = 1,
            |body| body.lines.iter_mut().for_each(|line| line.returned = 1),
            |body| body.lines.iter_mut().for_each(|line| line.unfilled = 1),
            |body| body.lines.iter_mut().for_each(|line| line.cancelled = 1),
            |body| body.allocations.iter_mut().for_each(|allocation| allocation.shipped = 2),
            |body| body.allocations.iter_mut().for_each(|allocation| allocation.backordered = 2),
            |body| body.cancel_requested = true,
            |body| body.fulfillments = 1,
            |body| {
                let component = Component { sku_number: SkuNumber(1), sku: "x".into(), quantity: 2 };
                body.lines[1].components = vec![component].into();
            },
            |body| body.allocations[1].shipped = 2,
            |body| (body.allocations[1].backordered, body.allocations[1].since) = (2, 9),
            |body| body.policy = StockPolicy::Backorder,
            |body| body.pruned = true,
            |body| body.details = Some(Box::new(Details { note: Some("n".into()), ..Details::default() })),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut body = body();
            change(&mut body);
            let mut written = Vec::new();
            body.write_json(&mut written);
            assert_eq!(written, serde_json::to_vec(&body).unwrap(), "change {index}");
            assert_eq!(serde_json::from_slice::<OrderBody>(&written).unwrap(), body, "change {index}");
        }
    }
}
