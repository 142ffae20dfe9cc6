//! Mapping between SQLite's rows and the engine's: one function a row type, columns in the order of the
//! `SELECT` lists beside them.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::Type;
use serde::de::DeserializeOwned;
use stockroom::channel::{Channel, Sourcing};
use stockroom::inventory::{Backorder, Fingerprint, Hold, Location, Movement, Reason, Sku, Stock, StockRow};
use stockroom::order::{Order, OrderState};
use stockroom::outbox::{KeyRow, Subscription};
use stockroom::quantity::LEVEL_MAX;
use stockroom::{LocationNumber, OrderNumber, SkuNumber, StockNumber, read_json};

pub(crate) const SKU: &str = "SELECT number, sku, components FROM stockroom_skus";
pub(crate) const LOCATION: &str = "SELECT number, location FROM stockroom_locations";
pub(crate) const CHANNEL: &str = "SELECT channel, locations, sourcing FROM stockroom_channels";
pub(crate) const STOCK: &str = "SELECT number, on_hand, unavailable, safety_stock, held, allocated, backordered, \
                                backorder_limit, last_claim FROM stockroom_stock";
pub(crate) const HOLD: &str =
    "SELECT number, id, channel, expires_at_ms, fingerprint, lines, claims FROM stockroom_holds";
pub(crate) const BACKORDER: &str = "SELECT stock, since, order_number, line FROM stockroom_backorders";
pub(crate) const MOVEMENT: &str = "SELECT number, stock, quantity, reason, reference, at_ms FROM stockroom_movements";
pub(crate) const ORDER: &str = "SELECT number, id, channel, currency, state, placed_at_ms, closed_at_ms, fingerprint, \
                                body FROM stockroom_orders";
pub(crate) const ORDER_NUMBER: &str = "SELECT number, id FROM stockroom_orders";
pub(crate) const KEY: &str = "SELECT key, fingerprint, at_ms, outcome FROM stockroom_idempotency_keys";
pub(crate) const SUBSCRIPTION: &str = "SELECT subscription, cursor FROM stockroom_subscriptions";

type Mapped<T> = rusqlite::Result<T>;

pub(crate) fn unreadable(column: usize, source: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(source))
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Mapped<T> {
    let text = row.get_ref(column)?.as_str()?;
    read_json(text).map_err(|error| unreadable(column, error))
}

pub(crate) fn named<T>(row: &Row<'_>, column: usize, from_name: fn(&str) -> Option<T>) -> Mapped<T> {
    let name = row.get_ref(column)?.as_str()?;
    let unknown = || unreadable(column, std::io::Error::other(format!("unknown name {name}")));
    from_name(name).ok_or_else(unknown)
}

pub(crate) fn number(row: &Row<'_>, column: usize) -> Mapped<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A quantity, which may be wrong but not so large that adding it up fails.
pub(crate) fn quantity(row: &Row<'_>, column: usize) -> Mapped<i64> {
    let quantity: i64 = row.get(column)?;
    match (-LEVEL_MAX..=LEVEL_MAX).contains(&quantity) {
        true => Ok(quantity),
        false => Err(rusqlite::Error::IntegralValueOutOfRange(column, quantity)),
    }
}

pub(crate) fn text(row: &Row<'_>, column: usize) -> Mapped<Arc<str>> {
    Ok(row.get_ref(column)?.as_str()?.into())
}

fn fingerprint(row: &Row<'_>, column: usize) -> Mapped<Fingerprint> {
    let bytes = row.get_ref(column)?.as_blob()?;
    bytes.try_into().map(Fingerprint).map_err(|error| unreadable(column, error))
}

pub(crate) fn sku(row: &Row<'_>) -> Mapped<Sku> {
    Ok(Sku { number: SkuNumber(number(row, 0)?), sku: text(row, 1)?, components: json(row, 2)? })
}

pub(crate) fn location(row: &Row<'_>) -> Mapped<Location> {
    Ok(Location { number: LocationNumber(number(row, 0)?), location: text(row, 1)? })
}

pub(crate) fn channel(row: &Row<'_>) -> Mapped<Channel> {
    Ok(Channel { channel: text(row, 0)?, locations: json(row, 1)?, sourcing: named(row, 2, Sourcing::from_name)? })
}

pub(crate) fn stock(row: &Row<'_>) -> Mapped<StockRow> {
    Ok(StockRow {
        number: StockNumber(number(row, 0)?),
        stock: Stock {
            on_hand: quantity(row, 1)?,
            unavailable: quantity(row, 2)?,
            safety_stock: quantity(row, 3)?,
            held: quantity(row, 4)?,
            allocated: quantity(row, 5)?,
            backordered: quantity(row, 6)?,
            backorder_limit: quantity(row, 7)?,
            last_claim: OrderNumber(number(row, 8)?),
        },
    })
}

pub(crate) fn hold(row: &Row<'_>) -> Mapped<Hold> {
    Ok(Hold {
        number: number(row, 0)?,
        id: row.get(1)?,
        channel: text(row, 2)?,
        expires_at_ms: row.get(3)?,
        fingerprint: fingerprint(row, 4)?,
        lines: json(row, 5)?,
        claims: json(row, 6)?,
    })
}

pub(crate) fn backorder(row: &Row<'_>) -> Mapped<Backorder> {
    Ok(Backorder {
        stock: StockNumber(number(row, 0)?),
        since: number(row, 1)?,
        order: OrderNumber(number(row, 2)?),
        line: row.get(3)?,
    })
}

pub(crate) fn movement(row: &Row<'_>) -> Mapped<Movement> {
    Ok(Movement {
        number: number(row, 0)?,
        stock: StockNumber(number(row, 1)?),
        quantity: quantity(row, 2)?,
        reason: named(row, 3, Reason::from_name)?,
        reference: text(row, 4)?,
        at_ms: row.get(5)?,
    })
}

pub(crate) fn order_number(row: &Row<'_>) -> Mapped<OrderNumber> {
    Ok(OrderNumber(number(row, 0)?))
}

pub(crate) fn order(row: &Row<'_>) -> Mapped<Order> {
    Ok(Order {
        number: OrderNumber(number(row, 0)?),
        id: text(row, 1)?,
        channel: text(row, 2)?,
        currency: row.get(3)?,
        state: named(row, 4, OrderState::from_name)?,
        placed_at_ms: row.get(5)?,
        closed_at_ms: row.get(6)?,
        fingerprint: fingerprint(row, 7)?,
        body: json(row, 8)?,
    })
}

pub(crate) fn key(row: &Row<'_>) -> Mapped<KeyRow> {
    Ok(KeyRow { key: row.get(0)?, fingerprint: fingerprint(row, 1)?, at_ms: row.get(2)?, outcome: json(row, 3)? })
}

pub(crate) fn subscription(row: &Row<'_>) -> Mapped<Subscription> {
    Ok(Subscription { subscription: row.get(0)?, cursor: number(row, 1)? })
}
