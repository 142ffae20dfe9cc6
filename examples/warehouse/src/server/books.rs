//! The warehouse's books as they are read: what it has really taken, shipped and been asked, told without any fault.
//! Plain values that are copied out; nothing here changes anything.

use std::collections::BTreeMap;

use serde::Serialize;

use super::faults::{Fault, Request};

/// The books at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// Every fulfillment that was taken, by the shop's name for it.
    pub fulfillments: BTreeMap<String, FulfillmentBook>,
    /// Units on hand by SKU. Below zero where more was shipped than there was: this warehouse does not look.
    pub on_hand: BTreeMap<String, i64>,
    /// Requests by kind.
    pub requests: BTreeMap<Request, u64>,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// What the shop was told.
    pub callbacks: CallbackCounts,
}

/// What was taken for one fulfillment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FulfillmentBook {
    /// Its orders in the order of their making. More than one is a double.
    pub orders: Vec<OrderRecord>,
}

/// An order in the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRecord {
    /// The warehouse's name for it: `WH-<n>`.
    pub id: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was ordered, by SKU.
    pub items: Vec<SkuQuantity>,
    /// Units that have left: none, or all.
    pub units_shipped: i64,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// It is in the books.
    Accepted,
    /// Somebody is collecting its items.
    Picking,
    /// It has left.
    Shipped,
    /// It was given up as asked.
    Cancelled,
}

/// Units of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkuQuantity {
    /// The SKU.
    pub sku: String,
    /// Units.
    pub quantity: i64,
}

/// What the shop was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallbackCounts {
    /// Callbacks that there was reason for, duplicates not counted.
    pub made: u64,
    /// Callbacks that the shop accepted, duplicates not counted.
    pub delivered: u64,
    /// Callbacks that were given up after too many attempts.
    pub given_up: u64,
    /// Requests to the shop, repeated and duplicate ones counted.
    pub attempts: u64,
}

impl FulfillmentBook {
    /// Orders made for it.
    pub fn orders_created(&self) -> u64 {
        self.orders.len() as u64
    }

    /// Whether more than one order was made for it.
    pub fn is_doubled(&self) -> bool {
        self.orders.len() > 1
    }

    /// Units that have left, over all its orders.
    pub fn units_shipped(&self) -> i64 {
        self.orders.iter().map(|order| order.units_shipped).sum()
    }
}

impl OrderRecord {
    /// Units ordered.
    pub fn units(&self) -> i64 {
        self.items.iter().map(|item| item.quantity).sum()
    }
}

impl Books {
    /// The fulfillments that more than one order was made for.
    pub fn doubled(&self) -> impl Iterator<Item = (&str, &FulfillmentBook)> {
        self.fulfillments.iter().filter(|(_, book)| book.is_doubled()).map(|(name, book)| (name.as_str(), book))
    }

    /// Orders made, doubles counted.
    pub fn orders_created(&self) -> u64 {
        self.fulfillments.values().map(FulfillmentBook::orders_created).sum()
    }

    /// Units that have left.
    pub fn units_shipped(&self) -> i64 {
        self.fulfillments.values().map(FulfillmentBook::units_shipped).sum()
    }

    /// Requests of a kind.
    pub fn requests_of(&self, request: Request) -> u64 {
        self.requests.get(&request).copied().unwrap_or_default()
    }

    /// Faults of a kind.
    pub fn faults_of(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or_default()
    }

    /// Faults of all kinds.
    pub fn faults_total(&self) -> u64 {
        self.faults.values().sum()
    }
}
