//! What a batch changed, in the form in which stores take it.

use std::sync::Arc;

use crate::channel::Channel;
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

/// An order to insert, on the condition that its id is free.
#[derive(Clone, Copy, Debug)]
pub struct NewOrderRow<'w> {
    /// The order, shared so that a store can write it on another thread.
    pub order: &'w Arc<Order>,
    /// Whether the key [`ORDER_KEY_PREFIX`](crate::outbox::ORDER_KEY_PREFIX) + id must be free as well: the
    /// order was placed under its own id, and may have been refused under it before.
    pub keyed_by_id: bool,
}

/// An idempotency key to insert, on the condition that it is free.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'w> {
    /// The row.
    pub row: &'w KeyRow,
    /// The id of an order that must not exist: it was refused on the ground that it does not.
    pub refused_order: Option<&'w str>,
}

/// What a batch changed, as a store writes it: all of it or none.
#[derive(Debug, Default)]
pub struct Changes<'w> {
    /// New SKUs.
    pub skus: Vec<&'w Sku>,
    /// New locations.
    pub locations: Vec<&'w Location>,
    /// New or changed channels.
    pub channels: Vec<&'w Channel>,
    /// New stock rows, in rising order.
    pub new_stock: Vec<StockRow>,
    /// Changed stock rows, in rising order.
    pub stock: Vec<StockRow>,
    /// New orders, in rising order.
    pub new_orders: Vec<NewOrderRow<'w>>,
    /// Changed orders.
    pub changed_orders: Vec<&'w Order>,
    /// New or changed holds.
    pub holds: Vec<&'w Hold>,
    /// Holds that are gone.
    pub gone_holds: Vec<&'w Hold>,
    /// Order lines that wait, or wait no longer; in order.
    pub backorders: &'w [BackorderChange],
    /// New movements, in rising order.
    pub movements: &'w [Movement],
    /// New event rows, in rising order.
    pub events: &'w [EventRow],
    /// New idempotency keys.
    pub keys: Vec<NewKey<'w>>,
    /// Subscriptions; in order.
    pub subscriptions: &'w [SubscriptionChange],
    /// What pruning forgets.
    pub forget: &'w [Forget],
}
