//! Writing a change set. One prepared statement a kind of row, rows in the order of their keys.

use rusqlite::{CachedStatement, Connection, params};
use serde::Serialize;
use stockroom::channel::Channel;
use stockroom::engine::{BackorderChange, Changes, Forget, SubscriptionChange};
use stockroom::inventory::Hold;
use stockroom::order::Order;
use stockroom::{Error, ErrorKind, Result};

use crate::error::During;

const WRITE: &str = "sqlite.write";

pub(crate) fn write(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
    registrations(connection, changes)?;
    if !changes.stock.is_empty() {
        stock(connection, changes)?;
    }
    let mut json = Vec::with_capacity(1024);
    if !changes.new_orders.is_empty() {
        let mut insert = prepare(
            connection,
            "INSERT INTO stockroom_orders (number, id, channel, currency, state, placed_at_ms, closed_at_ms, \
             fingerprint, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for order in &changes.new_orders {
            insert_order(&mut insert, order, &mut json)?;
        }
    }
    if !changes.changed_orders.is_empty() {
        let mut update = prepare(
            connection,
            "UPDATE stockroom_orders SET state = ?2, closed_at_ms = ?3, body = ?4 WHERE number = ?1",
        )?;
        for order in &changes.changed_orders {
            let body = to_json(&order.body, &mut json)?;
            let row = params![order.number.as_i64(), order.state.name(), order.closed_at_ms, body];
            expect_one(update.execute(row).during(WRITE)?, "an order")?;
        }
    }
    holds(connection, changes)?;
    backorders(connection, changes)?;
    if !changes.movements.is_empty() {
        let mut insert = prepare(
            connection,
            "INSERT INTO stockroom_movements (number, stock, quantity, reason, reference, at_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for movement in changes.movements {
            let (reason, reference) = (movement.reason.name(), &*movement.reference);
            let number = signed(movement.number);
            let stock = movement.stock.as_i64();
            let row = params![number, stock, movement.quantity, reason, reference, movement.at_ms];
            insert.execute(row).during(WRITE)?;
        }
    }
    if !changes.events.is_empty() {
        let mut insert = prepare(
            connection,
            "INSERT INTO stockroom_events (number, first_number, at_ms, facts) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for event in changes.events {
            let row = params![signed(event.number), signed(event.first_number), event.at_ms, event.facts];
            insert.execute(row).during(WRITE)?;
        }
    }
    if !changes.keys.is_empty() {
        let mut insert = prepare(
            connection,
            "INSERT INTO stockroom_idempotency_keys (key, fingerprint, at_ms, outcome) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for key in &changes.keys {
            let outcome = to_json(&key.outcome, &mut json)?;
            insert.execute(params![key.key, key.fingerprint.0, key.at_ms, outcome]).during(WRITE)?;
        }
    }
    subscriptions(connection, changes)?;
    forget(connection, changes)
}

fn registrations(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
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
        for Channel { channel, locations, sourcing } in changes.channels.iter().copied() {
            let locations = to_json(locations, &mut json)?;
            upsert.execute(params![&**channel, locations, sourcing.name()]).during(WRITE)?;
        }
    }
    Ok(())
}

fn stock(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
    let mut update = prepare(
        connection,
        "UPDATE stockroom_stock SET on_hand = ?2, unavailable = ?3, safety_stock = ?4, held = ?5, allocated = ?6, \
         backordered = ?7, backorder_limit = ?8, last_claim = ?9 WHERE number = ?1",
    )?;
    let mut insert = prepare(
        connection,
        "INSERT INTO stockroom_stock (number, on_hand, unavailable, safety_stock, held, allocated, backordered, \
         backorder_limit, last_claim) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for row in &changes.stock {
        let stock = &row.stock;
        let columns = [
            row.number.as_i64(),
            stock.on_hand,
            stock.unavailable,
            stock.safety_stock,
            stock.held,
            stock.allocated,
            stock.backordered,
            stock.backorder_limit,
            stock.last_claim.as_i64(),
        ];
        // Nearly every write is to a row that is there.
        if update.execute(columns).during(WRITE)? == 0 {
            insert.execute(columns).during(WRITE)?;
        }
    }
    Ok(())
}

fn insert_order(statement: &mut CachedStatement<'_>, order: &Order, json: &mut Vec<u8>) -> Result<()> {
    let body = to_json(&order.body, json)?;
    let row = params![
        order.number.as_i64(),
        &*order.id,
        &*order.channel,
        order.currency,
        order.state.name(),
        order.placed_at_ms,
        order.closed_at_ms,
        order.fingerprint.0,
        body,
    ];
    statement.execute(row).during(WRITE).map(|_| ())
}

fn holds(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
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
        let Hold { number, id, channel, expires_at_ms, fingerprint, lines, claims } = hold;
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

fn backorders(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
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
    for change in changes.backorders {
        let (statement, place) = match change {
            BackorderChange::Waits(place) => (&mut insert, place),
            BackorderChange::Done(place) => (&mut delete, place),
        };
        let row = params![place.stock.as_i64(), signed(place.since), place.order.as_i64(), place.line];
        expect_one(statement.execute(row).during(WRITE)?, "a backorder")?;
    }
    Ok(())
}

fn subscriptions(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
    for change in changes.subscriptions {
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

fn forget(connection: &Connection, changes: &Changes<'_>) -> Result<()> {
    for forget in changes.forget {
        match forget {
            Forget::EventsThrough(number) => {
                let mut delete = prepare(connection, "DELETE FROM stockroom_events WHERE number <= ?1")?;
                delete.execute([signed(*number)]).during(WRITE)?;
            }
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

fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>> {
    connection.prepare_cached(sql).during(WRITE)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn to_json<'j, T: Serialize + ?Sized>(value: &T, json: &'j mut Vec<u8>) -> Result<&'j str> {
    json.clear();
    let unwritable = |message: &'static str| Error::new(ErrorKind::InvariantBroken, WRITE, message);
    serde_json::to_writer(&mut *json, value).map_err(|error| unwritable("a row is not JSON").with_source(error))?;
    std::str::from_utf8(json).map_err(|error| unwritable("a row is not UTF-8").with_source(error))
}

/// A write that did not meet exactly the row it was decided on means that the rows and the working set have
/// come apart.
fn expect_one(rows: usize, what: &'static str) -> Result<()> {
    if rows == 1 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Corrupt, WRITE, format!("{what} was not there to be written")))
}
