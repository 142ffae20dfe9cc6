//! What warehouses say of fulfillment orders: taken, picked, shipped, refused, given up. A warehouse may say things
//! twice, late, and in any order; what is over stays over, and a state is never taken back.

use std::collections::BTreeMap;

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Needs, RecordKey, Stop, WorkingSet};
use crate::fulfillment::react::{request, unassigned};
use crate::fulfillment::{
    ChangedFulfillment, FulfillmentOrder, FulfillmentState, NoteFulfillment, NoteShipment, ReassignFulfillment,
    SkuQuantity, WarehouseShipment, WarehouseStatus, fulfillment_id, note_checked, parse_fulfillment_id,
};
use crate::ids::{ID_BYTES_MAX, KEY_BYTES_MAX, LINES_MAX, LocationNumber, Name, OrderNumber, StockNumber, name_fault};
use crate::inventory::{Reason, whole_units};
use crate::json::JsonWriter;
use crate::order::{Order, judge_tracking, let_go, move_units, ship_units};
use crate::outbox::{
    Delivery, DeliveryAnswer, DeliveryBody, Ended, EventKind, ReassignedFulfillment, ShippedFulfillment, kept, remove,
    take_in,
};
use crate::planted::planted;
use crate::quantity::{QUANTITY_MAX, is_orderable};

/// All fulfillment orders of an order.
pub(crate) fn of_order(decision: &Decision<'_>, order: &Order) -> Result<Vec<FulfillmentOrder>, Stop> {
    let keys = || (1..=order.body.fulfillments).map(|sequence| RecordKey::Fulfillment(order.number, sequence));
    decision.rows.need_records(keys())?;
    let mut rows = Vec::new();
    for key in keys() {
        rows.extend(decision.rows.record::<FulfillmentOrder>(&key)?.cloned());
    }
    Ok(rows)
}

/// Whether a warehouse works on an order and is not being asked to give it up.
pub(crate) fn can_be_asked(decision: &Decision<'_>, order: &Order) -> Result<bool, Stop> {
    Ok(of_order(decision, order)?.iter().any(|row| !row.state.is_final() && !row.cancelling))
}

/// Refuses to ship by hand what a warehouse works on.
pub(crate) fn must_be_free(
    decision: &Decision<'_>,
    order: &Order,
    only_at: Option<LocationNumber>,
) -> Result<(), Stop> {
    if order.body.open_fulfillments == 0 {
        return Ok(());
    }
    let busy = |row: &FulfillmentOrder| !row.state.is_final() && only_at.is_none_or(|at| at == row.location);
    match of_order(decision, order)?.iter().find(|row| busy(row)) {
        None => Ok(()),
        Some(row) => {
            let detail = format!("{} is {}", fulfillment_id(&order.id, row.sequence), row.state.name());
            Err(Rejection::one(Code::InFulfillment, "order", detail).into())
        }
    }
}

/// Forgets the fulfillment orders of an order that is pruned, and the deliveries that still hand them over.
pub(crate) fn forget(decision: &mut Decision<'_>, number: OrderNumber) -> Result<(), Stop> {
    let order = decision.rows.order(number)?.clone();
    for row in of_order(decision, &order)? {
        if row.delivery != 0 {
            remove(decision, &row.destination, row.delivery)?;
        }
        decision.rows.remove_record(&RecordKey::Fulfillment(number, row.sequence))?;
    }
    Ok(())
}

/// Asks for what a command about a fulfillment order is sure to need.
pub(crate) fn foresee(rows: &WorkingSet, fulfillment: &str, needs: &mut Needs) {
    let Some((order, sequence)) = parse_fulfillment_id(fulfillment) else { return };
    rows.missing_order(order, &[], needs);
    if let Ok(Some(number)) = rows.order_number(order) {
        rows.missing_records(std::iter::once(RecordKey::Fulfillment(number, sequence)), needs);
    }
}

/// Asks for what a report about a fulfillment order is sure to need.
pub(crate) fn foresee_report(rows: &WorkingSet, fulfillment: &str, needs: &mut Needs) {
    let Some((order, sequence)) = parse_fulfillment_id(fulfillment) else { return };
    if let Some(number) = rows.foresee_number(order, needs) {
        rows.missing_records(std::iter::once(RecordKey::Fulfillment(number, sequence)), needs);
    }
}

/// A fulfillment order by its name, with its order's id: for rules that do not look at the order itself. `None` where
/// there is none.
fn find_row(decision: &Decision<'_>, fulfillment: &str) -> Result<Option<(Name, FulfillmentOrder)>, Stop> {
    let Some((id, sequence)) = parse_fulfillment_id(fulfillment) else {
        return Ok(None);
    };
    let Some((id, number)) = decision.rows.number_alone(id)? else {
        return Ok(None);
    };
    let row = decision.rows.record::<FulfillmentOrder>(&RecordKey::Fulfillment(number, sequence))?.cloned();
    Ok(row.map(|row| (id, row)))
}

/// A fulfillment order by its name, with its order; `None` where there is none.
fn find(decision: &Decision<'_>, fulfillment: &str) -> Result<Option<(Order, FulfillmentOrder)>, Stop> {
    let Some((id, sequence)) = parse_fulfillment_id(fulfillment) else {
        return Ok(None);
    };
    let Some(number) = decision.rows.order_number(id)? else {
        return Ok(None);
    };
    let order = decision.rows.order(number)?.clone();
    let row = decision.rows.record::<FulfillmentOrder>(&RecordKey::Fulfillment(number, sequence))?.cloned();
    Ok(row.map(|row| (order, row)))
}

/// The fulfillment order that a command names, once nothing is wrong with the command.
fn named(decision: &Decision<'_>, fulfillment: &str, mut faults: Faults) -> Result<(Order, FulfillmentOrder), Stop> {
    let fault = parse_fulfillment_id(fulfillment).and_then(|(id, _)| name_fault(id, ID_BYTES_MAX));
    let found = if fault.is_some() { None } else { find(decision, fulfillment)? };
    match (fault, &found) {
        (Some(fault), _) => faults.add(Code::IdInvalid, || "fulfillment".into(), fault),
        (None, None) => faults.add(Code::FulfillmentUnknown, || "fulfillment".into(), "does not exist"),
        (None, Some(_)) => {}
    }
    faults.check()?;
    found.ok_or_else(|| Rejection::one(Code::FulfillmentUnknown, "fulfillment", "does not exist").into())
}

pub(super) fn changed(
    decision: &Decision<'_>,
    order: &Name,
    row: &FulfillmentOrder,
) -> Result<ChangedFulfillment, Stop> {
    Ok(ChangedFulfillment {
        fulfillment: fulfillment_id(order, row.sequence),
        order: order.clone(),
        location: decision.location_name(row.location)?,
        state: row.state,
        reference: row.reference.clone(),
        why: row.why.clone(),
    })
}

/// Writes a [`ChangedFulfillment`] as its event keeps it, without making one: every fulfillment order has such an event.
fn write_changed(bytes: &mut Vec<u8>, order: &str, location: &str, row: &FulfillmentOrder) {
    let mut json = JsonWriter(bytes);
    json.raw("{\"fulfillment\":");
    json.text(order);
    // Its name goes on behind the order's.
    json.0.pop();
    json.sign(b'-');
    json.number(row.sequence);
    json.raw("\",\"order\":");
    json.text(order);
    json.raw(",\"location\":");
    json.text(location);
    json.raw(",\"state\":");
    json.text(row.state.name());
    if let Some(reference) = &row.reference {
        json.raw(",\"reference\":");
        json.text(reference);
    }
    if !row.why.is_empty() {
        json.raw(",\"why\":");
        json.text(&row.why);
    }
    json.sign(b'}');
}

/// Moves a fulfillment order on, and says so.
fn step(
    decision: &mut Decision<'_>,
    order: &Name,
    mut row: FulfillmentOrder,
    state: FulfillmentState,
    event: EventKind,
) -> Result<(), Stop> {
    row.state = state;
    let location = decision.location_name(row.location)?;
    decision.note_written(event, |facts| write_changed(facts, order, &location, &row));
    decision.rows.set_record(row)
}

/// Ends a fulfillment order. Its units are the order's again.
pub(super) fn finish(
    decision: &mut Decision<'_>,
    order: &Name,
    mut row: FulfillmentOrder,
    state: FulfillmentState,
    event: EventKind,
) -> Result<(), Stop> {
    row.cancelling = false;
    let number = row.order;
    step(decision, order, row, state, event)?;
    let_go(decision, number)
}

/// The state after a warehouse's word, or `None` where the word changes nothing.
fn after(state: FulfillmentState, status: &WarehouseStatus) -> Option<FulfillmentState> {
    use FulfillmentState::{Accepted, Cancelled, Picking, Refused, Requested};
    match (state, status) {
        (state, _) if state.is_final() => None,
        (Requested, WarehouseStatus::Accepted) => Some(Accepted),
        (Requested | Accepted, WarehouseStatus::Picking) => Some(Picking),
        (_, WarehouseStatus::Accepted | WarehouseStatus::Picking) => None,
        (_, WarehouseStatus::Refused { .. }) => Some(Refused),
        (_, WarehouseStatus::Cancelled) => Some(Cancelled),
    }
}

pub(crate) fn note(decision: &mut Decision<'_>, command: &NoteFulfillment) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !take_in(decision, command.message.as_ref(), &mut faults)? {
        return Ok(Answer::Unchanged);
    }
    let (order, row) = named(decision, &command.fulfillment, faults)?;
    let key = RecordKey::Fulfillment(row.order, row.sequence);
    if !say(decision, &order.id, row, &command.status)? {
        return Ok(Answer::Unchanged);
    }
    match decision.rows.record::<FulfillmentOrder>(&key)? {
        Some(row) => Ok(Answer::FulfillmentChanged(changed(decision, &order.id, row)?)),
        None => Ok(Answer::Unchanged),
    }
}

/// Whether a warehouse's word changes a fulfillment order, which then is changed.
fn say(
    decision: &mut Decision<'_>,
    order: &Name,
    mut row: FulfillmentOrder,
    status: &WarehouseStatus,
) -> Result<bool, Stop> {
    let Some(state) = after(row.state, status) else {
        return Ok(false);
    };
    if let WarehouseStatus::Refused { why } = status {
        row.why = kept(why);
    }
    let event = match state {
        FulfillmentState::Accepted => EventKind::FulfillmentAccepted,
        FulfillmentState::Picking => EventKind::FulfillmentPicking,
        FulfillmentState::Refused => EventKind::FulfillmentRefused,
        _ => EventKind::FulfillmentCancelled,
    };
    match state.is_final() {
        true => finish(decision, order, row, state, event)?,
        false => step(decision, order, row, state, event)?,
    }
    Ok(true)
}

/// What came of a delivery that this module wrote. Where the order was pruned meanwhile, nobody is left to be told.
pub(crate) fn delivered(decision: &mut Decision<'_>, delivery: &Delivery, ended: &Ended<'_>) -> Result<(), Stop> {
    match &delivery.body {
        DeliveryBody::RequestFulfillment(_) => {
            let Some((order, mut row)) = find_row(decision, &delivery.key)? else {
                return Ok(());
            };
            row.delivery = 0;
            let status = match ended {
                Ended::Done(answer) => {
                    if let DeliveryAnswer::Handed { reference: Some(reference) } = answer {
                        row.reference = Some(kept(reference));
                    }
                    WarehouseStatus::Accepted
                }
                Ended::Refused(why) => WarehouseStatus::Refused { why: (*why).to_owned() },
                Ended::Dropped => WarehouseStatus::Refused { why: "the delivery was dropped".to_owned() },
            };
            // The row changes even where the state does not: a callback may have been faster than the answer.
            match after(row.state, &status) {
                Some(_) => say(decision, &order, row, &status).map(drop),
                None => {
                    decision.papers_may_change_silently();
                    decision.rows.set_record(row)
                }
            }
        }
        DeliveryBody::CancelFulfillment(request) => {
            let Some((order, mut row)) = find_row(decision, &request.fulfillment)? else {
                return Ok(());
            };
            if row.state.is_final() {
                return Ok(());
            }
            match ended {
                Ended::Done(DeliveryAnswer::Cancelled) => {
                    return say(decision, &order, row, &WarehouseStatus::Cancelled).map(drop);
                }
                // It has the question; its answer comes as a message.
                Ended::Done(DeliveryAnswer::Taken) => return Ok(()),
                _ => row.cancelling = false,
            }
            let state = row.state;
            step(decision, &order, row, state, EventKind::FulfillmentCancelRefused)
        }
        DeliveryBody::CheckStock(check) => match ended {
            Ended::Done(DeliveryAnswer::Stock(stock)) => note_checked(decision, &check.location, stock),
            _ => Ok(()),
        },
        // The channel module's.
        _ => Ok(()),
    }
}

pub(crate) fn note_shipment(decision: &mut Decision<'_>, command: &NoteShipment) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    if !take_in(decision, command.message.as_ref(), &mut faults)? {
        return Ok(Answer::Unchanged);
    }
    if let Some(fault) = name_fault(&command.shipment, KEY_BYTES_MAX) {
        faults.add(Code::IdInvalid, || "shipment".into(), fault);
    }
    if let Some(tracking) = &command.tracking {
        judge_tracking(tracking, &mut faults);
    }
    judge_items(command.items.as_deref(), &mut faults);
    let (order, mut row) = named(decision, &command.fulfillment, faults)?;
    if row.shipments.iter().any(|known| known.shipment == command.shipment) && !planted!(ShippedTwice) {
        return Ok(Answer::Unchanged);
    }
    if row.state.is_final() {
        let detail = format!("is {}", row.state.name());
        return Err(Rejection::one(Code::FulfillmentClosed, "fulfillment", detail).into());
    }
    let before = row.complete_units()?;
    let left = row.ship(command.items.as_deref())?;
    // What the warehouse says has left has left: where the books have less there, they were wrong before.
    let name = order.id.clone();
    let mut units = Vec::new();
    // By row: several lines may take of one.
    let mut taken: BTreeMap<StockNumber, i64> = BTreeMap::new();
    for ((line, now), (_, before)) in row.complete_units()?.into_iter().zip(before) {
        if now > before {
            units.push((line, now - before));
            for (sku, per) in order.body.lines[line].takes() {
                *taken.entry(StockNumber::of(sku, row.location)).or_default() += per * (now - before);
            }
        }
    }
    for (number, units) in taken {
        let stock = decision.rows.stock(number)?;
        let missing = units - (stock.on_hand - stock.unavailable);
        if missing > 0 {
            decision.move_stock(number, missing, Reason::Counted, &name)?;
        }
    }
    let all = row.items()?.iter().all(|item| item.shipped == item.quantity);
    row.shipments.push(WarehouseShipment {
        shipment: command.shipment.clone(),
        at_ms: decision.now_ms,
        tracking: command.tracking.clone(),
    });
    row.state = if all { FulfillmentState::Shipped } else { FulfillmentState::PartlyShipped };
    let told = changed(decision, &order.id, &row)?;
    let event = ShippedFulfillment {
        fulfillment: told.fulfillment.clone(),
        order: order.id.clone(),
        location: told.location.clone(),
        state: row.state,
        shipment: command.shipment.clone(),
        items: left,
        tracking: command.tracking.clone(),
    };
    let location = row.location;
    let number = order.number;
    decision.rows.set_record(row)?;
    decision.note(EventKind::FulfillmentShipped, &event)?;
    if !units.is_empty() {
        ship_units(decision, order, Some(&units), Some(location), command.tracking.clone())?;
    }
    if all {
        let_go(decision, number)?;
    }
    Ok(Answer::FulfillmentChanged(told))
}

fn judge_items(items: Option<&[SkuQuantity]>, faults: &mut Faults) {
    let Some(items) = items else { return };
    if items.is_empty() {
        faults.add(Code::LinesMissing, || "items".into(), "at least one is needed");
    }
    if items.len() > LINES_MAX {
        faults.add(Code::TooManyLines, || "items".into(), format!("more than {LINES_MAX}"));
        return;
    }
    for (at, item) in items.iter().enumerate() {
        if !is_orderable(item.quantity) {
            let at = || format!("items[{at}].quantity");
            faults.add(Code::QuantityOutOfRange, at, format!("not 1 to {QUANTITY_MAX}"));
        }
    }
}

pub(crate) fn reassign(decision: &mut Decision<'_>, command: &ReassignFulfillment) -> Result<Answer, Stop> {
    let mut faults = Faults::default();
    let to = match command.location.as_deref() {
        Some(name) => Some(super::register::location(decision, name, &mut faults)?),
        None => None,
    };
    let (order, row) = named(decision, &command.fulfillment, faults)?;
    if to == Some(row.location) {
        return Err(Rejection::one(Code::DuplicateEntry, "location", "is where they are").into());
    }
    // What is left there of the order: some of it may have been cancelled since.
    let known = of_order(decision, &order)?;
    let units = unassigned(&order, &known)?.remove(&row.location).unwrap_or_default();
    // One that the warehouse gave up by itself is as good as refused.
    let let_go = matches!(row.state, FulfillmentState::Refused | FulfillmentState::Cancelled);
    if !let_go || units.is_empty() {
        let detail = format!("is {} or its units are elsewhere by now", row.state.name());
        return Err(Rejection::one(Code::FulfillmentClosed, "fulfillment", detail).into());
    }
    // Nobody would ask the other location to give up what it is only about to get.
    if order.body.cancel_requested {
        let detail = "the order is to be cancelled as far as warehouses let go of it";
        return Err(Rejection::one(Code::FulfillmentClosed, "fulfillment", detail).into());
    }
    let to = match to {
        Some(to) => to,
        None => first_with_all(decision, &order, row.location, &units)?,
    };
    move_units(decision, order.number, row.location, to, &units)?;
    let moved = decision.rows.order(order.number)?.clone();
    let told = changed(decision, &order.id, &row)?;
    let event = ReassignedFulfillment {
        fulfillment: told.fulfillment.clone(),
        order: told.order.clone(),
        from: told.location.clone(),
        to: decision.location_name(to)?,
    };
    decision.note(EventKind::FulfillmentReassigned, &event)?;
    // Where nobody runs that location it ships by hand.
    request(decision, &moved, to, &units)?;
    Ok(Answer::FulfillmentChanged(told))
}

/// The first location of the order's ranking or channel, other than the one that refused, that has all units.
fn first_with_all(
    decision: &mut Decision<'_>,
    order: &Order,
    from: LocationNumber,
    units: &[(usize, i64)],
) -> Result<LocationNumber, Stop> {
    let channel = decision.rows.catalog()?.channels.get(&order.channel).cloned();
    let locations = match order.body.ranking.is_empty() {
        true => channel.map(|channel| channel.locations.clone()).unwrap_or_default(),
        false => order.body.ranking.clone(),
    };
    let refused: Vec<LocationNumber> = of_order(decision, order)?
        .iter()
        .filter(|row| row.state == FulfillmentState::Refused)
        .map(|row| row.location)
        .collect();
    for location in locations.into_iter().filter(|location| *location != from && !refused.contains(location)) {
        let mut all = true;
        for (line, quantity) in units {
            let takes = order.body.lines[*line].takes();
            all &= whole_units(decision.rows, takes, location, crate::inventory::Stock::available)? >= *quantity;
        }
        if all {
            return Ok(location);
        }
    }
    Err(Rejection::one(Code::InsufficientStock, "fulfillment", "no other location has all of it").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfillment::FULFILLMENTS_MAX;

    #[test]
    fn the_event_by_hand_is_the_one_that_serde_writes() {
        let references = [None, Some(""), Some("WH-1"), Some("a\"b\\\u{1}ü")];
        for (order, sequence) in [("o-1", 1), ("a\"b", 10), ("ü\\", FULFILLMENTS_MAX)] {
            for (reference, why) in references.into_iter().zip(["", "no", "\n\"", "ü"]) {
                let row = FulfillmentOrder {
                    order: OrderNumber(1),
                    sequence,
                    location: LocationNumber(1),
                    destination: "wms".into(),
                    state: FulfillmentState::PartlyShipped,
                    delivery: 0,
                    cancelling: false,
                    reference: reference.map(str::to_owned),
                    why: why.to_owned(),
                    items: Vec::new().into(),
                    shipments: Vec::new(),
                    requested_at_ms: 0,
                };
                let told = ChangedFulfillment {
                    fulfillment: fulfillment_id(order, sequence),
                    order: order.into(),
                    location: "ma\"in".into(),
                    state: row.state,
                    reference: row.reference.clone(),
                    why: row.why.clone(),
                };
                let mut bytes = Vec::new();
                write_changed(&mut bytes, order, "ma\"in", &row);
                assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(&told).unwrap());
            }
        }
    }
}
