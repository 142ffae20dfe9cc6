//! Orders and their life: placing, editing, cancelling, shipping, returning. Owns the order rows and writes
//! no others; it asks the inventory for stock within one decision.

mod allocate;
mod change;
mod commands;
mod content;
mod handed;
mod place;
mod rows;
mod ship;
mod validate;

pub(crate) use change::{cancel, edit};
pub use commands::{
    Allocated, CancelOrder, ChangedOrder, CompleteOrder, Disposition, EditOrder, LineQuantity, NewLine, NewOrder,
    OrderedLine, PlacedOrder, ReturnLine, ReturnOrder, ShipOrder, StockPolicy, Totals,
};
pub(crate) use content::content;
pub(crate) use handed::{hand_over, let_go, move_units};
pub(crate) use place::{place, place_judged, repeated};
pub use rows::{
    Allocation, ChainReader, Details, Line, Link, Order, OrderBody, OrderState, ShipTo, Shipment, ShippedLine,
    Tracking, Why,
};
pub(crate) use ship::{complete, give_back, ship, ship_units};
pub(crate) use validate::{judge, judge_tracking};

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Catalog, Decision, Stop};
use crate::error::Error;
use crate::ids::{ID_BYTES_MAX, OrderNumber, name_fault};

/// An order that a command names, while the rest of the command is judged.
struct Named(Option<Order>);

/// A copy of the order with this id; a fault where there is none.
fn named_order(decision: &Decision<'_>, id: &str, faults: &mut Faults) -> Result<Named, Stop> {
    if let Some(fault) = name_fault(id, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "order".into(), fault);
        return Ok(Named(None));
    }
    match decision.rows.order_number(id)? {
        Some(number) => Ok(Named(Some(decision.rows.order(number)?.clone()))),
        None => {
            faults.add(Code::OrderUnknown, || "order".into(), "does not exist");
            Ok(Named(None))
        }
    }
}

impl Named {
    /// The lines that line numbers are judged by; `None` where none can be judged.
    fn lines(&self) -> Option<&[Line]> {
        self.0.as_ref().filter(|order| !order.body.pruned).map(|order| &*order.body.lines)
    }

    /// Goes on with the order, where nothing was found wrong with the command and the order has its details.
    fn stands(self, faults: Faults) -> Result<Order, Stop> {
        faults.check()?;
        match self.0 {
            Some(order) if !order.body.pruned => Ok(order),
            Some(_) => Err(Rejection::one(Code::OrderPruned, "order", "its details were pruned").into()),
            None => Err(Rejection::one(Code::OrderUnknown, "order", "does not exist").into()),
        }
    }
}

/// An order about to change. Before its first change the answer that placing it got is written down.
pub(crate) fn order_to_change<'d>(decision: &'d mut Decision<'_>, number: OrderNumber) -> Result<&'d mut Order, Stop> {
    let order = decision.rows.order(number)?;
    let answer = match order.body.placed {
        Some(_) => None,
        None => Some(Box::new(placed_answer(order, decision.rows.catalog()?)?)),
    };
    let order = decision.rows.order_mut(number)?;
    if answer.is_some() {
        order.body.placed = answer;
    }
    Ok(order)
}

/// The answer to placing an order that has not changed since.
#[cfg_attr(target_family = "wasm", inline)]
fn placed_answer(order: &Order, catalog: &Catalog) -> Result<PlacedOrder, Error> {
    let lines = order.body.lines.iter().map(|line| OrderedLine {
        sku: line.sku.clone(),
        quantity: line.quantity,
        unit_price_minor: line.unit_price_minor,
    });
    Ok(PlacedOrder {
        order: order.id.clone(),
        number: order.number.0,
        channel: order.channel.clone(),
        currency: order.currency.clone(),
        state: order.state,
        value_minor: order.value_minor(),
        lines: lines.collect(),
        allocations: allocated(order, catalog)?,
    })
}

/// What the order claims where.
#[cfg_attr(target_family = "wasm", inline)]
fn allocated(order: &Order, catalog: &Catalog) -> Result<Vec<Allocated>, Error> {
    let mut allocations = Vec::with_capacity(order.body.allocations.len());
    for allocation in order.body.allocations.iter().filter(|a| a.open + a.backordered > 0) {
        allocations.push(Allocated {
            line: allocation.line + 1,
            location: catalog.location_name(allocation.location)?.clone(),
            quantity: allocation.open,
            backordered: allocation.backordered,
            why: allocation.why,
        });
    }
    Ok(allocations)
}

/// The state that follows from the order's units.
#[cfg_attr(target_family = "wasm", inline)]
pub(crate) fn refreshed_state(order: &Order) -> OrderState {
    let (mut open, mut backordered, mut shipped) = (0, 0, 0);
    for allocation in &order.body.allocations {
        open += allocation.open;
        backordered += allocation.backordered;
        shipped += allocation.shipped;
    }
    let unfilled = order.body.lines.iter().any(|line| line.unfilled > 0);
    match (open + backordered > 0, shipped > 0) {
        (true, true) => OrderState::PartlyShipped,
        (true, false) if order.body.open_fulfillments > 0 => OrderState::InFulfillment,
        (true, false) if backordered > 0 => OrderState::Backordered,
        (true, false) if unfilled => OrderState::PartlyAllocated,
        (true, false) => OrderState::Allocated,
        (false, true) => OrderState::Shipped,
        (false, false) => OrderState::Cancelled,
    }
}

/// Brings state and closing time in step with the order's units.
fn refresh(order: &mut Order, now_ms: i64) {
    order.state = refreshed_state(order);
    order.closed_at_ms = match order.state.is_closed() {
        true => order.closed_at_ms.or(Some(now_ms)),
        false => None,
    };
}
