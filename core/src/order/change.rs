//! Changing an order before it is shipped: edits and cancellations.

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Stop};
use crate::ids::LINES_MAX;
use crate::inventory::{Demand, choose, free_units};
use crate::money::{VALUE_MINOR_MAX, add_line};
use crate::order::allocate::{Claimer, give_up};
use crate::order::place::note_shortage;
use crate::order::validate::{judge_address, judge_lines, judge_text};
use crate::order::{
    CancelOrder, ChangedOrder, Details, EditOrder, Line, LineQuantity, Order, OrderState, OrderedLine, StockPolicy,
    Why, allocated, known_order, order_to_change, refresh,
};
use crate::outbox::{CancelledOrder, EditedOrder, EventKind};
use crate::quantity::{QUANTITY_MAX, is_orderable};

pub(crate) fn edit(decision: &mut Decision<'_>, command: &EditOrder) -> Result<Answer, Stop> {
    let number = known_order(decision, &command.order)?;
    let mut order = decision.rows.order(number)?.clone();
    let mut faults = Faults::default();
    let changed = judge_line_quantities(&order, &command.lines, &mut faults);
    let skus = judge_lines(decision, "add", &command.add, false, &mut faults)?;
    if order.body.lines.len() + command.add.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "add".into(), format!("more than {LINES_MAX} in all"));
    }
    if let Some(ship_to) = &command.ship_to {
        judge_address(ship_to, &mut faults);
    }
    judge_text("note", command.note.as_deref(), &mut faults);
    faults.check()?;
    let editable = [OrderState::Allocated, OrderState::PartlyAllocated, OrderState::Backordered];
    if !editable.contains(&order.state) {
        return Err(closed(&order, "edited").into());
    }
    if command.lines.is_empty() && command.add.is_empty() && command.ship_to.is_none() && command.note.is_none() {
        return Err(Rejection::one(Code::NothingToDo, "", "the edit changes nothing").into());
    }

    // Less first: what a line gives up may serve another.
    let mut body = std::mem::take(&mut order.body);
    let mut more = Vec::new();
    for (index, quantity) in changed {
        let line = &mut body.lines[index];
        let active = line.quantity - line.cancelled;
        if quantity >= active {
            more.push((index, quantity - active));
            continue;
        }
        let mut less = active - quantity;
        let unfilled = line.unfilled.min(less);
        line.unfilled -= unfilled;
        less -= unfilled;
        let allocations = body.allocations.iter_mut().rev().filter(|a| a.line as usize == index);
        for allocation in allocations {
            less -= give_up(decision, number, line, allocation, less)?;
        }
        line.quantity -= active - quantity;
        debug_assert_eq!(less, 0);
    }
    for (sku, line) in skus.iter().zip(&command.add) {
        more.push((body.lines.len(), line.quantity));
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
    judge_value(&order)?;
    edit_details(&mut order, command);
    if order.open_units() == 0 && order.body.lines.iter().all(|line| line.unfilled == 0) {
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

fn ordered_line(line: &Line) -> OrderedLine {
    OrderedLine {
        sku: line.sku.clone(),
        quantity: line.quantity - line.cancelled,
        unit_price_minor: line.unit_price_minor,
    }
}

/// The lines to change by index, with their new quantities.
fn judge_line_quantities(order: &Order, lines: &[LineQuantity], faults: &mut Faults) -> Vec<(usize, i64)> {
    let mut changed: Vec<(usize, i64)> = Vec::with_capacity(lines.len().min(LINES_MAX));
    if lines.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "lines".into(), format!("more than {LINES_MAX}"));
        return changed;
    }
    let mut seen = vec![false; order.body.lines.len()];
    for (at, line) in lines.iter().enumerate() {
        let Some(index) = line_index(order, line.line) else {
            faults.add(Code::LineUnknown, || format!("lines[{at}].line"), "the order has no such line");
            continue;
        };
        if std::mem::replace(&mut seen[index], true) {
            faults.add(Code::DuplicateEntry, || format!("lines[{at}].line"), "stands twice");
        }
        if line.quantity != 0 && !is_orderable(line.quantity) {
            let at = || format!("lines[{at}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 0 to {QUANTITY_MAX}"));
        }
        changed.push((index, line.quantity));
    }
    changed
}

/// The index of a line by its number, which counts from 1.
pub(super) fn line_index(order: &Order, number: u32) -> Option<usize> {
    let index = (number as usize).checked_sub(1)?;
    (index < order.body.lines.len()).then_some(index)
}

fn claim_more(decision: &mut Decision<'_>, order: &mut Order, more: &[(usize, i64)]) -> Result<(), Stop> {
    let channel = decision.rows.catalog()?.channels.get(&order.channel).cloned();
    let Some(channel) = channel else {
        return Err(Rejection::one(Code::ChannelUnknown, "order", "its channel is not registered").into());
    };
    let (locations, why) = if order.body.ranking.is_empty() {
        let lines = &order.body.lines;
        let demand = |(index, quantity): &(usize, i64)| Demand {
            sku: lines[*index].sku_number,
            components: &lines[*index].components,
            quantity: *quantity,
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
    for (index, quantity) in more {
        let line = &mut order.body.lines[*index];
        let left = claimer.claim_line(decision, *index as u32, line, *quantity)?;
        line.quantity += quantity;
        line.unfilled += left;
        if left > 0 && order.body.policy != StockPolicy::Partial {
            note_shortage(&mut short, "lines", *index, *quantity, left, order.body.policy);
        }
    }
    (order.body.allocations, order.body.links) = (claimer.allocations, claimer.links);
    short.check()?;
    Ok(())
}

fn judge_value(order: &Order) -> Result<(), Stop> {
    let mut lines = order.body.lines.iter();
    let value = lines.try_fold(0, |sum, line| add_line(sum, line.quantity - line.cancelled, line.unit_price_minor));
    let too_large = order.body.lines.iter().any(|line| line.quantity > QUANTITY_MAX);
    if value.is_none() || too_large {
        let detail = format!("their value passes {VALUE_MINOR_MAX} or a quantity {QUANTITY_MAX}");
        return Err(Rejection::one(Code::ValueOutOfRange, "lines", detail).into());
    }
    Ok(())
}

fn edit_details(order: &mut Order, command: &EditOrder) {
    if command.ship_to.is_some() || command.note.is_some() {
        let details: &mut Details = order.body.details.get_or_insert_default();
        details.ship_to = command.ship_to.clone().or(details.ship_to.take());
        details.note = command.note.clone().or(details.note.take());
    }
}

pub(crate) fn cancel(decision: &mut Decision<'_>, command: &CancelOrder) -> Result<Answer, Stop> {
    let number = known_order(decision, &command.order)?;
    let mut order = decision.rows.order(number)?.clone();
    let mut faults = Faults::default();
    judge_text("reason", command.reason.as_deref(), &mut faults);
    let given = match &command.lines {
        Some(lines) => judge_cancel_lines(&order, lines, &mut faults),
        None => Vec::new(),
    };
    faults.check()?;
    if order.state.is_closed() {
        return Err(closed(&order, "cancelled").into());
    }
    let wanted = match &command.lines {
        Some(_) => given,
        None => {
            order.body.lines.iter().enumerate().map(|(index, line)| (index, cancellable(&order, index, line))).collect()
        }
    };
    let mut cancelled = Vec::new();
    let mut units = 0;
    let mut body = std::mem::take(&mut order.body);
    for (index, quantity) in wanted.into_iter().filter(|(_, quantity)| *quantity > 0) {
        let line = &mut body.lines[index];
        let unfilled = line.unfilled.min(quantity);
        line.unfilled -= unfilled;
        let mut left = quantity - unfilled;
        for allocation in body.allocations.iter_mut().rev().filter(|a| a.line as usize == index) {
            left -= give_up(decision, number, line, allocation, left)?;
        }
        line.cancelled += quantity;
        units += quantity;
        debug_assert_eq!(left, 0);
        cancelled.push(LineQuantity { line: index as u32 + 1, quantity });
    }
    order.body = body;
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

/// The units of a line that have not been shipped or cancelled.
fn cancellable(order: &Order, index: usize, line: &Line) -> i64 {
    let allocations = order.body.allocations.iter().filter(|a| a.line as usize == index);
    line.unfilled + allocations.map(|a| a.open + a.backordered).sum::<i64>()
}

fn judge_cancel_lines(order: &Order, lines: &[LineQuantity], faults: &mut Faults) -> Vec<(usize, i64)> {
    if lines.is_empty() {
        faults.add(Code::LinesMissing, || "lines".into(), "at least one is needed");
    }
    let given = judge_line_quantities(order, lines, faults);
    for (at, (index, quantity)) in given.iter().enumerate() {
        if *quantity == 0 {
            let at = || format!("lines[{at}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {QUANTITY_MAX}"));
        } else if *quantity > cancellable(order, *index, &order.body.lines[*index]) {
            let detail = "more than the line has left to cancel";
            faults.add(Code::AlreadyShipped, || format!("lines[{at}].quantity"), detail);
        }
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
