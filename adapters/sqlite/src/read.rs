//! Reading: rows for needs, and pages of one kind.

use std::cmp::Ordering;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, ToSql};
use stockroom::Result;
use stockroom::engine::{Catalog, Counters, Needs, WorkingSet};
use stockroom::ports::{Page, Rows};

use crate::error::During;
use crate::events;
use crate::records;
use crate::rows;
use crate::search;
use crate::stock::StockLog;

pub(crate) const READ: &str = "sqlite.read";

/// Answers every need.
pub(crate) fn supply(connection: &Connection, log: &StockLog, needs: &Needs, set: &mut WorkingSet) -> Result<()> {
    if needs.catalog {
        set.put_catalog(catalog(connection)?);
    }
    if !needs.skus.is_empty() {
        let mut by_name = prepared(connection, rows::SKU, "WHERE sku = ?1")?;
        for sku in &needs.skus {
            set.put_sku(sku, one(&mut by_name, [sku], rows::sku)?);
        }
    }
    if !needs.sku_numbers.is_empty() {
        let mut by_number = prepared(connection, rows::SKU, "WHERE number = ?1")?;
        for number in &needs.sku_numbers {
            if let Some(sku) = one(&mut by_number, [number.as_i64()], rows::sku)? {
                let name = sku.sku.clone();
                set.put_sku(&name, Some(sku));
            }
        }
    }
    if !needs.stock.is_empty() {
        log.read(connection, &needs.stock, &mut |number, stock| set.put_stock(number, stock))?;
    }
    if !needs.order_ids.is_empty() {
        let mut by_id = prepared(connection, rows::ORDER, "WHERE id = ?1")?;
        for id in &needs.order_ids {
            match one(&mut by_id, [id], rows::order)? {
                Some(order) => set.put_order(order),
                None => set.put_no_order(id),
            }
        }
    }
    if !needs.order_numbers.is_empty() {
        let mut from_id = prepared(connection, rows::ORDER_NUMBER, "WHERE id >= ?1 ORDER BY id")?;
        let ids = needs.order_numbers.iter().map(String::as_str);
        let id = |row: &Row<'_>, asked: &str| Ok(row.get_ref(1)?.as_str()?.cmp(asked));
        each(&mut from_id, ids, id, rows::order_number, |id, number| set.put_order_number(id, number))?;
    }
    if !needs.orders.is_empty() {
        let mut by_number = prepared(connection, rows::ORDER, "WHERE number = ?1")?;
        for number in &needs.orders {
            if let Some(order) = one(&mut by_number, [number.as_i64()], rows::order)? {
                set.put_order(order);
            }
        }
    }
    if !needs.holds.is_empty() {
        let mut by_id = prepared(connection, rows::HOLD, "WHERE id = ?1")?;
        for id in &needs.holds {
            set.put_hold(id, one(&mut by_id, [id], rows::hold)?);
        }
    }
    if !needs.keys.is_empty() {
        let mut by_key = prepared(connection, rows::KEY, "WHERE key = ?1")?;
        for key in &needs.keys {
            set.put_key(key, one(&mut by_key, [key], rows::key)?);
        }
    }
    if !needs.subscriptions.is_empty() {
        let mut by_name = prepared(connection, rows::SUBSCRIPTION, "WHERE subscription = ?1")?;
        for name in &needs.subscriptions {
            set.put_subscription(name, one(&mut by_name, [name], rows::subscription)?);
        }
    }
    records::supply(connection, &needs.records, set)?;
    for query in &needs.queries {
        let found = search::find(connection, query, set)?;
        set.put_found(query.clone(), found);
    }
    Ok(())
}

fn catalog(connection: &Connection) -> Result<Catalog> {
    let locations = many(connection, rows::LOCATION, "", [], rows::location)?;
    let channels = many(connection, rows::CHANNEL, "", [], rows::channel)?;
    let (event, last_event_at_ms) = events::last(connection)?;
    let counters = "SELECT
        (SELECT coalesce(max(number), 0) FROM stockroom_skus),
        (SELECT coalesce(max(number), 0) FROM stockroom_orders),
        (SELECT coalesce(max(number), 0) FROM stockroom_movements)";
    let mut statement = connection.prepare_cached(counters).during(READ)?;
    let counters = statement.query_row([], |row| {
        let number = |column| row.get::<_, i64>(column).map(|number| number.unsigned_abs());
        Ok(Counters { sku: number(0)?, order: number(1)?, movement: number(2)?, event, last_event_at_ms })
    });
    Ok(Catalog::new(locations, channels, counters.during(READ)?))
}

/// A page of rows of one kind.
pub(crate) fn page(connection: &Connection, log: &StockLog, page: &Page, limit: u32) -> Result<Rows> {
    /// Rows whose key, a number or a text, is above one.
    fn after<T, K: rusqlite::ToSql>(
        connection: &Connection,
        select: &'static str,
        condition: &'static str,
        key: K,
        limit: u32,
        map: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        many(connection, select, condition, rusqlite::params![key, limit], map)
    }
    const NUMBER: &str = "WHERE number > ?1 ORDER BY number LIMIT ?2";
    let signed = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
    Ok(match page {
        Page::Skus(number) => Rows::Skus(after(connection, rows::SKU, NUMBER, signed(number), limit, rows::sku)?),
        Page::Locations(number) => {
            Rows::Locations(after(connection, rows::LOCATION, NUMBER, signed(number), limit, rows::location)?)
        }
        Page::Channels(channel) => {
            let condition = "WHERE channel > ?1 ORDER BY channel LIMIT ?2";
            Rows::Channels(after(connection, rows::CHANNEL, condition, channel, limit, rows::channel)?)
        }
        Page::Stock(number) => {
            let mut rows = after(connection, rows::STOCK, NUMBER, signed(number), limit, rows::stock)?;
            log.overlay(&mut rows);
            Rows::Stock(rows)
        }
        Page::Holds(number) => Rows::Holds(after(connection, rows::HOLD, NUMBER, signed(number), limit, rows::hold)?),
        Page::Backorders(place) => Rows::Backorders(search::backorders_after(connection, *place, limit)?),
        Page::Movements(number) => {
            Rows::Movements(after(connection, rows::MOVEMENT, NUMBER, signed(number), limit, rows::movement)?)
        }
        Page::Orders(number) => {
            Rows::Orders(after(connection, rows::ORDER, NUMBER, signed(number), limit, rows::order)?)
        }
        Page::Events(number) => Rows::Events(events::after(connection, *number, limit)?),
        Page::Keys(key) => {
            let condition = "WHERE key > ?1 ORDER BY key LIMIT ?2";
            Rows::Keys(after(connection, rows::KEY, condition, key, limit, rows::key)?)
        }
        Page::Subscriptions(name) => {
            let condition = "WHERE subscription > ?1 ORDER BY subscription LIMIT ?2";
            Rows::Subscriptions(after(connection, rows::SUBSCRIPTION, condition, name, limit, rows::subscription)?)
        }
        Page::Records(kind, after) => Rows::Records(records::page(connection, *kind, after.as_ref(), limit)?),
    })
}

/// A statement from the connection's cache: a `SELECT` list and what follows it.
pub(crate) fn prepared<'c>(connection: &'c Connection, select: &str, condition: &str) -> Result<CachedStatement<'c>> {
    connection.prepare_cached(&format!("{select} {condition}")).during(READ)
}

pub(crate) fn one<T>(
    statement: &mut CachedStatement<'_>,
    params: impl Params,
    map: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    statement.query_row(params, map).optional().during(READ)
}

/// Rows that lie between two that are asked for and are read over, so that what follows need not be searched for: so many
/// at most, and no more than were asked for and found.
const READ_OVER_MAX: u32 = 8;

/// The row of each key, or that there is none, in the order of the keys. The statement lists rows from a key on in the order
/// of their keys: where those asked for rise and stand near to each other, as rows do that came together, one search finds
/// all of them. `order` says how a row's key compares with one that is asked for.
pub(crate) fn each<K: Copy + PartialOrd + ToSql, T>(
    statement: &mut CachedStatement<'_>,
    keys: impl Iterator<Item = K>,
    order: impl Fn(&Row<'_>, K) -> rusqlite::Result<Ordering>,
    mut map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    mut put: impl FnMut(K, Option<T>),
) -> Result<()> {
    let mut keys = keys.peekable();
    while let Some(first) = keys.peek().copied() {
        let mut rows = statement.query([first]).during(READ)?;
        let mut row = rows.next().during(READ)?;
        let mut last = None;
        let mut spare = 0;
        while let Some(key) = keys.peek().copied().filter(|key| last.is_none_or(|last| *key > last)) {
            let found = match row {
                Some(row) => order(row, key).during(READ)?,
                None => Ordering::Greater,
            };
            match (found, row) {
                (Ordering::Less, _) if spare > 0 => spare -= 1,
                (Ordering::Less, _) if last.is_some() => break,
                (Ordering::Equal, Some(row)) => {
                    put(key, Some(map(row).during(READ)?));
                    keys.next();
                    last = Some(key);
                    spare = READ_OVER_MAX.min(spare + 1);
                }
                // The first that is found is not below the key that it was searched by, unless the file is damaged.
                _ => {
                    put(key, None);
                    keys.next();
                    last = Some(key);
                    continue;
                }
            }
            if keys.peek().is_some() {
                row = rows.next().during(READ)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn many<T>(
    connection: &Connection,
    select: &str,
    condition: &str,
    params: impl Params,
    map: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = prepared(connection, select, condition)?;
    let rows = statement.query_map(params, map).during(READ)?;
    rows.collect::<rusqlite::Result<_>>().during(READ)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use super::*;

    /// What is found for each key among the rows given, and how many rows were looked at on the way.
    fn found(rows: &BTreeSet<i64>, keys: &[i64]) -> (Vec<(i64, Option<i64>)>, usize) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY)", []).unwrap();
        for id in rows {
            connection.execute("INSERT INTO rows (id) VALUES (?1)", [id]).unwrap();
        }
        let mut statement = prepared(&connection, "SELECT id FROM rows", "WHERE id >= ?1 ORDER BY id").unwrap();
        let looked_at = Cell::new(0);
        let order = |row: &Row<'_>, key: i64| {
            looked_at.set(looked_at.get() + 1);
            Ok(row.get::<_, i64>(0)?.cmp(&key))
        };
        let mut found = Vec::new();
        each(&mut statement, keys.iter().copied(), order, |row| row.get(0), |key, row| found.push((key, row))).unwrap();
        (found, looked_at.get())
    }

    #[test]
    fn each_key_gets_its_row_however_keys_and_rows_lie() {
        let rows: [BTreeSet<i64>; 4] = [
            BTreeSet::new(),
            (1..=100).collect(),
            (1..=100).filter(|id| id % 3 == 0).collect(),
            (1..=10).chain(40..=50).chain([i64::MAX - 1]).collect(),
        ];
        let keys: &[&[i64]] = &[
            &[],
            &[3],
            &[0, 1, 2, 3, 4, 5, 6],
            &[1, 2, 3, 40, 41, 42, 99, 100, 101],
            &[3, 3, 3, 6, 6],
            &[9, 6, 3, 2, 1],
            &[3, 99, 4, 98, 5],
            &[101, 102, 103],
            &[5, i64::MAX - 1, i64::MAX, i64::MAX],
            &[-5, -4, 100],
        ];
        for rows in &rows {
            for keys in keys {
                let expected: Vec<_> = keys.iter().map(|key| (*key, rows.get(key).copied())).collect();
                assert_eq!(found(rows, keys).0, expected, "{keys:?} in {rows:?}");
            }
        }
    }

    #[test]
    fn few_rows_are_read_in_vain() {
        let rows: BTreeSet<i64> = (1..=10_000).collect();
        let cases: &[(&str, Vec<i64>, usize)] = &[
            ("side by side", (1..=1_000).collect(), 1_000),
            ("every other", (1..=1_000).map(|key| key * 2).collect(), 2_000),
            // The one behind the last that was found, the one that is passed over, and what the next search finds.
            ("far from each other", (1..=50).map(|key| key * 200).collect(), 3 * 50),
            ("a run and one far away", (1..=1_000).chain([9_000]).collect(), 1_000 + READ_OVER_MAX as usize + 2),
        ];
        for (what, keys, most) in cases {
            let looked_at = found(&rows, keys).1;
            assert!(looked_at <= *most, "{what}: {looked_at} rows for {} keys", keys.len());
        }
    }
}
