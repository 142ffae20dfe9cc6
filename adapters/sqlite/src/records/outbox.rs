//! The outbox's records as rows: destinations, deliveries and messages.

use rusqlite::{CachedStatement, Connection, Row, params};
use stockroom::Result;
use stockroom::engine::{Found, Record, WorkingSet};
use stockroom::outbox::{Delivery, DeliveryState, Destination, InboxMessage, Patience};

use super::{Scratch, Statements, Table, milliseconds, yes_or_no};
use crate::error::During;
use crate::read::many;
use crate::rows::{json, named, number, text};
use crate::write::{WRITE, signed, to_json};

pub(super) const DESTINATIONS: Table = Table {
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

/// A lease, a report and a failed attempt leave the document and the key as they are. Where these are not named, neither
/// the document is checked again nor the index over the keys written.
static DELIVERY_STATE: &str = "UPDATE stockroom_deliveries SET state = ?3, attempts = ?4, doubt = ?5, due_at_ms = ?6, \
                              why = ?7, failed = ?8 WHERE destination = ?1 AND number = ?2";

pub(super) const INBOX: Table = Table {
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

/// Writes a delivery that moved on and is else as it was stored, and returns how many rows that were; `None` where more
/// of it changed.
pub(super) fn restate_delivery(
    statements: &mut Statements<'_>,
    stored: &Delivery,
    row: &Delivery,
) -> Result<Option<usize>> {
    let Delivery { destination, number, key, state, attempts, failed, doubt, due_at_ms, created_at_ms, why, body } =
        row;
    if (key, created_at_ms, body) != (&stored.key, &stored.created_at_ms, &stored.body) {
        return Ok(None);
    }
    let number = signed(*number);
    let row = params![&**destination, number, state.name(), attempts, doubt, due_at_ms, why, failed];
    statements.get(DELIVERY_STATE)?.execute(row).map(Some).during(WRITE)
}

pub(super) fn write_destination(statement: &mut CachedStatement<'_>, row: &Destination) -> Result<usize> {
    let Destination { destination, patience, last_number, failures, paused_until_ms } = row;
    let Patience { attempts_max, age_max_ms, backoff_ms, backoff_max_ms, breaker_failures, breaker_open_ms, seed } =
        patience;
    let row = params![
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
    ];
    statement.execute(row).during(WRITE)
}

pub(super) fn write_delivery(
    statement: &mut CachedStatement<'_>,
    row: &Delivery,
    scratch: &mut Scratch,
) -> Result<usize> {
    let Delivery { destination, number, key, state, attempts, failed, doubt, due_at_ms, created_at_ms, why, body } =
        row;
    let row = params![
        &**destination,
        signed(*number),
        key,
        state.name(),
        attempts,
        doubt,
        due_at_ms,
        created_at_ms,
        why,
        to_json(body, &mut scratch.0)?,
        failed,
    ];
    statement.execute(row).during(WRITE)
}

pub(super) fn write_message(statement: &mut CachedStatement<'_>, row: &InboxMessage) -> Result<usize> {
    let InboxMessage { source, message, at_ms } = row;
    statement.execute(params![source, message, at_ms]).during(WRITE)
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

fn message(row: &Row<'_>) -> rusqlite::Result<InboxMessage> {
    Ok(InboxMessage { source: row.get(0)?, message: row.get(1)?, at_ms: milliseconds(row, 2)? })
}
