//! What happens to an order's units once they are claimed: they leave, some come back, the order is closed.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Stop};
use crate::fulfillment;
use crate::ids::{ID_BYTES_MAX, LINES_MAX, LocationNumber, StockNumber, name_fault};
use crate::inventory::Reason;
use crate::order::change::{changed_order, closed, line_index, replace};
use crate::order::validate::judge_tracking;
use crate::order::{
    ChangedOrder, CompleteOrder, Disposition, Line, LineQuantity, Order, OrderState, ReturnOrder, ShipOrder, Shipment,
    ShippedLine, Tracking, named_order, refresh,
};
use crate::outbox::{EventKind, ReturnedOrder, ShippedOrder, ShippedUnits};
use crate::planted::planted;
use crate::quantity::{QUANTITY_MAX, is_orderable};

pub(crate) fn ship(decision: &mut Decision<'_>, command: &ShipOrder) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let named = named_order(decision, &command.order, &mut faults)?;
    if let Some(tracking) = &command.tracking {
        judge_tracking(tracking, &mut faults);
    }
    let only_at = optional_location(decision, command.location.as_deref(), || "location".into(), &mut faults)?;
    let wanted = command.lines.as_ref().map(|lines| judge_quantities(named.lines(), lines, &mut faults));
    let order = named.stands(faults)?;
    if order.state.is_closed() {
        return Err(closed(&order, "shipped").into());
    }
    fulfillment::must_be_free(decision, &order, only_at)?;
    ship_units(decision, order, wanted.as_deref(), only_at, command.tracking.clone())
}

/// Ships open units of an order: those wanted by line index, or all; at one location, or everywhere.
pub(crate) fn ship_units(
    decision: &mut Decision<'_>,
    mut order: Order,
    wanted: Option<&[(usize, i64)]>,
    only_at: Option<LocationNumber>,
    tracking: Option<Tracking>,
) -> Result<Answer, Stop> {
    let shipped = take_open(&mut order, wanted, only_at)?;
    let reference = order.id.clone();
    let mut units = 0;
    let mut said = Vec::with_capacity(shipped.len());
    for part in &shipped {
        let line = &order.body.lines[part.line as usize];
        for (sku, per) in line.takes() {
            let stock = StockNumber::of(sku, part.location);
            decision.unclaim(stock, per * part.quantity, 0)?;
            decision.move_stock(stock, -per * part.quantity, Reason::Shipped, &reference)?;
        }
        units += part.quantity;
        let location = decision.location_name(part.location)?;
        said.push(ShippedUnits { line: part.line + 1, sku: line.sku.clone(), location, quantity: part.quantity });
    }
    order.body.shipments.push(Shipment { at_ms: decision.now_ms, tracking: tracking.clone(), lines: shipped });
    refresh(&mut order, decision.now_ms);
    let event =
        ShippedOrder { order: reference, channel: order.channel.clone(), state: order.state, lines: said, tracking };
    let answer = changed_order(&order, units);
    replace(decision, order)?;
    decision.note(EventKind::OrderShipped, &event)?;
    Ok(answer)
}

/// Moves open units of the order to shipped: those wanted by line, or all. Nothing of it is written yet.
fn take_open(
    order: &mut Order,
    wanted: Option<&[(usize, i64)]>,
    only_at: Option<LocationNumber>,
) -> Result<Vec<ShippedLine>, Stop> {
    let mut left: Option<FxHashMap<usize, i64>> = wanted.map(|wanted| wanted.iter().copied().collect());
    let mut shipped = Vec::with_capacity(order.body.allocations.len());
    for allocation in &mut order.body.allocations {
        if only_at.is_some_and(|location| location != allocation.location) {
            continue;
        }
        let line = allocation.line as usize;
        let units = match &mut left {
            None => allocation.open,
            Some(left) => left.get_mut(&line).map_or(0, |left| {
                let units = allocation.open.min(*left);
                *left -= units;
                units
            }),
        };
        if units > 0 {
            allocation.open -= units;
            allocation.shipped += units;
            shipped.push(ShippedLine { line: allocation.line, location: allocation.location, quantity: units });
        }
    }
    let mut faults = Faults::default();
    for (at, (line, quantity)) in wanted.unwrap_or_default().iter().enumerate() {
        let missing = left.as_ref().and_then(|left| left.get(line)).copied().unwrap_or(0);
        if missing > 0 {
            let detail = format!("{quantity} to ship, {} allocated", quantity - missing);
            faults.add(Code::NotAllocated, || format!("lines[{at}]"), detail);
        }
    }
    faults.check()?;
    if shipped.is_empty() {
        return Err(Rejection::one(Code::NothingToDo, "order", "has nothing ready to be shipped").into());
    }
    Ok(shipped)
}

fn optional_location(
    decision: &Decision<'_>,
    name: Option<&str>,
    at: impl FnOnce() -> String,
    faults: &mut Faults,
) -> Result<Option<LocationNumber>, Stop> {
    let Some(name) = name else {
        return Ok(None);
    };
    if let Some(fault) = name_fault(name, ID_BYTES_MAX) {
        faults.add(Code::IdInvalid, at, fault);
        return Ok(None);
    }
    let number = decision.location(name)?;
    if number.is_none() {
        faults.add(Code::LocationUnknown, at, "is not registered");
    }
    Ok(number)
}

/// Line indexes and quantities, one for each given where all are right; a line may stand once.
fn judge_quantities(order_lines: Option<&[Line]>, lines: &[LineQuantity], faults: &mut Faults) -> Vec<(usize, i64)> {
    let mut judged = Vec::new();
    if lines.is_empty() {
        faults.add(Code::LinesMissing, || "lines".into(), "at least one is needed");
    }
    if lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "lines".into(), format!("more than {LINES_MAX}"));
        return judged;
    }
    let mut seen = FxHashSet::default();
    for (at, line) in lines.iter().enumerate() {
        if !is_orderable(line.quantity) {
            let at = || format!("lines[{at}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {QUANTITY_MAX}"));
        }
        let index = order_lines.map(|lines| line_index(lines, line.line));
        if index == Some(None) {
            faults.add(Code::LineUnknown, || format!("lines[{at}].line"), "the order has no such line");
        } else if !seen.insert(line.line) {
            faults.add(Code::DuplicateEntry, || format!("lines[{at}].line"), "stands twice");
        } else if let Some(Some(index)) = index {
            judged.push((index, line.quantity));
        }
    }
    judged
}

pub(crate) fn give_back(decision: &mut Decision<'_>, command: &ReturnOrder) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let named = named_order(decision, &command.order, &mut faults)?;
    let mut returns = Vec::with_capacity(command.lines.len().min(LINES_MAX));
    if command.lines.is_empty() {
        faults.add(Code::LinesMissing, || "lines".into(), "at least one is needed");
    }
    if command.lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "lines".into(), format!("more than {LINES_MAX}"));
    }
    for (at, line) in command.lines.iter().take(LINES_MAX).enumerate() {
        if !is_orderable(line.quantity) {
            let at = || format!("lines[{at}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {QUANTITY_MAX}"));
        }
        let location = || format!("lines[{at}].location");
        let location = optional_location(decision, line.location.as_deref(), location, &mut faults)?;
        let Some(lines) = named.lines() else {
            continue;
        };
        match line_index(lines, line.line) {
            None => faults.add(Code::LineUnknown, || format!("lines[{at}].line"), "the order has no such line"),
            // Lines may stand twice here: some units damaged, others not.
            Some(index) => returns.push((index, line, location)),
        }
    }
    let mut order = named.stands(faults)?;
    if order.state == OrderState::Completed {
        return Err(closed(&order, "returned").into());
    }
    let mut short = Faults::default();
    let mut units = 0;
    let reference = order.id.clone();
    for (at, (index, returned, location)) in returns.into_iter().enumerate() {
        let shipped: i64 = order.body.allocations.iter().filter(|a| a.line as usize == index).map(|a| a.shipped).sum();
        let line = &mut order.body.lines[index];
        let left = shipped - line.returned;
        if returned.quantity > left && !planted!(ReturnedTooOften) {
            let detail = format!("{} to return, {left} shipped and not returned", returned.quantity);
            short.add(Code::NotShipped, || format!("lines[{at}]"), detail);
            continue;
        }
        line.returned += returned.quantity;
        units += returned.quantity;
        let mut left = order.body.shipments.iter().flat_map(|shipment| &shipment.lines);
        let came_from = left.find(|units| units.line as usize == index);
        let Some(location) = location.or(came_from.map(|units| units.location)) else {
            continue;
        };
        if returned.disposition == Disposition::Lost {
            continue;
        }
        for (sku, per) in order.body.lines[index].takes() {
            let stock = StockNumber::of(sku, location);
            decision.move_stock(stock, per * returned.quantity, Reason::Returned, &reference)?;
            if returned.disposition == Disposition::Damaged {
                decision.rows.stock_mut(stock)?.unavailable += per * returned.quantity;
            }
        }
    }
    short.check()?;
    let event = ReturnedOrder { order: reference, state: order.state, lines: command.lines.clone() };
    let answer = changed_order(&order, units);
    replace(decision, order)?;
    decision.note(EventKind::OrderReturned, &event)?;
    Ok(answer)
}

pub(crate) fn complete(decision: &mut Decision<'_>, command: &CompleteOrder) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let mut order = named_order(decision, &command.order, &mut faults)?.stands(faults)?;
    match order.state {
        OrderState::Completed => return Ok(Answer::Unchanged),
        OrderState::Shipped | OrderState::Cancelled => {}
        _ => return Err(closed(&order, "completed").into()),
    }
    order.state = OrderState::Completed;
    let event = ChangedOrder { order: order.id.clone(), state: order.state, units: 0 };
    let answer = changed_order(&order, 0);
    replace(decision, order)?;
    decision.note(EventKind::OrderCompleted, &event)?;
    Ok(answer)
}
