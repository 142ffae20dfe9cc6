//! Changing an order before it is shipped: edits and cancellations.

use rustc_hash::FxHashSet;

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Stop};
use crate::fulfillment;
use crate::ids::LINES_MAX;
use crate::inventory::{Demand, choose, free_units};
use crate::money::{VALUE_MINOR_MAX, add_line};
use crate::order::allocate::{Claimer, give_up, places_by_line};
use crate::order::place::note_shortage;
use crate::order::validate::{judge_address, judge_lines, judge_text};
use crate::order::{
    CancelOrder, ChangedOrder, Details, EditOrder, Line, LineQuantity, NewLine, Order, OrderState, OrderedLine,
    StockPolicy, Why, allocated, named_order, order_to_change, refresh,
};
use crate::outbox::{CancelledOrder, EditedOrder, EventKind};
use crate::quantity::{QUANTITY_MAX, is_orderable};

/// More units of a line, and where the command asks for them.
struct More {
    index: usize,
    quantity: i64,
    field: &'static str,
    at: usize,
}

pub(crate) fn edit(decision: &mut Decision<'_>, command: &EditOrder) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let named = named_order(decision, &command.order, &mut faults)?;
    let changed = judge_line_quantities(named.lines(), &command.lines, &mut faults);
    let skus = judge_lines(decision, "add", &command.add, false, &mut faults)?;
    if let Some(lines) = named.lines() {
        if lines.len() + command.add.len() > LINES_MAX && command.add.len() <= LINES_MAX {
            faults.add(Code::TooManyLines, || "add".into(), format!("more than {LINES_MAX} in all"));
        }
        judge_value(lines, &changed, &command.add, &mut faults);
    }
    if let Some(ship_to) = &command.ship_to {
        judge_address(ship_to, &mut faults);
    }
    judge_text("note", command.note.as_deref(), &mut faults);
    let mut order = named.stands(faults)?;
    let number = order.number;
    let editable = [OrderState::Allocated, OrderState::PartlyAllocated, OrderState::Backordered];
    let handed = order.state == OrderState::InFulfillment;
    if !editable.contains(&order.state) && !handed {
        return Err(closed(&order, "edited").into());
    }
    if handed && !(command.lines.is_empty() && command.add.is_empty()) {
        let detail = "a warehouse is told what to ship: only address and note can change";
        return Err(Rejection::one(Code::InFulfillment, "order", detail).into());
    }
    if command.lines.is_empty() && command.add.is_empty() && command.ship_to.is_none() && command.note.is_none() {
        return Err(Rejection::one(Code::NothingToDo, "", "the edit changes nothing").into());
    }
    if is_so_already(&order, command, &changed) {
        return Ok(Answer::Unchanged);
    }

    // Less first: what a line gives up may serve another.
    let mut body = std::mem::take(&mut order.body);
    let places = places_by_line(body.lines.len(), &body.allocations);
    let mut more = Vec::new();
    for (at, (index, quantity)) in changed.into_iter().enumerate() {
        let line = &mut body.lines[index];
        let active = line.quantity - line.cancelled;
        if quantity >= active {
            more.push(More { index, quantity: quantity - active, field: "lines", at });
            continue;
        }
        let left = give_up(decision, number, line, &mut body.allocations, &places[index], active - quantity)?;
        line.quantity -= active - quantity;
        debug_assert_eq!(left, 0);
    }
    for (at, (sku, line)) in skus.iter().zip(&command.add).enumerate() {
        more.push(More { index: body.lines.len(), quantity: line.quantity, field: "add", at });
        body.lines.push(Line {
            sku_number: sku.number,
            sku: sku.sku.clone(),
            quantity: 0,
            unit_price_minor: line.unit_price_minor,
            unfilled: 0,
            cancelled: 0,
            returned: 0,
            components: sku.components.clone(),
        });
    }
    order.body = body;
    claim_more(decision, &mut order, &more)?;
    edit_details(&mut order, command);
    if handed && !fulfillment::readdress(decision, &order)? {
        return Err(Rejection::one(Code::InFulfillment, "order", "the warehouse has the address already").into());
    }
    if order.open_units() == 0 {
        return Err(Rejection::one(Code::NothingToDo, "lines", "nothing would be left: cancel the order").into());
    }
    refresh(&mut order, decision.now_ms);
    let edited = EditedOrder {
        order: order.id.clone(),
        state: order.state,
        value_minor: order.value_minor(),
        lines: order.body.lines.iter().map(ordered_line).collect(),
        allocations: allocated(&order, decision.rows.catalog()?)?,
    };
    let answer = changed_order(&order, 0);
    replace(decision, order)?;
    decision.note(EventKind::OrderEdited, &edited)?;
    Ok(answer)
}

/// Whether the order is as the edit wants it.
fn is_so_already(order: &Order, command: &EditOrder, changed: &[(usize, i64)]) -> bool {
    let line = |(index, quantity): &(usize, i64)| {
        let line = &order.body.lines[*index];
        line.quantity - line.cancelled == *quantity
    };
    let details = order.body.details.as_deref();
    let ship_to = command.ship_to.is_none() || details.is_some_and(|details| details.ship_to == command.ship_to);
    let note = command.note.is_none() || details.is_some_and(|details| details.note == command.note);
    command.add.is_empty() && ship_to && note && changed.iter().all(line)
}

fn ordered_line(line: &Line) -> OrderedLine {
    OrderedLine {
        sku: line.sku.clone(),
        quantity: line.quantity - line.cancelled,
        unit_price_minor: line.unit_price_minor,
    }
}

/// The lines to change by index, with their new quantities: one for each given, where all are right.
fn judge_line_quantities(
    order_lines: Option<&[Line]>,
    lines: &[LineQuantity],
    faults: &mut Faults,
) -> Vec<(usize, i64)> {
    let mut changed: Vec<(usize, i64)> = Vec::with_capacity(lines.len().min(LINES_MAX));
    if lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "lines".into(), format!("more than {LINES_MAX}"));
        return changed;
    }
    let mut seen = FxHashSet::default();
    for (at, line) in lines.iter().enumerate() {
        if line.quantity != 0 && !is_orderable(line.quantity) {
            let at = || format!("lines[{at}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 0 to {QUANTITY_MAX}"));
        }
        let index = order_lines.map(|lines| line_index(lines, line.line));
        if index == Some(None) {
            faults.add(Code::LineUnknown, || format!("lines[{at}].line"), "the order has no such line");
        } else if !seen.insert(line.line) {
            faults.add(Code::DuplicateEntry, || format!("lines[{at}].line"), "stands twice");
        } else if let Some(Some(index)) = index {
            changed.push((index, line.quantity));
        }
    }
    changed
}

/// The index of a line by its number, which counts from 1.
pub(super) fn line_index(lines: &[Line], number: u32) -> Option<usize> {
    let index = (number as usize).checked_sub(1)?;
    (index < lines.len()).then_some(index)
}

fn claim_more(decision: &mut Decision<'_>, order: &mut Order, more: &[More]) -> Result<(), Stop> {
    let channel = decision.rows.catalog()?.channels.get(&order.channel).cloned();
    let Some(channel) = channel else {
        return Err(Rejection::one(Code::ChannelUnknown, "order", "its channel is not registered").into());
    };
    let (locations, why) = if order.body.ranking.is_empty() {
        let lines = &order.body.lines;
        let demand = |more: &More| Demand {
            sku: lines[more.index].sku_number,
            components: &lines[more.index].components,
            quantity: more.quantity,
        };
        let demands: Vec<Demand<'_>> = more.iter().map(demand).collect();
        match channel.sourcing {
            crate::channel::Sourcing::Priority => (channel.locations.clone(), Why::Priority),
            sourcing => {
                let free = free_units(decision, &demands, &channel.locations)?;
                (choose(sourcing, &channel.locations, &demands, &free).into_owned(), Why::FewestSplits)
            }
        }
    } else {
        (order.body.ranking.clone(), Why::Ranking)
    };
    let claimed = order.claims().map(|(stock, ..)| stock).collect();
    let mut claimer = Claimer {
        order: order.number,
        locations: &locations,
        policy: order.body.policy,
        why,
        claimed: Some(claimed),
        allocations: std::mem::take(&mut order.body.allocations),
        links: std::mem::take(&mut order.body.links),
    };
    let mut short = Faults::default();
    for More { index, quantity, field, at } in more {
        let line = &mut order.body.lines[*index];
        let left = claimer.claim_line(decision, *index as u32, line, *quantity)?;
        line.quantity += quantity;
        line.unfilled += left;
        if left > 0 && order.body.policy != StockPolicy::Partial {
            note_shortage(&mut short, field, *at, *quantity, left, order.body.policy);
        }
    }
    (order.body.allocations, order.body.links) = (claimer.allocations, claimer.links);
    short.check()?;
    Ok(())
}

/// Judges what the order would be worth, and how many units of a line there would be in all, cancelled ones
/// among them.
fn judge_value(lines: &[Line], changed: &[(usize, i64)], add: &[NewLine], faults: &mut Faults) {
    let mut quantities: Vec<i64> = lines.iter().map(|line| line.quantity - line.cancelled).collect();
    for (at, (index, quantity)) in changed.iter().enumerate() {
        quantities[*index] = *quantity;
        if is_orderable(*quantity) && *quantity > QUANTITY_MAX - lines[*index].cancelled {
            let detail = format!("more than {QUANTITY_MAX} with the cancelled ones");
            faults.add(Code::QuantityOutOfRange, || format!("lines[{at}].quantity"), detail);
        }
    }
    let stands = lines.iter().zip(quantities).map(|(line, quantity)| (quantity, line.unit_price_minor));
    let added = add.iter().map(|line| (line.quantity, line.unit_price_minor));
    let value = stands.chain(added).try_fold(0, |sum, (quantity, price)| add_line(sum, quantity, price));
    if value.is_none() {
        faults.add(Code::ValueOutOfRange, || "lines".into(), format!("their value passes {VALUE_MINOR_MAX}"));
    }
}

fn edit_details(order: &mut Order, command: &EditOrder) {
    if command.ship_to.is_some() || command.note.is_some() {
        let details: &mut Details = order.body.details.get_or_insert_default();
        details.ship_to = command.ship_to.clone().or(details.ship_to.take());
        details.note = command.note.clone().or(details.note.take());
    }
}

pub(crate) fn cancel(decision: &mut Decision<'_>, command: &CancelOrder) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let named = named_order(decision, &command.order, &mut faults)?;
    judge_text("reason", command.reason.as_deref(), &mut faults);
    let given = match &command.lines {
        Some(lines) => judge_cancel_lines(named.lines(), lines, &mut faults),
        None => Vec::new(),
    };
    let mut order = named.stands(faults)?;
    let number = order.number;
    if order.state.is_closed() {
        return Err(closed(&order, "cancelled").into());
    }
    if order.body.open_fulfillments > 0 {
        return ask_to_cancel(decision, order, command);
    }
    let left = cancellable(&order);
    let wanted = match &command.lines {
        Some(_) => given,
        None => left.iter().copied().enumerate().collect(),
    };
    let mut shipped = Faults::default();
    for (at, (index, quantity)) in wanted.iter().enumerate() {
        if *quantity > left[*index] {
            let detail = format!("{quantity} to cancel, {} not shipped or cancelled", left[*index]);
            shipped.add(Code::AlreadyShipped, || format!("lines[{at}].quantity"), detail);
        }
    }
    shipped.check()?;
    let mut cancelled = Vec::new();
    let mut units = 0;
    let mut body = std::mem::take(&mut order.body);
    let places = places_by_line(body.lines.len(), &body.allocations);
    for (index, quantity) in wanted.into_iter().filter(|(_, quantity)| *quantity > 0) {
        let line = &mut body.lines[index];
        let left = give_up(decision, number, line, &mut body.allocations, &places[index], quantity)?;
        line.cancelled += quantity;
        units += quantity;
        debug_assert_eq!(left, 0);
        cancelled.push(LineQuantity { line: index as u32 + 1, quantity });
    }
    order.body = body;
    order.body.cancel_requested = false;
    refresh(&mut order, decision.now_ms);
    let event = CancelledOrder {
        order: order.id.clone(),
        state: order.state,
        lines: cancelled,
        reason: command.reason.clone(),
    };
    let answer = changed_order(&order, units);
    replace(decision, order)?;
    decision.note(EventKind::OrderCancelled, &event)?;
    Ok(answer)
}

/// Warehouses work on the order: what becomes of its units is decided by what they say. The fulfillment module
/// asks them, and cancels what is left when the last has answered.
fn ask_to_cancel(decision: &mut Decision<'_>, mut order: Order, command: &CancelOrder) -> Result<Answer, Stop> {
    if command.lines.is_some() {
        let detail = "a warehouse works on the order: it can be cancelled as a whole only";
        return Err(Rejection::one(Code::InFulfillment, "lines", detail).into());
    }
    // A warehouse that refused once may be asked again.
    if order.body.cancel_requested && !fulfillment::can_be_asked(decision, &order)? {
        return Ok(Answer::Unchanged);
    }
    order.body.cancel_requested = true;
    let answer = changed_order(&order, 0);
    let event = ChangedOrder { order: order.id.clone(), state: order.state, units: 0 };
    replace(decision, order)?;
    decision.note(EventKind::OrderCancelRequested, &event)?;
    Ok(answer)
}

/// The units of each line that have not been shipped or cancelled.
fn cancellable(order: &Order) -> Vec<i64> {
    let mut left: Vec<i64> = order.body.lines.iter().map(|line| line.unfilled).collect();
    for allocation in &order.body.allocations {
        left[allocation.line as usize] += allocation.open + allocation.backordered;
    }
    left
}

fn judge_cancel_lines(order_lines: Option<&[Line]>, lines: &[LineQuantity], faults: &mut Faults) -> Vec<(usize, i64)> {
    if lines.is_empty() {
        faults.add(Code::LinesMissing, || "lines".into(), "at least one is needed");
    }
    let given = judge_line_quantities(order_lines, lines, faults);
    for (at, line) in lines.iter().take(LINES_MAX).enumerate().filter(|(_, line)| line.quantity == 0) {
        let detail = format!("{} is not 1 to {QUANTITY_MAX}", line.quantity);
        faults.add(Code::QuantityOutOfRange, || format!("lines[{at}].quantity"), detail);
    }
    given
}

/// Puts the changed order in place of the one that stands.
pub(super) fn replace(decision: &mut Decision<'_>, order: Order) -> Result<(), Stop> {
    let stands = order_to_change(decision, order.number)?;
    let placed = stands.body.placed.take();
    *stands = order;
    stands.body.placed = stands.body.placed.take().or(placed);
    Ok(())
}

pub(super) fn changed_order(order: &Order, units: i64) -> Answer {
    Answer::OrderChanged(ChangedOrder { order: order.id.clone(), state: order.state, units })
}

pub(super) fn closed(order: &Order, verb: &str) -> Rejection {
    Rejection::one(Code::OrderClosed, "order", format!("is {} and cannot be {verb}", order.state.name()))
}
