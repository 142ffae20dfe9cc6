//! The outbox's records as rows: destinations, deliveries and messages.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Row, params};
use stockroom::engine::{Found, Record, RecordChange, RecordKey, WorkingSet};
use stockroom::outbox::{
    DELIVERY_NUMBER_MAX, Delivery, DeliveryBody, DeliveryState, Destination, InboxMessage, Patience,
};
use stockroom::{Error, ErrorKind, Name, Result};

use super::queue::is_taken_first;
use super::{Scratch, Statements, Table, milliseconds, yes_or_no};
use crate::error::During;
use crate::read::many;
use crate::rows::{named, number, text, unreadable};
use crate::write::{WRITE, signed, to_json};

pub(super) const DESTINATIONS: Table = Table {
    select: "SELECT destination, attempts_max, age_max_ms, backoff_ms, backoff_max_ms, breaker_failures, \
             breaker_open_ms, seed, last_number, failures, paused_until_ms FROM stockroom_destinations",
    by_key: "WHERE destination = ?1",
    first_page: "ORDER BY destination LIMIT ?1",
    next_page: "WHERE destination > ?1 ORDER BY destination LIMIT ?2",
    insert: "INSERT INTO stockroom_destinations (destination, attempts_max, age_max_ms, backoff_ms, backoff_max_ms, \
             breaker_failures, breaker_open_ms, seed, last_number, failures, paused_until_ms, number) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, \
             (SELECT coalesce(max(number), 0) + 1 FROM stockroom_destinations))",
    update: "UPDATE stockroom_destinations SET attempts_max = ?2, age_max_ms = ?3, backoff_ms = ?4, \
             backoff_max_ms = ?5, breaker_failures = ?6, breaker_open_ms = ?7, seed = ?8, last_number = ?9, \
             failures = ?10, paused_until_ms = ?11 WHERE destination = ?1",
    delete: "DELETE FROM stockroom_destinations WHERE destination = ?1",
    map: |row| destination(row).map(Record::Destination),
    one: "a destination",
};

/// What [`delivery_to`] reads: a delivery's own columns. A destination's deliveries stand together in the outbox, under its
/// number and theirs.
macro_rules! columns {
    () => {
        "SELECT d.destination, o.id & (1 << 44) - 1, o.key, o.state, o.attempts, o.doubt, o.due_at_ms, \
         o.created_at_ms, o.why, o.body, o.failed"
    };
}

/// Deliveries as their own columns say that they stand.
macro_rules! own_columns {
    () => {
        concat!(crate::records::columns!(), " FROM stockroom_destinations AS d CROSS JOIN stockroom_outbox AS o ")
    };
}

/// What [`delivery`] reads: the columns and, where it was taken with others, the end of their lease.
macro_rules! deliveries {
    () => {
        concat!(
            crate::records::columns!(),
            ", l.until_ms FROM stockroom_destinations AS d CROSS JOIN stockroom_outbox AS o \
             LEFT JOIN stockroom_leases AS l ON o.by_time = 0 AND l.last_id >= o.id \
             AND l.first_id = (SELECT max(first_id) FROM stockroom_leases WHERE first_id <= o.id)"
        )
    };
}
#[cfg(test)]
pub(crate) use deliveries;
pub(crate) use {columns, own_columns};

pub(crate) const DELIVERIES: Table = Table {
    select: deliveries!(),
    // A number that no delivery can have would else be found among another destination's.
    by_key: "WHERE d.destination = ?1 AND o.id = (d.number << 44) + ?2 AND o.destination = d.number",
    first_page: "WHERE o.id > d.number << 44 AND o.id < d.number + 1 << 44 ORDER BY d.destination, o.id LIMIT ?1",
    next_page: "WHERE d.destination >= ?1 AND o.id > (d.number << 44) + iif(d.destination = ?1, ?2, 0) \
                AND o.id < d.number + 1 << 44 ORDER BY d.destination, o.id LIMIT ?3",
    insert: "INSERT INTO stockroom_outbox (id, destination, key, state, attempts, doubt, due_at_ms, created_at_ms, why, \
             body, failed, by_time) VALUES (?1, ?1 >> 44, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, \
             iif(?11, 1, EXISTS (SELECT 1 FROM stockroom_outbox WHERE key = ?2 AND destination = ?1 >> 44)))",
    update: "UPDATE stockroom_outbox SET key = ?2, state = ?3, attempts = ?4, doubt = ?5, due_at_ms = ?6, \
             created_at_ms = ?7, why = ?8, body = ?9, failed = ?10, by_time = ?11 WHERE id = ?1",
    delete: "DELETE FROM stockroom_outbox WHERE id = (SELECT number << 44 FROM stockroom_destinations \
             WHERE destination = ?1) + ?2",
    map: |row| delivery(row).map(Record::Delivery),
    one: "a delivery",
};

/// A lease, a report and a failed attempt leave the document and the key as they are. Where these are not named, neither
/// the document is checked again nor the index over the keys written.
/// Without a question within the statement, for which SQLite would first list the rows and then find each again.
static MOVE_ON: &str = "UPDATE stockroom_outbox SET state = ?3, attempts = ?4, doubt = ?5, due_at_ms = ?6, why = ?7, \
                        failed = ?8, by_time = 1 WHERE id BETWEEN ?1 AND ?2";

/// Those behind one with the same key that stand in the order of their numbers and were not taken yet.
static FOLLOW: &str = "UPDATE stockroom_outbox SET by_time = 1 \
                       WHERE key = ?1 AND destination = ?2 >> 44 AND id > max(?2, ?3) AND by_time = 0";

static DELETE_ALIKE: &str = "DELETE FROM stockroom_outbox WHERE id BETWEEN ?1 AND ?2";

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

/// Whether two changes, of which one comes right behind the other in the order of the keys, are of deliveries with
/// successive numbers that go, or that move on to the same state: so do those that a relay takes together and most of those
/// that it reports together. One statement for all of them costs half as much as one for each.
pub(super) fn are_alike(one: &RecordChange, other: &RecordChange) -> bool {
    let (RecordKey::Delivery(destination, number), RecordKey::Delivery(same, next)) = (&one.key, &other.key) else {
        return false;
    };
    if number.checked_add(1) != Some(*next) || destination != same {
        return false;
    }
    match (moved_on(one), moved_on(other)) {
        (Some(row), Some(next)) => {
            (row.state, row.attempts, row.failed, row.doubt, row.due_at_ms, &row.why)
                == (next.state, next.attempts, next.failed, next.doubt, next.due_at_ms, &next.why)
        }
        _ => one.record.is_none() && other.record.is_none(),
    }
}

/// The delivery after a change that left its key, its document and its age as they are stored.
fn moved_on(change: &RecordChange) -> Option<&Delivery> {
    let (Some(Record::Delivery(stored)), Some(Record::Delivery(row))) =
        (change.stored.as_deref(), change.record.as_deref())
    else {
        return None;
    };
    let same = (&row.key, row.created_at_ms, &row.body) == (&stored.key, stored.created_at_ms, &stored.body);
    same.then_some(row)
}

/// Deletes the deliveries of changes that are alike, and returns how many rows that were; `None` where the changes are of
/// something else.
pub(super) fn delete_alike(statements: &mut Statements<'_>, changes: &[RecordChange]) -> Result<Option<usize>> {
    let Some((first, last)) = ids(statements, changes)? else { return Ok(None) };
    statements.get(DELETE_ALIKE)?.execute([first, last]).map(Some).during(WRITE)
}

/// Writes deliveries that moved on alike and returns how many rows that were; `None` where more of them changed.
pub(super) fn restate_alike(statements: &mut Statements<'_>, changes: &[RecordChange]) -> Result<Option<usize>> {
    let Some(row) = changes.first().and_then(moved_on) else { return Ok(None) };
    let Some((first, last)) = ids(statements, changes)? else { return Ok(None) };
    if is_taken_first(row) && statements.lease(row, first, last, changes.len())? {
        return Ok(Some(changes.len()));
    }
    let Delivery { state, attempts, failed, doubt, due_at_ms, why, .. } = row;
    let params = params![first, last, state.name(), attempts, doubt, due_at_ms, why, failed];
    let written = statements.get(MOVE_ON)?.execute(params).during(WRITE)?;
    if *state == DeliveryState::Leased {
        statements.pass(&row.destination, first, last)?;
    }
    Ok(Some(written))
}

/// Where the first and the last of changed deliveries to one destination stand; `None` where the changes are of something
/// else.
fn ids(statements: &mut Statements<'_>, changes: &[RecordChange]) -> Result<Option<(i64, i64)>> {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return Ok(None) };
    let (RecordKey::Delivery(destination, first), RecordKey::Delivery(_, last)) = (&first.key, &last.key) else {
        return Ok(None);
    };
    // A destination that is not there has no deliveries, which whoever writes finds out by their count.
    let base = statements.base(destination)?.unwrap_or(0);
    Ok(Some((base.saturating_add(signed(*first)), base.saturating_add(signed(*last)))))
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

/// Writes a delivery that is new, or of which more changed than how it stands, and returns how many rows that were.
pub(super) fn write_delivery(
    statements: &mut Statements<'_>,
    sql: &'static str,
    new: bool,
    row: &Delivery,
    scratch: &mut Scratch,
) -> Result<usize> {
    let Delivery { destination, number, key, state, attempts, failed, doubt, due_at_ms, created_at_ms, why, body } =
        row;
    if *number > DELIVERY_NUMBER_MAX {
        // It would stand among another destination's.
        let message = format!("delivery {number} to {destination}: numbers go to {DELIVERY_NUMBER_MAX}");
        return Err(Error::new(ErrorKind::Unsupported, WRITE, message));
    }
    let Some(base) = statements.base(destination)? else { return Ok(0) };
    let id = base.saturating_add(signed(*number));
    // Of those that take their turn by their numbers each is the first with its key, so that nobody who takes them has to
    // look for an earlier one.
    let by_time = !(new && statements.append(id, row)?);
    if by_time {
        let taken = statements.taken(destination)?;
        statements.get(FOLLOW)?.execute(params![key, id, taken]).during(WRITE)?;
    }
    let body = to_json(body, &mut scratch.0)?;
    let columns = params![id, key, state.name(), attempts, doubt, due_at_ms, created_at_ms, why, body, failed, by_time];
    let written = statements.get(sql)?.execute(columns).during(WRITE)?;
    if *state == DeliveryState::Leased {
        statements.pass(destination, id, id)?;
    }
    Ok(written)
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

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let mut delivery = delivery_to(text(row, 0)?, row)?;
    if row.get_ref(11)? != ValueRef::Null {
        take_first(&mut delivery, milliseconds(row, 11)?);
    }
    Ok(delivery)
}

/// What taking it for the first time, with others, changed of a delivery.
pub(crate) fn take_first(delivery: &mut Delivery, until_ms: i64) {
    delivery.state = DeliveryState::Leased;
    delivery.attempts = delivery.attempts.saturating_add(1);
    delivery.due_at_ms = until_ms;
}

/// A delivery by its own columns, to a destination whose name is at hand: of many rows each would else make its own.
pub(crate) fn delivery_to(destination: Name, row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        destination,
        number: number(row, 1)?,
        key: row.get(2)?,
        state: named(row, 3, DeliveryState::from_name)?,
        attempts: row.get(4)?,
        doubt: yes_or_no(row, 5)?,
        due_at_ms: milliseconds(row, 6)?,
        created_at_ms: milliseconds(row, 7)?,
        why: row.get(8)?,
        body: body(row, 9)?,
        failed: row.get(10)?,
    })
}

fn body(row: &Row<'_>, column: usize) -> rusqlite::Result<DeliveryBody> {
    DeliveryBody::of_text(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

fn message(row: &Row<'_>) -> rusqlite::Result<InboxMessage> {
    Ok(InboxMessage { source: row.get(0)?, message: row.get(1)?, at_ms: milliseconds(row, 2)? })
}
