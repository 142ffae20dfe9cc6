//! The reaction to what happens to orders: fulfillment orders are written for units that nobody was told to ship
//! yet, and warehouses are asked to give up what is to be cancelled. It looks at an order as it is now, whatever
//! the event said, so that reading an event twice, late or together with others changes nothing.

use std::collections::BTreeMap;

use crate::code::{Code, Faults, Rejection};
use crate::engine::{Answer, Decision, Found, Query, RecordKey, Stop};
use crate::error::Error;
use crate::fulfillment::{
    CancelRequest, Fulfill, Fulfilled, FulfillmentItem, FulfillmentOrder, FulfillmentRequest, FulfillmentState,
    RequestedItem, SUBSCRIPTION, StockCheck, Warehouse, changed, finish, fulfillment_id, of_order,
};
use crate::ids::{LocationNumber, Name, OrderNumber};
use crate::order::{Order, hand_over};
use crate::outbox::{
    DeliveryBody, EventData, EventKind, EventRow, RequestedFulfillment, enqueue, put_place, replace, untried, withdraw,
};
use crate::planted::planted;

/// Commands whose events one reaction reads at most.
const LIMIT_MAX: u32 = 1_000;
/// SKUs in one stock check at most: they go into one request's address.
const CHECKED_SKUS_MAX: usize = 50;

pub(crate) fn fulfill(decision: &mut Decision<'_>, command: &Fulfill) -> Result<Answer, Stop> {
    if !(1..=LIMIT_MAX).contains(&command.limit) {
        let mut faults = Faults::default();
        faults.add(Code::QuantityOutOfRange, || "limit".into(), format!("not 1 to {LIMIT_MAX}"));
        faults.check()?;
    }
    let Some(place) = decision.rows.subscription(SUBSCRIPTION)?.cloned() else {
        return Err(Rejection::one(Code::WarehouseUnknown, "", "no warehouse is registered").into());
    };
    let query = Query::EventsAfter { number: place.cursor, limit: command.limit };
    let Found::Events(rows) = decision.rows.found(&query)?.clone() else {
        return Ok(Answer::Unchanged);
    };
    let Some(last) = rows.last().map(|row| row.number) else {
        return Ok(Answer::Fulfilled(Fulfilled::default()));
    };
    let orders = named_orders(decision, &rows)?;
    let mut requested = 0;
    for number in orders {
        requested += bring_up_to_date(decision, number)?;
    }
    let last = if planted!(FulfillCursorTooFar) { decision.rows.catalog()?.counters.event } else { last };
    put_place(decision, SUBSCRIPTION, last);
    let more = rows.len() == command.limit as usize;
    Ok(Answer::Fulfilled(Fulfilled { events: last - place.cursor, requested, more }))
}

/// The orders that the events call for looking at, each once, in the order of the events.
fn named_orders(decision: &mut Decision<'_>, rows: &[EventRow]) -> Result<Vec<OrderNumber>, Stop> {
    let mut ids: Vec<Name> = Vec::new();
    for row in rows {
        for event in row.events()? {
            match event.data {
                EventData::OrderAllocated(order)
                | EventData::OrderPartlyAllocated(order)
                | EventData::OrderBackordered(order) => ids.push(order.order),
                EventData::OrderFilled(filled) => ids.push(filled.order),
                EventData::OrderEdited(edited) => ids.push(edited.order),
                EventData::OrderCancelRequested(order) => ids.push(order.order),
                _ => {}
            }
        }
    }
    // All that is missing is asked for at once.
    decision.rows.need_orders(&ids)?;
    let mut numbers = Vec::with_capacity(ids.len());
    for id in &ids {
        numbers.extend(decision.rows.order_number(id)?.filter(|number| !numbers.contains(number)));
    }
    let keys = |number: &OrderNumber| -> Result<Vec<RecordKey>, Stop> {
        let order = decision.rows.order(*number)?;
        let places = order.body.allocations.iter().map(|allocation| RecordKey::Warehouse(allocation.location));
        let known = (1..=order.body.fulfillments).map(|sequence| RecordKey::Fulfillment(*number, sequence));
        Ok(places.chain(known).collect())
    };
    let keys = numbers.iter().map(keys).collect::<Result<Vec<_>, Stop>>()?;
    decision.rows.need_records(keys.into_iter().flatten())?;
    Ok(numbers)
}

/// Brings an order's fulfillment orders in step with it; returns how many were written.
fn bring_up_to_date(decision: &mut Decision<'_>, number: OrderNumber) -> Result<u64, Stop> {
    let order = decision.rows.order(number)?.clone();
    // Nothing of it is open; what was pruned is closed too.
    if order.state.is_closed() {
        return Ok(0);
    }
    let known = of_order(decision, &order)?;
    if order.body.cancel_requested {
        for row in known.into_iter().filter(|row| !row.state.is_final() && !row.cancelling) {
            ask_to_give_up(decision, &order, row)?;
        }
        return Ok(0);
    }
    let mut requested = 0;
    for (location, units) in unassigned(&order, &known)? {
        // A location that refused is not asked again by itself.
        if known.iter().any(|row| row.location == location && row.state == FulfillmentState::Refused) {
            continue;
        }
        requested += u64::from(request(decision, &order, location, &units)?);
    }
    Ok(requested)
}

/// Open units by location and line index that no open fulfillment order covers.
pub(super) fn unassigned(
    order: &Order,
    known: &[FulfillmentOrder],
) -> Result<BTreeMap<LocationNumber, Vec<(usize, i64)>>, Error> {
    let mut open: BTreeMap<(LocationNumber, usize), i64> = BTreeMap::new();
    for allocation in &order.body.allocations {
        *open.entry((allocation.location, allocation.line as usize)).or_default() += allocation.open;
    }
    for row in known.iter().filter(|row| !row.state.is_final() && !planted!(HandedTwice)) {
        for (line, units) in row.open_units()? {
            *open.entry((row.location, line)).or_default() -= units;
        }
    }
    let mut unassigned: BTreeMap<LocationNumber, Vec<(usize, i64)>> = BTreeMap::new();
    for ((location, line), units) in open.into_iter().filter(|(_, units)| *units > 0) {
        unassigned.entry(location).or_default().push((line, units));
    }
    Ok(unassigned)
}

/// Writes a fulfillment order and the delivery that hands it over, where a warehouse runs the location.
pub(super) fn request(
    decision: &mut Decision<'_>,
    order: &Order,
    location: LocationNumber,
    units: &[(usize, i64)],
) -> Result<bool, Stop> {
    let Some(warehouse) = decision.rows.record::<Warehouse>(&RecordKey::Warehouse(location))?.cloned() else {
        return Ok(false);
    };
    let mut items = Vec::with_capacity(units.len());
    for (index, quantity) in units {
        let line = &order.body.lines[*index];
        for (sku_number, per) in line.takes() {
            let sku = match line.components.is_empty() {
                true => line.sku.clone(),
                false => decision.rows.sku_name(sku_number)?,
            };
            let item =
                FulfillmentItem { line: *index as u32, sku_number, sku, per, quantity: per * quantity, shipped: 0 };
            items.push(item);
        }
    }
    let sequence = hand_over(decision, order.number)?;
    let fulfillment = fulfillment_id(&order.id, sequence);
    let location_name = decision.location_name(location)?;
    let requested: Vec<RequestedItem> = items
        .iter()
        .map(|item| RequestedItem { line: item.line + 1, sku: item.sku.clone(), quantity: item.quantity })
        .collect();
    let details = order.body.details.as_deref();
    let document = FulfillmentRequest {
        fulfillment: fulfillment.clone(),
        order: order.id.clone(),
        location: location_name.clone(),
        channel: order.channel.clone(),
        placed_at_ms: order.placed_at_ms,
        currency: order.currency.clone(),
        ship_to: details.and_then(|details| details.ship_to.clone()),
        note: details.and_then(|details| details.note.clone()),
        items: requested.clone(),
    };
    let body = DeliveryBody::RequestFulfillment(document.into());
    let delivery = enqueue(decision, &warehouse.destination, fulfillment.clone(), body)?;
    if warehouse.check_on_allocation {
        for (part, some) in requested.chunks(CHECKED_SKUS_MAX).enumerate() {
            let skus = some.iter().map(|item| item.sku.clone()).collect();
            let check = DeliveryBody::CheckStock(StockCheck { location: location_name.clone(), skus });
            enqueue(decision, &warehouse.destination, format!("stock of {fulfillment}, part {}", part + 1), check)?;
        }
    }
    let key = RecordKey::Fulfillment(order.number, sequence);
    decision.rows.put_record(key, None);
    decision.rows.set_record(FulfillmentOrder {
        order: order.number,
        sequence,
        location,
        destination: warehouse.destination,
        state: FulfillmentState::Requested,
        delivery,
        cancelling: false,
        reference: None,
        why: String::new(),
        items: items.into(),
        shipments: Vec::new(),
        requested_at_ms: decision.now_ms,
    })?;
    let event =
        RequestedFulfillment { fulfillment, order: order.id.clone(), location: location_name, items: requested };
    decision.note(EventKind::FulfillmentRequested, &event)?;
    Ok(true)
}

/// Puts an order's address and note into the deliveries that have not left. Whether none had: else a warehouse works
/// with the old ones, and the change must not be made.
pub(crate) fn readdress(decision: &mut Decision<'_>, order: &Order) -> Result<bool, Stop> {
    let details = order.body.details.as_deref().cloned().unwrap_or_default();
    for row in of_order(decision, order)?.into_iter().filter(|row| !row.state.is_final()) {
        if row.delivery == 0 {
            return Ok(false);
        }
        let replaced = replace(decision, &row.destination, row.delivery, |body| match body {
            DeliveryBody::RequestFulfillment(request) => {
                let (ship_to, note) = (details.ship_to.clone(), details.note.clone());
                let request = FulfillmentRequest { ship_to, note, ..request.get()?.clone() };
                Ok(DeliveryBody::RequestFulfillment(request.into()))
            }
            other => Ok(other.clone()),
        })?;
        if !replaced {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether no warehouse was told of an order's address yet.
pub(crate) fn can_readdress(decision: &Decision<'_>, order: &Order) -> Result<bool, Stop> {
    for row in of_order(decision, order)?.into_iter().filter(|row| !row.state.is_final()) {
        if row.delivery == 0 || !untried(decision, &row.destination, row.delivery)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives a fulfillment order up that nobody was told of yet; else asks the warehouse to.
fn ask_to_give_up(decision: &mut Decision<'_>, order: &Order, mut row: FulfillmentOrder) -> Result<(), Stop> {
    let destination = row.destination.clone();
    if row.delivery != 0 && withdraw(decision, &destination, row.delivery)? {
        row.delivery = 0;
        return finish(decision, &order.id, row, FulfillmentState::Cancelled, EventKind::FulfillmentCancelled);
    }
    row.cancelling = true;
    let fulfillment = fulfillment_id(&order.id, row.sequence);
    let body = DeliveryBody::CancelFulfillment(CancelRequest {
        fulfillment: fulfillment.clone(),
        reference: row.reference.clone(),
    });
    enqueue(decision, &destination, fulfillment, body)?;
    let event = changed(decision, &order.id, &row)?;
    decision.rows.set_record(row)?;
    decision.note(EventKind::FulfillmentCancelRequested, &event)
}
