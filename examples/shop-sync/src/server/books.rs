//! The shop's books as they are read: what it really shows, sold and was asked, told without any fault. Plain values
//! that are copied out; nothing here changes anything.

use std::collections::BTreeMap;

use serde::Serialize;

use super::faults::Fault;

/// The books at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// Every item by its SKU.
    pub items: BTreeMap<String, ItemBook>,
    /// Every order by its number in the shop's ids.
    pub orders: BTreeMap<i64, OrderBook>,
    /// What was counted.
    pub counts: Counts,
}

/// An item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ItemBook {
    /// Its id, as the API says it.
    pub item: String,
    /// What it shows; absent where it is not stocked at the location.
    pub available: Option<i64>,
    /// Units in orders that have not left.
    pub committed: i64,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderBook {
    /// Its id, as the API says it.
    pub order: String,
    /// Units by SKU, as the order stands now.
    pub units: BTreeMap<String, i64>,
    /// Units that the shop was told have left.
    pub fulfilled: i64,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests with a right token, by what they asked for.
    pub requests: BTreeMap<&'static str, u64>,
    /// Requests whose token was not right.
    pub denied: u64,
    /// Requests that were told to wait.
    pub throttled: u64,
    /// Quantities that the API set.
    pub quantities_set: u64,
    /// Quantities that were not set because the shop showed something else than was said.
    pub stale_compares: u64,
    /// Answers that were given again to a key that had one.
    pub replayed: u64,
    /// Requests that carried a key of another request.
    pub mismatched: u64,
    /// Quantities that a person changed.
    pub edits: u64,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Webhooks.
    pub webhooks: WebhookCounts,
}

/// What was counted of webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebhookCounts {
    /// Webhooks that there was reason for, duplicates not counted.
    pub made: u64,
    /// Webhooks that the host accepted, duplicates not counted.
    pub delivered: u64,
    /// Webhooks that were never sent.
    pub dropped: u64,
    /// Webhooks that were given up after too many attempts.
    pub given_up: u64,
    /// Webhooks that were accepted twice.
    pub duplicated: u64,
    /// Requests to the host, repeated and duplicate ones counted.
    pub attempts: u64,
}

impl Counts {
    /// Requests of all kinds.
    pub fn requests_total(&self) -> u64 {
        self.requests.values().sum()
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
