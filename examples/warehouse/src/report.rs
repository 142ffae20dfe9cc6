//! What came of a run: the shop's database held against the warehouse's own books.

use std::fmt;

use retail::Result;
use serde::Serialize;
use stockroom::OrderState;
use stockroom::fulfillment::{FulfillmentState, fulfillment_id};
use stockroom_relay::RelayCounts;

use crate::server::Books;
use crate::shop::{Room, each_order};

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Orders that the shop accepted.
    pub orders_allocated: u64,
    /// Fulfillment orders of the shop's that the warehouse has.
    pub orders_at_warehouse: u64,
    /// Fulfillment orders that the warehouse took more than once.
    pub doubled: u64,
    /// Orders that the shop counts as handed over, or should have handed over, and the warehouse does not have.
    pub lost: u64,
    /// Attempts that the relay made in this run.
    pub attempts: u64,
    /// Attempts that began in doubt, so that the warehouse was asked first.
    pub looked_up: u64,
    /// Attempts to be repeated.
    pub retried: u64,
    /// Deliveries given up.
    pub dead: u64,
    /// Orders of which everything has left.
    pub shipped: u64,
    /// Units that have left by the shop's database.
    pub units_shipped: i64,
    /// Units that have left by the warehouse's books.
    pub units_shipped_by_warehouse: i64,
    /// Faults that the warehouse made.
    pub faults: u64,
    /// `ok`, or what does not hold in the shop's database.
    pub verify: String,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Report {
    /// Holds the shop's database against the warehouse's books.
    pub fn new(room: &Room, books: &Books, counts: RelayCounts, seconds: f64) -> Result<Self> {
        let failed = |error| retail::Failure::new("the database", error);
        let mut report = Report {
            orders_allocated: 0,
            orders_at_warehouse: 0,
            doubled: books.doubled().count() as u64,
            lost: 0,
            attempts: counts.attempts,
            looked_up: counts.looked_up,
            retried: counts.retried,
            dead: room.dead_letters(None, usize::MAX).map_err(failed)?.len() as u64,
            shipped: 0,
            units_shipped: 0,
            units_shipped_by_warehouse: books.units_shipped(),
            faults: books.faults_total(),
            verify: room.verify().map_err(failed)?.to_string(),
            seconds,
        };
        let mut ids = Vec::new();
        each_order(room, &mut |order| {
            report.orders_allocated += 1;
            report.shipped += u64::from(order.state == OrderState::Shipped);
            report.units_shipped += order.body.allocations.iter().map(|allocation| allocation.shipped).sum::<i64>();
            ids.push((order.id.clone(), order.state));
        })?;
        for (id, state) in ids {
            let rows = room.fulfillment_orders(&id).map_err(failed)?.unwrap_or_default();
            let mut missing = rows.is_empty() && state != OrderState::Cancelled;
            for row in rows {
                let there = books.fulfillments.contains_key(&fulfillment_id(&id, row.sequence));
                report.orders_at_warehouse += u64::from(there);
                let given_up = matches!(row.state, FulfillmentState::Refused | FulfillmentState::Cancelled);
                missing |= !there && !given_up;
            }
            report.lost += u64::from(missing);
        }
        Ok(report)
    }

    /// Whether every order is at the warehouse once, and the books of both agree.
    pub fn is_right(&self) -> bool {
        self.doubled == 0
            && self.lost == 0
            && self.dead == 0
            && self.verify == "ok"
            && self.orders_at_warehouse == self.orders_allocated
            && self.units_shipped == self.units_shipped_by_warehouse
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: [(&str, String); 13] = [
            ("orders allocated", self.orders_allocated.to_string()),
            ("orders at the warehouse", self.orders_at_warehouse.to_string()),
            ("doubled", self.doubled.to_string()),
            ("lost", self.lost.to_string()),
            ("faults of the warehouse", self.faults.to_string()),
            ("attempts", self.attempts.to_string()),
            ("retried", self.retried.to_string()),
            ("looked up first", self.looked_up.to_string()),
            ("dead letters", self.dead.to_string()),
            ("orders shipped", self.shipped.to_string()),
            ("units shipped", format!("{} (warehouse: {})", self.units_shipped, self.units_shipped_by_warehouse)),
            ("verify", self.verify.clone()),
            ("seconds", format!("{:.2}", self.seconds)),
        ];
        for (name, value) in rows {
            writeln!(f, "{name:>24}  {value}")?;
        }
        Ok(())
    }
}
