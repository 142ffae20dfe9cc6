//! Rows as hosts read them: names in place of numbers, every field named, nothing that only the engine needs.
//! Made of rows and of the names that their numbers stand for; it reads nothing itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use stockroom::channel::{ChannelSettings, Listing, ListingState};
use stockroom::engine::Verification;
use stockroom::fulfillment::{FulfillmentOrder, fulfillment_id};
use stockroom::inventory::{Component, Hold, Sku};
use stockroom::order::Order;
use stockroom::outbox::{Delivery, Subscription};
use stockroom::{
    BundleComponent, ChannelPolicy, DeliveryBody, DeliveryState, Event, FulfillmentState, LocationNumber, Name,
    OrderState, ShipTo, StockPolicy, Tracking, Why,
};

/// The names of locations by their numbers.
pub(crate) type Locations = BTreeMap<LocationNumber, Name>;

fn name_of(locations: &Locations, number: LocationNumber) -> Name {
    locations.get(&number).cloned().unwrap_or_default()
}

/// A SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SkuDocument {
    /// Its number, from 1 in the order of registration: where to read on after.
    pub number: u64,
    /// The SKU.
    pub sku: Name,
    /// What a bundle expands into; empty for a SKU that is stocked itself.
    pub components: Vec<BundleComponent>,
}

impl From<Sku> for SkuDocument {
    fn from(row: Sku) -> Self {
        SkuDocument { number: row.number.0, sku: row.sku, components: components(&row.components) }
    }
}

fn components(rows: &[Component]) -> Vec<BundleComponent> {
    rows.iter().map(|row| BundleComponent { sku: row.sku.to_string(), quantity: row.quantity }).collect()
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrderDocument {
    /// The host's id.
    pub order: Name,
    /// Its number, from 1 in the order of placing: where to read on after.
    pub number: u64,
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
    /// How shortages are met.
    pub policy: StockPolicy,
    /// The value of the units ordered and not cancelled, in minor units.
    pub value_minor: i64,
    /// What was ordered. Empty once the order's details were pruned.
    pub lines: Vec<LineDocument>,
    /// What is claimed or was shipped, and where.
    pub allocations: Vec<AllocationDocument>,
    /// What left, in order.
    pub shipments: Vec<ShipmentDocument>,
    /// Where to ship to.
    pub ship_to: Option<ShipTo>,
    /// The customer's note.
    pub note: Option<String>,
    /// The host's own pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether it is to be cancelled as far as warehouses let go of it.
    pub cancel_requested: bool,
    /// Whether its details were pruned.
    pub pruned: bool,
}

/// One line of an order. Its index in the list, from 0, is what allocations and shipments name.
///
/// Always: quantity = unfilled + cancelled + the open, backordered and shipped units of its allocations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineDocument {
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
    pub components: Vec<BundleComponent>,
}

/// Units of one line at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AllocationDocument {
    /// Index of the line, from 0.
    pub line: u32,
    /// Where.
    pub location: Name,
    /// Units claimed from stock and not yet shipped.
    pub open: i64,
    /// Units that left.
    pub shipped: i64,
    /// Units promised beyond stock, which wait for it.
    pub backordered: i64,
    /// Why this location was chosen.
    pub why: Why,
}

/// What left in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShipmentDocument {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How it can be followed.
    pub tracking: Option<Tracking>,
    /// Which units.
    pub lines: Vec<UnitsDocument>,
}

/// Units of one line at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitsDocument {
    /// Index of the line, from 0.
    pub line: u32,
    /// Where.
    pub location: Name,
    /// Units of the line's SKU.
    pub quantity: i64,
}

impl OrderDocument {
    /// The locations that an order names.
    pub(crate) fn locations(order: &Order) -> impl Iterator<Item = LocationNumber> + '_ {
        let shipped = order.body.shipments.iter().flat_map(|shipment| shipment.lines.iter().map(|line| line.location));
        order.body.allocations.iter().map(|allocation| allocation.location).chain(shipped)
    }

    pub(crate) fn new(order: Order, locations: &Locations) -> Self {
        let value_minor = order.value_minor();
        let body = order.body;
        let details = body.details.map(|details| *details).unwrap_or_default();
        let lines = body.lines.into_iter().map(|line| LineDocument {
            sku: line.sku,
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
            unfilled: line.unfilled,
            cancelled: line.cancelled,
            returned: line.returned,
            components: components(&line.components),
        });
        let allocations = body.allocations.into_iter().map(|row| AllocationDocument {
            line: row.line,
            location: name_of(locations, row.location),
            open: row.open,
            shipped: row.shipped,
            backordered: row.backordered,
            why: row.why,
        });
        let shipments = body.shipments.into_iter().map(|shipment| ShipmentDocument {
            at_ms: shipment.at_ms,
            tracking: shipment.tracking,
            lines: shipment
                .lines
                .into_iter()
                .map(|row| UnitsDocument {
                    line: row.line,
                    location: name_of(locations, row.location),
                    quantity: row.quantity,
                })
                .collect(),
        });
        OrderDocument {
            order: order.id,
            number: order.number.0,
            channel: order.channel,
            currency: order.currency,
            state: order.state,
            placed_at_ms: order.placed_at_ms,
            closed_at_ms: order.closed_at_ms,
            policy: body.policy,
            value_minor,
            lines: lines.collect(),
            allocations: allocations.collect(),
            shipments: shipments.collect(),
            ship_to: details.ship_to,
            note: details.note,
            metadata: details.metadata,
            cancel_requested: body.cancel_requested,
            pruned: body.pruned,
        }
    }
}

/// A live hold. It may have expired and wait for a tick: compare its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HoldDocument {
    /// The host's id.
    pub hold: String,
    /// The channel that asked.
    pub channel: Name,
    /// When it ends, unless extended, in milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// What was asked for.
    pub lines: Vec<HeldLineDocument>,
    /// What is claimed where.
    pub claims: Vec<UnitsDocument>,
}

/// One line of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeldLineDocument {
    /// The SKU.
    pub sku: Name,
    /// Units asked for.
    pub quantity: i64,
    /// What a bundle expanded into when the hold was placed; empty for a plain SKU.
    pub components: Vec<BundleComponent>,
}

impl HoldDocument {
    pub(crate) fn locations(hold: &Hold) -> impl Iterator<Item = LocationNumber> + '_ {
        hold.claims.iter().map(|claim| claim.location)
    }

    pub(crate) fn new(hold: Hold, locations: &Locations) -> Self {
        let line = |line: stockroom::inventory::HoldLine| HeldLineDocument {
            components: components(&line.components),
            sku: line.sku,
            quantity: line.quantity,
        };
        let claim = |claim: stockroom::inventory::HoldClaim| UnitsDocument {
            line: claim.line,
            location: name_of(locations, claim.location),
            quantity: claim.quantity,
        };
        HoldDocument {
            hold: hold.id,
            channel: hold.channel,
            expires_at_ms: hold.expires_at_ms,
            lines: hold.lines.into_iter().map(line).collect(),
            claims: hold.claims.into_iter().map(claim).collect(),
        }
    }
}

/// A subscription's place in the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubscriptionDocument {
    /// Its name.
    pub subscription: String,
    /// The number of the last event dealt with.
    pub cursor: u64,
}

impl From<Subscription> for SubscriptionDocument {
    fn from(row: Subscription) -> Self {
        SubscriptionDocument { subscription: row.subscription, cursor: row.cursor }
    }
}

/// An event, as a CloudEvents 1.0 document. What `data` holds is told by `type`: docs/events.md lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventDocument {
    /// `1.0`.
    pub specversion: String,
    /// The event's number, as a text.
    pub id: String,
    /// Which system speaks: what was asked for.
    pub source: String,
    /// The kind, such as `stockroom.order.allocated.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The order, hold, SKU, location, channel, fulfillment order or destination that it is about.
    pub subject: String,
    /// When it happened, as RFC 3339 has it.
    pub time: String,
    /// `application/json`.
    pub datacontenttype: String,
    /// The number with leading zeros, so that it sorts as text.
    pub sequence: String,
    /// What happened.
    pub data: serde_json::Value,
}

impl EventDocument {
    pub(crate) fn list(events: &[Event], source: &str) -> Vec<serde_json::Value> {
        events.iter().map(|event| event.to_cloud_event(source)).collect()
    }
}

/// The instruction to one location to ship units of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FulfillmentDocument {
    /// Its name, as the warehouse knows it.
    pub fulfillment: String,
    /// Where.
    pub location: Name,
    /// Where its deliveries go.
    pub destination: Name,
    /// How far it has come.
    pub state: FulfillmentState,
    /// Whether the warehouse was asked to give it up.
    pub cancelling: bool,
    /// The warehouse's own name for it.
    pub reference: Option<String>,
    /// Why it was refused; empty where it was not.
    pub why: String,
    /// What to pick.
    pub items: Vec<PickedDocument>,
    /// What left.
    pub shipments: Vec<WarehouseShipmentDocument>,
    /// When it was written, in milliseconds since the Unix epoch.
    pub requested_at_ms: i64,
}

/// Units of one SKU to pick. A bundle is picked as its components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PickedDocument {
    /// Index of the order's line, from 0.
    pub line: u32,
    /// The SKU to pick.
    pub sku: Name,
    /// Units of it to pick.
    pub quantity: i64,
    /// Units of it that left.
    pub shipped: i64,
}

/// What a warehouse shipped in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WarehouseShipmentDocument {
    /// The warehouse's name for it.
    pub shipment: String,
    /// When it was noted, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How it can be followed.
    pub tracking: Option<Tracking>,
}

impl FulfillmentDocument {
    pub(crate) fn new(order: &str, row: FulfillmentOrder, locations: &Locations) -> stockroom::Result<Self> {
        let item = |item: &stockroom::fulfillment::FulfillmentItem| PickedDocument {
            line: item.line,
            sku: item.sku.clone(),
            quantity: item.quantity,
            shipped: item.shipped,
        };
        let shipment = |shipment: stockroom::fulfillment::WarehouseShipment| WarehouseShipmentDocument {
            shipment: shipment.shipment,
            at_ms: shipment.at_ms,
            tracking: shipment.tracking,
        };
        let items = row.items()?.iter().map(item).collect();
        Ok(FulfillmentDocument {
            fulfillment: fulfillment_id(order, row.sequence),
            location: name_of(locations, row.location),
            destination: row.destination,
            state: row.state,
            cancelling: row.cancelling,
            reference: row.reference,
            why: row.why,
            items,
            shipments: row.shipments.into_iter().map(shipment).collect(),
            requested_at_ms: row.requested_at_ms,
        })
    }
}

/// A delivery that was given up and waits for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeadLetterDocument {
    /// Where it was to go.
    pub destination: Name,
    /// Its number there.
    pub number: u64,
    /// Deliveries behind it with the same key wait for it.
    pub key: String,
    /// `dead`.
    pub state: DeliveryState,
    /// How often it was taken.
    pub attempts: u32,
    /// How many attempts failed since it was written or requeued.
    pub failed: u32,
    /// Whether an attempt may have been carried out.
    pub doubt: bool,
    /// When it was written, in milliseconds since the Unix epoch.
    pub created_at_ms: i64,
    /// Why the last attempt failed.
    pub why: String,
    /// What was to be handed over.
    pub body: DeliveryBody,
}

impl From<Delivery> for DeadLetterDocument {
    fn from(row: Delivery) -> Self {
        DeadLetterDocument {
            destination: row.destination,
            number: row.number,
            key: row.key,
            state: row.state,
            attempts: row.attempts,
            failed: row.failed,
            doubt: row.doubt,
            created_at_ms: row.created_at_ms,
            why: row.why,
            body: row.body,
        }
    }
}

/// How a channel is kept in step with its shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChannelDocument {
    /// The channel.
    pub channel: Name,
    /// Where its deliveries go.
    pub destination: Name,
    /// Whether anything is sent to it.
    pub connected: bool,
    /// How it is kept in step.
    pub policy: ChannelPolicy,
    /// Whether all that it shows is being read.
    pub reconciling: bool,
    /// All orders that the shop changed up to this time were taken in, in milliseconds since the Unix epoch.
    pub orders_through_ms: i64,
}

impl From<ChannelSettings> for ChannelDocument {
    fn from(row: ChannelSettings) -> Self {
        ChannelDocument {
            channel: row.channel,
            destination: row.destination,
            connected: row.connected,
            policy: row.policy,
            reconciling: row.reconciliation.is_some(),
            orders_through_ms: row.orders_through_ms,
        }
    }
}

/// A SKU as one channel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListingDocument {
    /// The channel.
    pub channel: Name,
    /// The SKU.
    pub sku: Name,
    /// The shop's name for it.
    pub item: String,
    /// Units withheld from it, in place of the channel's.
    pub buffer: Option<i64>,
    /// The most units that it shows, in place of the channel's.
    pub cap: Option<i64>,
    /// Whether the shop has it.
    pub state: ListingState,
    /// Why it was refused; empty where it was not.
    pub why: String,
    /// What it should show.
    pub desired: i64,
    /// What is being sent.
    pub sent: Option<i64>,
    /// What it shows as far as the shop has told us.
    pub acknowledged: Option<i64>,
    /// What it was last seen to show.
    pub observed: Option<i64>,
    /// When, in milliseconds since the Unix epoch, by the shop's clock where it says.
    pub observed_at_ms: i64,
    /// How many units fewer it shows than we can explain; below 0, how many more.
    pub unexplained: i64,
}

impl From<Listing> for ListingDocument {
    fn from(row: Listing) -> Self {
        ListingDocument {
            channel: row.channel,
            sku: row.sku,
            item: row.item,
            buffer: row.buffer,
            cap: row.cap,
            state: row.state,
            why: row.why,
            desired: row.desired,
            sent: row.sent,
            acknowledged: row.acknowledged,
            observed: row.observed,
            observed_at_ms: row.observed_at_ms,
            unexplained: row.unexplained,
        }
    }
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerificationDocument {
    /// Whether everything holds.
    pub ok: bool,
    /// Stock rows read.
    pub stock_rows: u64,
    /// Movements read.
    pub movements: u64,
    /// Orders read.
    pub orders: u64,
    /// Live holds read.
    pub holds: u64,
    /// Events read.
    pub events: u64,
    /// What does not hold; at most 100 are listed.
    pub problems: Vec<ProblemDocument>,
    /// How many more problems there are.
    pub more_problems: u64,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProblemDocument {
    /// The invariant's name.
    pub invariant: String,
    /// What was found.
    pub detail: String,
}

impl From<Verification> for VerificationDocument {
    fn from(found: Verification) -> Self {
        let problem = |problem: stockroom::engine::Problem| ProblemDocument {
            invariant: problem.invariant.to_owned(),
            detail: problem.detail,
        };
        VerificationDocument {
            ok: found.is_ok(),
            stock_rows: found.stock_rows,
            movements: found.movements,
            orders: found.orders,
            holds: found.holds,
            events: found.events,
            problems: found.problems.into_iter().map(problem).collect(),
            more_problems: found.more_problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The envelope is the core's own; its schema stands here.
    #[test]
    fn an_event_has_the_fields_that_its_document_names() {
        let data =
            stockroom::EventData::LocationRegistered(stockroom::outbox::RegisteredLocation { location: "main".into() });
        let told = Event { number: 7, at_ms: 0, data }.to_cloud_event("/shop");
        let document = EventDocument {
            specversion: "1.0".into(),
            id: "7".into(),
            source: "/shop".into(),
            kind: "stockroom.location.registered.v1".into(),
            subject: "main".into(),
            time: "1970-01-01T00:00:00.000Z".into(),
            datacontenttype: "application/json".into(),
            sequence: "00000000000000000007".into(),
            data: serde_json::json!({ "location": "main" }),
        };
        assert_eq!(serde_json::to_value(document).unwrap(), told);
    }
}
