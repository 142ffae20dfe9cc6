//! The outbox: events, subscriptions, idempotency keys, deliveries with their leases and destinations, the inbox,
//! and the pruning of what is old. Owns those rows and writes no others.

mod commands;
mod deliveries;
mod delivery;
mod events;
mod inbox;
mod prune;
mod subscriptions;

pub use commands::{Acknowledge, Prune, PruneFrom, Pruned, Subscribe, SubscribeFrom, Unsubscribe};
pub(crate) use deliveries::{
    Ended, backoff_ms, drop_dead, enqueue, foresee_report, judge_destination, kept, patience, register_destination,
    remove, replace, report, requeue, take, untried, withdraw,
};
pub use delivery::{
    DELIVERY_NUMBER_MAX, Delivery, DeliveryAnswer, DeliveryBody, DeliveryResult, DeliveryState, Destination,
    DropDelivery, InboxMessage, LeasedDelivery, MessageId, Patience, RegisterDestination, ReportDelivery,
    RequeueDelivery, Retry, RetryCause, TakeDeliveries, TakenDeliveries,
};
pub(crate) use events::write_stock_fact;
pub use events::{
    CancelledOrder, DeadDelivery, EditedOrder, Event, EventData, EventKind, EventRow, FilledOrder, HoldConversion,
    HoldEnd, ReassignedFulfillment, RegisteredChannel, RegisteredLocation, RegisteredSku, RejectedOrder,
    RequestedFulfillment, ReturnedOrder, ShippedFulfillment, ShippedOrder, ShippedUnits, Shortfall, StockLevel,
    TouchedHold, TouchedOrder,
};
pub(crate) use inbox::{foresee as foresee_message, take_in};
pub(crate) use prune::prune;
pub(crate) use subscriptions::{acknowledge, put_place, subscribe, unsubscribe};

use serde::{Deserialize, Serialize};

use crate::engine::Outcome;
use crate::inventory::Fingerprint;

/// What the id of an order that is placed without a key stands behind in its key. No caller's key begins like
/// this, because those have no control characters.
pub const ORDER_KEY_PREFIX: &str = "order\t";

/// A reader's place in the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its name.
    pub subscription: String,
    /// The number of the last event dealt with.
    pub cursor: u64,
}

/// What an idempotency key was used for, and the answer it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// The key.
    pub key: String,
    /// Tells the same command from another.
    pub fingerprint: Fingerprint,
    /// When it was answered, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The answer.
    pub outcome: Outcome,
}
