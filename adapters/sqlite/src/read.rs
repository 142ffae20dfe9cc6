//! Reading: rows for needs, and pages of one kind.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};
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
        let mut by_id = prepared(connection, rows::ORDER_NUMBER, "WHERE id = ?1")?;
        for id in &needs.order_numbers {
            set.put_order_number(id, one(&mut by_id, [id], rows::order_number)?);
        }
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
