//! Event rows as SQLite keeps them: those that were committed together share a row, because a row costs far
//! more than the bytes in it. Nothing outside this file sees more than the events of one command at a time.

use rusqlite::{Connection, params};
use serde_json::value::RawValue;
use stockroom::engine::Found;
use stockroom::outbox::EventRow;
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;

/// The size from which a row takes in no more commands. It bounds what reading one event costs.
const PACK_BYTES: usize = 16 * 1024;

const EVENTS: &str = "sqlite.events";

/// One command's entry: first number, number, time, facts.
type Entry = (u64, u64, i64, Box<RawValue>);

/// A row to insert.
pub(crate) struct PackedEvents {
    number: i64,
    first_number: i64,
    commands: String,
}

/// Packs the events of a write into rows.
pub(crate) fn pack(events: &[EventRow]) -> Vec<PackedEvents> {
    let mut rows = Vec::new();
    let mut commands = String::new();
    let mut first_number = 0;
    for (index, event) in events.iter().enumerate() {
        if commands.is_empty() {
            first_number = event.first_number;
            commands.reserve(PACK_BYTES.min((events.len() - index) * 1024) + 1024);
            commands.push('[');
        } else {
            commands.push(',');
        }
        append(&mut commands, event);
        if commands.len() >= PACK_BYTES || index + 1 == events.len() {
            commands.push(']');
            let (number, first_number) = (signed(event.number), signed(first_number));
            rows.push(PackedEvents { number, first_number, commands: std::mem::take(&mut commands) });
        }
    }
    rows
}

pub(crate) fn insert(connection: &Connection, rows: &[PackedEvents]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = connection
        .prepare_cached("INSERT INTO stockroom_events (number, first_number, commands) VALUES (?1, ?2, ?3)")
        .during(EVENTS)?;
    for PackedEvents { number, first_number, commands } in rows {
        statement.execute(params![number, first_number, commands]).during(EVENTS)?;
    }
    Ok(())
}

fn append(commands: &mut String, event: &EventRow) {
    let EventRow { number, first_number, at_ms, facts } = event;
    let mut digits = itoa::Buffer::new();
    commands.push('[');
    commands.push_str(digits.format(*first_number));
    commands.push(',');
    commands.push_str(digits.format(*number));
    commands.push(',');
    commands.push_str(digits.format(*at_ms));
    commands.push(',');
    commands.push_str(facts);
    commands.push(']');
}

/// The events of at most `limit` commands after a number, in order.
pub(crate) fn after(connection: &Connection, number: u64, limit: u32) -> Result<Vec<EventRow>> {
    let mut statement = connection
        .prepare_cached("SELECT commands FROM stockroom_events WHERE number > ?1 ORDER BY number")
        .during(EVENTS)?;
    let mut rows = statement.query([signed(number)]).during(EVENTS)?;
    let mut events = Vec::new();
    while events.len() < limit as usize {
        let Some(row) = rows.next().during(EVENTS)? else {
            break;
        };
        let commands = row.get_ref(0).and_then(|value| Ok(value.as_str()?)).during(EVENTS)?;
        let left = limit as usize - events.len();
        events.extend(unpack(commands)?.filter(|event| event.number > number).take(left));
    }
    Ok(events)
}

fn unpack(commands: &str) -> Result<impl Iterator<Item = EventRow>> {
    let unreadable = || Error::new(ErrorKind::Corrupt, EVENTS, "a row of events is unreadable");
    let entries: Vec<Entry> = stockroom::read_json(commands).map_err(|error| unreadable().with_source(error))?;
    if entries.iter().any(|(first_number, number, ..)| first_number > number) {
        return Err(unreadable());
    }
    Ok(entries.into_iter().map(|(first_number, number, at_ms, facts)| EventRow {
        number,
        first_number,
        at_ms,
        facts: String::from(Box::<str>::from(facts)),
    }))
}

/// The last event and its time; zeros where there is none.
pub(crate) fn last(connection: &Connection) -> Result<(u64, i64)> {
    let mut statement = connection
        .prepare_cached("SELECT commands FROM stockroom_events ORDER BY number DESC LIMIT 1")
        .during(EVENTS)?;
    let mut rows = statement.query([]).during(EVENTS)?;
    let Some(row) = rows.next().during(EVENTS)? else {
        return Ok((0, 0));
    };
    let commands = row.get_ref(0).and_then(|value| Ok(value.as_str()?)).during(EVENTS)?;
    Ok(unpack(commands)?.last().map_or((0, 0), |event| (event.number, event.at_ms)))
}

/// What pruning may forget: see `Query::PrunableEvents`.
pub(crate) fn prunable(connection: &Connection, before_ms: i64, limit: u32) -> Result<Found> {
    let mut lowest = connection.prepare_cached("SELECT min(cursor) FROM stockroom_subscriptions").during(EVENTS)?;
    let cursor: Option<i64> = lowest.query_row([], |row| row.get(0)).during(EVENTS)?;
    let cursor = cursor.map_or(u64::MAX, i64::unsigned_abs);
    let (last, _) = last(connection)?;
    let mut gone = after(connection, 0, limit)?;
    let may_go = |row: &EventRow| row.at_ms < before_ms && row.number <= cursor && row.number < last;
    gone.truncate(gone.iter().position(|row| !may_go(row)).unwrap_or(gone.len()));
    Ok(Found::PrunableEvents {
        through: gone.last().map(|row| row.number),
        events: gone.iter().map(|row| row.number - row.first_number + 1).sum(),
        more: gone.len() == limit as usize,
    })
}

/// Forgets all events up to and with a number. A row that holds events on both sides of it is written anew.
pub(crate) fn forget_through(connection: &Connection, number: u64) -> Result<()> {
    let split: Vec<EventRow> = {
        let mut statement = connection
            .prepare_cached("SELECT commands FROM stockroom_events WHERE number > ?1 AND first_number <= ?1")
            .during(EVENTS)?;
        let mut rows = statement.query([signed(number)]).during(EVENTS)?;
        match rows.next().during(EVENTS)? {
            Some(row) => {
                let commands = row.get_ref(0).and_then(|value| Ok(value.as_str()?)).during(EVENTS)?;
                unpack(commands)?.collect()
            }
            None => Vec::new(),
        }
    };
    let through = split.last().map_or(number, |event| event.number);
    let mut delete = connection.prepare_cached("DELETE FROM stockroom_events WHERE number <= ?1").during(EVENTS)?;
    delete.execute([signed(through)]).during(EVENTS)?;
    let kept: Vec<EventRow> = split.into_iter().filter(|event| event.number > number).collect();
    insert(connection, &pack(&kept))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_events_are_what_they_were() {
        let event = |first_number, number, at_ms| EventRow {
            number,
            first_number,
            at_ms,
            facts: "{\"facts\":[],\"stock\":[[\"a\",\"b\",1]]}".to_owned(),
        };
        let mut events = vec![event(1, 1, 0), event(2, 9, 5), event(10, u64::from(u32::MAX), 1_700_000_000_000)];
        let last = u64::from(u32::MAX) + 1;
        events.extend((0..1_000).map(|index| event(last + index, last + index, 1_700_000_000_000)));
        let rows = pack(&events);
        assert!(rows.len() > 1 && rows.iter().all(|row| row.commands.len() < PACK_BYTES + 1024));
        let unpacked: Vec<EventRow> = rows.iter().flat_map(|row| unpack(&row.commands).unwrap()).collect();
        assert_eq!(unpacked, events);
    }
}
