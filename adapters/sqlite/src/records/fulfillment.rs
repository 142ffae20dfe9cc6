//! The fulfillment module's records as rows: warehouses and fulfillment orders.

use rusqlite::{CachedStatement, Connection, Row, params};
use stockroom::engine::{Record, RecordKey, Unread, WorkingSet};
use stockroom::fulfillment::{FULFILLMENTS_MAX, FulfillmentOrder, FulfillmentState, StockReports, Warehouse};
use stockroom::{Error, ErrorKind, LocationNumber, Name, OrderNumber, Result};

use super::{Scratch, Statements, Table, milliseconds, yes_or_no};
use crate::error::During;
use crate::read::{each, prepared};
use crate::rows::{json, named, number, text};
use crate::write::{WRITE, signed, to_json};

pub(super) const WAREHOUSES: Table = Table {
    select: "SELECT location, destination, stock, check_on_allocation, stock_taken_at_ms FROM stockroom_warehouses",
    by_key: "WHERE location = ?1",
    first_page: "ORDER BY location LIMIT ?1",
    next_page: "WHERE location > ?1 ORDER BY location LIMIT ?2",
    insert: "INSERT INTO stockroom_warehouses (location, destination, stock, check_on_allocation, stock_taken_at_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
    update: "UPDATE stockroom_warehouses SET destination = ?2, stock = ?3, check_on_allocation = ?4, \
             stock_taken_at_ms = ?5 WHERE location = ?1",
    delete: "DELETE FROM stockroom_warehouses WHERE location = ?1",
    map: |row| warehouse(row).map(Record::Warehouse),
    one: "a warehouse",
};

/// A fulfillment order stands under its order's number and its sequence in one.
pub(super) const FULFILLMENT_ORDERS: Table = Table {
    select: "SELECT id, location, state, delivery, cancelling, reference, why, items, shipments, requested_at_ms, \
             destination FROM stockroom_fulfillment_orders",
    by_key: "WHERE id = ?1",
    first_page: "ORDER BY id LIMIT ?1",
    next_page: "WHERE id > ?1 ORDER BY id LIMIT ?2",
    insert: "INSERT INTO stockroom_fulfillment_orders (id, order_number, sequence, location, state, delivery, cancelling, \
             reference, why, items, shipments, requested_at_ms, destination) \
             VALUES (?1, ?1 >> 20, ?1 & (1 << 20) - 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    update: "UPDATE stockroom_fulfillment_orders SET location = ?2, state = ?3, delivery = ?4, cancelling = ?5, \
             reference = ?6, why = ?7, items = ?8, shipments = ?9, requested_at_ms = ?10, destination = ?11 \
             WHERE id = ?1",
    delete: "DELETE FROM stockroom_fulfillment_orders WHERE id = ?1",
    map: |row| fulfillment_order(row).map(Record::Fulfillment),
    one: "a fulfillment order",
};

/// Only what the warehouse says of it.
static FULFILLMENT_STATE: &str = "UPDATE stockroom_fulfillment_orders SET state = ?2, delivery = ?3, cancelling = ?4, \
                                 reference = ?5, why = ?6 WHERE id = ?1";

/// Only what it says when it takes it.
static HANDED_OVER: &str =
    "UPDATE stockroom_fulfillment_orders SET state = ?2, delivery = ?3, reference = ?4 WHERE id = ?1";

/// The bits of an id that hold the sequence.
const SEQUENCE_BITS: u32 = 20;
const SEQUENCE_MASK: i64 = (1 << SEQUENCE_BITS) - 1;
/// The highest number of an order whose fulfillment orders have an id. At ten thousand orders a second it is reached after 27
/// years.
const ORDER_NUMBER_MAX: i64 = (1 << 43) - 2;

/// The id of a fulfillment order. What has none because its numbers are too high gets one that no row has, behind all rows
/// that it stands behind.
pub(super) fn id(order: OrderNumber, sequence: u32) -> i64 {
    match order.as_i64() {
        order @ 0..=ORDER_NUMBER_MAX => order << SEQUENCE_BITS | i64::from(sequence).min(SEQUENCE_MASK),
        _ => i64::MAX,
    }
}

/// Puts each fulfillment order asked for, or that there is none. Those of orders that were placed one after the other stand
/// side by side.
pub(super) fn supply(connection: &Connection, keys: &[RecordKey], set: &mut WorkingSet) -> Result<()> {
    let mut from_id = prepared(connection, FULFILLMENT_ORDERS.select, "WHERE id >= ?1 ORDER BY id")?;
    let ids = keys.iter().filter_map(|key| match key {
        RecordKey::Fulfillment(order, sequence) => Some(id(*order, *sequence)),
        _ => None,
    });
    let mut asked = keys.iter();
    let order = |row: &Row<'_>, id: i64| Ok(row.get::<_, i64>(0)?.cmp(&id));
    let mut at_hand = None;
    let map = |row: &Row<'_>| {
        let name = row.get_ref(10)?.as_str()?;
        let destination = at_hand.take().filter(|at_hand: &Name| **at_hand == *name).unwrap_or_else(|| name.into());
        at_hand = Some(destination.clone());
        fulfillment_order_to(destination, row).map(Record::Fulfillment)
    };
    each(&mut from_id, ids, order, map, |_, record| {
        if let Some(key) = asked.next() {
            set.put_record(key.clone(), record);
        }
    })
}

/// Writes a fulfillment order that moved on and is else as it was stored, and returns how many rows that were; `None`
/// where more of it changed.
pub(super) fn restate_fulfillment_order(
    statements: &mut Statements<'_>,
    stored: &FulfillmentOrder,
    row: &FulfillmentOrder,
) -> Result<Option<usize>> {
    let FulfillmentOrder {
        order,
        sequence,
        location,
        destination,
        state,
        delivery,
        cancelling,
        reference,
        why,
        items,
        shipments,
        requested_at_ms,
    } = row;
    if (location, destination, items, shipments, requested_at_ms)
        != (&stored.location, &stored.destination, &stored.items, &stored.shipments, &stored.requested_at_ms)
    {
        return Ok(None);
    }
    let (id, state, delivery) = (id(*order, *sequence), state.name(), signed(*delivery));
    let written = if (cancelling, why) == (&stored.cancelling, &stored.why) {
        statements.get(HANDED_OVER)?.execute(params![id, state, delivery, reference])
    } else {
        statements.get(FULFILLMENT_STATE)?.execute(params![id, state, delivery, cancelling, reference, why])
    };
    written.map(Some).during(WRITE)
}

pub(super) fn write_warehouse(statement: &mut CachedStatement<'_>, row: &Warehouse) -> Result<usize> {
    let Warehouse { location, destination, stock, check_on_allocation, stock_taken_at_ms } = row;
    let row = params![location.as_i64(), &**destination, stock.name(), check_on_allocation, stock_taken_at_ms];
    statement.execute(row).during(WRITE)
}

pub(super) fn write_fulfillment_order(
    statement: &mut CachedStatement<'_>,
    row: &FulfillmentOrder,
    scratch: &mut Scratch,
) -> Result<usize> {
    let FulfillmentOrder {
        order,
        sequence,
        location,
        destination,
        state,
        delivery,
        cancelling,
        reference,
        why,
        items,
        shipments,
        requested_at_ms,
    } = row;
    if order.as_i64() > ORDER_NUMBER_MAX || *sequence > FULFILLMENTS_MAX {
        // It would stand in another's place.
        let message = format!(
            "fulfillment order {sequence} of order {}: there is room for {FULFILLMENTS_MAX} of orders up to {ORDER_NUMBER_MAX}",
            order.0
        );
        return Err(Error::new(ErrorKind::Unsupported, WRITE, message));
    }
    let row = params![
        id(*order, *sequence),
        location.as_i64(),
        state.name(),
        signed(*delivery),
        cancelling,
        reference,
        why,
        to_json(items, &mut scratch.0)?,
        to_json(shipments, &mut scratch.1)?,
        requested_at_ms,
        &**destination,
    ];
    statement.execute(row).during(WRITE)
}

fn warehouse(row: &Row<'_>) -> rusqlite::Result<Warehouse> {
    Ok(Warehouse {
        location: LocationNumber(number(row, 0)?),
        destination: text(row, 1)?,
        stock: named(row, 2, StockReports::from_name)?,
        check_on_allocation: yes_or_no(row, 3)?,
        stock_taken_at_ms: milliseconds(row, 4)?,
    })
}

fn fulfillment_order(row: &Row<'_>) -> rusqlite::Result<FulfillmentOrder> {
    fulfillment_order_to(text(row, 10)?, row)
}

/// One whose destination's name is at hand: each of many rows would else make its own.
fn fulfillment_order_to(destination: Name, row: &Row<'_>) -> rusqlite::Result<FulfillmentOrder> {
    let id = row.get::<_, i64>(0)?;
    let sequence = u32::try_from(id & SEQUENCE_MASK).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))?;
    Ok(FulfillmentOrder {
        order: OrderNumber(number(row, 0)? >> SEQUENCE_BITS),
        sequence,
        location: LocationNumber(number(row, 1)?),
        state: named(row, 2, FulfillmentState::from_name)?,
        delivery: number(row, 3)?,
        cancelling: yes_or_no(row, 4)?,
        reference: row.get(5)?,
        why: row.get(6)?,
        items: Unread::of_text(row.get_ref(7)?.as_str()?),
        shipments: match row.get_ref(8)?.as_str()? {
            // Until something leaves.
            "[]" => Vec::new(),
            _ => json(row, 8)?,
        },
        requested_at_ms: milliseconds(row, 9)?,
        destination,
    })
}
