//! Records: the rows of the modules around orders and stock. One table a kind, found by their keys; a file for the
//! rows of each module.

mod channel;
mod fulfillment;
mod outbox;
mod queue;

use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, Connection, Row, params_from_iter};
use stockroom::Result;
use stockroom::engine::{Record, RecordChange, RecordKey, RecordKind, WorkingSet};

use crate::error::During;
use crate::read::{many, one, prepared};
use crate::write::{WRITE, expect_all, expect_one, prepare, signed};

pub(crate) use channel::LISTINGS;
#[cfg(test)]
pub(crate) use outbox::{DELIVERIES, deliveries};
pub(crate) use outbox::{columns, delivery_to, own_columns, prunable_messages, take_first};
pub(crate) use queue::{Queue, is_untried};

/// What SQLite is told of a kind.
pub(crate) struct Table {
    pub(crate) select: &'static str,
    pub(crate) by_key: &'static str,
    /// The page from the first row on, and after a key.
    first_page: &'static str,
    pub(crate) next_page: &'static str,
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
struct Key<'k> {
    parts: [ToSqlOutput<'k>; 2],
    count: usize,
}

impl<'k> Key<'k> {
    fn of(key: &'k RecordKey) -> Self {
        let text = |text: &'k str| ToSqlOutput::from(text);
        let two = |first, second| Key { parts: [first, second], count: 2 };
        let one = |part| Key { parts: [part, ToSqlOutput::from(0)], count: 1 };
        match key {
            RecordKey::Destination(name) => one(text(name)),
            RecordKey::Delivery(name, number) => two(text(name), signed(*number).into()),
            RecordKey::Warehouse(location) => one(location.as_i64().into()),
            RecordKey::Fulfillment(order, sequence) => one(fulfillment::id(*order, *sequence).into()),
            RecordKey::Message(source, message) => two(text(source), text(message)),
            RecordKey::ChannelSettings(channel) => one(text(channel)),
            RecordKey::Listing(channel, sku) => two(text(channel), sku.as_i64().into()),
            RecordKey::ListedItem(channel, item) => two(text(channel), text(item)),
            RecordKey::ListedSku(sku) => one(sku.as_i64().into()),
            RecordKey::TakenOrder(channel, id) => two(text(channel), text(id)),
        }
    }

    fn parts(&self) -> &[ToSqlOutput<'k>] {
        &self.parts[..self.count]
    }
}

/// Puts each record asked for, or that there is none.
pub(crate) fn supply(connection: &Connection, keys: &[RecordKey], set: &mut WorkingSet) -> Result<()> {
    for keys in keys.chunk_by(|one, other| one.kind() == other.kind()) {
        let Some(kind) = keys.first().map(RecordKey::kind) else { continue };
        let table = table(kind);
        if kind == RecordKind::Fulfillment {
            fulfillment::supply(connection, keys, set)?;
            continue;
        }
        let mut by_key = prepared(connection, table.select, table.by_key)?;
        for key in keys {
            let record = one(&mut by_key, params_from_iter(Key::of(key).parts()), table.map)?;
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
    let records = match after {
        Some(key) if key.kind() > kind => return Ok(Vec::new()),
        Some(key) if key.kind() == kind => {
            let key = Key::of(key);
            let params = key.parts().iter().cloned().chain([limit.into()]);
            many(connection, table.select, table.next_page, params_from_iter(params), table.map)
        }
        _ => many(connection, table.select, table.first_page, [limit], table.map),
    }?;
    for record in &records {
        // Whoever reads pages wants all of each row.
        match record {
            Record::Fulfillment(row) => drop(row.items()?),
            Record::Delivery(row) => row.body.check()?,
            _ => {}
        }
    }
    Ok(records)
}

/// The statement at hand, which is kept as long as the next change needs the same: most do.
struct Statements<'c> {
    connection: &'c Connection,
    last: Option<(&'static str, CachedStatement<'c>)>,
    /// Where the deliveries of the destination at hand stand.
    queue: Option<queue::AtHand>,
}

impl<'c> Statements<'c> {
    fn get(&mut self, sql: &'static str) -> Result<&mut CachedStatement<'c>> {
        let at_hand = self.last.take().filter(|(last, _)| std::ptr::eq(*last, sql));
        let (_, statement) = self.last.insert(match at_hand {
            Some(same) => same,
            None => (sql, prepare(self.connection, sql)?),
        });
        Ok(statement)
    }
}

/// Writes records. What goes is written first, and from the last kind to the first; what comes and changes from the
/// first to the last: so no row is ever without the one that it names. Deliveries that go or move on alike are written
/// together.
pub(crate) fn write(connection: &Connection, changes: &[RecordChange]) -> Result<()> {
    let mut statements = Statements { connection, last: None, queue: None };
    for alike in changes.chunk_by(outbox::are_alike).rev() {
        let Some(change) = alike.first().filter(|change| change.record.is_none()) else { continue };
        let table = table(change.key.kind());
        let deleted = match outbox::delete_alike(&mut statements, alike)? {
            Some(deleted) => deleted,
            None => {
                let delete = statements.get(table.delete)?;
                delete.execute(params_from_iter(Key::of(&change.key).parts())).during(WRITE)?
            }
        };
        expect_all(deleted, alike.len(), table.one)?;
    }
    let mut scratch = Scratch::default();
    for alike in changes.chunk_by(outbox::are_alike) {
        let Some(change) = alike.first() else { continue };
        let Some(record) = change.record.as_deref() else { continue };
        let table = table(change.key.kind());
        let restated = match (change.stored.as_deref(), record) {
            (Some(Record::Delivery(_)), Record::Delivery(_)) => outbox::restate_alike(&mut statements, alike)?,
            (Some(Record::Fulfillment(stored)), Record::Fulfillment(row)) => {
                fulfillment::restate_fulfillment_order(&mut statements, stored, row)?
            }
            _ => None,
        };
        if let Some(written) = restated {
            expect_all(written, alike.len(), table.one)?;
            continue;
        }
        let sql = if change.new { table.insert } else { table.update };
        let written = match record {
            Record::Delivery(row) => outbox::write_delivery(&mut statements, sql, change.new, row, &mut scratch),
            Record::Destination(row) => outbox::write_destination(statements.get(sql)?, row),
            Record::Warehouse(row) => fulfillment::write_warehouse(statements.get(sql)?, row),
            Record::Fulfillment(row) => fulfillment::write_fulfillment_order(statements.get(sql)?, row, &mut scratch),
            Record::Message(row) => outbox::write_message(statements.get(sql)?, row),
            Record::ChannelSettings(row) => channel::write_settings(statements.get(sql)?, row, &mut scratch),
            Record::Listing(row) => channel::write_listing(statements.get(sql)?, row),
            Record::ListedItem(row) => channel::write_listed_item(statements.get(sql)?, row),
            Record::ListedSku(row) => channel::write_listed_sku(statements.get(sql)?, row, &mut scratch),
            Record::TakenOrder(row) => channel::write_taken_order(statements.get(sql)?, row, &mut scratch),
        };
        expect_one(written?, table.one)?;
    }
    statements.keep_queue()
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
