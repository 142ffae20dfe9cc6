//! What a batch changed, in the form in which stores take it.

use std::sync::Arc;

use crate::channel::Channel;
use crate::engine::records::{Record, RecordKey};
use crate::inventory::{Backorder, Hold, Location, Movement, Sku, StockRow};
use crate::order::Order;
use crate::outbox::{EventRow, KeyRow, Subscription};

/// A change of the queue of waiting order lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackorderChange {
    /// A line waits from now on.
    Waits(Backorder),
    /// It waits no longer.
    Done(Backorder),
}

/// A change of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionChange {
    /// It is new, or its cursor moved.
    Put(Subscription),
    /// It was closed.
    Closed(String),
}

/// Rows that pruning forgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forget {
    /// All event rows up to and with this number.
    EventsThrough(u64),
    /// These idempotency keys.
    Keys(Vec<String>),
}

/// A record that is new, changed or gone.
#[derive(Clone, Debug)]
pub struct RecordChange {
    /// Its key.
    pub key: RecordKey,
    /// Whether the store has none with this key.
    pub new: bool,
    /// The record as it is now; `None` where it is gone.
    pub record: Option<Arc<Record>>,
    /// The record as the store has it, where that is known: what did not change need not be written again.
    pub stored: Option<Arc<Record>>,
}

/// An order to insert, on the condition that its id is free.
#[derive(Clone, Debug)]
pub struct NewOrderRow {
    /// The order.
    pub order: Arc<Order>,
    /// Whether the key [`ORDER_KEY_PREFIX`](crate::outbox::ORDER_KEY_PREFIX) + id must be free as well: the
    /// order was placed under its own id, and may have been refused under it before.
    pub keyed_by_id: bool,
}

/// An idempotency key to insert, on the condition that it is free.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The row.
    pub row: KeyRow,
    /// The id of an order that must not exist: it was refused on the ground that it does not.
    pub refused_order: Option<String>,
}

/// What a batch changed, as a store writes it: all of it or none. It stands on its own, so that a store can
/// write it on another thread while the next batch is decided.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// New SKUs.
    pub skus: Vec<Arc<Sku>>,
    /// New locations.
    pub locations: Vec<Location>,
    /// New or changed channels.
    pub channels: Vec<Arc<Channel>>,
    /// New stock rows, in rising order.
    pub new_stock: Vec<StockRow>,
    /// Changed stock rows, in rising order.
    pub stock: Vec<StockRow>,
    /// New orders, in rising order.
    pub new_orders: Vec<NewOrderRow>,
    /// Changed orders.
    pub changed_orders: Vec<Arc<Order>>,
    /// New or changed holds.
    pub holds: Vec<Arc<Hold>>,
    /// Holds that are gone.
    pub gone_holds: Vec<Arc<Hold>>,
    /// Order lines that wait, or wait no longer; in order.
    pub backorders: Vec<BackorderChange>,
    /// New movements, in rising order.
    pub movements: Vec<Movement>,
    /// New event rows, in rising order.
    pub events: Vec<EventRow>,
    /// New idempotency keys.
    pub keys: Vec<NewKey>,
    /// Subscriptions; in order.
    pub subscriptions: Vec<SubscriptionChange>,
    /// What pruning forgets.
    pub forget: Vec<Forget>,
    /// Records, in the order of their keys; each key once.
    pub records: Vec<RecordChange>,
}
