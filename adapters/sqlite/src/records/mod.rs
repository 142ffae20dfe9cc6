//! Records: the rows of the modules around orders and stock. One table a kind, found by their keys; a file for the
//! rows of each module.

mod channel;
mod fulfillment;
mod outbox;

use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};
use stockroom::Result;
use stockroom::engine::{Record, RecordChange, RecordKey, RecordKind, WorkingSet};

use crate::error::During;
use crate::read::{many, one, prepared};
use crate::write::{WRITE, expect_one, prepare, signed};

pub(crate) use channel::LISTINGS;
pub(crate) use outbox::{DELIVERIES, delivery, prunable_messages};

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
    pub(crate) map: fn(&Row<'_>) -> rusqlite::Result<Record>,
    /// What people call one.
    one: &'static str,
}

fn table(kind: RecordKind) -> &'static Table {
    match kind {
        RecordKind::Destination => &outbox::DESTINATIONS,
        RecordKind::Delivery => &outbox::DELIVERIES,
        RecordKind::Warehouse => &fulfillment::WAREHOUSES,
        RecordKind::Fulfillment => &fulfillment::FULFILLMENT_ORDERS,
        RecordKind::Message => &outbox::INBOX,
        RecordKind::ChannelSettings => &channel::CHANNEL_SETTINGS,
        RecordKind::Listing => &channel::LISTINGS,
        RecordKind::ListedItem => &channel::LISTED_ITEMS,
        RecordKind::ListedSku => &channel::LISTED_SKUS,
        RecordKind::TakenOrder => &channel::TAKEN_ORDERS,
    }
}

/// Room for the documents of one row, kept from row to row.
type Scratch = (Vec<u8>, Vec<u8>);

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
            RecordKey::ChannelSettings(channel) => Key::One(Box::new(&**channel)),
            RecordKey::Listing(channel, sku) => Key::Two(Box::new(&**channel), Box::new(sku.as_i64())),
            RecordKey::ListedItem(channel, item) => Key::Two(Box::new(&**channel), Box::new(&**item)),
            RecordKey::ListedSku(sku) => Key::One(Box::new(sku.as_i64())),
            RecordKey::TakenOrder(channel, id) => Key::Two(Box::new(&**channel), Box::new(&**id)),
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
    let mut scratch = Scratch::default();
    for change in changes {
        let Some(record) = change.record.as_deref() else { continue };
        let table = table(change.key.kind());
        let restated = match (change.stored.as_deref(), record) {
            (Some(Record::Delivery(stored)), Record::Delivery(row)) => {
                outbox::restate_delivery(connection, stored, row)?
            }
            (Some(Record::Fulfillment(stored)), Record::Fulfillment(row)) => {
                fulfillment::restate_fulfillment_order(connection, stored, row)?
            }
            _ => None,
        };
        if let Some(written) = restated {
            expect_one(written, table.one)?;
            continue;
        }
        let mut statement = prepare(connection, if change.new { table.insert } else { table.update })?;
        let written = match record {
            Record::Destination(row) => outbox::write_destination(&mut statement, row),
            Record::Delivery(row) => outbox::write_delivery(&mut statement, row, &mut scratch),
            Record::Warehouse(row) => fulfillment::write_warehouse(&mut statement, row),
            Record::Fulfillment(row) => fulfillment::write_fulfillment_order(&mut statement, row, &mut scratch),
            Record::Message(row) => outbox::write_message(&mut statement, row),
            Record::ChannelSettings(row) => channel::write_settings(&mut statement, row, &mut scratch),
            Record::Listing(row) => channel::write_listing(&mut statement, row),
            Record::ListedItem(row) => channel::write_listed_item(&mut statement, row),
            Record::ListedSku(row) => channel::write_listed_sku(&mut statement, row, &mut scratch),
            Record::TakenOrder(row) => channel::write_taken_order(&mut statement, row, &mut scratch),
        };
        expect_one(written?, table.one)?;
    }
    Ok(())
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
