//! Events: what is published of every change. Their data types, their names, their JSON Schemas and the
//! CloudEvents 1.0 envelope; and the compact form in which stores keep them.
//!
//! One command writes one row. A row holds the command's facts and the stock levels that it changed;
//! read back, each is an event with a number of its own. Numbers rise without gaps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::{
    ChangedListing, ChannelConnection, ConflictingOrder, DriftedListing, ReconciledChannel, RefusedShipment,
};
use crate::code::Rejection;
use crate::error::{Error, ErrorKind};
use crate::fulfillment::{ChangedFulfillment, FulfillmentState, RequestedItem, SkuQuantity, StockDrift};
use crate::ids::Name;
use crate::inventory::{HeldStock, Stock};
use crate::json::JsonWriter;
use crate::json_reader::{read_json, read_json_bytes};
use crate::order::{Allocated, ChangedOrder, OrderState, OrderedLine, PlacedOrder, Tracking};
use crate::time::rfc3339;

/// What stores keep of the events of one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// The number of the row's last event; the row's key.
    pub number: u64,
    /// The number of its first event.
    pub first_number: u64,
    /// When they happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// `{"facts":[{NAME:DATA},…],"stock":[[SKU,LOCATION,LEVEL,…],…]}`, the facts first.
    pub facts: String,
}

/// A stock level as an [`EventRow`] keeps it: SKU, location, on-hand, unavailable, safety stock, held,
/// allocated, backordered, backorder limit.
pub(crate) type StockFact<T> = (T, T, i64, i64, i64, i64, i64, i64, i64);

#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn write_stock_fact(bytes: &mut Vec<u8>, sku: &str, location: &str, stock: &Stock) {
    let mut json = JsonWriter(bytes);
    json.sign(b'[');
    json.text(sku);
    json.sign(b',');
    json.text(location);
    json.more_numbers([
        stock.on_hand,
        stock.unavailable,
        stock.safety_stock,
        stock.held,
        stock.allocated,
        stock.backordered,
        stock.backorder_limit,
    ]);
    json.sign(b']');
}

#[derive(Deserialize)]
struct StoredFacts {
    facts: Vec<EventData>,
    #[serde(default)]
    stock: Vec<StockFact<Name>>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What happened.
    pub data: EventData,
}

macro_rules! events {
    ($($name:literal $variant:ident($type:ty) $subject:ident $about:literal)*) => {
        /// What happened. The serialized form is `{NAME: DATA}`.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum EventData {
            $(#[doc = $about] #[serde(rename = $name)] $variant($type),)*
        }

        /// The kinds of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum EventKind {
            $(#[doc = $about] $variant,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$variant),*];

            /// The name without prefix and version, such as `order.allocated`.
            pub fn name(self) -> &'static str {
                match self { $(EventKind::$variant => $name),* }
            }

            /// One sentence on when it happens.
            pub fn about(self) -> &'static str {
                match self { $(EventKind::$variant => $about),* }
            }

            /// The CloudEvents type, such as `stockroom.order.allocated.v1`.
            pub fn cloud_type(self) -> String {
                format!("stockroom.{}.v1", self.name())
            }

            /// The JSON Schema of the event's data.
            pub fn schema(self) -> serde_json::Value {
                match self { $(EventKind::$variant => schemars::schema_for!($type).to_value()),* }
            }
        }

        impl EventData {
            /// The kind of event.
            pub fn kind(&self) -> EventKind {
                match self { $(EventData::$variant(_) => EventKind::$variant),* }
            }

            /// What the event is about: an order, a hold, a SKU, a location, a channel, a fulfillment order or a
            /// destination.
            pub fn subject(&self) -> &str {
                match self { $(EventData::$variant(data) => &data.$subject),* }
            }

            /// The data as JSON text; empty where it cannot be written, which none of ours does.
            fn to_json(&self) -> Vec<u8> {
                match self {
                    $(EventData::$variant(data) => serde_json::to_vec(data).unwrap_or_default()),*
                }
            }
        }
    };
}

events! {
    "sku.registered" SkuRegistered(RegisteredSku) sku "A SKU was registered."
    "location.registered" LocationRegistered(RegisteredLocation) location "A location was registered."
    "channel.registered" ChannelRegistered(RegisteredChannel) channel "A channel was registered or changed."
    "stock.changed" StockChanged(StockLevel) sku "The quantities of a SKU at a location changed."
    "stock.shortfall" StockShortfall(Shortfall) sku "Stock no longer covers the claims on it; more units are uncovered than before."
    "hold.placed" HoldPlaced(HeldStock) hold "Units were claimed until a time."
    "hold.extended" HoldExtended(HoldEnd) hold "A hold ends at another time."
    "hold.released" HoldReleased(HoldEnd) hold "A hold's units were given back."
    "hold.expired" HoldExpired(HoldEnd) hold "A hold's time passed and its units were given back."
    "hold.converted" HoldConverted(HoldConversion) hold "An order took over a hold."
    "order.allocated" OrderAllocated(PlacedOrder) order "An order was accepted; every unit is claimed from stock."
    "order.partly_allocated" OrderPartlyAllocated(PlacedOrder) order "An order was accepted; what was there is claimed, the rest is not promised."
    "order.backordered" OrderBackordered(PlacedOrder) order "An order was accepted; some units are promised beyond stock."
    "order.rejected" OrderRejected(RejectedOrder) order "An order was refused."
    "order.filled" OrderFilled(FilledOrder) order "Stock arrived for units of an order that waited for it."
    "order.edited" OrderEdited(EditedOrder) order "An order was changed before it was shipped."
    "order.cancelled" OrderCancelled(CancelledOrder) order "Units of an order were cancelled."
    "order.shipped" OrderShipped(ShippedOrder) order "Units of an order left."
    "order.returned" OrderReturned(ReturnedOrder) order "Shipped units of an order came back."
    "order.cancel_requested" OrderCancelRequested(ChangedOrder) order "An order is to be cancelled, as far as warehouses let go of it."
    "order.completed" OrderCompleted(ChangedOrder) order "An order was closed for good."
    "fulfillment.requested" FulfillmentRequested(RequestedFulfillment) fulfillment "A location was told to ship units of an order."
    "fulfillment.accepted" FulfillmentAccepted(ChangedFulfillment) fulfillment "A warehouse has a fulfillment order."
    "fulfillment.picking" FulfillmentPicking(ChangedFulfillment) fulfillment "A warehouse works on a fulfillment order."
    "fulfillment.shipped" FulfillmentShipped(ShippedFulfillment) fulfillment "Units of a fulfillment order left."
    "fulfillment.refused" FulfillmentRefused(ChangedFulfillment) fulfillment "A warehouse will not do a fulfillment order; its units wait to be reassigned or cancelled."
    "fulfillment.reassigned" FulfillmentReassigned(ReassignedFulfillment) fulfillment "The units of a refused fulfillment order were given to another location."
    "fulfillment.cancel_requested" FulfillmentCancelRequested(ChangedFulfillment) fulfillment "A warehouse is asked to give a fulfillment order up."
    "fulfillment.cancel_refused" FulfillmentCancelRefused(ChangedFulfillment) fulfillment "It was too late: the warehouse ships."
    "fulfillment.cancelled" FulfillmentCancelled(ChangedFulfillment) fulfillment "A fulfillment order was given up."
    "stock.drift" StockDrifted(StockDrift) sku "A warehouse has another number of units on hand than the books say."
    "channel.connected" ChannelConnected(ChannelConnection) channel "A channel was connected with its shop, or is kept in step otherwise."
    "channel.disconnected" ChannelDisconnected(ChannelConnection) channel "Nothing is sent to a channel's shop any more."
    "channel.reconciled" ChannelReconciled(ReconciledChannel) channel "All that a channel shows was read."
    "channel.order_conflict" ChannelOrderConflict(ConflictingOrder) order "An order changed at its shop in a way that cannot be followed any more."
    "channel.shipment_refused" ChannelShipmentRefused(RefusedShipment) order "A shop does not want to hear of a shipment."
    "listing.set" ListingSet(ChangedListing) sku "A SKU was listed on a channel, or is listed otherwise."
    "listing.removed" ListingRemoved(ChangedListing) sku "A listing was forgotten."
    "listing.refused" ListingRefused(ChangedListing) sku "A shop will not have a listing's quantity."
    "listing.gone" ListingGone(ChangedListing) sku "A shop does not have a listing any more."
    "listing.drift" ListingDrifted(DriftedListing) sku "A shop shows a quantity that we did not send and that nothing explains."
    "delivery.dead" DeliveryDead(DeadDelivery) destination "A delivery was given up and waits for an operator."
    "delivery.requeued" DeliveryRequeued(DeadDelivery) destination "A dead letter is tried again."
    "delivery.dropped" DeliveryDropped(DeadDelivery) destination "A dead letter was dropped."
}

impl EventKind {
    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        EventKind::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// A SKU that was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisteredSku {
    /// The SKU.
    pub sku: Name,
    /// A bundle's components; empty for a plain SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<crate::inventory::BundleComponent>,
}

/// A location that was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisteredLocation {
    /// The location.
    pub location: Name,
}

/// A channel as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisteredChannel {
    /// The channel.
    pub channel: Name,
    /// The locations that serve it, best first.
    pub locations: Vec<Name>,
    /// How locations are chosen.
    pub sourcing: crate::channel::Sourcing,
}

/// The quantities of a SKU at a location, after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLevel {
    /// The SKU.
    pub sku: Name,
    /// Where.
    pub location: Name,
    /// Units physically present.
    pub on_hand: i64,
    /// On-hand units that may not be sold.
    pub unavailable: i64,
    /// Units withheld from sale.
    pub safety_stock: i64,
    /// Units claimed by live holds.
    pub held: i64,
    /// Units claimed by orders, backordered ones among them.
    pub allocated: i64,
    /// Units promised beyond stock.
    pub backordered: i64,
    /// How many units may be promised beyond stock.
    pub backorder_limit: i64,
    /// Available-to-promise: on-hand − unavailable − safety stock − held − allocated.
    pub available: i64,
}

impl StockLevel {
    /// The level of a stock row.
    pub fn new(sku: Name, location: Name, stock: &Stock) -> Self {
        StockLevel {
            sku,
            location,
            on_hand: stock.on_hand,
            unavailable: stock.unavailable,
            safety_stock: stock.safety_stock,
            held: stock.held,
            allocated: stock.allocated,
            backordered: stock.backordered,
            backorder_limit: stock.backorder_limit,
            available: stock.available(),
        }
    }

    fn from_fact(fact: StockFact<Name>) -> Self {
        let (sku, location, on_hand, unavailable, safety_stock, held, allocated, backordered, backorder_limit) = fact;
        let stock = Stock {
            on_hand,
            unavailable,
            safety_stock,
            held,
            allocated,
            backordered,
            backorder_limit,
            last_claim: crate::ids::OrderNumber(0),
        };
        StockLevel::new(sku, location, &stock)
    }
}

/// Claims that stock no longer covers. The newest claims are touched first: holds, then orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortfall {
    /// The SKU.
    pub sku: Name,
    /// Where.
    pub location: Name,
    /// Claimed units that are not covered.
    pub shortfall: i64,
    /// The holds that it touches, newest first.
    pub holds: Vec<TouchedHold>,
    /// The orders that it touches, newest claim first; at most 1,000 are listed.
    pub orders: Vec<TouchedOrder>,
}

/// A hold whose units are not all covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedHold {
    /// The hold's id.
    pub hold: Name,
    /// Units not covered.
    pub units: i64,
}

/// An order whose units are not all covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedOrder {
    /// The order's id.
    pub order: Name,
    /// Units not covered.
    pub units: i64,
}

/// When a hold ends, or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldEnd {
    /// The hold's id.
    pub hold: String,
    /// The time until which it lives, or would have.
    pub expires_at_ms: i64,
}

/// An order that took over a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldConversion {
    /// The hold's id.
    pub hold: String,
    /// The order's id.
    pub order: Name,
}

/// What a location was told to ship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestedFulfillment {
    /// The fulfillment order's name.
    pub fulfillment: String,
    /// The order's id.
    pub order: Name,
    /// The location.
    pub location: Name,
    /// What to pick; a bundle as its components.
    pub items: Vec<RequestedItem>,
}

/// A refused fulfillment order whose units went elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReassignedFulfillment {
    /// The refused fulfillment order's name.
    pub fulfillment: String,
    /// The order's id.
    pub order: Name,
    /// The location that refused.
    pub from: Name,
    /// The location that has the units now.
    pub to: Name,
}

/// What a warehouse shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippedFulfillment {
    /// The fulfillment order's name.
    pub fulfillment: String,
    /// The order's id.
    pub order: Name,
    /// The location.
    pub location: Name,
    /// Its state now.
    pub state: FulfillmentState,
    /// The warehouse's name for the shipment.
    pub shipment: String,
    /// What left.
    pub items: Vec<SkuQuantity>,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

/// A delivery that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadDelivery {
    /// Where it was to go.
    pub destination: Name,
    /// Its number there.
    pub number: u64,
    /// Its ordering key.
    pub key: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub why: String,
}

/// An order that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectedOrder {
    /// The order's id.
    pub order: Name,
    /// The channel named in it.
    pub channel: String,
    /// Why.
    pub rejection: Rejection,
}

/// Units of an order that waited and are now claimed from stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilledOrder {
    /// The order's id.
    pub order: Name,
    /// Its state now.
    pub state: OrderState,
    /// The line's number, from 1.
    pub line: u32,
    /// Where.
    pub location: Name,
    /// Units of the line's SKU.
    pub quantity: i64,
}

/// An order after an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditedOrder {
    /// The order's id.
    pub order: Name,
    /// Its state now.
    pub state: OrderState,
    /// The value of the units ordered and not cancelled.
    pub value_minor: i64,
    /// Its lines now.
    pub lines: Vec<OrderedLine>,
    /// What is claimed where now.
    pub allocations: Vec<Allocated>,
}

/// Units of an order that were cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelledOrder {
    /// The order's id.
    pub order: Name,
    /// Its state now.
    pub state: OrderState,
    /// Units by line.
    pub lines: Vec<crate::order::LineQuantity>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Units of an order that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippedOrder {
    /// The order's id.
    pub order: Name,
    /// The channel that it came from.
    pub channel: Name,
    /// Its state now.
    pub state: OrderState,
    /// Which units.
    pub lines: Vec<ShippedUnits>,
    /// How it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

/// Units of one line that left one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippedUnits {
    /// The line's number, from 1.
    pub line: u32,
    /// The SKU.
    pub sku: Name,
    /// From where.
    pub location: Name,
    /// Units of the SKU.
    pub quantity: i64,
}

/// Shipped units of an order that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnedOrder {
    /// The order's id.
    pub order: Name,
    /// Its state now.
    pub state: OrderState,
    /// Which units, and what became of them.
    pub lines: Vec<crate::order::ReturnLine>,
}

impl EventRow {
    /// The row's events, in order.
    pub fn events(&self) -> Result<Vec<Event>, Error> {
        let stored: StoredFacts = read_json(&self.facts).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "event.read", format!("event {} is unreadable", self.number))
                .with_source(error)
        })?;
        let stock = stored.stock.into_iter().map(|fact| EventData::StockChanged(StockLevel::from_fact(fact)));
        let events = stored.facts.into_iter().chain(stock).zip(self.first_number..);
        Ok(events.map(|(data, number)| Event { number, at_ms: self.at_ms, data }).collect())
    }
}

impl Event {
    /// The event as a CloudEvents 1.0 document in JSON. `source` says which system speaks, as a URI
    /// reference such as `/shops/berlin`; with `id`, the event's number, it is unique.
    ///
    /// `sequence` is the CloudEvents extension of that name: the number with leading zeros, so that it
    /// sorts as text.
    pub fn to_cloud_event(&self, source: &str) -> serde_json::Value {
        // By way of text, which every type has code for already; straight to a value each would have it twice.
        let data: serde_json::Value = read_json_bytes(&self.data.to_json()).unwrap_or_default();
        serde_json::json!({
            "specversion": "1.0",
            "id": self.number.to_string(),
            "source": source,
            "type": self.data.kind().cloud_type(),
            "subject": self.data.subject(),
            "time": rfc3339(self.at_ms),
            "datacontenttype": "application/json",
            "sequence": format!("{:020}", self.number),
            "data": data,
        })
    }
}
