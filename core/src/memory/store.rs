//! The store in memory: sorted maps, and a list of how to take back what an open unit of work wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::channel::Channel;
use crate::engine::{
    BackorderChange, Catalog, Changes, Counters, Forget, Found, Needs, NewKey, NewOrderRow, Query, Record,
    RecordChange, RecordKey, RecordKind, SubscriptionChange, WorkingSet,
};
use crate::error::Result;
use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber, StockNumber};
use crate::inventory::{Backorder, Hold, Location, Movement, Sku, Stock, StockRow};
use crate::order::Order;
use crate::outbox::{DeliveryState, EventRow, KeyRow, ORDER_KEY_PREFIX, Subscription};
use crate::ports::{Finish, Freshness, Mode, Page, Rows, Store, Written};

/// Rows of which few are written are shared: maps of one kind of key have the same code then, which is there once.
#[derive(Clone, Debug, Default)]
struct Tables {
    skus: BTreeMap<SkuNumber, Arc<Sku>>,
    sku_numbers: BTreeMap<Name, SkuNumber>,
    locations: BTreeMap<LocationNumber, Arc<Location>>,
    channels: BTreeMap<Name, Arc<Channel>>,
    stock: BTreeMap<StockNumber, Stock>,
    holds: BTreeMap<u64, Arc<Hold>>,
    hold_numbers: BTreeMap<String, u64>,
    backorders: BTreeMap<Backorder, ()>,
    movements: BTreeMap<u64, Arc<Movement>>,
    orders: BTreeMap<OrderNumber, Arc<Order>>,
    order_numbers: BTreeMap<Name, OrderNumber>,
    events: BTreeMap<u64, EventRow>,
    keys: BTreeMap<String, Arc<KeyRow>>,
    subscriptions: BTreeMap<String, Arc<Subscription>>,
    records: BTreeMap<RecordKey, Arc<Record>>,
}

type TakeBack = Box<dyn FnOnce(&mut Tables) + Send>;

/// A store that keeps everything in memory and forgets it when dropped.
#[derive(Default)]
pub struct MemoryStore {
    tables: Tables,
    /// How to take back what the open unit of work wrote, the last first.
    undo: Vec<TakeBack>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// A copy of every row. An open unit of work cannot be taken back in the copy: copy a store between two of them.
impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        MemoryStore { tables: self.tables.clone(), undo: Vec::new() }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }
}

/// Writes rows into maps; where the unit of work goes on, remembers how to take each write back.
struct Writer<'s> {
    tables: &'s mut Tables,
    undo: Option<&'s mut Vec<TakeBack>>,
}

impl Writer<'_> {
    fn set<K: Ord + Clone + Send + 'static, V: Send + 'static>(
        &mut self,
        table: fn(&mut Tables) -> &mut BTreeMap<K, V>,
        key: K,
        value: Option<V>,
    ) {
        let map = table(self.tables);
        let before = match value {
            Some(value) => map.insert(key.clone(), value),
            None => map.remove(&key),
        };
        if let Some(undo) = &mut self.undo {
            undo.push(Box::new(move |tables| {
                match before {
                    Some(before) => drop(table(tables).insert(key, before)),
                    None => drop(table(tables).remove(&key)),
                };
            }));
        }
    }

    fn write(&mut self, changes: Changes) {
        for sku in changes.skus {
            self.set(|tables| &mut tables.sku_numbers, sku.sku.clone(), Some(sku.number));
            self.set(|tables| &mut tables.skus, sku.number, Some(sku));
        }
        for location in changes.locations {
            self.set(|tables| &mut tables.locations, location.number, Some(Arc::new(location)));
        }
        for channel in changes.channels {
            self.set(|tables| &mut tables.channels, channel.channel.clone(), Some(channel));
        }
        for row in changes.new_stock.into_iter().chain(changes.stock) {
            self.set(|tables| &mut tables.stock, row.number, Some(row.stock));
        }
        for NewOrderRow { order, .. } in changes.new_orders {
            self.set(|tables| &mut tables.order_numbers, order.id.clone(), Some(order.number));
            self.set(|tables| &mut tables.orders, order.number, Some(order));
        }
        for order in changes.changed_orders {
            self.set(|tables| &mut tables.orders, order.number, Some(order));
        }
        for hold in &changes.gone_holds {
            self.set(|tables| &mut tables.holds, hold.number, None);
            self.set(|tables| &mut tables.hold_numbers, hold.id.clone(), None);
        }
        for hold in changes.holds {
            self.set(|tables| &mut tables.hold_numbers, hold.id.clone(), Some(hold.number));
            self.set(|tables| &mut tables.holds, hold.number, Some(hold));
        }
        for change in changes.backorders {
            match change {
                BackorderChange::Waits(backorder) => self.set(|tables| &mut tables.backorders, backorder, Some(())),
                BackorderChange::Done(backorder) => self.set(|tables| &mut tables.backorders, backorder, None),
            }
        }
        for movement in changes.movements {
            self.set(|tables| &mut tables.movements, movement.number, Some(Arc::new(movement)));
        }
        for event in changes.events {
            self.set(|tables| &mut tables.events, event.number, Some(event));
        }
        for NewKey { row, .. } in changes.keys {
            self.set(|tables| &mut tables.keys, row.key.clone(), Some(Arc::new(row)));
        }
        for change in changes.subscriptions {
            match change {
                SubscriptionChange::Put(row) => {
                    self.set(|tables| &mut tables.subscriptions, row.subscription.clone(), Some(Arc::new(row)));
                }
                SubscriptionChange::Closed(name) => self.set(|tables| &mut tables.subscriptions, name, None),
            }
        }
        for RecordChange { key, record, .. } in changes.records {
            self.set(|tables| &mut tables.records, key, record);
        }
        for forget in changes.forget {
            match forget {
                Forget::EventsThrough(through) => {
                    let numbers: Vec<u64> = self.tables.events.range(..=through).map(|(number, _)| *number).collect();
                    numbers.into_iter().for_each(|number| self.set(|tables| &mut tables.events, number, None));
                }
                Forget::Keys(keys) => {
                    keys.into_iter().for_each(|key| self.set(|tables| &mut tables.keys, key, None));
                }
            }
        }
    }
}

impl Store for MemoryStore {
    fn begin(&mut self, _mode: Mode) -> Result<Freshness> {
        self.rollback()?;
        // There is no other writer: the tables belong to this store alone.
        Ok(Freshness::Unchanged)
    }

    fn supply(&mut self, needs: &Needs, rows: &mut WorkingSet) -> Result<()> {
        let tables = &self.tables;
        if needs.catalog {
            rows.put_catalog(tables.catalog());
        }
        for sku in &needs.skus {
            let number = tables.sku_numbers.get(&**sku);
            rows.put_sku(sku, number.and_then(|number| tables.skus.get(number)).map(|sku| Sku::clone(sku)));
        }
        for sku in needs.sku_numbers.iter().filter_map(|number| tables.skus.get(number)) {
            rows.put_sku(&sku.sku, Some(Sku::clone(sku)));
        }
        for number in &needs.stock {
            rows.put_stock(*number, tables.stock.get(number).copied());
        }
        for id in &needs.order_ids {
            match tables.order_numbers.get(&**id).and_then(|number| tables.orders.get(number)) {
                Some(order) => rows.put_order(Arc::clone(order)),
                None => rows.put_no_order(id),
            }
        }
        for id in &needs.order_numbers {
            rows.put_order_number(id, tables.order_numbers.get(&**id).copied());
        }
        for order in needs.orders.iter().filter_map(|number| tables.orders.get(number)) {
            rows.put_order(Arc::clone(order));
        }
        for id in &needs.holds {
            let number = tables.hold_numbers.get(id);
            rows.put_hold(id, number.and_then(|number| tables.holds.get(number)).map(|hold| Hold::clone(hold)));
        }
        for key in &needs.keys {
            rows.put_key(key, tables.keys.get(key).map(|row| KeyRow::clone(row)));
        }
        for name in &needs.subscriptions {
            rows.put_subscription(name, tables.subscriptions.get(name).map(|row| Subscription::clone(row)));
        }
        for key in &needs.records {
            rows.put_record(key.clone(), tables.records.get(key).map(|record| Record::clone(record)));
        }
        for query in &needs.queries {
            let found = tables.find(query, rows);
            rows.put_found(query.clone(), found);
        }
        Ok(())
    }

    fn write(&mut self, changes: Changes, finish: Finish) -> Result<Written> {
        if self.tables.is_taken(&changes) {
            self.rollback()?;
            return Ok(Written::Taken);
        }
        let undo = (finish == Finish::Stay).then_some(&mut self.undo);
        Writer { tables: &mut self.tables, undo }.write(changes);
        if finish == Finish::Commit {
            self.undo.clear();
        }
        Ok(Written::Done)
    }

    fn rollback(&mut self) -> Result<()> {
        while let Some(take_back) = self.undo.pop() {
            take_back(&mut self.tables);
        }
        Ok(())
    }

    fn page(&mut self, page: &Page, limit: u32) -> Result<Rows> {
        Ok(self.tables.page(page, limit as usize))
    }

    fn freshness(&mut self) -> Result<Freshness> {
        Ok(Freshness::Unchanged)
    }
}

impl Tables {
    /// Whether a name that the changes bring in is there already.
    fn is_taken(&self, changes: &Changes) -> bool {
        let order = |new: &NewOrderRow| {
            self.order_numbers.contains_key(&new.order.id)
                || (new.keyed_by_id && self.keys.contains_key(&format!("{ORDER_KEY_PREFIX}{}", new.order.id)))
        };
        let key = |new: &NewKey| {
            self.keys.contains_key(&new.row.key)
                || new.refused_order.as_deref().is_some_and(|id| self.order_numbers.contains_key(id))
        };
        changes.new_orders.iter().any(order) || changes.keys.iter().any(key)
    }

    fn catalog(&self) -> Catalog {
        let last_event = self.events.values().next_back();
        let counters = Counters {
            sku: self.skus.keys().next_back().map_or(0, |number| number.0),
            order: self.orders.keys().next_back().map_or(0, |number| number.0),
            movement: self.movements.keys().next_back().copied().unwrap_or(0),
            event: last_event.map_or(0, |event| event.number),
            last_event_at_ms: last_event.map_or(0, |event| event.at_ms),
        };
        let locations = self.locations.values().map(|row| Location::clone(row)).collect();
        let channels = self.channels.values().map(|row| Channel::clone(row)).collect();
        Catalog::new(locations, channels, counters)
    }

    fn find(&self, query: &Query, rows: &mut WorkingSet) -> Found {
        match query {
            Query::HoldsOn(stock) => {
                let holds = self.holds.values().map(|hold| &**hold).filter(|hold| hold.claimed_on(*stock) > 0);
                Found::Holds(put_holds(rows, holds))
            }
            Query::DueHolds { now_ms, limit } => {
                let holds = self.holds.values().map(|hold| &**hold);
                let mut due: Vec<&Hold> = holds.filter(|hold| hold.expires_at_ms <= *now_ms).collect();
                due.sort_unstable_by_key(|hold| (hold.expires_at_ms, hold.number));
                Found::Holds(put_holds(rows, due.into_iter().take(*limit as usize)))
            }
            Query::Backorders { stock, after, limit } => {
                let first = Backorder { stock: *stock, since: 0, order: OrderNumber(0), line: 0 };
                let waiting: Vec<Backorder> = self
                    .backorders
                    .range(after.unwrap_or(first)..)
                    .map(|(backorder, ())| *backorder)
                    .filter(|backorder| Some(*backorder) != *after)
                    .take_while(|backorder| backorder.stock == *stock)
                    .take(*limit as usize)
                    .collect();
                for order in waiting.iter().filter_map(|backorder| self.orders.get(&backorder.order)) {
                    rows.put_order(Arc::clone(order));
                }
                Found::Backorders(waiting)
            }
            Query::Claims { stock, from } => {
                let mut chain = crate::order::ChainReader::new(*stock, *from);
                while let Some(order) = chain.next().and_then(|number| self.orders.get(&number)) {
                    chain.read(order);
                    rows.put_order(Arc::clone(order));
                }
                Found::Put
            }
            Query::PrunableEvents { before_ms, limit } => {
                let cursor = self.subscriptions.values().map(|row| row.cursor).min().unwrap_or(u64::MAX);
                let last = self.events.keys().next_back().copied().unwrap_or(0);
                let looked_at: Vec<&EventRow> = self.events.values().take(*limit as usize).collect();
                let may_go = |row: &&&EventRow| row.at_ms < *before_ms && row.number <= cursor && row.number < last;
                let gone: Vec<&&EventRow> = looked_at.iter().take_while(may_go).collect();
                Found::PrunableEvents {
                    through: gone.last().map(|row| row.number),
                    events: gone.iter().map(|row| row.number - row.first_number + 1).sum(),
                    more: gone.len() == *limit as usize,
                }
            }
            Query::PrunableKeys { after, before_ms, limit } => {
                let rows = after_key(&self.keys, after).map(|row| &**row);
                let looked_at: Vec<&KeyRow> = rows.take(*limit as usize).collect();
                let keys = looked_at.iter().filter(|row| row.at_ms < *before_ms).map(|row| row.key.clone()).collect();
                let full = looked_at.len() == *limit as usize;
                Found::PrunableKeys { keys, next: looked_at.last().filter(|_| full).map(|row| row.key.clone()) }
            }
            Query::PrunableOrders { after, before_ms, limit } => {
                let looked_at: Vec<&Arc<Order>> = after_key(&self.orders, after).take(*limit as usize).collect();
                let closed = |order: &&&Arc<Order>| {
                    order.closed_at_ms.is_some_and(|closed_at| closed_at < *before_ms) && !order.body.pruned
                };
                let mut orders = Vec::new();
                for order in looked_at.iter().filter(closed) {
                    rows.put_order(Arc::clone(order));
                    orders.push(order.number);
                }
                let full = looked_at.len() == *limit as usize;
                Found::PrunableOrders { orders, next: looked_at.last().filter(|_| full).map(|order| order.number) }
            }
            Query::PrunableMessages { after, before_ms, limit } => {
                let after = RecordKey::Message(after.0.as_str().into(), after.1.as_str().into());
                let looked_at: Vec<&Arc<Record>> =
                    self.of_kind(RecordKind::Message, Some(&after)).take(*limit as usize).collect();
                let mut messages = Vec::new();
                for record in &looked_at {
                    if matches!(&***record, Record::Message(row) if row.at_ms < *before_ms) {
                        rows.put_record(record.key(), Some(Record::clone(record)));
                        messages.push(record.key());
                    }
                }
                let full = looked_at.len() == *limit as usize;
                let next = looked_at.last().filter(|_| full).and_then(|record| match &***record {
                    Record::Message(row) => Some((row.source.clone(), row.message.clone())),
                    _ => None,
                });
                Found::PrunableMessages { messages, next }
            }
            Query::DueDeliveries { destination, now_ms, limit } => {
                let first = RecordKey::Delivery(destination.clone(), 0);
                let all = self.of_kind(RecordKind::Delivery, Some(&first));
                let mut keys = BTreeSet::new();
                let (mut due, mut next_due_at_ms) = (Vec::new(), None::<i64>);
                for record in all {
                    let Record::Delivery(row) = &**record else { continue };
                    if row.destination != *destination {
                        break;
                    }
                    // The first with its key: those behind it wait for it.
                    if !keys.insert(&row.key) || row.state == DeliveryState::Dead {
                        continue;
                    }
                    match row.due_at_ms <= *now_ms {
                        true => due.push((row.due_at_ms, row.number, record)),
                        false => {
                            next_due_at_ms = Some(next_due_at_ms.map_or(row.due_at_ms, |at| at.min(row.due_at_ms)))
                        }
                    }
                }
                due.sort_unstable_by_key(|(at_ms, number, _)| (*at_ms, *number));
                due.truncate(*limit as usize);
                due.iter().for_each(|(_, _, record)| rows.put_record(record.key(), Some(Record::clone(record))));
                Found::DueDeliveries { numbers: due.iter().map(|(_, number, _)| *number).collect(), next_due_at_ms }
            }
            Query::Listings { channel, after, limit } => {
                let first = RecordKey::Listing(channel.clone(), *after);
                let listings = self.of_kind(RecordKind::Listing, Some(&first)).map_while(|record| match &**record {
                    Record::Listing(row) if row.channel == *channel => Some((row.sku_number, record)),
                    _ => None,
                });
                let mut skus = Vec::new();
                for (sku, record) in listings.take(*limit as usize) {
                    skus.push(sku);
                    rows.put_record(record.key(), Some(Record::clone(record)));
                }
                Found::Listings(skus)
            }
            Query::DueListings { now_ms, limit } => {
                let (mut due, mut next_due_at_ms) = (Vec::new(), None::<i64>);
                for record in self.of_kind(RecordKind::Listing, Some(&RecordKey::Listing("".into(), SkuNumber(0)))) {
                    match &**record {
                        Record::Listing(row) if row.due_at_ms <= 0 => {}
                        Record::Listing(row) if row.due_at_ms > *now_ms => {
                            next_due_at_ms = Some(next_due_at_ms.map_or(row.due_at_ms, |at| at.min(row.due_at_ms)));
                        }
                        Record::Listing(row) => {
                            due.push((row.due_at_ms, row.channel.clone(), row.sku_number));
                        }
                        _ => {}
                    }
                }
                due.sort_unstable();
                due.truncate(*limit as usize);
                let listings: Vec<_> = due.into_iter().map(|(_, channel, sku)| (channel, sku)).collect();
                for (channel, sku) in &listings {
                    let key = RecordKey::Listing(channel.clone(), *sku);
                    let record = self.records.get(&key).map(|record| Record::clone(record));
                    rows.put_record(key, record);
                }
                Found::DueListings { listings, next_due_at_ms }
            }
            Query::EventsAfter { number, limit } => {
                Found::Events(after_key(&self.events, number).take(*limit as usize).cloned().collect())
            }
            Query::MovedSince { location, at_ms } => {
                // Times never go back, so the movements since then are the last ones.
                let since = self.movements.values().rev().take_while(|movement| movement.at_ms >= *at_ms);
                let here = since.map(|movement| movement.stock).filter(|stock| stock.location() == *location);
                let mut moved = BTreeSet::new();
                moved.extend(here);
                Found::Moved(moved.into_iter().collect())
            }
        }
    }

    /// Records of one kind, after a key of it.
    fn of_kind(&self, kind: RecordKind, after: Option<&RecordKey>) -> impl Iterator<Item = &Arc<Record>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.records.range((from, Bound::Unbounded)).skip_while(move |(key, _)| key.kind() < kind);
        range.take_while(move |(key, _)| key.kind() == kind).map(|(_, record)| record)
    }

    fn page(&self, page: &Page, limit: usize) -> Rows {
        fn rows<K: Ord, V: Clone>(map: &BTreeMap<K, Arc<V>>, after: &K, limit: usize) -> Vec<V> {
            after_key(map, after).take(limit).map(|row| V::clone(row)).collect()
        }
        match page {
            Page::Skus(after) => Rows::Skus(rows(&self.skus, &SkuNumber(*after), limit)),
            Page::Locations(after) => Rows::Locations(rows(&self.locations, &LocationNumber(*after), limit)),
            Page::Channels(after) => Rows::Channels(rows(&self.channels, &after.as_str().into(), limit)),
            Page::Stock(after) => {
                let after = (std::ops::Bound::Excluded(StockNumber(*after)), std::ops::Bound::Unbounded);
                let rows = self.stock.range(after).take(limit);
                Rows::Stock(rows.map(|(number, stock)| StockRow { number: *number, stock: *stock }).collect())
            }
            Page::Holds(after) => Rows::Holds(rows(&self.holds, after, limit)),
            Page::Backorders(after) => {
                let waiting = self.backorders.keys().filter(|key| after.is_none_or(|after| **key > after));
                Rows::Backorders(waiting.take(limit).copied().collect())
            }
            Page::Records(kind, after) => {
                let records = self.of_kind(*kind, after.as_ref()).take(limit);
                Rows::Records(records.map(|record| Record::clone(record)).collect())
            }
            Page::Movements(after) => Rows::Movements(rows(&self.movements, after, limit)),
            Page::Orders(after) => Rows::Orders(rows(&self.orders, &OrderNumber(*after), limit)),
            Page::Events(after) => Rows::Events(after_key(&self.events, after).take(limit).cloned().collect()),
            Page::Keys(after) => Rows::Keys(rows(&self.keys, after, limit)),
            Page::Subscriptions(after) => Rows::Subscriptions(rows(&self.subscriptions, after, limit)),
        }
    }
}

fn after_key<'m, K: Ord, V>(map: &'m BTreeMap<K, V>, after: &K) -> impl Iterator<Item = &'m V> {
    let range = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
    map.range(range).map(|(_, value)| value)
}

fn put_holds<'h>(rows: &mut WorkingSet, holds: impl Iterator<Item = &'h Hold>) -> Vec<String> {
    let put = holds.map(|hold| {
        rows.put_hold(&hold.id, Some(hold.clone()));
        hold.id.clone()
    });
    put.collect()
}
