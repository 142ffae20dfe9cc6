//! The shop's own customers, and what becomes of their orders. An order takes its units from what is available at
//! once; they are committed until they leave.

use super::{Desk, Notice};
use crate::server::payloads;

const FIRST_ORDER: i64 = 5_000_000_000_000;
const FIRST_LINE: i64 = 14_000_000_000_000;
const FIRST_FULFILLMENT: i64 = 4_000_000_000_000;
/// A line of a fulfillment order has the line's number and this.
const FULFILLMENT_LINE_OFFSET: i64 = 1_000_000_000_000;

/// An order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) number: i64,
    pub(crate) lines: Vec<Line>,
    pub(crate) created_at_ms: i64,
    pub(crate) updated_at_ms: i64,
    pub(crate) cancelled_at_ms: Option<i64>,
    pub(crate) fulfillments: Vec<Fulfillment>,
}

/// A line of an order. Its fulfillment order has one of its own for it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) item: i64,
    pub(crate) sku: String,
    pub(crate) quantity: i64,
    pub(crate) current_quantity: i64,
    pub(crate) fulfilled: i64,
    pub(crate) price_minor: i64,
}

/// Something that left.
#[derive(Clone, Debug)]
pub(crate) struct Fulfillment {
    pub(crate) id: i64,
    pub(crate) tracking: Option<String>,
    pub(crate) parts: Vec<Part>,
}

/// Units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The line's place in its order.
    pub(crate) line: usize,
    pub(crate) quantity: i64,
}

/// Units of a line of a fulfillment order that are said to have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FulfillmentLine {
    pub(crate) id: i64,
    pub(crate) quantity: i64,
}

impl Line {
    /// Units that have not left.
    pub(crate) fn remaining(&self) -> i64 {
        self.current_quantity - self.fulfilled
    }

    /// The number of its line in the fulfillment order.
    pub(crate) fn fulfillment_line(&self) -> i64 {
        self.id + FULFILLMENT_LINE_OFFSET
    }
}

impl Order {
    /// Units that have not left.
    pub(crate) fn remaining(&self) -> i64 {
        self.lines.iter().map(Line::remaining).sum()
    }

    /// What all lines cost as they stand, in pence.
    pub(crate) fn total_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.current_quantity.saturating_mul(line.price_minor)).sum()
    }
}

impl Desk {
    /// A customer buys as much of this as the shop shows. Nothing of it may be there: then there is no order.
    pub(crate) fn check_out(&mut self, wanted: &[(String, i64, i64)], now_ms: i64) -> Option<i64> {
        let mut lines = Vec::new();
        for (sku, quantity, price_minor) in wanted {
            let Some(item) = self.item_of(sku) else { continue };
            let available = self.items.get(&item).and_then(|item| item.level).map_or(0, |level| level.available);
            let quantity = (*quantity).min(available);
            if quantity <= 0 {
                continue;
            }
            self.change_level(item, now_ms, |level| {
                level.available -= quantity;
                level.committed += quantity;
            });
            lines.push(Line {
                id: FIRST_LINE + self.next_number(),
                item,
                sku: sku.clone(),
                quantity,
                current_quantity: quantity,
                fulfilled: 0,
                price_minor: *price_minor,
            });
        }
        if lines.is_empty() {
            return None;
        }
        let id = FIRST_ORDER + self.next_number();
        let order = Order {
            id,
            number: 1_001 + self.orders.len() as i64,
            lines,
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
            cancelled_at_ms: None,
            fulfillments: Vec::new(),
        };
        self.orders.insert(id, order);
        self.tell_order("orders/create", id, now_ms);
        Some(id)
    }

    /// Cancels an order of which nothing has left; its units are available again.
    pub(crate) fn cancel_order(&mut self, id: i64, now_ms: i64) -> bool {
        let Some(order) = self.orders.get_mut(&id) else { return false };
        if order.cancelled_at_ms.is_some() || !order.fulfillments.is_empty() {
            return false;
        }
        order.cancelled_at_ms = Some(now_ms);
        order.updated_at_ms = now_ms;
        // Refunded and put back: nothing of it is left to ship.
        let lines = order.lines.iter_mut();
        let back: Vec<(i64, i64)> = lines.map(|line| (line.item, std::mem::take(&mut line.current_quantity))).collect();
        for (item, quantity) in back {
            self.put_back(item, quantity, now_ms);
        }
        self.tell_order("orders/cancelled", id, now_ms);
        self.tell_order("orders/updated", id, now_ms);
        true
    }

    /// Takes one unit out of an order's first line that has one left; it is available again.
    pub(crate) fn take_out_of_order(&mut self, id: i64, now_ms: i64) -> bool {
        let Some(order) = self.orders.get_mut(&id).filter(|order| order.cancelled_at_ms.is_none()) else {
            return false;
        };
        let Some(line) = order.lines.iter_mut().find(|line| line.remaining() > 0) else { return false };
        line.current_quantity -= 1;
        let item = line.item;
        order.updated_at_ms = now_ms;
        self.put_back(item, 1, now_ms);
        self.tell_order("orders/updated", id, now_ms);
        true
    }

    fn put_back(&mut self, item: i64, quantity: i64, now_ms: i64) {
        self.change_level(item, now_ms, |level| {
            level.available += quantity;
            level.committed -= quantity;
        });
    }

    /// Notes that units have left, or says what is wrong.
    pub(crate) fn fulfill(
        &mut self,
        id: i64,
        lines: Option<&[FulfillmentLine]>,
        tracking: Option<String>,
        now_ms: i64,
    ) -> Result<i64, String> {
        let Some(order) = self.orders.get(&id).filter(|order| order.cancelled_at_ms.is_none()) else {
            return Err("Fulfillment order does not exist.".to_owned());
        };
        let parts = match lines {
            // Without lines, all of it.
            None => (0..order.lines.len())
                .map(|line| Part { line, quantity: order.lines[line].remaining() })
                .filter(|part| part.quantity > 0)
                .collect(),
            Some(lines) => {
                let mut parts: Vec<Part> = Vec::with_capacity(lines.len());
                for FulfillmentLine { id, quantity } in lines {
                    let place = order.lines.iter().position(|line| line.fulfillment_line() == *id);
                    let Some(line) = place else {
                        return Err("Fulfillment order line item does not exist.".to_owned());
                    };
                    if *quantity < 1 || *quantity > order.lines[line].remaining() {
                        return Err("Invalid fulfillment order line item quantity requested.".to_owned());
                    }
                    if parts.iter().any(|part| part.line == line) {
                        return Err("Fulfillment order line item is named twice.".to_owned());
                    }
                    parts.push(Part { line, quantity: *quantity });
                }
                parts
            }
        };
        if parts.is_empty() {
            return Err("The fulfillment order is not in an open state.".to_owned());
        }
        let fulfillment = FIRST_FULFILLMENT + self.next_number();
        let mut left = Vec::new();
        if let Some(order) = self.orders.get_mut(&id) {
            for part in &parts {
                order.lines[part.line].fulfilled += part.quantity;
                left.push((order.lines[part.line].item, part.quantity));
            }
            order.fulfillments.push(Fulfillment { id: fulfillment, tracking, parts });
            order.updated_at_ms = now_ms;
        }
        for (item, quantity) in left {
            // What is available stays as it is, so that nobody is told of the level.
            if let Some(level) = self.level_mut(item) {
                level.committed -= quantity;
            }
        }
        self.tell_order("orders/updated", id, now_ms);
        Ok(fulfillment)
    }

    fn tell_order(&mut self, topic: &'static str, id: i64, now_ms: i64) {
        if let Some(order) = self.orders.get(&id) {
            let body = Some(payloads::order(order));
            self.notices.push(Notice { topic, about: id, body, at_ms: now_ms });
        }
    }
}
