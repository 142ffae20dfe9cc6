//! Records: the rows of the modules around orders and stock. One table a kind, found by their keys.

use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params};
use stockroom::engine::{Found, Record, RecordChange, RecordKey, RecordKind, WorkingSet};
use stockroom::fulfillment::{FulfillmentItem, FulfillmentOrder, FulfillmentState, StockReports, Warehouse};
use stockroom::outbox::{Delivery, DeliveryState, Destination, InboxMessage, Patience};
use stockroom::quantity::LEVEL_MAX;
use stockroom::{LocationNumber, OrderNumber, Result, SkuNumber};

use crate::error::During;
use crate::read::{many, one, prepared};
use crate::rows::{json, named, number, text, unreadable};
use crate::write::{WRITE, expect_one, prepare, signed, to_json};

/// What SQLite is told of a kind.
pub(crate) struct Table {
    pub(crate) select: &'static str,
    pub(crate) by_key: &'static str,
    /// The page from the first row on, and after a key.
    first_page: &'static str,
    next_page: &'static str,
    insert: &'static str,
    update: &'static str,
    delete: &'static str,
    map: fn(&Row<'_>) -> rusqlite::Result<Record>,
    /// What people call one.
    one: &'static str,
}

const DESTINATIONS: Table = Table {
    select: "SELECT destination, attempts_max, age_max_ms, backoff_ms, backoff_max_ms, breaker_failures, \
             breaker_open_ms, seed, last_number, failures, paused_until_ms FROM stockroom_destinations",
    by_key: "WHERE destination = ?1",
    first_page: "ORDER BY destination LIMIT ?1",
    next_page: "WHERE destination > ?1 ORDER BY destination LIMIT ?2",
    insert: "INSERT INTO stockroom_destinations (destination, attempts_max, age_max_ms, backoff_ms, backoff_max_ms, \
             breaker_failures, breaker_open_ms, seed, last_number, failures, paused_until_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    update: "UPDATE stockroom_destinations SET attempts_max = ?2, age_max_ms = ?3, backoff_ms = ?4, \
             backoff_max_ms = ?5, breaker_failures = ?6, breaker_open_ms = ?7, seed = ?8, last_number = ?9, \
             failures = ?10, paused_until_ms = ?11 WHERE destination = ?1",
    delete: "DELETE FROM stockroom_destinations WHERE destination = ?1",
    map: |row| destination(row).map(Record::Destination),
    one: "a destination",
};

pub(crate) const DELIVERIES: Table = Table {
    select: "SELECT destination, number, key, state, attempts, doubt, due_at_ms, created_at_ms, why, body, failed \
             FROM stockroom_deliveries",
    by_key: "WHERE destination = ?1 AND number = ?2",
    first_page: "ORDER BY destination, number LIMIT ?1",
    next_page: "WHERE (destination, number) > (?1, ?2) ORDER BY destination, number LIMIT ?3",
    insert: "INSERT INTO stockroom_deliveries (destination, number, key, state, attempts, doubt, due_at_ms, \
             created_at_ms, why, body, failed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    update: "UPDATE stockroom_deliveries SET key = ?3, state = ?4, attempts = ?5, doubt = ?6, due_at_ms = ?7, \
             created_at_ms = ?8, why = ?9, body = ?10, failed = ?11 WHERE destination = ?1 AND number = ?2",
    delete: "DELETE FROM stockroom_deliveries WHERE destination = ?1 AND number = ?2",
    map: |row| delivery(row).map(Record::Delivery),
    one: "a delivery",
};

const WAREHOUSES: Table = Table {
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

const FULFILLMENT_ORDERS: Table = Table {
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

const INBOX: Table = Table {
    select: "SELECT source, message, at_ms FROM stockroom_inbox",
    by_key: "WHERE source = ?1 AND message = ?2",
    first_page: "ORDER BY source, message LIMIT ?1",
    next_page: "WHERE (source, message) > (?1, ?2) ORDER BY source, message LIMIT ?3",
    insert: "INSERT INTO stockroom_inbox (source, message, at_ms) VALUES (?1, ?2, ?3)",
    update: "UPDATE stockroom_inbox SET at_ms = ?3 WHERE source = ?1 AND message = ?2",
    delete: "DELETE FROM stockroom_inbox WHERE source = ?1 AND message = ?2",
    map: |row| message(row).map(Record::Message),
    one: "a message",
};

fn table(kind: RecordKind) -> &'static Table {
    match kind {
        RecordKind::Destination => &DESTINATIONS,
        RecordKind::Delivery => &DELIVERIES,
        RecordKind::Warehouse => &WAREHOUSES,
        RecordKind::Fulfillment => &FULFILLMENT_ORDERS,
        RecordKind::Message => &INBOX,
    }
}

/// A key as the parameters of its table, the first of every statement.
enum Key<'k> {
    One(Box<dyn ToSql + 'k>),
    Two(Box<dyn ToSql + 'k>, Box<dyn ToSql + 'k>),
}

impl<'k> Key<'k> {
    fn of(key: &'k RecordKey) -> Self {
        match key {
            RecordKey::Destination(name) => Key::One(Box::new(&**name)),
            RecordKey::Delivery(name, number) => Key::Two(Box::new(&**name), Box::new(signed(*number))),
            RecordKey::Warehouse(location) => Key::One(Box::new(location.as_i64())),
            RecordKey::Fulfillment(order, sequence) => Key::Two(Box::new(order.as_i64()), Box::new(*sequence)),
            RecordKey::Message(source, message) => Key::Two(Box::new(&**source), Box::new(&**message)),
        }
    }

    fn params(&self) -> Vec<&dyn ToSql> {
        match self {
            Key::One(part) => vec![part],
            Key::Two(first, second) => vec![first, second],
        }
    }
}

/// Puts each record asked for, or that there is none.
pub(crate) fn supply(connection: &Connection, keys: &[RecordKey], set: &mut WorkingSet) -> Result<()> {
    for keys in keys.chunk_by(|one, other| one.kind() == other.kind()) {
        let Some(kind) = keys.first().map(RecordKey::kind) else { continue };
        let table = table(kind);
        let mut by_key = prepared(connection, table.select, table.by_key)?;
        for key in keys {
            let record = one(&mut by_key, &*Key::of(key).params(), table.map)?;
            set.put_record(key.clone(), record);
        }
    }
    Ok(())
}

/// Records of a kind in the order of their keys, after one. A key of another kind stands before all of this kind or
/// behind them, as the kinds do.
pub(crate) fn page(
    connection: &Connection,
    kind: RecordKind,
    after: Option<&RecordKey>,
    limit: u32,
) -> Result<Vec<Record>> {
    let table = table(kind);
    match after {
        Some(key) if key.kind() > kind => Ok(Vec::new()),
        Some(key) if key.kind() == kind => {
            let key = Key::of(key);
            let mut params = key.params();
            params.push(&limit);
            many(connection, table.select, table.next_page, &*params, table.map)
        }
        _ => many(connection, table.select, table.first_page, [limit], table.map),
    }
}

/// Writes records. What goes is written first, and from the last kind to the first; what comes and changes from the
/// first to the last: so no row is ever without the one that it names.
pub(crate) fn write(connection: &Connection, changes: &[RecordChange]) -> Result<()> {
    for change in changes.iter().rev().filter(|change| change.record.is_none()) {
        let table = table(change.key.kind());
        let mut delete = prepare(connection, table.delete)?;
        expect_one(delete.execute(&*Key::of(&change.key).params()).during(WRITE)?, table.one)?;
    }
    let mut json = (Vec::new(), Vec::new());
    for change in changes {
        let Some(record) = change.record.as_deref() else { continue };
        let table = table(change.key.kind());
        let mut statement = prepare(connection, if change.new { table.insert } else { table.update })?;
        let written = match record {
            Record::Destination(row) => {
                let Destination { destination, patience, last_number, failures, paused_until_ms } = row;
                let Patience {
                    attempts_max,
                    age_max_ms,
                    backoff_ms,
                    backoff_max_ms,
                    breaker_failures,
                    breaker_open_ms,
                    seed,
                } = patience;
                statement.execute(params![
                    &**destination,
                    attempts_max,
                    age_max_ms,
                    backoff_ms,
                    backoff_max_ms,
                    breaker_failures,
                    breaker_open_ms,
                    i64::from_ne_bytes(seed.to_ne_bytes()),
                    signed(*last_number),
                    failures,
                    paused_until_ms,
                ])
            }
            Record::Delivery(row) => {
                let Delivery {
                    destination,
                    number,
                    key,
                    state,
                    attempts,
                    failed,
                    doubt,
                    due_at_ms,
                    created_at_ms,
                    why,
                    body,
                } = row;
                let (number, state, body) = (signed(*number), state.name(), to_json(body, &mut json.0)?);
                statement.execute(params![
                    &**destination,
                    number,
                    key,
                    state,
                    attempts,
                    doubt,
                    due_at_ms,
                    created_at_ms,
                    why,
                    body,
                    failed
                ])
            }
            Record::Warehouse(row) => {
                let Warehouse { location, destination, stock, check_on_allocation, stock_taken_at_ms } = row;
                statement.execute(params![
                    location.as_i64(),
                    &**destination,
                    stock.name(),
                    check_on_allocation,
                    stock_taken_at_ms
                ])
            }
            Record::Fulfillment(row) => {
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
                statement.execute(params![
                    order.as_i64(),
                    sequence,
                    location.as_i64(),
                    state.name(),
                    signed(*delivery),
                    cancelling,
                    reference,
                    why,
                    to_json(items, &mut json.0)?,
                    to_json(shipments, &mut json.1)?,
                    requested_at_ms,
                    &**destination,
                ])
            }
            Record::Message(InboxMessage { source, message, at_ms }) => {
                statement.execute(params![source, message, at_ms])
            }
        };
        expect_one(written.during(WRITE)?, table.one)?;
    }
    Ok(())
}

/// See `Query::PrunableMessages`.
pub(crate) fn prunable_messages(
    connection: &Connection,
    after: &(String, String),
    before_ms: i64,
    limit: u32,
    set: &mut WorkingSet,
) -> Result<Found> {
    let looked_at = many(connection, INBOX.select, INBOX.next_page, params![after.0, after.1, limit], message)?;
    let full = looked_at.len() == limit as usize;
    let next = looked_at.last().filter(|_| full).map(|row| (row.source.clone(), row.message.clone()));
    let mut messages = Vec::new();
    for row in looked_at.into_iter().filter(|row| row.at_ms < before_ms) {
        let record = Record::from(row);
        messages.push(record.key());
        set.put_record(record.key(), Some(record));
    }
    Ok(Found::PrunableMessages { messages, next })
}

/// A time or a duration. None lies before the epoch; one that does was never written.
fn milliseconds(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    let milliseconds: i64 = row.get(column)?;
    match milliseconds >= 0 {
        true => Ok(milliseconds),
        false => Err(rusqlite::Error::IntegralValueOutOfRange(column, milliseconds)),
    }
}

fn yes_or_no(row: &Row<'_>, column: usize) -> rusqlite::Result<bool> {
    match row.get(column)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

fn destination(row: &Row<'_>) -> rusqlite::Result<Destination> {
    Ok(Destination {
        destination: text(row, 0)?,
        patience: Patience {
            attempts_max: row.get(1)?,
            age_max_ms: milliseconds(row, 2)?,
            backoff_ms: milliseconds(row, 3)?,
            backoff_max_ms: milliseconds(row, 4)?,
            breaker_failures: row.get(5)?,
            breaker_open_ms: milliseconds(row, 6)?,
            // All 64 bits are the seed's; SQLite has no unsigned numbers.
            seed: u64::from_ne_bytes(row.get::<_, i64>(7)?.to_ne_bytes()),
        },
        last_number: number(row, 8)?,
        failures: row.get(9)?,
        paused_until_ms: milliseconds(row, 10)?,
    })
}

pub(crate) fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        destination: text(row, 0)?,
        number: number(row, 1)?,
        key: row.get(2)?,
        state: named(row, 3, DeliveryState::from_name)?,
        attempts: row.get(4)?,
        doubt: yes_or_no(row, 5)?,
        due_at_ms: milliseconds(row, 6)?,
        created_at_ms: milliseconds(row, 7)?,
        why: row.get(8)?,
        body: json(row, 9)?,
        failed: row.get(10)?,
    })
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
        items: items(row, 8)?,
        shipments: json(row, 9)?,
        requested_at_ms: milliseconds(row, 10)?,
        destination: text(row, 11)?,
    })
}

/// Items whose units can be reckoned with.
fn items(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<FulfillmentItem>> {
    let items: Vec<FulfillmentItem> = json(row, column)?;
    let sound = |item: &FulfillmentItem| {
        (1..=LEVEL_MAX).contains(&item.per)
            && (0..=LEVEL_MAX).contains(&item.quantity)
            && (0..=item.quantity).contains(&item.shipped)
            && item.sku_number != SkuNumber(0)
    };
    match items.iter().find(|item| !sound(item)) {
        None => Ok(items),
        Some(item) => Err(unreadable(column, std::io::Error::other(format!("an item that cannot be: {item:?}")))),
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<InboxMessage> {
    Ok(InboxMessage { source: row.get(0)?, message: row.get(1)?, at_ms: milliseconds(row, 2)? })
}
