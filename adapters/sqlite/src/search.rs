//! Searches that decisions ask for.

use rusqlite::{Connection, Row, params};
use stockroom::engine::{Found, Query, WorkingSet};
use stockroom::inventory::{Backorder, Hold};
use stockroom::order::{ChainReader, Order};
use stockroom::{Error, ErrorKind, LocationNumber, OrderNumber, Result, StockNumber};

use crate::due;
use crate::error::During;
use crate::events;
use crate::listings;
use crate::read::{many, one, prepared};
use crate::records;
use crate::rows;

const SEARCH: &str = "sqlite.search";

pub(crate) fn find(connection: &Connection, query: &Query, set: &mut WorkingSet) -> Result<Found> {
    match query {
        Query::HoldsOn(stock) => {
            let condition = "WHERE number IN (SELECT hold FROM stockroom_held_stock WHERE stock = ?1) ORDER BY number";
            let holds = many(connection, rows::HOLD, condition, [stock.as_i64()], rows::hold)?;
            Ok(Found::Holds(put_holds(set, holds)))
        }
        Query::DueHolds { now_ms, limit } => {
            let condition = "WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms, number LIMIT ?2";
            let holds = many(connection, rows::HOLD, condition, params![now_ms, limit], rows::hold)?;
            Ok(Found::Holds(put_holds(set, holds)))
        }
        Query::Backorders { stock, after, limit } => {
            let first = Backorder { stock: *stock, since: 0, order: OrderNumber(0), line: 0 };
            let (place, inclusive) = after.map_or((first, true), |place| (place, false));
            let condition = "WHERE stock = ?1 AND (since, order_number, line) > (?2, ?3, ?4) \
                             ORDER BY since, order_number, line LIMIT ?5";
            // Lines count from 0: to begin with the very first, the place before it is asked for.
            let line = if inclusive { -1 } else { i64::from(place.line) };
            let since = i64::try_from(place.since).unwrap_or(i64::MAX);
            let params = params![stock.as_i64(), since, place.order.as_i64(), line, limit];
            let waiting = many(connection, rows::BACKORDER, condition, params, rows::backorder)?;
            put_orders(connection, set, waiting.iter().map(|backorder| backorder.order))?;
            Ok(Found::Backorders(waiting))
        }
        Query::Claims { stock, from } => {
            let mut by_number = prepared(connection, rows::ORDER, "WHERE number = ?1")?;
            let mut chain = ChainReader::new(*stock, *from);
            while let Some(number) = chain.next() {
                let Some(order) = one(&mut by_number, [number.as_i64()], rows::order)? else {
                    break;
                };
                chain.read(&order);
                set.put_order(order);
            }
            Ok(Found::Put)
        }
        Query::PrunableEvents { before_ms, limit } => events::prunable(connection, *before_ms, *limit),
        Query::PrunableKeys { after, before_ms, limit } => {
            let mut statement = connection
                .prepare_cached(
                    "SELECT key, at_ms FROM stockroom_idempotency_keys WHERE key > ?1 ORDER BY key LIMIT ?2",
                )
                .during(SEARCH)?;
            let rows = statement.query_map(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)));
            let looked_at: Vec<(String, i64)> = rows.and_then(Iterator::collect).during(SEARCH)?;
            let full = looked_at.len() == *limit as usize;
            let next = looked_at.last().filter(|_| full).map(|(key, _)| key.clone());
            let old = looked_at.into_iter().filter(|(_, at_ms)| at_ms < before_ms);
            Ok(Found::PrunableKeys { keys: old.map(|(key, _)| key).collect(), next })
        }
        Query::PrunableOrders { after, before_ms, limit } => {
            let mut statement = connection
                .prepare_cached(
                    "SELECT number, coalesce(closed_at_ms < ?2, 0) FROM stockroom_orders WHERE number > ?1 \
                     ORDER BY number LIMIT ?3",
                )
                .during(SEARCH)?;
            let rows = statement.query_map(params![after.as_i64(), before_ms, limit], |row| {
                Ok((OrderNumber::from_i64(row.get(0)?), row.get(1)?))
            });
            let looked_at: Vec<(OrderNumber, bool)> = rows.and_then(Iterator::collect).during(SEARCH)?;
            let full = looked_at.len() == *limit as usize;
            let next = looked_at.last().filter(|_| full).map(|(number, _)| *number);
            let mut orders = Vec::new();
            let mut by_number = prepared(connection, rows::ORDER, "WHERE number = ?1")?;
            for (number, _) in looked_at.into_iter().filter(|(_, closed)| *closed) {
                let order = one(&mut by_number, [number.as_i64()], rows::order)?;
                if let Some(order) = order.filter(|order| !order.body.pruned) {
                    set.put_order(order);
                    orders.push(number);
                }
            }
            Ok(Found::PrunableOrders { orders, next })
        }
        Query::PrunableMessages { after, before_ms, limit } => {
            records::prunable_messages(connection, after, *before_ms, *limit, set)
        }
        Query::DueDeliveries { destination, now_ms, limit } => {
            due::due_deliveries(connection, destination, *now_ms, *limit, set)
        }
        Query::Listings { channel, after, limit } => listings::of_channel(connection, channel, *after, *limit, set),
        Query::DueListings { now_ms, limit } => listings::due(connection, *now_ms, *limit, set),
        Query::EventsAfter { number, limit } => Ok(Found::Events(events::after(connection, *number, *limit)?)),
        Query::MovedSince { location, at_ms } => moved_since(connection, *location, *at_ms),
    }
}

/// The movements have no gaps and their times never go back: the first one at or after a time is found by halving,
/// with some twenty reads in a ledger of a million. A table that large needs no index of times for that.
fn moved_since(connection: &Connection, location: LocationNumber, at_ms: i64) -> Result<Found> {
    let mut last = prepared(connection, "SELECT coalesce(max(number), 0) FROM stockroom_movements", "")?;
    let last: i64 = last.query_row([], |row| row.get(0)).during(SEARCH)?;
    let mut time = prepared(connection, "SELECT at_ms FROM stockroom_movements", "WHERE number = ?1")?;
    // The first one is at `low` or after it, and at `high` or before it; at `high` where all are older.
    let (mut low, mut high) = (1, last.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let moved_at_ms: Option<i64> = one(&mut time, [middle], |row| row.get(0))?;
        let Some(moved_at_ms) = moved_at_ms else {
            let message = format!("movement {middle} is missing in the ledger, which goes to {last}");
            return Err(Error::new(ErrorKind::Corrupt, SEARCH, message));
        };
        if moved_at_ms < at_ms {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let since = "SELECT DISTINCT stock FROM stockroom_movements";
    let condition = "WHERE number >= ?1 AND stock & 65535 = ?2 ORDER BY stock";
    let stock = |row: &Row<'_>| rows::number(row, 0).map(StockNumber);
    Ok(Found::Moved(many(connection, since, condition, [low, location.as_i64()], stock)?))
}

/// Waiting lines of all stock rows after a place, in order.
pub(crate) fn backorders_after(
    connection: &Connection,
    place: Option<Backorder>,
    limit: u32,
) -> Result<Vec<Backorder>> {
    let condition = "WHERE (stock, since, order_number, line) > (?1, ?2, ?3, ?4) \
                     ORDER BY stock, since, order_number, line LIMIT ?5";
    let (stock, since, order, line) = place.map_or((-1, 0, 0, 0), |place| {
        let since = i64::try_from(place.since).unwrap_or(i64::MAX);
        (place.stock.as_i64(), since, place.order.as_i64(), place.line)
    });
    many(connection, rows::BACKORDER, condition, params![stock, since, order, line, limit], rows::backorder)
}

fn put_holds(set: &mut WorkingSet, holds: Vec<Hold>) -> Vec<String> {
    let put = holds.into_iter().map(|hold| {
        let id = hold.id.clone();
        set.put_hold(&id, Some(hold));
        id
    });
    put.collect()
}

fn put_orders(connection: &Connection, set: &mut WorkingSet, numbers: impl Iterator<Item = OrderNumber>) -> Result<()> {
    let mut by_number = prepared(connection, rows::ORDER, "WHERE number = ?1")?;
    let orders = numbers.map(|number| one(&mut by_number, [number.as_i64()], rows::order));
    let orders: Vec<Option<Order>> = orders.collect::<Result<_>>()?;
    orders.into_iter().flatten().for_each(|order| set.put_order(order));
    Ok(())
}
