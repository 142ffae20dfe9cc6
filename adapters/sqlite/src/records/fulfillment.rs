//! The fulfillment module's records as rows: warehouses and fulfillment orders.

use rusqlite::{CachedStatement, Row, params};
use stockroom::engine::{Record, Unread};
use stockroom::fulfillment::{FulfillmentOrder, FulfillmentState, StockReports, Warehouse};
use stockroom::{LocationNumber, OrderNumber, Result};

use super::{Scratch, Statements, Table, milliseconds, yes_or_no};
use crate::error::During;
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

pub(super) const FULFILLMENT_ORDERS: Table = Table {
    select: "SELECT order_number, sequence, location, state, delivery, cancelling, reference, why, items, shipments, \
             requested_at_ms, destination FROM stockroom_fulfillment_orders",
    by_key: "WHERE order_number = ?1 AND sequence = ?2",
    first_page: "ORDER BY order_number, sequence LIMIT ?1",
    next_page: "WHERE (order_number, sequence) > (?1, ?2) ORDER BY order_number, sequence LIMIT ?3",
    insert: "INSERT INTO stockroom_fulfillment_orders (order_number, sequence, location, state, delivery, cancelling, \
             reference, why, items, shipments, requested_at_ms, destination) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    update: "UPDATE stockroom_fulfillment_orders SET location = ?3, state = ?4, delivery = ?5, cancelling = ?6, \
             reference = ?7, why = ?8, items = ?9, shipments = ?10, requested_at_ms = ?11, destination = ?12 \
             WHERE order_number = ?1 AND sequence = ?2",
    delete: "DELETE FROM stockroom_fulfillment_orders WHERE order_number = ?1 AND sequence = ?2",
    map: |row| fulfillment_order(row).map(Record::Fulfillment),
    one: "a fulfillment order",
};

/// Only what the warehouse says of it.
static FULFILLMENT_STATE: &str = "UPDATE stockroom_fulfillment_orders SET state = ?3, delivery = ?4, cancelling = ?5, \
                                 reference = ?6, why = ?7 WHERE order_number = ?1 AND sequence = ?2";

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
    let (order, delivery) = (order.as_i64(), signed(*delivery));
    let row = params![order, sequence, state.name(), delivery, cancelling, reference, why];
    statements.get(FULFILLMENT_STATE)?.execute(row).map(Some).during(WRITE)
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
    let row = params![
        order.as_i64(),
        sequence,
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
    Ok(FulfillmentOrder {
        order: OrderNumber(number(row, 0)?),
        sequence: row.get(1)?,
        location: LocationNumber(number(row, 2)?),
        state: named(row, 3, FulfillmentState::from_name)?,
        delivery: number(row, 4)?,
        cancelling: yes_or_no(row, 5)?,
        reference: row.get(6)?,
        why: row.get(7)?,
        items: Unread::of_text(row.get_ref(8)?.as_str()?),
        shipments: json(row, 9)?,
        requested_at_ms: milliseconds(row, 10)?,
        destination: text(row, 11)?,
    })
}
