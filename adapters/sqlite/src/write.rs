//! Writing a change set. One prepared statement a kind of row, rows in the order of their keys.

use rusqlite::{CachedStatement, Connection, params};
use serde::Serialize;
use stockroom::channel::Channel;
use stockroom::engine::{BackorderChange, Changes, Forget, NewKey, NewOrderRow, SubscriptionChange};
use stockroom::inventory::{Hold, StockRow};
use stockroom::order::Order;
use stockroom::outbox::{EventRow, ORDER_KEY_PREFIX};
use stockroom::ports::Written;
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;
use crate::events;
use crate::records;
use crate::stock::{self, StockLog, StockWrite};

pub(crate) const WRITE: &str = "sqlite.write";

/// The rows that placing orders writes, ready to be bound and independent of the working set, so that another
/// thread can write them while the next orders are decided.
pub(crate) struct Bulk {
    new_stock: Vec<StockRow>,
    stock: StockWrite,
    orders: Vec<NewOrderRow>,
    events: Vec<EventRow>,
}

impl Bulk {
    /// Takes the rows out of a change set.
    pub(crate) fn of(changes: &mut Changes, log: &mut StockLog) -> Self {
        let last_event = changes.events.last().map_or(0, |event| event.number);
        Bulk {
            new_stock: std::mem::take(&mut changes.new_stock),
            stock: log.add(last_event, std::mem::take(&mut changes.stock)),
            orders: std::mem::take(&mut changes.new_orders),
            events: std::mem::take(&mut changes.events),
        }
    }

    /// Whether a change set has nothing beyond what a bulk holds.
    pub(crate) fn is_all_of(changes: &Changes) -> bool {
        let Changes {
            skus,
            locations,
            channels,
            new_stock: _,
            stock: _,
            new_orders: _,
            changed_orders,
            holds,
            gone_holds,
            backorders,
            movements,
            events: _,
            keys,
            subscriptions,
            forget,
            records,
        } = changes;
        skus.is_empty()
            && locations.is_empty()
            && channels.is_empty()
            && changed_orders.is_empty()
            && holds.is_empty()
            && gone_holds.is_empty()
            && backorders.is_empty()
            && movements.is_empty()
            && keys.is_empty()
            && subscriptions.is_empty()
            && forget.is_empty()
            && records.is_empty()
    }

    /// Writes into the open transaction. Where an order's id is taken, part of it stands: roll back.
    pub(crate) fn write(&self, connection: &Connection) -> Result<Written> {
        in_transaction(connection)?;
        stock::insert(connection, &self.new_stock)?;
        stock::write(connection, &self.stock)?;
        if !new_orders(connection, &self.orders)? {
            return Ok(Written::Taken);
        }
        events::insert(connection, &events::pack(&self.events))?;
        Ok(Written::Done)
    }
}

/// Writes all changes into the open transaction. Where a name is taken, part of them stands: roll back.
pub(crate) fn write(connection: &Connection, mut changes: Changes, log: &mut StockLog) -> Result<Written> {
    in_transaction(connection)?;
    if changes.events.is_empty() && !changes.stock.is_empty() {
        // Rows of the log are numbered after events. The engine changes no level without one; a caller of the
        // port that does writes to the table, which must then be all there is.
        log.fold(connection, true)?;
    }
    let changes = &mut changes;
    registrations(connection, changes)?;
    if Bulk::of(changes, log).write(connection)? == Written::Taken {
        return Ok(Written::Taken);
    }
    changed_orders(connection, changes)?;
    holds(connection, changes)?;
    backorders(connection, changes)?;
    movements(connection, changes)?;
    if !keys(connection, changes)? {
        return Ok(Written::Taken);
    }
    subscriptions(connection, changes)?;
    forget(connection, changes)?;
    records::write(connection, &changes.records)?;
    Ok(Written::Done)
}

/// Refuses to write outside a transaction. Some failures (a full disk, an I/O error) make SQLite roll back by
/// itself; a statement after that would commit alone.
fn in_transaction(connection: &Connection) -> Result<()> {
    if connection.is_autocommit() {
        return Err(Error::new(ErrorKind::Aborted, WRITE, "SQLite has rolled the transaction back"));
    }
    Ok(())
}

fn changed_orders(connection: &Connection, changes: &Changes) -> Result<()> {
    if changes.changed_orders.is_empty() {
        return Ok(());
    }
    let mut json = Vec::with_capacity(1024);
    let mut update =
        prepare(connection, "UPDATE stockroom_orders SET state = ?2, closed_at_ms = ?3, body = ?4 WHERE number = ?1")?;
    for order in &changes.changed_orders {
        let body = body(order, &mut json)?;
        let row = params![order.number.as_i64(), order.state.name(), order.closed_at_ms, body];
        expect_one(update.execute(row).during(WRITE)?, "an order")?;
    }
    Ok(())
}

fn movements(connection: &Connection, changes: &Changes) -> Result<()> {
    if changes.movements.is_empty() {
        return Ok(());
    }
    let mut insert = prepare(
        connection,
        "INSERT INTO stockroom_movements (number, stock, quantity, reason, reference, at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for movement in &changes.movements {
        let (reason, reference) = (movement.reason.name(), &*movement.reference);
        let (number, stock) = (signed(movement.number), movement.stock.as_i64());
        let row = params![number, stock, movement.quantity, reason, reference, movement.at_ms];
        insert.execute(row).during(WRITE)?;
    }
    Ok(())
}

fn registrations(connection: &Connection, changes: &Changes) -> Result<()> {
    let mut json = Vec::new();
    if !changes.skus.is_empty() {
        let mut insert =
            prepare(connection, "INSERT INTO stockroom_skus (number, sku, components) VALUES (?1, ?2, ?3)")?;
        for sku in &changes.skus {
            let components = to_json(&sku.components, &mut json)?;
            insert.execute(params![sku.number.as_i64(), &*sku.sku, components]).during(WRITE)?;
        }
    }
    if !changes.locations.is_empty() {
        let mut insert = prepare(connection, "INSERT INTO stockroom_locations (number, location) VALUES (?1, ?2)")?;
        for location in &changes.locations {
            insert.execute(params![location.number.as_i64(), &*location.location]).during(WRITE)?;
        }
    }
    if !changes.channels.is_empty() {
        let mut upsert = prepare(
            connection,
            "INSERT INTO stockroom_channels (channel, locations, sourcing) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET locations = excluded.locations, sourcing = excluded.sourcing",
        )?;
        for Channel { channel, locations, sourcing } in changes.channels.iter().map(|channel| &**channel) {
            let locations = to_json(locations, &mut json)?;
            upsert.execute(params![&**channel, locations, sourcing.name()]).during(WRITE)?;
        }
    }
    Ok(())
}

/// Inserts new orders; `false` where an id is taken. No row is inserted where an order has the id, or where the
/// id was refused before: then the channel is NULL, which no row may have. (As `INSERT … SELECT … WHERE NOT
/// EXISTS` it would keep a journal of the statement, a tenth of a batch's time.)
fn new_orders(connection: &Connection, orders: &[NewOrderRow]) -> Result<bool> {
    if orders.is_empty() {
        return Ok(true);
    }
    let mut insert = prepare(
        connection,
        "INSERT OR IGNORE INTO stockroom_orders (number, id, channel, currency, state, placed_at_ms, closed_at_ms, \
         fingerprint, body) VALUES (?1, ?2, CASE WHEN ?10 IS NOT NULL AND EXISTS \
         (SELECT 1 FROM stockroom_idempotency_keys WHERE key = ?10) THEN NULL ELSE ?3 END, \
         ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut key = String::from(ORDER_KEY_PREFIX);
    let mut json = Vec::with_capacity(1024);
    for NewOrderRow { order, keyed_by_id } in orders {
        key.truncate(ORDER_KEY_PREFIX.len());
        key.push_str(&order.id);
        let row = params![
            order.number.as_i64(),
            &*order.id,
            &*order.channel,
            order.currency,
            order.state.name(),
            order.placed_at_ms,
            order.closed_at_ms,
            order.fingerprint.0,
            body(order, &mut json)?,
            keyed_by_id.then_some(&*key),
        ];
        if insert.execute(row).during(WRITE)? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Inserts idempotency keys; `false` where one is taken, or the order refused under it exists.
fn keys(connection: &Connection, changes: &Changes) -> Result<bool> {
    if changes.keys.is_empty() {
        return Ok(true);
    }
    let mut insert = prepare(
        connection,
        "INSERT INTO stockroom_idempotency_keys (key, fingerprint, at_ms, outcome) SELECT ?1, ?2, ?3, ?4 \
         WHERE ?5 IS NULL OR NOT EXISTS (SELECT 1 FROM stockroom_orders WHERE id = ?5) \
         ON CONFLICT (key) DO NOTHING",
    )?;
    let mut json = Vec::new();
    for NewKey { row, refused_order } in &changes.keys {
        let outcome = to_json(&row.outcome, &mut json)?;
        let row = params![row.key, row.fingerprint.0, row.at_ms, outcome, refused_order];
        if insert.execute(row).during(WRITE)? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn holds(connection: &Connection, changes: &Changes) -> Result<()> {
    if !changes.gone_holds.is_empty() {
        // The claims go with it.
        let mut delete = prepare(connection, "DELETE FROM stockroom_holds WHERE number = ?1")?;
        for hold in &changes.gone_holds {
            expect_one(delete.execute([signed(hold.number)]).during(WRITE)?, "a hold")?;
        }
    }
    if changes.holds.is_empty() {
        return Ok(());
    }
    let mut upsert = prepare(
        connection,
        "INSERT INTO stockroom_holds (number, id, channel, expires_at_ms, fingerprint, lines, claims) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (number) DO UPDATE SET expires_at_ms = excluded.expires_at_ms",
    )?;
    let mut claim = prepare(
        connection,
        "INSERT INTO stockroom_held_stock (stock, hold, units) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET units = ?3",
    )?;
    for hold in &changes.holds {
        let Hold { number, id, channel, expires_at_ms, fingerprint, lines, claims } = &**hold;
        let (mut lines_json, mut claims_json) = (Vec::new(), Vec::new());
        let lines = to_json(lines, &mut lines_json)?;
        let claims = to_json(claims, &mut claims_json)?;
        let row = params![signed(*number), id, &**channel, expires_at_ms, fingerprint.0, lines, claims];
        upsert.execute(row).during(WRITE)?;
        let mut stock: Vec<_> = hold.claimed().map(|(stock, _)| stock).collect();
        stock.sort_unstable();
        stock.dedup();
        for stock in stock {
            claim.execute(params![stock.as_i64(), signed(*number), hold.claimed_on(stock)]).during(WRITE)?;
        }
    }
    Ok(())
}

fn backorders(connection: &Connection, changes: &Changes) -> Result<()> {
    if changes.backorders.is_empty() {
        return Ok(());
    }
    let mut insert = prepare(
        connection,
        "INSERT INTO stockroom_backorders (stock, since, order_number, line) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut delete = prepare(
        connection,
        "DELETE FROM stockroom_backorders WHERE stock = ?1 AND since = ?2 AND order_number = ?3 AND line = ?4",
    )?;
    for change in &changes.backorders {
        let (statement, place) = match change {
            BackorderChange::Waits(place) => (&mut insert, place),
            BackorderChange::Done(place) => (&mut delete, place),
        };
        let row = params![place.stock.as_i64(), signed(place.since), place.order.as_i64(), place.line];
        expect_one(statement.execute(row).during(WRITE)?, "a backorder")?;
    }
    Ok(())
}

fn subscriptions(connection: &Connection, changes: &Changes) -> Result<()> {
    for change in &changes.subscriptions {
        match change {
            SubscriptionChange::Put(row) => {
                let mut upsert = prepare(
                    connection,
                    "INSERT INTO stockroom_subscriptions (subscription, cursor) VALUES (?1, ?2) \
                     ON CONFLICT DO UPDATE SET cursor = excluded.cursor",
                )?;
                upsert.execute(params![row.subscription, signed(row.cursor)]).during(WRITE)?;
            }
            SubscriptionChange::Closed(name) => {
                let mut delete = prepare(connection, "DELETE FROM stockroom_subscriptions WHERE subscription = ?1")?;
                delete.execute([name]).during(WRITE)?;
            }
        }
    }
    Ok(())
}

fn forget(connection: &Connection, changes: &Changes) -> Result<()> {
    for forget in &changes.forget {
        match forget {
            Forget::EventsThrough(number) => events::forget_through(connection, *number)?,
            Forget::Keys(keys) => {
                let mut delete = prepare(connection, "DELETE FROM stockroom_idempotency_keys WHERE key = ?1")?;
                for key in keys {
                    delete.execute([key]).during(WRITE)?;
                }
            }
        }
    }
    Ok(())
}

pub(crate) fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>> {
    connection.prepare_cached(sql).during(WRITE)
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn body<'j>(order: &Order, json: &'j mut Vec<u8>) -> Result<&'j str> {
    json.clear();
    order.body.write_json(json);
    std::str::from_utf8(json)
        .map_err(|error| Error::new(ErrorKind::InvariantBroken, WRITE, "an order is not UTF-8").with_source(error))
}

pub(crate) fn to_json<'j, T: Serialize + ?Sized>(value: &T, json: &'j mut Vec<u8>) -> Result<&'j str> {
    json.clear();
    let unwritable = |message: &'static str| Error::new(ErrorKind::InvariantBroken, WRITE, message);
    serde_json::to_writer(&mut *json, value).map_err(|error| unwritable("a row is not JSON").with_source(error))?;
    std::str::from_utf8(json).map_err(|error| unwritable("a row is not UTF-8").with_source(error))
}

/// A write that did not meet exactly the row it was decided on means that the rows and the working set have
/// come apart.
pub(crate) fn expect_one(rows: usize, what: &'static str) -> Result<()> {
    expect_all(rows, 1, what)
}

/// The same for a write of several rows.
pub(crate) fn expect_all(rows: usize, expected: usize, what: &'static str) -> Result<()> {
    if rows == expected {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Corrupt, WRITE, format!("{what} was not there to be written")))
}
