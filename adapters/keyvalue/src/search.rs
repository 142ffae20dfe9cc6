//! Searches, and the cells that lead to what they look for: holds by their end and by the stock that they claim, movements by
//! location and time, listings by when they are due.

use std::collections::BTreeSet;

use stockroom::engine::{Found, Query, Record, RecordKey, RecordKind, WorkingSet};
use stockroom::inventory::{Backorder, Hold, Movement};
use stockroom::order::ChainReader;
use stockroom::outbox::{Delivery, DeliveryState, EventRow, InboxMessage, KeyRow, Subscription};
use stockroom::{Error, ErrorKind, Name, Result, SkuNumber, StockNumber};

use crate::cells::Cells;
use crate::key::{self, Key};
use crate::store::{ALL, KeyValueStore};

pub(crate) fn hold_due(hold: &Hold) -> Key {
    Key::of("hold_due").time(hold.expires_at_ms).number(hold.number)
}

pub(crate) fn hold_on(stock: StockNumber, hold: u64) -> Key {
    Key::of("hold_on").number(stock.0).number(hold)
}

pub(crate) fn moved(movement: &Movement) -> Key {
    Key::of("moved").number(movement.stock.location().0).time(movement.at_ms).number(movement.number)
}

/// The cell that leads to a listing that is to be looked at.
pub(crate) fn listing_due(record: &Record) -> Option<Key> {
    match record {
        Record::Listing(row) if row.due_at_ms > 0 => {
            Some(Key::of("listing_due").time(row.due_at_ms).text(&row.channel).number(row.sku_number.0))
        }
        _ => None,
    }
}

pub(crate) fn find<C: Cells>(store: &mut KeyValueStore<C>, query: &Query, rows: &mut WorkingSet) -> Result<Found> {
    match query {
        Query::HoldsOn(stock) => {
            let on = Key::of("hold_on").number(stock.0);
            let found = store.range(on.begin(), on.end(), ALL);
            put_holds(store, found, rows)
        }
        Query::DueHolds { now_ms, limit } => {
            let due = Key::of("hold_due");
            let found = store.range(due.begin(), due.time(*now_ms).end(), *limit);
            put_holds(store, found, rows)
        }
        Query::Backorders { stock, after, limit } => {
            let queue = Key::of("backorder").number(stock.0);
            let after = after.as_ref().map(key::backorder);
            let waiting: Vec<Backorder> = store.rows(&queue, after.as_ref(), *limit)?;
            for place in &waiting {
                if let Some(order) = store.order(place.order)? {
                    rows.put_order(order);
                }
            }
            Ok(Found::Backorders(waiting))
        }
        Query::Claims { stock, from } => {
            let mut chain = ChainReader::new(*stock, *from);
            while let Some(number) = chain.next() {
                let Some(order) = store.order(number)? else {
                    break;
                };
                chain.read(&order);
                rows.put_order(order);
            }
            Ok(Found::Put)
        }
        Query::PrunableEvents { before_ms, limit } => {
            let subscriptions: Vec<Subscription> = store.rows(&Key::of("subscription"), None, ALL)?;
            let cursor = subscriptions.iter().map(|row| row.cursor).min().unwrap_or(u64::MAX);
            let last = store.last_event()?;
            let looked_at: Vec<EventRow> = store.rows(&Key::of("event"), None, *limit)?;
            let may_go = |row: &&EventRow| row.at_ms < *before_ms && row.number <= cursor && row.number < last;
            let gone: Vec<&EventRow> = looked_at.iter().take_while(may_go).collect();
            Ok(Found::PrunableEvents {
                through: gone.last().map(|row| row.number),
                events: gone.iter().map(|row| row.number - row.first_number + 1).sum(),
                more: gone.len() == *limit as usize,
            })
        }
        Query::PrunableKeys { after, before_ms, limit } => {
            let table = Key::of("key");
            let looked_at: Vec<KeyRow> = store.rows(&table.clone(), Some(&table.text(after)), *limit)?;
            let next = last_of(&looked_at, *limit).map(|row| row.key.clone());
            let old = looked_at.into_iter().filter(|row| row.at_ms < *before_ms);
            Ok(Found::PrunableKeys { keys: old.map(|row| row.key).collect(), next })
        }
        Query::PrunableOrders { after, before_ms, limit } => {
            let table = Key::of("order");
            let looked_at: Vec<stockroom::order::Order> =
                store.rows(&table.clone(), Some(&table.number(after.0)), *limit)?;
            let next = last_of(&looked_at, *limit).map(|order| order.number);
            let mut orders = Vec::new();
            for order in looked_at {
                if order.closed_at_ms.is_some_and(|closed_at_ms| closed_at_ms < *before_ms) && !order.body.pruned {
                    orders.push(order.number);
                    rows.put_order(order);
                }
            }
            Ok(Found::PrunableOrders { orders, next })
        }
        Query::PrunableMessages { after, before_ms, limit } => {
            let table = key::table(RecordKind::Message);
            let place = table.clone().text(&after.0).text(&after.1);
            let looked_at: Vec<Record> = store.rows(&table, Some(&place), *limit)?;
            let looked_at: Vec<InboxMessage> = looked_at.into_iter().filter_map(message).collect();
            let next = last_of(&looked_at, *limit).map(|row| (row.source.clone(), row.message.clone()));
            let mut messages = Vec::new();
            for row in looked_at.into_iter().filter(|row| row.at_ms < *before_ms) {
                let record = Record::from(row);
                messages.push(record.key());
                rows.put_record(record.key(), Some(record));
            }
            Ok(Found::PrunableMessages { messages, next })
        }
        Query::DueDeliveries { destination, now_ms, limit } => {
            due_deliveries(store, destination, *now_ms, *limit, rows)
        }
        Query::Listings { channel, after, limit } => {
            let table = key::table(RecordKind::Listing).text(channel);
            let listings: Vec<Record> = store.rows(&table.clone(), Some(&table.number(after.0)), *limit)?;
            let mut skus = Vec::new();
            for record in listings {
                if let Record::Listing(row) = &record {
                    skus.push(row.sku_number);
                }
                rows.put_record(record.key(), Some(record));
            }
            Ok(Found::Listings(skus))
        }
        Query::DueListings { now_ms, limit } => due_listings(store, *now_ms, *limit, rows),
        Query::EventsAfter { number, limit } => {
            let table = Key::of("event");
            Ok(Found::Events(store.rows(&table.clone(), Some(&table.number(*number)), *limit)?))
        }
        Query::MovedSince { location, at_ms } => {
            let here = Key::of("moved").number(location.0);
            let since = store.range(here.clone().time(*at_ms).begin(), here.end(), ALL);
            let stock = since.iter().map(|(key, cell)| crate::store::parsed::<StockNumber>(key, cell));
            Ok(Found::Moved(stock.collect::<Result<BTreeSet<_>>>()?.into_iter().collect()))
        }
    }
}

fn message(record: Record) -> Option<InboxMessage> {
    match record {
        Record::Message(row) => Some(row),
        _ => None,
    }
}

/// The last of what was looked at; `None` where the end was reached.
fn last_of<T>(looked_at: &[T], limit: u32) -> Option<&T> {
    looked_at.last().filter(|_| looked_at.len() == limit as usize)
}

/// The last part of a key that is a number.
fn number_of(key: &str) -> Result<u64> {
    let number = key.rsplit('!').next().and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| missing(key))
}

fn missing(key: &str) -> Error {
    Error::new(ErrorKind::Corrupt, "keyvalue.search", format!("the cell {key} leads to a row that is not there"))
}

/// Puts the holds that cells lead to, in their order.
fn put_holds<C: Cells>(
    store: &mut KeyValueStore<C>,
    cells: Vec<(String, String)>,
    rows: &mut WorkingSet,
) -> Result<Found> {
    let mut read = Vec::new();
    for (key, _) in &cells {
        read.push((key, store.row::<Hold>(&Key::of("hold").number(number_of(key)?))?));
    }
    let mut ids = Vec::new();
    for (key, hold) in read {
        let hold = hold.ok_or_else(|| missing(key))?;
        ids.push(hold.id.clone());
        rows.put_hold(&hold.id.clone(), Some(hold));
    }
    Ok(Found::Holds(ids))
}

/// All that waits for a destination is looked at: a queue is short, or its warehouse is down.
fn due_deliveries<C: Cells>(
    store: &mut KeyValueStore<C>,
    destination: &Name,
    now_ms: i64,
    limit: u32,
    rows: &mut WorkingSet,
) -> Result<Found> {
    let all: Vec<Record> = store.rows(&key::table(RecordKind::Delivery).text(destination), None, ALL)?;
    let mut keys = BTreeSet::new();
    let (mut due, mut next_due_at_ms) = (Vec::<Delivery>::new(), None::<i64>);
    for record in all {
        let Record::Delivery(row) = record else { continue };
        // The first with its key: those behind it wait for it.
        if !keys.insert(row.key.clone()) || row.state == DeliveryState::Dead {
            continue;
        }
        if row.due_at_ms <= now_ms {
            due.push(row);
        } else {
            next_due_at_ms = Some(next_due_at_ms.map_or(row.due_at_ms, |at_ms| at_ms.min(row.due_at_ms)));
        }
    }
    due.sort_unstable_by_key(|row| (row.due_at_ms, row.number));
    due.truncate(limit as usize);
    let numbers = due.iter().map(|row| row.number).collect();
    for row in due {
        rows.put_record(RecordKey::Delivery(destination.clone(), row.number), Some(row.into()));
    }
    Ok(Found::DueDeliveries { numbers, next_due_at_ms })
}

fn due_listings<C: Cells>(
    store: &mut KeyValueStore<C>,
    now_ms: i64,
    limit: u32,
    rows: &mut WorkingSet,
) -> Result<Found> {
    let table = Key::of("listing_due");
    let later = table.clone().time(now_ms).end();
    let due = store.range(table.begin(), later.clone(), limit);
    let next = store.range(later, table.end(), 1);
    let mut read = Vec::new();
    for (key, cell) in due.iter().chain(&next) {
        let (channel, sku): (Name, SkuNumber) = crate::store::parsed(key, cell)?;
        let place = RecordKey::Listing(channel, sku);
        read.push((key, store.row::<Record>(&key::record(&place))?));
    }
    let mut listings = Vec::new();
    let mut next_due_at_ms = None;
    for (at, (key, record)) in read.into_iter().enumerate() {
        let Some(Record::Listing(row)) = record else {
            return Err(missing(key));
        };
        if at >= due.len() {
            next_due_at_ms = Some(row.due_at_ms);
            continue;
        }
        listings.push((row.channel.clone(), row.sku_number));
        let record = Record::from(row);
        rows.put_record(record.key(), Some(record));
    }
    Ok(Found::DueListings { listings, next_due_at_ms })
}
