//! HANDED-ONCE in the books: what warehouses are told to ship, what they say of it, and that no unit is handed out
//! twice.

use stockroom::outbox::{ReassignedFulfillment, RequestedFulfillment, ShippedFulfillment};
use stockroom::{ChangedFulfillment, OrderState};

use super::books::HandedBook;
use super::{Auditor, Broken, broken};
use crate::shape::number_in;

impl Auditor {
    /// Where a fulfillment order stands: the order, and its place there.
    pub(crate) fn handed_index(&self, order: &str, name: &str) -> Result<(usize, usize), Broken> {
        let order = self.order_index(order)?;
        let place = self.books.orders[order].handed.iter().position(|handed| handed.name == name);
        let place = place.ok_or_else(|| broken("HANDED-ONCE", format!("{name} was never written")))?;
        Ok((order, place))
    }

    pub(super) fn fulfillment_requested(&mut self, requested: &RequestedFulfillment) -> Result<(), Broken> {
        let wrong = |what: String| Err(broken("HANDED-ONCE", format!("{requested:?}: {what}")));
        let order = self.order_index(&requested.order)?;
        let book = &self.books.orders[order];
        if requested.fulfillment != format!("{}-{}", book.id, book.handed.len() + 1) {
            return wrong("it has another name".into());
        }
        let location = number_in(&requested.location);
        if book.cancel_requested || !self.books.shape.warehouses.iter().any(|shape| shape.location == location) {
            return wrong("nobody is to ship there".into());
        }
        let mut items = Vec::with_capacity(requested.items.len());
        for item in &requested.items {
            let (line, sku) = (item.line as usize - 1, self.books.sku(&item.sku));
            let takes = &self.books.takes[book.lines[line].sku];
            let Some((_, per)) = takes.iter().find(|(part, _)| *part == sku) else {
                return wrong(format!("{} is not on line {}", item.sku, item.line));
            };
            items.push((line, sku, *per, item.quantity, 0));
        }
        let location_name = location;
        let handed = HandedBook {
            name: requested.fulfillment.clone(),
            location: location_name,
            items,
            over: false,
            refused: false,
            given_up: false,
            shipments: Vec::new(),
        };
        for (line, (_, all)) in handed.lines() {
            let free = book.free_at(line, location);
            if all > free {
                return wrong(format!("{all} of line {} are handed out, {free} are free", line + 1));
            }
        }
        self.books.orders[order].handed.push(handed);
        Ok(())
    }

    /// A fulfillment order that is over stays over.
    fn under_way(&mut self, order: &str, name: &str) -> Result<&mut HandedBook, Broken> {
        let (order, place) = self.handed_index(order, name)?;
        let handed = &mut self.books.orders[order].handed[place];
        match handed.over {
            false => Ok(handed),
            true => Err(broken("HANDED-ONCE", format!("{name} is over, and goes on"))),
        }
    }

    pub(super) fn fulfillment_moves(&mut self, changed: &ChangedFulfillment) -> Result<(), Broken> {
        self.under_way(&changed.order, &changed.fulfillment).map(drop)
    }

    pub(super) fn fulfillment_over(&mut self, changed: &ChangedFulfillment, refused: bool) -> Result<(), Broken> {
        let handed = self.under_way(&changed.order, &changed.fulfillment)?;
        handed.over = true;
        handed.refused = refused;
        handed.given_up = !refused;
        Ok(())
    }

    pub(super) fn fulfillment_shipped(&mut self, shipped: &ShippedFulfillment) -> Result<(), Broken> {
        let (order, place) = self.handed_index(&shipped.order, &shipped.fulfillment)?;
        let wrong = |what: String| Err(broken("DOUBLED", format!("{shipped:?}: {what}")));
        let handed = self.under_way(&shipped.order, &shipped.fulfillment)?;
        if handed.shipments.contains(&shipped.shipment) {
            return wrong("it left before".into());
        }
        handed.shipments.push(shipped.shipment.clone());
        let before = handed.lines();
        let location = handed.location;
        let mut handed = handed.clone();
        for item in &shipped.items {
            let sku = self.books.sku(&item.sku);
            let mut left = item.quantity;
            for (_, of, _, units, gone) in handed.items.iter_mut().filter(|(_, of, ..)| *of == sku) {
                let taken = left.min(*units - *gone);
                *gone += taken;
                left -= taken;
                let _ = of;
            }
            if left > 0 {
                return wrong(format!("{left} more of {} than were asked for", item.sku));
            }
        }
        handed.over = handed.items.iter().all(|(_, _, _, units, gone)| units == gone);
        // What has left has left: where the books have less, they were wrong before.
        let mut taken: Vec<(usize, i64)> = Vec::new();
        for (line, (left, _)) in handed.lines() {
            let more = left - before.get(&line).map_or(0, |(left, _)| *left);
            for (part, per) in &self.books.takes[self.books.orders[order].lines[line].sku] {
                let row = self.books.row(*part, location);
                match taken.iter_mut().find(|(at, _)| *at == row) {
                    Some((_, units)) => *units += per * more,
                    None => taken.push((row, per * more)),
                }
            }
        }
        for (row, units) in taken {
            let level = self.books.levels[row];
            let missing = units - (level.on_hand - level.unavailable);
            if missing > 0 && units > 0 {
                self.level(row).on_hand += missing;
            }
        }
        self.books.orders[order].handed[place] = handed;
        Ok(())
    }

    pub(super) fn fulfillment_reassigned(&mut self, reassigned: &ReassignedFulfillment) -> Result<(), Broken> {
        let (order, place) = self.handed_index(&reassigned.order, &reassigned.fulfillment)?;
        let handed = &self.books.orders[order].handed[place];
        let refused = handed.refused || handed.given_up;
        let closed = matches!(self.books.orders[order].state(), OrderState::Cancelled | OrderState::Completed);
        if !refused || closed {
            return Err(broken("HANDED-ONCE", format!("{reassigned:?}: it was not refused")));
        }
        self.move_open(order, number_in(&reassigned.from), number_in(&reassigned.to))
    }
}
