//! The channel module's records as rows: the shops behind channels, listings and what finds them, and the orders
//! taken in from shops.

use rusqlite::{CachedStatement, Row, params};
use stockroom::channel::{
    ChannelPolicy, ChannelSettings, DriftPolicy, ListedItem, ListedSku, Listing, ListingState, Reconciliation,
    TakenOrder,
};
use stockroom::engine::Record;
use stockroom::quantity::LEVEL_MAX;
use stockroom::{OrderNumber, Result, SkuNumber};

use super::{Scratch, Table, milliseconds, yes_or_no};
use crate::error::During;
use crate::rows::{json, named, number, quantity, text, unreadable};
use crate::write::{WRITE, signed, to_json};

pub(super) const CHANNEL_SETTINGS: Table = Table {
    select: "SELECT channel, destination, connected, buffer, cap, drift, drift_after_ms, batch_max, shop_counts_down, \
             tell_shipments, open_batch, open_count, batches, recount_after, reconciliation, orders_through_ms \
             FROM stockroom_channel_settings",
    by_key: "WHERE channel = ?1",
    first_page: "ORDER BY channel LIMIT ?1",
    next_page: "WHERE channel > ?1 ORDER BY channel LIMIT ?2",
    insert: "INSERT INTO stockroom_channel_settings (channel, destination, connected, buffer, cap, drift, \
             drift_after_ms, batch_max, shop_counts_down, tell_shipments, open_batch, open_count, batches, \
             recount_after, reconciliation, orders_through_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    update: "UPDATE stockroom_channel_settings SET destination = ?2, connected = ?3, buffer = ?4, cap = ?5, \
             drift = ?6, drift_after_ms = ?7, batch_max = ?8, shop_counts_down = ?9, tell_shipments = ?10, \
             open_batch = ?11, open_count = ?12, batches = ?13, recount_after = ?14, reconciliation = ?15, \
             orders_through_ms = ?16 WHERE channel = ?1",
    delete: "DELETE FROM stockroom_channel_settings WHERE channel = ?1",
    map: |row| settings(row).map(Record::ChannelSettings),
    one: "a channel's settings",
};

pub(crate) const LISTINGS: Table = Table {
    select: "SELECT channel, sku_number, sku, item, buffer, cap, state, why, desired, sent, acknowledged, observed, \
             observed_at_ms, drift_since_ms, due_at_ms, delivery, unexplained FROM stockroom_listings",
    by_key: "WHERE channel = ?1 AND sku_number = ?2",
    first_page: "ORDER BY channel, sku_number LIMIT ?1",
    next_page: "WHERE (channel, sku_number) > (?1, ?2) ORDER BY channel, sku_number LIMIT ?3",
    insert: "INSERT INTO stockroom_listings (channel, sku_number, sku, item, buffer, cap, state, why, desired, sent, \
             acknowledged, observed, observed_at_ms, drift_since_ms, due_at_ms, delivery, unexplained) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    update: "UPDATE stockroom_listings SET sku = ?3, item = ?4, buffer = ?5, cap = ?6, state = ?7, why = ?8, \
             desired = ?9, sent = ?10, acknowledged = ?11, observed = ?12, observed_at_ms = ?13, \
             drift_since_ms = ?14, due_at_ms = ?15, delivery = ?16, unexplained = ?17 \
             WHERE channel = ?1 AND sku_number = ?2",
    delete: "DELETE FROM stockroom_listings WHERE channel = ?1 AND sku_number = ?2",
    map: |row| listing(row).map(Record::Listing),
    one: "a listing",
};

pub(super) const LISTED_ITEMS: Table = Table {
    select: "SELECT channel, item, sku_number FROM stockroom_listed_items",
    by_key: "WHERE channel = ?1 AND item = ?2",
    first_page: "ORDER BY channel, item LIMIT ?1",
    next_page: "WHERE (channel, item) > (?1, ?2) ORDER BY channel, item LIMIT ?3",
    insert: "INSERT INTO stockroom_listed_items (channel, item, sku_number) VALUES (?1, ?2, ?3)",
    update: "UPDATE stockroom_listed_items SET sku_number = ?3 WHERE channel = ?1 AND item = ?2",
    delete: "DELETE FROM stockroom_listed_items WHERE channel = ?1 AND item = ?2",
    map: |row| listed_item(row).map(Record::ListedItem),
    one: "a listed item",
};

pub(super) const LISTED_SKUS: Table = Table {
    select: "SELECT sku_number, listings FROM stockroom_listed_skus",
    by_key: "WHERE sku_number = ?1",
    first_page: "ORDER BY sku_number LIMIT ?1",
    next_page: "WHERE sku_number > ?1 ORDER BY sku_number LIMIT ?2",
    insert: "INSERT INTO stockroom_listed_skus (sku_number, listings) VALUES (?1, ?2)",
    update: "UPDATE stockroom_listed_skus SET listings = ?2 WHERE sku_number = ?1",
    delete: "DELETE FROM stockroom_listed_skus WHERE sku_number = ?1",
    map: |row| listed_sku(row).map(Record::ListedSku),
    one: "a listed SKU",
};

pub(super) const TAKEN_ORDERS: Table = Table {
    select: "SELECT channel, id, order_number, reference, updated_at_ms, told_at_ms, lines, \
             placed_at_ms FROM stockroom_taken_orders",
    by_key: "WHERE channel = ?1 AND id = ?2",
    first_page: "ORDER BY channel, id LIMIT ?1",
    next_page: "WHERE (channel, id) > (?1, ?2) ORDER BY channel, id LIMIT ?3",
    insert: "INSERT INTO stockroom_taken_orders (channel, id, order_number, reference, updated_at_ms, told_at_ms, \
             lines, placed_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    update: "UPDATE stockroom_taken_orders SET order_number = ?3, reference = ?4, updated_at_ms = ?5, \
             told_at_ms = ?6, lines = ?7, placed_at_ms = ?8 WHERE channel = ?1 AND id = ?2",
    delete: "DELETE FROM stockroom_taken_orders WHERE channel = ?1 AND id = ?2",
    map: |row| taken_order(row).map(Record::TakenOrder),
    one: "a taken order",
};

pub(super) fn write_settings(
    statement: &mut CachedStatement<'_>,
    row: &ChannelSettings,
    scratch: &mut Scratch,
) -> Result<usize> {
    let ChannelSettings {
        channel,
        destination,
        connected,
        policy,
        open_batch,
        open_count,
        batches,
        recount_after,
        reconciliation,
        orders_through_ms,
    } = row;
    let ChannelPolicy { buffer, cap, drift, drift_after_ms, batch_max, shop_counts_down, tell_shipments } = policy;
    let reconciliation = reconciliation.as_ref().map(|under_way| to_json(under_way, &mut scratch.0)).transpose()?;
    let row = params![
        &**channel,
        &**destination,
        connected,
        buffer,
        cap,
        drift.name(),
        drift_after_ms,
        batch_max,
        shop_counts_down,
        tell_shipments,
        signed(*open_batch),
        open_count,
        signed(*batches),
        recount_after.map(SkuNumber::as_i64),
        reconciliation,
        orders_through_ms,
    ];
    statement.execute(row).during(WRITE)
}

pub(super) fn write_listing(statement: &mut CachedStatement<'_>, row: &Listing) -> Result<usize> {
    let Listing {
        channel,
        sku_number,
        sku,
        item,
        buffer,
        cap,
        state,
        why,
        desired,
        sent,
        acknowledged,
        observed,
        observed_at_ms,
        unexplained,
        drift_since_ms,
        due_at_ms,
        delivery,
    } = row;
    let row = params![
        &**channel,
        sku_number.as_i64(),
        &**sku,
        item,
        buffer,
        cap,
        state.name(),
        why,
        desired,
        sent,
        acknowledged,
        observed,
        observed_at_ms,
        drift_since_ms,
        due_at_ms,
        signed(*delivery),
        unexplained,
    ];
    statement.execute(row).during(WRITE)
}

pub(super) fn write_listed_item(statement: &mut CachedStatement<'_>, row: &ListedItem) -> Result<usize> {
    let ListedItem { channel, item, sku_number } = row;
    statement.execute(params![&**channel, &**item, sku_number.as_i64()]).during(WRITE)
}

pub(super) fn write_listed_sku(
    statement: &mut CachedStatement<'_>,
    row: &ListedSku,
    scratch: &mut Scratch,
) -> Result<usize> {
    let ListedSku { sku_number, listings } = row;
    statement.execute(params![sku_number.as_i64(), to_json(listings, &mut scratch.0)?]).during(WRITE)
}

pub(super) fn write_taken_order(
    statement: &mut CachedStatement<'_>,
    row: &TakenOrder,
    scratch: &mut Scratch,
) -> Result<usize> {
    let TakenOrder { channel, id, order, reference, placed_at_ms, updated_at_ms, told_at_ms, lines } = row;
    // People join it with the orders; none has the number 0.
    let order = (*order != OrderNumber(0)).then(|| order.as_i64());
    let lines = to_json(lines, &mut scratch.0)?;
    statement
        .execute(params![&**channel, &**id, order, reference, updated_at_ms, told_at_ms, lines, placed_at_ms])
        .during(WRITE)
}

/// A value that may be absent, read by what reads one that is there.
fn perhaps<T>(
    row: &Row<'_>,
    column: usize,
    read: fn(&Row<'_>, usize) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => read(row, column).map(Some),
    }
}

/// Units to withhold, or the most to show: never below 0.
fn units(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    let units = quantity(row, column)?;
    match units >= 0 {
        true => Ok(units),
        false => Err(rusqlite::Error::IntegralValueOutOfRange(column, units)),
    }
}

/// The size of what is filled until all is in: of nothing there would be no end.
fn at_least_one(row: &Row<'_>, column: usize) -> rusqlite::Result<u32> {
    match row.get(column)? {
        0 => Err(rusqlite::Error::IntegralValueOutOfRange(column, 0)),
        size => Ok(size),
    }
}

/// A difference that can be turned round.
fn with_opposite(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    match row.get(column)? {
        i64::MIN => Err(rusqlite::Error::IntegralValueOutOfRange(column, i64::MIN)),
        difference => Ok(difference),
    }
}

fn settings(row: &Row<'_>) -> rusqlite::Result<ChannelSettings> {
    Ok(ChannelSettings {
        channel: text(row, 0)?,
        destination: text(row, 1)?,
        connected: yes_or_no(row, 2)?,
        policy: ChannelPolicy {
            buffer: units(row, 3)?,
            cap: perhaps(row, 4, units)?,
            drift: named(row, 5, DriftPolicy::from_name)?,
            drift_after_ms: milliseconds(row, 6)?,
            batch_max: at_least_one(row, 7)?,
            shop_counts_down: yes_or_no(row, 8)?,
            tell_shipments: yes_or_no(row, 9)?,
        },
        open_batch: number(row, 10)?,
        open_count: row.get(11)?,
        batches: number(row, 12)?,
        recount_after: perhaps(row, 13, number)?.map(SkuNumber),
        reconciliation: perhaps(row, 14, reconciliation)?,
        orders_through_ms: milliseconds(row, 15)?,
    })
}

/// A reconciliation whose counts can be reckoned with.
fn reconciliation(row: &Row<'_>, column: usize) -> rusqlite::Result<Reconciliation> {
    let read: Reconciliation = json(row, column)?;
    let Reconciliation { began_at_ms, mend: _, after, agree, differ, unsettled, gone } = read;
    let most = LEVEL_MAX.unsigned_abs();
    match began_at_ms >= 0 && after.0 <= most && [agree, differ, unsettled, gone].iter().all(|count| *count <= most) {
        true => Ok(read),
        false => Err(unreadable(column, std::io::Error::other(format!("a reconciliation that cannot be: {read:?}")))),
    }
}

fn listing(row: &Row<'_>) -> rusqlite::Result<Listing> {
    Ok(Listing {
        channel: text(row, 0)?,
        sku_number: SkuNumber(number(row, 1)?),
        sku: text(row, 2)?,
        item: row.get(3)?,
        buffer: perhaps(row, 4, units)?,
        cap: perhaps(row, 5, units)?,
        state: named(row, 6, ListingState::from_name)?,
        why: row.get(7)?,
        // What shops say can be any number, and so can what follows from it; the rules reckon with all of them.
        desired: row.get(8)?,
        sent: row.get(9)?,
        acknowledged: row.get(10)?,
        observed: row.get(11)?,
        observed_at_ms: milliseconds(row, 12)?,
        unexplained: with_opposite(row, 16)?,
        drift_since_ms: milliseconds(row, 13)?,
        due_at_ms: milliseconds(row, 14)?,
        delivery: number(row, 15)?,
    })
}

fn listed_item(row: &Row<'_>) -> rusqlite::Result<ListedItem> {
    Ok(ListedItem { channel: text(row, 0)?, item: text(row, 1)?, sku_number: SkuNumber(number(row, 2)?) })
}

fn listed_sku(row: &Row<'_>) -> rusqlite::Result<ListedSku> {
    Ok(ListedSku { sku_number: SkuNumber(number(row, 0)?), listings: json(row, 1)? })
}

fn taken_order(row: &Row<'_>) -> rusqlite::Result<TakenOrder> {
    Ok(TakenOrder {
        channel: text(row, 0)?,
        id: text(row, 1)?,
        order: OrderNumber(perhaps(row, 2, number)?.unwrap_or(0)),
        reference: row.get(3)?,
        placed_at_ms: milliseconds(row, 7)?,
        updated_at_ms: milliseconds(row, 4)?,
        told_at_ms: milliseconds(row, 5)?,
        lines: json(row, 6)?,
    })
}
