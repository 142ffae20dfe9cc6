//! The store: each row a cell of JSON under its table and key, and cells that lead from a name or a time to a row. A unit
//! of work keeps what it wrote to itself until it commits.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stockroom::engine::{
    BackorderChange, Catalog, Changes, Counters, Forget, NewKey, NewOrderRow, Record, RecordChange, RecordKey,
    SubscriptionChange, WorkingSet,
};
use stockroom::inventory::{Hold, Stock};
use stockroom::outbox::ORDER_KEY_PREFIX;
use stockroom::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};
use stockroom::{Error, ErrorKind, OrderNumber, Result, read_json};

use crate::cells::{Cells, Range, Writes};
use crate::key::{self, Key};
use crate::pages;
use crate::search;

/// The form of the cells that this build writes.
pub const FORMAT: u32 = 1;

/// The cell that every commit changes.
pub(crate) const REVISION: &str = "revision";
/// The numbers given so far.
const COUNTERS: &str = "counters";

/// Where an open range ends.
pub(crate) const ALL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Revision {
    format: u32,
    revision: u64,
}

/// [`Counters`], as they are kept.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Numbers {
    sku: u64,
    order: u64,
    movement: u64,
    event: u64,
    last_event_at_ms: i64,
}

/// A store in an ordered map. One unit of work at a time may be at work on it: from `begin` to the end nobody else may
/// change the map, or the commit must fail.
#[derive(Debug)]
pub struct KeyValueStore<C> {
    cells: C,
    /// What the open unit of work wrote.
    wrote: Writes,
    /// As it was when it was first read; nothing before.
    revision: Option<Option<Revision>>,
}

impl<C: Cells> KeyValueStore<C> {
    /// A store over a map. An empty map is an empty store.
    pub fn new(cells: C) -> Self {
        KeyValueStore { cells, wrote: Writes::new(), revision: None }
    }

    /// Gives the map back.
    pub fn into_cells(self) -> C {
        self.cells
    }

    /// Reads the revision: first of all and by itself, so that whatever is read after it belongs to it or to a later one.
    fn look(&mut self) -> Result<()> {
        let revision = self.row::<Revision>(&Key::of(REVISION));
        let revision = settle(&self.cells, revision)?;
        if let Some(Revision { format, .. }) = revision.filter(|revision| revision.format > FORMAT) {
            let message = format!("the rows have form {format}; this build knows {FORMAT}");
            return Err(Error::new(ErrorKind::SchemaTooNew, "keyvalue.begin", message));
        }
        self.revision = Some(revision);
        Ok(())
    }

    /// A row, `None` where there is none.
    pub(crate) fn row<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>> {
        let cell = match self.wrote.get(key.as_str()) {
            Some(cell) => cell.clone(),
            None => self.cells.get(key.as_str()),
        };
        cell.map(|cell| parsed(key.as_str(), &cell)).transpose()
    }

    pub(crate) fn is_there(&mut self, key: &Key) -> bool {
        match self.wrote.get(key.as_str()) {
            Some(cell) => cell.is_some(),
            None => self.cells.get(key.as_str()).is_some(),
        }
    }

    /// The cells from a key on and before another, at most `limit`.
    pub(crate) fn range(&mut self, from: String, before: String, limit: u32) -> Vec<(String, String)> {
        if limit == 0 || from >= before {
            return Vec::new();
        }
        let wrote: Vec<(String, Option<String>)> =
            self.wrote.range(from.clone()..before.clone()).map(|(key, cell)| (key.clone(), cell.clone())).collect();
        // Each of those may take the place of one in the map.
        let asked = limit.saturating_add(u32::try_from(wrote.len()).unwrap_or(ALL));
        let mut cells: std::collections::BTreeMap<_, _> =
            self.cells.range(&Range { from, before, limit: asked }).into_iter().collect();
        for (key, cell) in wrote {
            match cell {
                Some(cell) => cells.insert(key, cell),
                None => cells.remove(&key),
            };
        }
        cells.into_iter().take(limit as usize).collect()
    }

    /// The rows under a key, after a further part of it where one is given.
    pub(crate) fn rows<T: DeserializeOwned>(&mut self, under: &Key, after: Option<&Key>, limit: u32) -> Result<Vec<T>> {
        let from = after.map_or_else(|| under.begin(), Key::next);
        let cells = self.range(from, under.end(), limit);
        cells.iter().map(|(key, cell)| parsed(key, cell)).collect()
    }

    fn set(&mut self, key: Key, row: &impl Serialize) -> Result<()> {
        let unwritable =
            |error| Error::new(ErrorKind::InvariantBroken, "keyvalue.write", "a row is not JSON").with_source(error);
        let cell = serde_json::to_string(row).map_err(unwritable)?;
        self.wrote.insert(key.into(), Some(cell));
        Ok(())
    }

    fn remove(&mut self, key: Key) {
        self.wrote.insert(key.into(), None);
    }

    fn numbers(&mut self) -> Result<Numbers> {
        Ok(self.row(&Key::of(COUNTERS))?.unwrap_or_default())
    }

    pub(crate) fn last_event(&mut self) -> Result<u64> {
        Ok(self.numbers()?.event)
    }

    fn catalog(&mut self) -> Result<Catalog> {
        let Numbers { sku, order, movement, event, last_event_at_ms } = self.numbers()?;
        let locations = self.rows(&Key::of("location"), None, ALL)?;
        let channels = self.rows(&Key::of("channel"), None, ALL)?;
        Ok(Catalog::new(locations, channels, Counters { sku, order, movement, event, last_event_at_ms }))
    }

    /// An order by the host's id.
    fn order_number(&mut self, id: &str) -> Result<Option<OrderNumber>> {
        self.row(&Key::of("order_id").text(id))
    }

    fn supplied(&mut self, needs: &stockroom::engine::Needs, rows: &mut WorkingSet) -> Result<()> {
        if needs.catalog {
            rows.put_catalog(self.catalog()?);
        }
        for sku in &needs.skus {
            rows.put_sku(sku, self.row(&Key::of("sku_name").text(sku))?);
        }
        for number in &needs.sku_numbers {
            if let Some(sku) = self.row::<stockroom::inventory::Sku>(&Key::of("sku").number(number.0))? {
                rows.put_sku(&sku.sku.clone(), Some(sku));
            }
        }
        for number in &needs.stock {
            rows.put_stock(*number, self.row(&Key::of("stock").number(number.0))?);
        }
        for id in &needs.order_ids {
            let order = match self.order_number(id)? {
                Some(number) => self.order(number)?,
                None => None,
            };
            match order {
                Some(order) => rows.put_order(order),
                None => rows.put_no_order(id),
            }
        }
        for id in &needs.order_numbers {
            rows.put_order_number(id, self.order_number(id)?);
        }
        for number in &needs.orders {
            if let Some(order) = self.order(*number)? {
                rows.put_order(order);
            }
        }
        for id in &needs.holds {
            let hold = match self.row::<u64>(&Key::of("hold_id").text(id))? {
                Some(number) => self.row(&Key::of("hold").number(number))?,
                None => None,
            };
            rows.put_hold(id, hold);
        }
        for key in &needs.keys {
            rows.put_key(key, self.row(&Key::of("key").text(key))?);
        }
        for name in &needs.subscriptions {
            rows.put_subscription(name, self.row(&Key::of("subscription").text(name))?);
        }
        for key in &needs.records {
            rows.put_record(key.clone(), self.row(&key::record(key))?);
        }
        for query in &needs.queries {
            let found = search::find(self, query, rows)?;
            rows.put_found(query.clone(), found);
        }
        Ok(())
    }

    pub(crate) fn order(&mut self, number: OrderNumber) -> Result<Option<stockroom::order::Order>> {
        self.row(&Key::of("order").number(number.0))
    }

    /// Whether a name that the changes bring in is there already.
    fn is_taken(&mut self, changes: &Changes) -> bool {
        let mut taken = false;
        for NewOrderRow { order, keyed_by_id } in &changes.new_orders {
            taken |= self.is_there(&Key::of("order_id").text(&order.id));
            taken |= *keyed_by_id && self.is_there(&Key::of("key").text(&format!("{ORDER_KEY_PREFIX}{}", order.id)));
        }
        for NewKey { row, refused_order } in &changes.keys {
            taken |= self.is_there(&Key::of("key").text(&row.key));
            taken |= refused_order.as_deref().is_some_and(|id| self.is_there(&Key::of("order_id").text(id)));
        }
        taken
    }

    fn write_all(&mut self, changes: Changes) -> Result<()> {
        let before = self.numbers()?;
        let mut numbers = before;
        for sku in &changes.skus {
            numbers.sku = numbers.sku.max(sku.number.0);
            self.set(Key::of("sku").number(sku.number.0), sku)?;
            self.set(Key::of("sku_name").text(&sku.sku), sku)?;
        }
        for location in &changes.locations {
            self.set(Key::of("location").number(location.number.0), location)?;
        }
        for channel in &changes.channels {
            self.set(Key::of("channel").text(&channel.channel), channel)?;
        }
        for row in changes.new_stock.iter().chain(&changes.stock) {
            let stock: &Stock = &row.stock;
            self.set(Key::of("stock").number(row.number.0), stock)?;
        }
        for NewOrderRow { order, .. } in &changes.new_orders {
            numbers.order = numbers.order.max(order.number.0);
            self.set(Key::of("order_id").text(&order.id), &order.number)?;
            self.set(Key::of("order").number(order.number.0), order)?;
        }
        for order in &changes.changed_orders {
            self.set(Key::of("order").number(order.number.0), order)?;
        }
        for hold in &changes.gone_holds {
            self.remove(Key::of("hold_id").text(&hold.id));
            self.forget_hold(hold.number)?;
        }
        for hold in &changes.holds {
            self.forget_hold(hold.number)?;
            self.set(Key::of("hold_id").text(&hold.id), &hold.number)?;
            self.set(Key::of("hold").number(hold.number), hold)?;
            self.set(search::hold_due(hold), &())?;
            for (stock, _) in hold.claimed() {
                self.set(search::hold_on(stock, hold.number), &())?;
            }
        }
        for change in &changes.backorders {
            match change {
                BackorderChange::Waits(place) => self.set(key::backorder(place), place)?,
                BackorderChange::Done(place) => self.remove(key::backorder(place)),
            }
        }
        for movement in &changes.movements {
            numbers.movement = numbers.movement.max(movement.number);
            self.set(Key::of("movement").number(movement.number), movement)?;
            self.set(search::moved(movement), &movement.stock)?;
        }
        for event in &changes.events {
            numbers.event = numbers.event.max(event.number);
            numbers.last_event_at_ms = event.at_ms;
            self.set(Key::of("event").number(event.number), event)?;
        }
        for NewKey { row, .. } in &changes.keys {
            self.set(Key::of("key").text(&row.key), row)?;
        }
        for change in &changes.subscriptions {
            match change {
                SubscriptionChange::Put(row) => self.set(Key::of("subscription").text(&row.subscription), row)?,
                SubscriptionChange::Closed(name) => self.remove(Key::of("subscription").text(name)),
            }
        }
        for change in changes.records {
            self.write_record(change)?;
        }
        for forget in &changes.forget {
            match forget {
                Forget::EventsThrough(through) => {
                    let events = Key::of("event");
                    let gone = self.range(events.begin(), events.number(*through).next(), ALL);
                    gone.into_iter().for_each(|(key, _)| drop(self.wrote.insert(key, None)));
                }
                Forget::Keys(keys) => keys.iter().for_each(|key| self.remove(Key::of("key").text(key))),
            }
        }
        if !self.wrote.is_empty() {
            self.set(Key::of(COUNTERS), &numbers)?;
        }
        Ok(())
    }

    /// Removes a hold with what leads to it.
    fn forget_hold(&mut self, number: u64) -> Result<()> {
        if let Some(stored) = self.row::<Hold>(&Key::of("hold").number(number))? {
            self.remove(search::hold_due(&stored));
            for (stock, _) in stored.claimed() {
                self.remove(search::hold_on(stock, number));
            }
        }
        self.remove(Key::of("hold").number(number));
        Ok(())
    }

    fn write_record(&mut self, change: RecordChange) -> Result<()> {
        let RecordChange { key, record, stored, new } = change;
        if let RecordKey::Listing(..) = key {
            // Where it was not known what stands there, it is looked at.
            let stored = match stored {
                Some(stored) => Some(stored),
                None if new => None,
                None => self.row::<Record>(&key::record(&key))?.map(Into::into),
            };
            if let Some(due) = stored.as_deref().and_then(search::listing_due) {
                self.remove(due);
            }
            if let (Some(due), RecordKey::Listing(channel, sku)) =
                (record.as_deref().and_then(search::listing_due), &key)
            {
                self.set(due, &(channel, sku))?;
            }
        }
        match record {
            Some(record) => self.set(key::record(&key), &record),
            None => {
                self.remove(key::record(&key));
                Ok(())
            }
        }
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(key: &str, cell: &str) -> Result<T> {
    read_json(cell).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "keyvalue.read", format!("the cell {key} is unreadable")).with_source(error)
    })
}

/// What was noted as missing comes before what seems wrong because of it.
fn settle<C: Cells, T>(cells: &C, result: Result<T>) -> Result<T> {
    cells.settled()?;
    result
}

impl<C: Cells> Store for KeyValueStore<C> {
    fn begin(&mut self, _mode: Mode) -> Result<Freshness> {
        self.rollback()?;
        self.look()?;
        Ok(Freshness::Foreign)
    }

    fn supply(&mut self, needs: &stockroom::engine::Needs, rows: &mut WorkingSet) -> Result<()> {
        let supplied = self.supplied(needs, rows);
        settle(&self.cells, supplied)
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        let taken = self.is_taken(&changes);
        let written = if taken { Ok(()) } else { self.write_all(changes) };
        settle(&self.cells, written)?;
        if taken {
            self.rollback()?;
            return Ok(Written::Taken);
        }
        if finish == Finish::Commit {
            let mut writes = std::mem::take(&mut self.wrote);
            if !writes.is_empty() {
                let revision = self.revision.flatten().map_or(0, |revision| revision.revision) + 1;
                self.wrote = writes;
                self.set(Key::of(REVISION), &Revision { format: FORMAT, revision })?;
                writes = std::mem::take(&mut self.wrote);
            }
            self.cells.commit(writes)?;
        }
        Ok(Written::Done)
    }

    fn rollback(&mut self) -> Result<()> {
        self.wrote.clear();
        Ok(())
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        if self.revision.is_none() {
            self.look()?;
        }
        let rows = pages::page(self, page, limit);
        settle(&self.cells, rows)
    }

    fn freshness(&mut self) -> Result<Freshness> {
        Ok(Freshness::Foreign)
    }
}
